"""`banqup changes`: what was asked for and refused, or may not have been made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
from banqup_tui.presentation.messages import json_of
from banqup_tui.presentation.refusals import hindrance_words, what_to_do, why_not
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
            print_array(_value(one) for one in changes)
            return exit_codes.OK
        columns = (N_("Id"), N_("When"), N_("Change"), N_("Client"), N_("Why not"), N_("What to do"))
        print_table(columns, [_line(one) for one in changes])
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
        for one in chosen:
            if one.hindrance is not None:
                say(f"{one.what}: {hindrance_words(one.hindrance)}")
        keys = runtime.doing.retry_changes([one.key for one in chosen])
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
        runtime.doing.clear_changes([one.key for one in chosen])
        words = ngettext("{count} change cleared.", "{count} changes cleared.", len(chosen))
        say(words.format(count=count(len(chosen))))
        return exit_codes.OK

    return in_runtime(tools, work, sync=False)


def _chosen(runtime: CliRuntime, ids: Sequence[str], *, everything: bool) -> list[RefusedChange]:
    """By their ids, or the beginnings of them that are of one alone. Raises `NotThere`."""
    if bool(ids) == everything:
        raise click.UsageError(_("Say which: ID…, or --all."))
    changes = runtime.refused()
    return list(changes) if everything else [_named(changes, text) for text in ids]


def _named(changes: Sequence[RefusedChange], text: str) -> RefusedChange:
    found = [one for one in changes if one.key == text or (len(text) >= _SHORTEST and one.key.startswith(text))]
    if len(found) != 1:
        raise NotThere(message("cli.no-change", id=text))
    return found[0]


def _value(one: RefusedChange) -> dict[str, Any]:
    return {
        "id": one.key,
        "what": one.what,
        "kind": one.kind,
        "at": one.at,
        "answeredAt": one.answered_at,
        "state": "EXPIRED" if one.expired else "REFUSED",
        "reason": json_of(one.reason),
        "clients": one.clients,
        "documents": one.documents,
        "documentCount": one.document_count,
        "canBeRetried": one.hindrance is None,
    }


def _line(one: RefusedChange) -> tuple[str, ...]:
    return (
        one.key,
        one.at.astimezone().isoformat(timespec="minutes"),
        clean(one.what),
        ", ".join(one.clients) or "–",
        why_not(one),
        what_to_do(one),
    )
