"""`banqup deliveries`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
import msgspec

from banqup_tui.cli import json_output
from banqup_tui.cli.command_runner import as_json, in_runtime
from banqup_tui.cli.commands.failures import COMMANDS, print_groups
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import NEWEST_ATTEMPTS, Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import N_, _


@click.group(invoke_without_command=True, commands=COMMANDS)
@click.option("--id", "document_ids", multiple=True, help=N_("Of one document; may be given several times."))
@click.option("--failed", is_flag=True, help=N_("Only what failed, or may have, and is not dismissed."))
@click.option("--group", "by_cause", is_flag=True, help=N_("With --failed: counted by extension and cause."))
@as_json
@click.pass_context
def command(
    context: click.Context, document_ids: tuple[str, ...], failed: bool, by_cause: bool, json: bool
) -> int | None:
    """Every delivery: its state, attempts, reason and what to do.

    The commands below try what failed again, let it be, or write it to a file, by the hundred.
    """
    if context.invoked_subcommand is not None:
        return None
    if by_cause and (not failed or document_ids):
        raise click.UsageError(_("--group goes with --failed, and is of all documents."))
    return _list(context.obj, document_ids, failed=failed, by_cause=by_cause, json=json)


def _list(tools: Tools, document_ids: tuple[str, ...], *, failed: bool, by_cause: bool, json: bool) -> int:
    async def work(runtime: CliRuntime) -> int:
        if by_cause:
            print_groups(runtime, json=json)
            return 0
        if failed and not document_ids:
            print_deliveries(runtime, failed_deliveries(runtime), json=json)
            return 0
        if not document_ids:
            print_deliveries(runtime, runtime.deliveries(), json=json)
            return 0
        documents_named(runtime, document_ids)
        listed = [delivery for delivery in runtime.deliveries(document_ids) if delivery.needs_a_look or not failed]
        print_deliveries(
            runtime, [await with_all_attempts(runtime, delivery) for delivery in listed] if json else listed, json=json
        )
        return 0

    return in_runtime(tools, work)


def failed_deliveries(runtime: CliRuntime) -> Iterator[Delivery]:
    """Returns the failed deliveries, reading only documents that have failures."""
    failing = [failure for group in runtime.failures() for failure in runtime.failing(group)]
    wanted = {failure.delivery_id for failure in failing}
    documents = list(dict.fromkeys(failure.document_id for failure in failing))
    return (delivery for delivery in runtime.deliveries(documents) if delivery.id in wanted)


async def with_all_attempts(runtime: CliRuntime, delivery: Delivery) -> Delivery:
    """Returns the delivery with all attempts; the copy has ten of them. Without a backend it keeps those."""
    if len(delivery.log) < NEWEST_ATTEMPTS:
        return delivery
    try:
        every = await runtime.attempts(delivery.id)
    except BanqupError as error:
        say(
            _("The newest {NEWEST_ATTEMPTS} attempts only. {sentence}").format(
                NEWEST_ATTEMPTS=NEWEST_ATTEMPTS, sentence=sentence_of(error.message)
            )
        )
        return delivery
    return msgspec.structs.replace(delivery, log=tuple(every))


def documents_named(runtime: CliRuntime, ids: Iterable[str]) -> list[Document]:
    """Returns the documents with these ids, in order. Raises `NotThere`."""
    wanted = list(dict.fromkeys(ids))
    documents = {document.id: document for document in runtime.documents(ids=wanted)}
    for document_id in wanted:
        if document_id not in documents:
            raise NotThere(message("cli.no-document", id=document_id))
    return [documents[document_id] for document_id in wanted]


def print_deliveries(runtime: CliRuntime, deliveries: Iterable[Delivery], *, json: bool) -> None:
    values = _values(runtime, deliveries)
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
            _of_reason(value, "message"),
            _of_reason(value, "remedy"),
        )
        for value in values
    ]
    columns = (
        N_("Client"),
        N_("Document"),
        N_("Integration"),
        N_("State"),
        N_("Attempts"),
        N_("What happened"),
        N_("What to do"),
    )
    print_table(columns, lines, right=(4,))


def _of_reason(value: Mapping[str, Any], part: str) -> str:
    return (value["reason"] or {}).get(part) or "–"


def _values(runtime: CliRuntime, deliveries: Iterable[Delivery]) -> Iterator[dict[str, Any]]:
    clients = {row.client.id: row.client for row in runtime.clients()}
    labels = {integration.id: integration.label for integration in runtime.integrations()}
    for page in in_batches(deliveries):
        documents = {
            document.id: document for document in runtime.documents(ids={delivery.document_id for delivery in page})
        }
        for delivery in page:
            document = documents.get(delivery.document_id)
            client = clients.get(document.client_id) if document else None
            yield json_output.delivery_value(delivery, document, client, labels)
