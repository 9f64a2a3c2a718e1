"""`banqup deliveries`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import click
import msgspec

from banqup_tui.cli import listing
from banqup_tui.cli.house import House, NotThere, Tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.running import as_json, in_house, pass_tools
from banqup_tui.domain.delivery import NEWEST_ATTEMPTS, Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError

AT_ONCE = 500


@click.command()
@click.option("--id", "document_ids", multiple=True, help="Of one document; may be given several times.")
@as_json
@pass_tools
def command(tools: Tools, document_ids: tuple[str, ...], json: bool) -> int:
    """Every delivery: its state, attempts, reason and what to do."""

    async def work(house: House) -> int:
        if not document_ids:
            print_deliveries(house, house.deliveries(), json=json)
            return 0
        documents_named(house, document_ids)
        found = list(house.deliveries(document_ids))
        print_deliveries(house, [await with_all_attempts(house, one) for one in found] if json else found, json=json)
        return 0

    return in_house(tools, work)


async def with_all_attempts(house: House, delivery: Delivery) -> Delivery:
    """The copy has the newest ten; without the backend it stays with those."""
    if len(delivery.log) < NEWEST_ATTEMPTS:
        return delivery
    try:
        every = await house.attempts(delivery.id)
    except BanqupError as error:
        say(f"The newest {NEWEST_ATTEMPTS} attempts only. {error.sentence}")
        return delivery
    return msgspec.structs.replace(delivery, log=tuple(every))


def documents_named(house: House, ids: Iterable[str]) -> list[Document]:
    """In the order given. Raises `NotThere` for the first that is not there."""
    wanted = list(dict.fromkeys(ids))
    found = {document.id: document for document in house.documents(ids=wanted)}
    for one in wanted:
        if one not in found:
            raise NotThere(f"There is no document {one}.", "banqup documents lists them with their ids.")
    return [found[one] for one in wanted]


def print_deliveries(house: House, deliveries: Iterable[Delivery], *, json: bool) -> None:
    values = _values(house, deliveries)
    if json:
        print_array(values)
        return
    lines = [
        (
            value["client"]["reference"] or "–",
            value["number"] or value["fileName"] or "–",
            value["integration"] or "–",
            value["state"],
            str(value["attempts"]),
            value["reason"] or "–",
            value["remedy"] or "–",
        )
        for value in values
    ]
    columns = ("Client", "Document", "Integration", "State", "Attempts", "What happened", "What to do")
    print_table(columns, lines, right=(4,))


def _values(house: House, deliveries: Iterable[Delivery]) -> Iterator[dict[str, Any]]:
    clients = {row.client.id: row.client for row in house.clients()}
    labels = {one.id: one.label for one in house.integrations()}
    rest = iter(deliveries)
    while page := list(islice(rest, AT_ONCE)):
        documents = {one.id: one for one in house.documents(ids={delivery.document_id for delivery in page})}
        for delivery in page:
            document = documents.get(delivery.document_id)
            client = clients.get(document.client_id) if document else None
            yield listing.delivery_value(delivery, document, client, labels)
