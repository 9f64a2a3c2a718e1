"""The questions of actions on the command line: answers come from options, notices go to stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import click
import msgspec

from banqup_tui.actions.places import Destination
from banqup_tui.actions.prompts import (
    ChoiceQuestion,
    ConfirmQuestion,
    DecisionQuestion,
    Form,
    FormAnswer,
    Notice,
    ReviewQuestion,
    ReviewState,
    TickAnswer,
    TickList,
    TickSummary,
)
from banqup_tui.cli.output import confirmed, say
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.messages import BackfillCount


class NotOnTheCommandLine(BanqupError):
    exit_code = 2


class NotCounted(BanqupError):
    """The older documents could not be counted. The exit code is `EX_TEMPFAIL` of sysexits.h."""

    exit_code = 75


class Answers(Value, frozen=True, kw_only=True):
    """The options' answers to a form. `folders` is `None` for those that are ticked already."""

    values: Mapping[str, object] = {}
    label: str | None = None
    folders: tuple[Folder, ...] | None = None
    older: bool = False
    since: date | None = None


class Steps:
    """Prints a line for each step."""

    def advance(self, text: str = "", steps: int = 1) -> None:
        if text:
            say(text)

    def done(self) -> None: ...


class CommandLineAsk:
    """Answers the questions of an action.

    Args:
        again: Also send what has arrived already.
        processed: Also send documents marked as processed.
        answers: The values for a form.
        sure: Do not ask before what cannot be undone.
        choice: The answer to a choice, by its id.
    """

    def __init__(
        self,
        *,
        again: bool = False,
        processed: bool = False,
        answers: Answers | None = None,
        sure: bool = False,
        choice: str | None = None,
    ) -> None:
        self._again = again
        self._processed = processed
        self._answers = answers or Answers()
        self._sure = sure
        self._choice = choice
        self.messages: list[Notice] = []
        self.left_out = 0

    async def choose(self, question: ChoiceQuestion) -> str | None:
        if self._choice is None:
            raise NotOnTheCommandLine(message("cli.only-in-terminal", title=question.title))
        return self._choice

    async def tick(self, question: TickList) -> TickAnswer | None:
        nothing = TickAnswer(ids=frozenset(), option=self._again, processed=self._processed)
        wanted = {row.id for row in question.rows if row.ticked or (self._again and row.possible)}
        ticked = msgspec.structs.replace(nothing, ids=frozenset(wanted | question.summary(nothing).wanted))
        self._tell(question, question.summary(ticked))
        return ticked

    def _tell(self, question: TickList, summary: TickSummary) -> None:
        _integration, has, sent = question.columns
        for row in question.rows:
            if not summary.effects or row.id in summary.effects:
                text = summary.has[row.id][0] if row.id in summary.has else row.has
                words = _("{label}. {has}: {text}. {sent}: {effect}.")
                effect = summary.effects.get(row.id, "–")
                say(words.format(label=row.label, has=has, text=text, sent=sent, effect=effect))
        for line in summary.lines:
            say(line)

    async def confirm(self, question: ConfirmQuestion) -> bool:
        if self._sure:
            return True
        for line in question.lines:
            say(line)
        return confirmed(question.title)

    async def decide(self, question: DecisionQuestion) -> str | None:
        for line in (question.title, *question.lines):
            say(line)
        return None

    async def fill_in(self, form: Form) -> FormAnswer | None:
        answers = self._answers
        folders = answers.folders if form.folders is not None else None
        older = await self._count_older(form) if answers.older else None
        return FormAnswer(values=answers.values, older=older, since=answers.since, folders=folders, label=answers.label)

    async def _count_older(self, form: Form) -> BackfillCount | None:
        """Counts the older documents and prints their number before any command is given."""
        if form.count_older is None:
            return None
        older = await form.count_older(self._answers.folders or form.folders or (), self._answers.since)
        if older is None:
            raise NotCounted(message("cli.not-counted"))
        words = ngettext("Also {count} older document.", "Also {count} older documents.", older.count)
        say(words.format(count=count(older.count)))
        return older

    async def review(self, question: ReviewQuestion) -> bool:
        """Prints the state of each row. Rows with missing settings are left out, which the exit code tells."""
        rows = question.rows()
        for row in rows:
            say(_("{label}: {note}.").format(label=row.label, note=row.note))
        self.left_out = sum(row.state is ReviewState.NEEDS for row in rows)
        return bool(question.go_on())

    async def where_to(self, title: str, suggestion: Path) -> Path | None:
        return suggestion

    async def which_files(self, title: str) -> Sequence[Path] | None:
        return None

    def notify(self, message: Notice) -> None:
        self.messages.append(message)

    def progress(self, title: str, total: int | None = None) -> Steps:
        return Steps()

    def go(self, destination: Destination) -> None:
        raise NotOnTheCommandLine(message("cli.place-of-terminal"))

    def copy(self, text: str) -> None:
        click.echo(text)

    def show_only_errors(self) -> None:
        raise NotOnTheCommandLine(message("cli.view-of-terminal"))

    async def open_outside(self, path: Path) -> None:
        click.launch(str(path))
