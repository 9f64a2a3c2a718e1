"""`banqup changes`: what was asked for and refused, or may not have been made."""

from __future__ import annotations

from collections.abc import Sequence

import click

from banqup_tui.cli import exit_codes
from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import json_of, sentence_of
from banqup_tui.presentation.refusals import hindrance_message, what_to_do, why_not
from banqup_tui.presentation.words import N_, _, ngettext

_SHORTEST = 8


@click.group()
def command() -> None:
    """Changes that were refused, or may not have been made: list them, try them again, clear them."""


@command.command("list")
@as_json
@pass_tools
def list_(tools: Tools, json: bool) -> int:
    """What was asked for, when, for whom, why it was not done, and what to do. The newest first."""

    async def work(runtime: CliRuntime) -> int:
        changes = runtime.refused()
        if json:
            print_array(_value(change) for change in changes)
            return exit_codes.OK
        columns = (N_("Id"), N_("When"), N_("Change"), N_("Client"), N_("Why not"), N_("What to do"))
        print_table(columns, [_line(change) for change in changes])
        if not changes:
            say(_("No change was refused."))
        return exit_codes.OK

    return in_runtime(tools, work)


_all = click.option("--all", "everything", is_flag=True, help=N_("All of them."))


@command.command()
@click.argument("ids", metavar="ID…", nargs=-1)
@_all
@pass_tools
def retry(tools: Tools, ids: tuple[str, ...], everything: bool) -> int:
    """Ask for the changes again, as they were. What cannot be asked for again stays, with its reason."""

    async def work(runtime: CliRuntime) -> int:
        chosen = _chosen(runtime, ids, everything=everything)
        for refused in chosen:
            if refused.hindrance is not None:
                say(f"{refused.what}: {sentence_of(hindrance_message(refused.hindrance))}")
        keys = runtime.session.retry_changes([change.key for change in chosen])
        code = report(runtime, await runtime.answers(keys, SECONDS_TO_ANSWER)) if keys else exit_codes.OK
        words = ngettext("{count} change asked for again.", "{count} changes asked for again.", len(keys))
        say(words.format(count=count(len(keys))))
        return code if len(keys) == len(chosen) else max(code, exit_codes.FAILED)

    return in_runtime(tools, work)


@command.command()
@click.argument("ids", metavar="ID…", nargs=-1)
@_all
@pass_tools
def clear(tools: Tools, ids: tuple[str, ...], everything: bool) -> int:
    """Take changes off the list. Nothing is done, here or at the server."""

    async def work(runtime: CliRuntime) -> int:
        chosen = _chosen(runtime, ids, everything=everything)
        runtime.session.clear_changes([change.key for change in chosen])
        words = ngettext("{count} change cleared.", "{count} changes cleared.", len(chosen))
        say(words.format(count=count(len(chosen))))
        return exit_codes.OK

    return in_runtime(tools, work, sync=False)


def _chosen(runtime: CliRuntime, ids: Sequence[str], *, everything: bool) -> list[RefusedChange]:
    """Returns the changes with these ids, which may be unique beginnings. Raises `NotThere`."""
    if bool(ids) == everything:
        raise click.UsageError(_("Say which: ID…, or --all."))
    changes = runtime.refused()
    return list(changes) if everything else [_named(changes, text) for text in ids]


def _named(changes: Sequence[RefusedChange], text: str) -> RefusedChange:
    matches = [
        change for change in changes if change.key == text or (len(text) >= _SHORTEST and change.key.startswith(text))
    ]
    if len(matches) != 1:
        raise NotThere(message("cli.no-change", id=text))
    return matches[0]


def _value(change: RefusedChange) -> dict[str, object]:
    return {
        "id": change.key,
        "what": change.what,
        "kind": change.kind,
        "at": change.at,
        "answeredAt": change.answered_at,
        "state": "EXPIRED" if change.expired else "REFUSED",
        "reason": json_of(change.reason),
        "clients": change.clients,
        "documents": change.documents,
        "documentCount": change.document_count,
        "canBeRetried": change.hindrance is None,
    }


def _line(change: RefusedChange) -> tuple[str, ...]:
    return (
        change.key,
        change.at.astimezone().isoformat(timespec="minutes"),
        clean(change.what),
        ", ".join(change.clients) or "–",
        why_not(change),
        what_to_do(change),
    )
