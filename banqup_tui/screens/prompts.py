"""The questions and notices of actions in the terminal: `Ask` implemented by panels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from banqup_tui.actions.places import Destination
from banqup_tui.actions.prompts import (
    ChoiceQuestion,
    ConfirmQuestion,
    DecisionQuestion,
    Form,
    FormAnswer,
    Notice,
    ProgressReporter,
    ReviewQuestion,
    TickAnswer,
    TickList,
    Tone,
)
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import _
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.panels.panel import Panel

if TYPE_CHECKING:
    from banqup_tui.screens.place import PlaceScreen
    from banqup_tui.widgets.panels.tick import Effects

P = TypeVar("P", bound=Panel)


class TerminalAsk:
    """Asks with the panels of a place."""

    def __init__(self, screen: PlaceScreen) -> None:
        self._screen = screen

    async def panel(self, kind: type[P]) -> P:
        """Returns the place's panel of this kind, which is made at its first use."""
        open_panels = self._screen.query_children(kind)
        if open_panels:
            return open_panels.first()
        made = kind()
        await self._screen.mount(made)
        return made

    async def choose(self, question: ChoiceQuestion) -> str | None:
        if question.search:
            return await self._find(question)
        from banqup_tui.widgets.panels.choose import Choose, Option

        panel = await self.panel(Choose)
        options = [
            Option(choice.id, choice.label, choice.note, choice.key, sentence_of(choice.reason) or None)
            for choice in question.choices
        ]
        panel.fill(
            question.title,
            options,
            lines=question.lines,
            step=_("{part} of {whole}").format(part=1, whole=question.steps) if question.steps else "",
            confirm=_("Continue") if question.steps else "",
        )
        if question.hint:
            self._screen.info.set_instead((Word(question.hint, "muted"),))
        answer = await panel.ask()
        self._screen.info.set_instead()
        return cast("str | None", answer)

    async def _find(self, question: ChoiceQuestion) -> str | None:
        """Asks for one of hundreds of options, found by typing a part of its name."""
        from banqup_tui.widgets.panels.palette import Palette, PaletteEntry, matching_entries

        entries = [
            PaletteEntry(choice.id, choice.label, choice.note, possible=choice.reason is None)
            for choice in question.choices
        ]
        panel = await self.panel(Palette)
        panel.fill(
            lambda text: matching_entries(text, entries) if text else entries,
            title=question.title,
            nothing=_("Nothing is called that."),
            run=_("Choose"),
        )
        return cast("str | None", await panel.ask())

    async def tick(self, question: TickList) -> TickAnswer | None:
        from banqup_tui.widgets.panels.tick import TickLine, TickPanel, TickQuestion

        panel = await self.panel(TickPanel)
        lines = [
            TickLine(row.id, row.label, row.has, row.state, row.possible, row.note, row.warning)
            for row in question.rows
        ]
        panel.fill(
            TickQuestion(
                question.title,
                question.subtitle,
                question.columns,
                lines,
                _effects(question),
                question.option,
                question.processed,
            ),
            frozenset(row.id for row in question.rows if row.ticked),
        )
        answer = await panel.ask()
        if answer is None:
            return None
        ids, option, processed = answer
        return TickAnswer(ids=ids, option=option, processed=processed)

    async def confirm(self, question: ConfirmQuestion) -> bool:
        from banqup_tui.widgets.buttons import Button
        from banqup_tui.widgets.panels.confirm import Confirm

        panel = await self.panel(Confirm)
        buttons = [Button("yes", question.button), Button("no", _("Cancel"))]
        if question.dangerous:
            buttons.reverse()
        panel.fill(question.title, question.lines, buttons)
        return bool(await panel.ask() == "yes")

    async def decide(self, question: DecisionQuestion) -> str | None:
        from banqup_tui.widgets.buttons import Button
        from banqup_tui.widgets.panels.confirm import Confirm

        panel = await self.panel(Confirm)
        panel.fill(question.title, question.lines, [Button(choice.id, choice.label) for choice in question.choices])
        return cast("str | None", await panel.ask())

    async def fill_in(self, form: Form) -> FormAnswer | None:
        from banqup_tui.screens.form.screen import FormScreen

        return cast("FormAnswer | None", await self._screen.banqup.push_and_wait(FormScreen(form)))

    async def review(self, question: ReviewQuestion) -> bool:
        from banqup_tui.screens.review import ReviewScreen

        return bool(await self._screen.banqup.push_and_wait(ReviewScreen(question)))

    async def where_to(self, title: str, suggestion: Path) -> Path | None:
        from banqup_tui.widgets.panels.prompt import Prompt

        panel = await self.panel(Prompt)
        panel.fill(title, str(suggestion), complete=complete_path)
        answer = await panel.ask()
        return _expanded(answer) if answer else None

    async def which_files(self, title: str) -> Sequence[Path] | None:
        answer = await self.where_to(title, Path.cwd())
        return [answer] if answer is not None else None

    def notify(self, message: Notice) -> None:
        later = message.later
        then = None if later is None else lambda: self.notify(later)
        self._screen.banqup.say(message.text, message.tone, message.shorter, holds=message.holds, then=then)

    def notify_error(self, sentence: str, remedy: str) -> None:
        self._screen.banqup.say(f"{sentence} {remedy}".strip(), Tone.ERROR)

    def progress(self, title: str, total: int | None = None) -> ProgressReporter:
        return _InfoProgress(self._screen, title, total)

    def go(self, destination: Destination) -> None:
        self._screen.banqup.go(destination)

    def copy(self, text: str) -> None:
        self._screen.app.copy_to_clipboard(text)

    def show_only_errors(self) -> None:
        toggle = getattr(self._screen, "toggle_errors_only", None)
        if toggle is not None:
            toggle()

    async def open_outside(self, path: Path) -> None:
        from banqup_tui.screens.external_program import open_outside

        if not await open_outside(str(path)):
            self.notify_error(_("No program to open files was found."), _("Download it instead."))


