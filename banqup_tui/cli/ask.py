"""How an action asks on the command line: the answers were given as options, what it tells goes to stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from banqup_tui.actions.asking import (
    Choosing,
    Confirming,
    Deciding,
    Filled,
    Form,
    Message,
    Ticked,
    Ticking,
    TickSummary,
)
from banqup_tui.actions.places import Destination
from banqup_tui.cli.output import say
from banqup_tui.domain.errors import BanqupError


class NotOnTheCommandLine(BanqupError):
    exit_code = 2


class Steps:
    """Progress of several steps: one line each, where a person reads along."""

    def advance(self, text: str = "", steps: int = 1) -> None:
        if text:
            say(text)

    def done(self) -> None: ...


class CommandLineAsk:
    """`again`: also what is there. `values`: settings as given. `sure`: no question before what cannot be undone."""

    def __init__(
        self, *, again: bool = False, values: Mapping[str, Any] | None = None, older: bool = False, sure: bool = False
    ) -> None:
        self._again = again
        self._values = dict(values or {})
        self._older = older
        self._sure = sure
        self.messages: list[Message] = []

    async def choose(self, question: Choosing) -> str | None:
        raise NotOnTheCommandLine(f"{question.title}: this is chosen in the terminal.", "Open it with banqup.")

    async def tick(self, question: Ticking) -> Ticked | None:
        wanted = {row.id for row in question.rows if row.ticked or (self._again and row.possible)}
        ticked = Ticked(ids=frozenset(wanted), option=self._again)
        self._tell(question, question.summary(ticked))
        return ticked

    def _tell(self, question: Ticking, summary: TickSummary) -> None:
        _integration, has, sent = question.columns
        for row in question.rows:
            say(f"{row.label}. {has}: {row.has}. {sent}: {summary.effects.get(row.id, '–')}.")
        for line in summary.lines:
            say(line)

    async def confirm(self, question: Confirming) -> bool:
        if self._sure:
            return True
        for line in question.lines:
            say(line)
        return click.confirm(question.title, err=True)

    async def decide(self, question: Deciding) -> str | None:
        for line in (question.title, *question.lines):
            say(line)
        return None

    async def fill_in(self, form: Form) -> Filled | None:
        return Filled(values=self._values, send_older=self._older)

    async def where_to(self, title: str, suggestion: Path) -> Path | None:
        return suggestion

    async def which_files(self, title: str) -> Sequence[Path] | None:
        return None

    def notify(self, message: Message) -> None:
        self.messages.append(message)

    def progress(self, title: str, total: int | None = None) -> Steps:
        return Steps()

    def go(self, destination: Destination) -> None:
        raise NotOnTheCommandLine("That is a place of the terminal.", "Open it with banqup.")

    def copy(self, text: str) -> None:
        click.echo(text)

    def show_only_errors(self) -> None:
        raise NotOnTheCommandLine("That is a view of the terminal.", "Use banqup documents --json.")

    async def open_outside(self, path: Path) -> None:
        click.launch(str(path))
