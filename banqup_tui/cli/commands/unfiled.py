"""`banqup to-place`: list, place, dismiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
import msgspec

from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, CommandAnswer, NotThere, Tools, client_named
from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import pretty_key
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule, Unfiled
from banqup_tui.presentation.messages import json_of, words_of
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import DismissUnfiled, PlaceFile

_SHORTEST = 4


@click.group()
def command() -> None:
    """Files whose client or folder could not be told: each is kept, and says why."""


@command.command("list")
@as_json
@pass_tools
def list_unfiled(tools: Tools, json: bool) -> int:
    """What waits to be placed, newest first: why, what to do, and whose it seems to be."""

    async def work(runtime: CliRuntime) -> int:
        clients = {row.client.id: row.client for row in runtime.clients()}
        if json:
            print_array(_value(file, clients) for file in runtime.unfiled())
        else:
            columns = (N_("Id"), N_("File"), N_("Came by"), N_("Seems to be of"), N_("Reason"))
            print_table(columns, [_line(file, clients) for file in runtime.unfiled()])
        return 0

    return in_runtime(tools, work)


def _value(file: Unfiled, clients: Mapping[str, Client]) -> dict[str, object]:
    value: dict[str, object] = msgspec.to_builtins(file)
    client = clients.get(file.client_id or "")
    value["reason"] = json_of(file.reason)
    value["client"] = {"id": client.id, "reference": client.reference, "name": client.name} if client else None
    return value


def _line(file: Unfiled, clients: Mapping[str, Client]) -> tuple[str, ...]:
    client = clients.get(file.client_id or "")
    likely = ", ".join(part for part in (client.reference if client else "", file.folder or "") if part)
    return (
        file.id,
        file.file_name,
        file.source,
        likely or "–",
        words_of(file.reason),
    )


@command.command()
@click.argument("unfiled_id", metavar="ID")
@click.option("--client", "reference", required=True, help=N_("Whose it is."))
@click.option(
    "--folder",
    required=True,
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help=N_("Where it goes."),
)
@click.option("--remember", is_flag=True, help=N_("What is like it goes there by itself from now on (banqup rules)."))
@pass_tools
def place(tools: Tools, unfiled_id: str, reference: str, folder: str, remember: bool) -> int:
    """Say whose ID is: it becomes a document of this client in this folder."""

    async def work(runtime: CliRuntime) -> int:
        file, client = _named(runtime, unfiled_id), client_named(runtime, reference)
        body = PlaceFile(unfiled_id=file.id, client_id=client.id, folder=Folder(folder.upper()), remember=remember)
        answers = await runtime.answers([runtime.session.act(body)], SECONDS_TO_ANSWER)
        code = report(runtime, answers)
        if code == 0:
            say(_("{file_name} is with {name}.").format(file_name=file.file_name, name=client.name))
            if remember:
                say(_learned(answers, client))
        return code

    return in_runtime(tools, work)


def _learned(answers: Sequence[CommandAnswer], client: Client) -> str:
    rule = (answers[0].result or {}).get("rule") if answers else None
    if rule is None:
        return _("Nothing was remembered: it bears no number, and no path, that tells it from what is somebody else's.")
    words = _("Remembered: {rule}. banqup rules lists it.")
    return words.format(rule=rule_words(msgspec.convert(rule, PlacingRule), client.name))


def rule_words(rule: PlacingRule, client: str) -> str:
    if rule.source is None:
        return _("{number} is {client}").format(number=pretty_key(rule.match), client=client)
    words = _("{path}/ of {source} is {client}, {folder}")
    return words.format(path=rule.match, source=rule.source, client=client, folder=rule.folder)


@command.command()
@click.argument("unfiled_ids", metavar="ID…", nargs=-1, required=True)
@pass_tools
def dismiss(tools: Tools, unfiled_ids: tuple[str, ...]) -> int:
    """Let them be: they become no documents, and are shown no more."""

    async def work(runtime: CliRuntime) -> int:
        ids = tuple(_named(runtime, text).id for text in unfiled_ids)
        code = report(
            runtime, await runtime.answers([runtime.session.act(DismissUnfiled(unfiled_ids=ids))], SECONDS_TO_ANSWER)
        )
        if code == 0:
            say(_("{count} dismissed.").format(count=len(ids)))
        return code

    return in_runtime(tools, work)


def _named(runtime: CliRuntime, text: str) -> Unfiled:
    """Returns the file with this id, which may be a unique beginning. Raises `NotThere`."""
    matches = [
        file for file in runtime.unfiled() if file.id == text or (len(text) >= _SHORTEST and file.id.startswith(text))
    ]
    if len(matches) != 1:
        raise NotThere(message("cli.nothing-waits", id=text))
    return matches[0]