class _InfoProgress:
    """Shows progress in the info line."""

    def __init__(self, screen: PlaceScreen, title: str, total: int | None) -> None:
        self._screen, self._title, self._total = screen, title, total
        self._done = 0
        self._tell("")

    def advance(self, text: str = "", steps: int = 1) -> None:
        self._done += steps
        self._tell(text)

    def done(self) -> None:
        self._screen.info.say()

    def _tell(self, text: str) -> None:
        if self._total is None:
            self._screen.say(f"{self._title} {text}".rstrip())
            return
        part = _("{part} of {whole}").format(part=self._done, whole=self._total)
        counted = f"{part}  {text}".rstrip()
        self._screen.say(_("{title}: {sentence}").format(title=self._title, sentence=counted))


def _effects(question: TickList) -> Callable[[frozenset[str], bool, bool], Effects]:
    from banqup_tui.widgets.panels.tick import Effects

    def effects(ids: frozenset[str], option: bool, processed: bool) -> Effects:
        summary = question.summary(TickAnswer(ids=ids, option=option, processed=processed))
        has = summary.has or None
        return Effects(
            summary.effects, summary.lines, summary.button, summary.title, summary.subtitle, has, summary.wanted
        )

    return effects


def complete_path(text: str) -> str:
    """Returns the path with what all fitting names have in common; a directory gets its slash."""
    path = Path(text).expanduser()
    directory, start = (path, "") if text.endswith("/") else (path.parent, path.name)
    try:
        names = sorted(entry.name for entry in os.scandir(directory) if entry.name.startswith(start))
    except OSError:
        return text
    if not names:
        return text
    common = _common_start(names)
    full = directory / common
    return f"{full}/" if len(names) == 1 and full.is_dir() else str(full)


def _common_start(names: Sequence[str]) -> str:
    first, last = names[0], names[-1]
    length = next((at for at, (left, other) in enumerate(zip(first, last, strict=False)) if left != other), None)
    return first[:length] if length is not None else min(first, last, key=len)


def _expanded(text: str) -> Path:
    return Path(text).expanduser()
