"""`banqup duplicates`: list, decide."""

from __future__ import annotations

import click

from banqup_tui.actions.decide_duplicate import DecideDuplicateAction, where_it_is
from banqup_tui.actions.places import Place
from banqup_tui.cli import json_output
from banqup_tui.cli.action_runner import run_action
from banqup_tui.cli.ask import CommandLineAsk
from banqup_tui.cli.command_runner import as_json, context_for, in_runtime, pass_tools
from banqup_tui.cli.commands.deliveries import documents_named
from banqup_tui.cli.commands.documents import with_deliveries
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, Tools
from banqup_tui.domain.document import Document
from banqup_tui.domain.duplicates import DuplicateChoice, compared
from banqup_tui.presentation.duplicates import FIELD_NAMES, title_with_date
from banqup_tui.presentation.words import N_, _

_CHOICES = {
    "one": DuplicateChoice.ONE_DOCUMENT,
    "newer": DuplicateChoice.NEWER_VERSION,
    "two": DuplicateChoice.TWO_DOCUMENTS,
}


@click.group()
def command() -> None:
    """Documents that are held because an earlier one is the same. None is sent before it is decided."""


@command.command("list")
@as_json
@pass_tools
def list_duplicates(tools: Tools, json: bool) -> int:
    """What is to be decided, newest first: which document it is the same as, and what differs."""

    async def work(runtime: CliRuntime) -> int:
        undecided = list(runtime.undecided())
        ids = {document.same_as for document in undecided if document.same_as}
        earlier = {document.id: document for document in runtime.documents(ids=sorted(ids))}
        if json:
            _print_json(runtime, undecided, earlier)
            return 0
        references = {row.client.id: row.client.reference for row in runtime.clients()}
        columns = (N_("Id"), N_("Client"), N_("Number"), N_("The same as"), N_("Its id"), N_("What differs"))
        lines = [_line(document, earlier.get(document.same_as or ""), references) for document in undecided]
        print_table(columns, lines)
        return 0

    return in_runtime(tools, work)


def _line(document: Document, earlier: Document | None, references: dict[str, str]) -> tuple[str, ...]:
    differs = compared(document, earlier).different if earlier else ()
    return (
        document.id,
        references.get(document.client_id, "–"),
        document.number or document.file_name,
        title_with_date(earlier) if earlier else "–",
        document.same_as or "–",
        ", ".join(_(FIELD_NAMES[name]) for name in differs),
    )


def _print_json(runtime: CliRuntime, undecided: list[Document], earlier: dict[str, Document]) -> None:
    clients = {row.client.id: row.client for row in runtime.clients()}
    labels = {integration.id: integration.label for integration in runtime.integrations(removed=True)}
    both = [*undecided, *earlier.values()]
    values = {
        document.id: json_output.document_value(document, clients.get(document.client_id), deliveries, labels)
        for document, deliveries in with_deliveries(runtime, both)
    }
    print_array(
        values[document.id]
        | {
            "earlier": values.get(document.same_as or ""),
            "different": _wire_names(document, earlier.get(document.same_as or "")),
        }
        for document in undecided
    )


def _wire_names(document: Document, earlier: Document | None) -> list[str] | None:
    if earlier is None:
        return None
    names = dict(zip(Document.__struct_fields__, Document.__struct_encode_fields__, strict=True))
    return [names[name] for name in compared(document, earlier).different]


@command.command()
@click.argument("document_id", metavar="ID")
@click.argument("choice", type=click.Choice(tuple(_CHOICES)))
@pass_tools
def decide(tools: Tools, document_id: str, choice: str) -> int:
    """Decide about ID, which is held.

    one: it is one document with the earlier one, and a copy is withdrawn. newer: it is sent, and replaces the earlier
    one. two: it is another document, and is sent too. What was delivered stays at the receiver.
    """

    async def work(runtime: CliRuntime) -> int:
        (document,) = documents_named(runtime, [document_id])
        ask = CommandLineAsk(choice=_CHOICES[choice])
        integrations = runtime.integrations(document.client_id, removed=True)
        context = context_for(runtime, ask, Place.FOLDER, documents=[document], integrations=integrations)
        if document.is_undecided and document.same_as:
            for earlier in runtime.documents(ids=[document.same_as]):
                for line in where_it_is(context, earlier):
                    say(line)
        return await run_action(runtime, DecideDuplicateAction(), context)

    return in_runtime(tools, work)
