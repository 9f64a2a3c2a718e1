"""`banqup clients`: list, add, edit, archive, restore."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import click
import msgspec

from banqup_tui.cli import exit_codes, json_output
from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, Tools, client_named
from banqup_tui.domain.client import Client, ClientDetails, details_of
from banqup_tui.domain.client_details import flaws_of, normalised
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.words import N_, _, ngettext
from banqup_tui.protocol.commands import CommandBody, CreateClient, EditClient, SetArchived

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
