"""`banqup clients`: list, add, edit, archive, restore, import, export."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from banqup_tui.actions.client_sheet.columns import HEADINGS, SheetColumns, find_columns
from banqup_tui.actions.client_sheet.files import read_rows, write_rows
from banqup_tui.actions.client_sheet.plan import PlannedRow, RowKind, commands, plan, sheet_of
from banqup_tui.cli import exit_codes, json_output
from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, Tools, client_named
from banqup_tui.domain.client import Client, ClientDetails, details_of
from banqup_tui.domain.client_details import flaws_of, normalised
from banqup_tui.domain.text import clean
from banqup_tui.presentation.messages import json_of, words_of
from banqup_tui.presentation.words import N_, _, ngettext
from banqup_tui.protocol.commands import CommandBody, CreateClient, EditClient, SetArchived
from banqup_tui.whole_file import replace as replace_file

F = TypeVar("F", bound=Callable[..., object])
Option = str | tuple[str, ...] | None

_LISTS = ("numbers", "accounts")
"""Fields of which a client may have several: an option that can be given again."""


@click.group(invoke_without_command=True)
@click.option("--archived", is_flag=True, help=N_("Those that are archived, instead of the others."))
@as_json
@click.pass_context
def command(context: click.Context, archived: bool, json: bool) -> int | None:
    """The clients, and what is to do for each."""
    if context.invoked_subcommand is not None:
        return None
    tools: Tools = context.obj

    async def work(runtime: CliRuntime) -> int:
        rows = [row for row in runtime.clients() if row.client.is_archived is archived]
        if json:
            print_array(json_output.client_value(row) for row in rows)
        else:
            lines = [
                (
                    row.client.reference,
                    row.client.name,
                    row.client.vat_number or "–",
                    str(row.counts.error),
                    str(row.counts.ready),
                    str(row.counts.queued),
                    str(row.counts.total),
                    ", ".join(row.integrations) or "–",
                )
                for row in rows
            ]
            columns = (
                N_("Reference"),
                N_("Client"),
                N_("VAT number"),
                N_("Error"),
                N_("Ready"),
                N_("Queued"),
                N_("Total"),
                N_("Integrations"),
            )
            print_table(columns, lines, right=(3, 4, 5, 6))
        return 0

    return in_runtime(tools, work)


def _details_options(function: F) -> F:
    """Adds an option for each detail of a client but its name."""
    options = (
        click.option("--reference", help=N_("The firm's own short name of the client.")),
        click.option("--vat-number", help=N_("VAT number, with its country.")),
        click.option("--enterprise-number", help=N_("Enterprise number.")),
        click.option(
            "--number", "numbers", multiple=True, help=N_("A further VAT or enterprise number; again for more.")
        ),
        click.option("--iban", "accounts", multiple=True, help=N_("A bank account; again for more.")),
        click.option("--country", help=N_("Country, as two letters.")),
        click.option("--language", help=N_("Language of the contact, such as fr-BE.")),
        click.option("--email", help=N_("E-mail of the contact.")),
        click.option("--first-name", help=N_("First name of the contact.")),
        click.option("--last-name", help=N_("Last name of the contact.")),
        click.option("--street", help=N_("Street.")),
        click.option("--street-number", help=N_("Number in the street.")),
        click.option("--box", help=N_("Box.")),
        click.option("--postal-code", help=N_("Postal code.")),
        click.option("--city", help=N_("City.")),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command()
@click.argument("name")
@_details_options
@pass_tools
def add(tools: Tools, /, name: str, **options: Option) -> int:
    """Add the client NAME. What waited for it in To place goes there."""
    details = normalised(_changed(ClientDetails(reference="", name=name), options))
    if not _is_sound(details, None):
        return exit_codes.FAILED
    body = CreateClient(client_id=str(uuid.uuid4()), **msgspec.structs.asdict(details))
    return _do(tools, lambda _runtime: (body,), lambda _number: _("{name} is added.").format(name=details.name))


@command.command()
@click.argument("client", metavar="CLIENT")
@click.option("--name", help=N_("Its name."))
@_details_options
@pass_tools
def edit(tools: Tools, /, client: str, **options: Option) -> int:
    """Change CLIENT, named by reference, VAT number, name or id. What is not named stays; "" takes a value away."""

    async def work(runtime: CliRuntime) -> int:
        before = details_of(client_named(runtime, client))
        details = normalised(_changed(before, options))
        if details == before:
            say(_("Nothing to change."))
            return exit_codes.OK
        if not _is_sound(details, before):
            return exit_codes.FAILED
        body = EditClient(client_id=client_named(runtime, client).id, details=details, before=before)
        return await _done(runtime, (body,), _("{name} is changed.").format(name=details.name))

    return in_runtime(tools, work)


@command.command()
@click.argument("clients", metavar="CLIENT…", nargs=-1, required=True)
@pass_tools
def archive(tools: Tools, clients: tuple[str, ...]) -> int:
    """Archive clients: they leave the lists, and what comes in for them waits in To place."""
    return _set_archived(tools, clients, archived=True)


@command.command()
@click.argument("clients", metavar="CLIENT…", nargs=-1, required=True)
@pass_tools
def restore(tools: Tools, clients: tuple[str, ...]) -> int:
    """Bring archived clients back."""
    return _set_archived(tools, clients, archived=False)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=N_("Only say what would be done."))
@click.option("--skip-wrong", is_flag=True, help=N_("Take the right rows, though others are wrong."))
@as_json
@pass_tools
def import_sheet(tools: Tools, file: Path, dry_run: bool, skip_wrong: bool, json: bool) -> int:
    """Add and change clients by a sheet: .xlsx, .ods or CSV, with headings in English, French, Dutch or German.

    A client is known by its reference, else by its numbers. Empty cells change nothing. While a row is wrong nothing is
    done.
    """
    rows = read_rows(file)
    columns = find_columns(rows)
    assert columns is not None, "read_rows has found them"

    async def work(runtime: CliRuntime) -> int:
        planned = plan(rows, columns, [row.client for row in runtime.clients()])
        wrong = sum(row.kind is RowKind.WRONG for row in planned)
        if json:
            print_array(_planned_value(row) for row in planned)
        else:
            _say_columns(columns)
            print_table(
                (N_("Row"), N_("What"), N_("Client"), N_("Why")), [_planned_line(row) for row in planned], right=(0,)
            )
        say(_summary(planned))
        if dry_run or (wrong and not skip_wrong):
            if wrong and not dry_run:
                say(_("Nothing was done. Correct the rows that are wrong, or give --skip-wrong."))
            return exit_codes.FAILED if wrong and not dry_run else exit_codes.OK
        bodies = list(commands(planned))
        if not bodies:
            return exit_codes.OK
        return await _done(runtime, bodies, _("Done: {summary}").format(summary=_summary(planned)))

    return in_runtime(tools, work)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@pass_tools
def export(tools: Tools, file: Path) -> int:
    """Write the clients into a sheet: .xlsx, or CSV for another name. Imported again it changes nothing."""

    async def work(runtime: CliRuntime) -> int:
        clients = [row.client for row in runtime.clients() if not row.client.is_archived]
        replace_file(file, write_rows(file, sheet_of(clients)))
        number = ngettext("{count} client", "{count} clients", len(clients)).format(count=len(clients))
        say(_("{clients} written to {file}.").format(clients=number, file=clean(str(file))))
        return exit_codes.OK

    return in_runtime(tools, work)


_KINDS = {
    RowKind.NEW: N_("new"),
    RowKind.CHANGED: N_("changed"),
    RowKind.SAME: N_("the same"),
    RowKind.WRONG: N_("wrong"),
}


def _say_columns(columns: SheetColumns) -> None:
    """Says which columns were understood, and which were not."""
    say(_("Columns: {names}.").format(names=", ".join(HEADINGS[field] for field in columns.fields.values())))
    if columns.left_out:
        say(_("Left out: {names}.").format(names=", ".join(map(clean, columns.left_out))))


def _planned_line(row: PlannedRow) -> tuple[str, ...]:
    why = " ".join(words_of(flaw.message) for flaw in row.flaws) or ", ".join(HEADINGS[name] for name in row.changed)
    return str(row.number), _(_KINDS[row.kind]), row.details.name, why or "–"


def _planned_value(row: PlannedRow) -> dict[str, object]:
    return {
        "row": row.number,
        "kind": str(row.kind),
        "clientId": row.client.id if row.client else None,
        "client": msgspec.to_builtins(row.details),
        "changed": list(row.changed),
        "problems": [{"field": flaw.field, "problem": json_of(flaw.message)} for flaw in row.flaws],
    }


def _summary(planned: Sequence[PlannedRow]) -> str:
    counts = Counter(row.kind for row in planned)
    return _("{new} new, {changed} changed, {same} the same, {wrong} wrong.").format(
        new=counts[RowKind.NEW], changed=counts[RowKind.CHANGED], same=counts[RowKind.SAME], wrong=counts[RowKind.WRONG]
    )


def _set_archived(tools: Tools, names: Sequence[str], *, archived: bool) -> int:
    def bodies(runtime: CliRuntime) -> Sequence[CommandBody]:
        found: list[Client] = [client_named(runtime, name) for name in names]
        wanted = tuple(dict.fromkeys(client.id for client in found if client.is_archived is not archived))
        return (SetArchived(client_ids=wanted, archived=archived),) if wanted else ()

    def sentence(number: int) -> str:
        if archived:
            return ngettext("{count} client archived.", "{count} clients archived.", number).format(count=number)
        return ngettext("{count} client brought back.", "{count} clients brought back.", number).format(count=number)

    return _do(tools, bodies, sentence)


def _do(tools: Tools, bodies: Callable[[CliRuntime], Sequence[CommandBody]], sentence: Callable[[int], str]) -> int:
    async def work(runtime: CliRuntime) -> int:
        commands = bodies(runtime)
        if not commands:
            say(_("Nothing to change."))
            return exit_codes.OK
        number = sum(len(getattr(one, "client_ids", ("",))) for one in commands)
        return await _done(runtime, commands, sentence(number))

    return in_runtime(tools, work)


async def _done(runtime: CliRuntime, commands: Sequence[CommandBody], sentence: str) -> int:
    keys = runtime.session.act_all(commands, sentence.rstrip("."))
    code = report(runtime, await runtime.answers(keys, SECONDS_TO_ANSWER))
    if code == exit_codes.OK:
        say(sentence)
    return code


def _changed(details: ClientDetails, options: Mapping[str, Option]) -> ClientDetails:
    """Returns the details with the options that were given; an empty one takes the value away."""
    entered = {name: value for name, value in options.items() if value is not None and value != ()}
    emptied = {name: None for name in ("vat_number", "enterprise_number") if entered.get(name) == ""}
    lists = {name: tuple(filter(None, entered[name] or ())) for name in _LISTS if name in entered}
    return msgspec.structs.replace(details, **{**entered, **emptied, **lists})


def _is_sound(details: ClientDetails, before: ClientDetails | None) -> bool:
    """Says what is wrong, also without a backend."""
    may_lack = frozenset({"reference"}) if before is None and not details.reference else frozenset()
    flaws = [flaw for flaw in flaws_of(details, before) if flaw.field not in may_lack]
    for flaw in flaws:
        say(words_of(flaw.message))
    return not flaws
