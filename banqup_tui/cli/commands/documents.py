"""`banqup documents`, and those of its commands in `corrections`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from banqup_tui.cli import json_output
from banqup_tui.cli.command_runner import as_json, in_runtime
from banqup_tui.cli.commands.corrections import COMMANDS
from banqup_tui.cli.output import print_array, print_table
from banqup_tui.cli.runtime import CliRuntime, Tools, client_named
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.money import from_minor
from banqup_tui.presentation.words import N_

folder_option = click.option(
    "--folder",
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help=N_("One folder only."),
)


@click.group(invoke_without_command=True, commands=COMMANDS)
@click.option("--client", "reference", help=N_("Of one client: reference, VAT number, name or id."))
@folder_option
@click.option("--withdrawn", is_flag=True, help=N_("Those that are withdrawn, instead of the others."))
@as_json
@click.pass_context
def command(
    context: click.Context, reference: str | None, folder: str | None, withdrawn: bool, json: bool
) -> int | None:
    """The documents, newest first, with where each of them went."""
    if context.invoked_subcommand is not None:
        return None
    tools: Tools = context.obj

    async def work(runtime: CliRuntime) -> int:
        client = client_named(runtime, reference) if reference else None
        documents = runtime.documents(
            client_id=client.id if client else None,
            folder=Folder(folder.upper()) if folder else None,
            withdrawn=withdrawn,
        )
        print_documents(runtime, documents, json=json)
        return 0

    return in_runtime(tools, work)


def print_documents(runtime: CliRuntime, documents: Iterable[Document], *, json: bool) -> None:
    clients = {row.client.id: row.client for row in runtime.clients()}
    labels = {integration.id: integration.label for integration in runtime.integrations()}
    if json:
        print_array(
            json_output.document_value(document, clients.get(document.client_id), deliveries, labels)
            for document, deliveries in with_deliveries(runtime, documents)
        )
        return
    lines = [
        (
            document.id,
            clients[document.client_id].reference if document.client_id in clients else "–",
            document.folder.value,
            document.issue_date.isoformat() if document.issue_date else "–",
            document.number or document.file_name,
            (document.counterparty.name if document.counterparty else None) or "–",
            _amount(document),
            document.accounting_status.value,
            document.kind.value,
        )
        for document in documents
    ]
    columns = (
        N_("Id"),
        N_("Client"),
        N_("Folder"),
        N_("Date"),
        N_("Number"),
        N_("Counterparty"),
        N_("Gross"),
        N_("Status"),
        N_("Kind"),
    )
    print_table(columns, lines, right=(6,))


def with_deliveries(runtime: CliRuntime, documents: Iterable[Document]) -> Iterator[tuple[Document, list[Delivery]]]:
    """Yields documents with their deliveries, by pages, so that a large list is never all in memory."""
    for page in in_batches(documents):
        by_document: dict[str, list[Delivery]] = {}
        for delivery in runtime.deliveries([document.id for document in page]):
            by_document.setdefault(delivery.document_id, []).append(delivery)
        for document in page:
            yield document, by_document.get(document.id, [])


def _amount(document: Document) -> str:
    if document.gross_amount is None:
        return "–"
    currency = document.currency or "EUR"
    return f"{from_minor(document.gross_amount, currency)} {currency}"
