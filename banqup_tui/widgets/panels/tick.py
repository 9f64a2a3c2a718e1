"""A list to tick: what is sent where, of a document or a selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from textual.binding import Binding

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.presentation.formats import wrapped
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.layouts.deliveries import state_words
from banqup_tui.widgets.panels.panel import Panel, PanelRow
from banqup_tui.widgets.text_lines import Line, TextPut, fitted, left

OPTION, PROCESSED, CONFIRM, CANCEL = "\0option", "\0processed", "\0confirm", "\0cancel"


class TickLine(NamedTuple):
    """An integration. `has` is what it has, after the sign of `state`; `note` is shown while the cursor is on it."""

    id: str
    label: str
    has: str
    state: DeliveryState | None
    possible: bool
    note: str = ""
    warning: bool = False


class Effects(NamedTuple):
    """The effects of the present ticks: by row, in sentences, and as a button (empty: nothing).

    `has` replaces what rows have, if it depends on the options; `wanted` are the rows that are ticked under the
    options.
    """

    by_row: Mapping[str, str]
    lines: Sequence[str]
    button: str
    title: str = ""
    subtitle: str = ""
    has: Mapping[str, tuple[str, DeliveryState | None]] | None = None
    wanted: frozenset[str] = frozenset()


class TickQuestion(NamedTuple):
    title: str
    subtitle: str
    columns: tuple[str, str, str]
    lines: Sequence[TickLine]
    effects: Callable[[frozenset[str], bool, bool], Effects]
    option: str | None = None
    processed: str | None = None


class TickPanel(Panel):
    """Answers with ticked ids and both options. Enter sends at once; Space ticks."""

    BINDINGS = [
        Binding("space", "tick", show=False, id="tick.tick"),
        Binding("tab", "button(1)", show=False, id="tick.next"),
        Binding("shift+tab", "button(-1)", show=False, id="tick.previous"),
        Binding("left", "button(-1)", show=False, id="tick.left"),
        Binding("right", "button(1)", show=False, id="tick.right"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._question: TickQuestion | None = None
        self._ticked: set[str] = set()
        self._option = self._processed = False
        self._button = ""

    def fill(self, question: TickQuestion, ticked: frozenset[str]) -> None:
        self._question, self._ticked, self._button = question, set(ticked), ""
        self._option = self._processed = False
        self.go_to(question.lines[0].id if question.lines else "")

    @property
    def effects(self) -> Effects:
        assert self._question is not None
        return self._question.effects(frozenset(self._ticked), self._option, self._processed)

    def wanted_width(self, available: int) -> int:
        return min(available, 92)

    def rows(self, width: int) -> list[PanelRow]:
        question = self._question
        assert question is not None
        effects = self.effects
        has, sent = self._columns(question, width)
        rows = [
            PanelRow((fitted(0, width, effects.title or question.title, "strong", bold=True),)),
            PanelRow((fitted(0, width, effects.subtitle or question.subtitle),)),
            PanelRow(),
            PanelRow(
                (
                    left(4, question.columns[0], "muted"),
                    left(has, question.columns[1], "muted"),
                    left(sent, question.columns[2], "muted"),
                )
            ),
        ]
        rows += [PanelRow(self._line(line, effects, has, sent, width), line.id) for line in question.lines]
        rows.append(PanelRow())
        rows += [PanelRow(line) for line in self._notes(question, effects, width)]
        if question.option:
            rows.append(PanelRow((left(0, f"{_box(self._option)} {question.option}"),), OPTION))
        if question.processed:
            rows.append(PanelRow((left(0, f"{_box(self._processed)} {question.processed}"),), PROCESSED))
        rows.append(PanelRow())
        line, zones = button_row(self._buttons(effects), self._button)
        rows.append(PanelRow(line, zones=zones))
        return rows

    def _columns(self, question: TickQuestion, width: int) -> tuple[int, int]:
        longest = max([len(line.label) for line in question.lines] + [len(question.columns[0])], default=0)
        has = 4 + max(12, min(longest, width // 3)) + 4
        return has, has + max(22, (width - has) * 11 // 20)

    def _line(self, line: TickLine, effects: Effects, has: int, sent: int, width: int) -> Line:
        text, state = (line.has, line.state) if not effects.has else effects.has.get(line.id, ("", None))
        mark, token, _word = state_words(state) if state else (sign("none"), "muted", "")
        effect = effects.by_row.get(line.id, "")
        return (
            left(0, _box(line.id in self._ticked), "text" if line.possible else "muted"),
            fitted(4, has - 2, line.label, "text" if line.possible else "muted"),
            left(has, mark, token),
            fitted(has + 2, sent - 2, text),
            fitted(sent, width, effect, "text" if line.id in self._ticked else "muted"),
        )

    def _notes(self, question: TickQuestion, effects: Effects, width: int) -> list[Line]:
        """Returns the notes, always all of them, so that the height stays. The cursor's row comes first."""
        lines: list[Line] = [(left(0, text),) for sentence in effects.lines for text in wrapped(sentence, width)]
        noted = [line for line in question.lines if line.note]
        for ticked in sorted(noted, key=lambda ticked: ticked.id != self.cursor):
            warns = ticked.warning and ticked.id == self.cursor
            texts = wrapped(ticked.note, width - 2)
            mark = (TextPut(0, sign("warning"), "warn", bold=True),) if warns else ()
            lines.append((*mark, left(2, texts[0], "text" if warns else "muted")))
            lines += [(left(2, text, "text" if warns else "muted"),) for text in texts[1:]]
        return lines

    def _buttons(self, effects: Effects) -> list[Button]:
        send = [Button(CONFIRM, effects.button)] if effects.button else []
        return [*send, Button(CANCEL, _("Cancel"))]

    def footer_keys(self) -> Sequence[FooterKey]:
        return (
            FooterKey(_("Space"), _("Tick")),
            FooterKey("Enter", self.effects.button or _("Cancel")),
            FooterKey("Tab", _("Buttons")),
            FooterKey("Esc", _("Cancel")),
        )

    def action_tick(self) -> None:
        question = self._question
        assert question is not None
        if self._button:
            self.action_enter()
            return
        if self.cursor == OPTION:
            self._option = not self._option
        elif self.cursor == PROCESSED:
            self._toggle_processed()
        elif any(line.id == self.cursor and line.possible for line in question.lines):
            self._ticked ^= {self.cursor}
        self.rebuild()
        self.screen.post_message(self.Shown(self, True))

    def _toggle_processed(self) -> None:
        """Toggles the option. Rows that it adds or removes are ticked with it; other ticks stay."""
        before = self.effects.wanted
        self._processed = not self._processed
        after = self.effects.wanted
        self._ticked = (self._ticked - (before - after)) | (after - before)

    def action_button(self, step: int) -> None:
        stops = ["", *(button.id for button in self._buttons(self.effects))]
        at = stops.index(self._button) if self._button in stops else 0
        self._button = stops[(at + step) % len(stops)]
        self.rebuild()

    def action_enter(self) -> None:
        if self._button == CANCEL or not self.effects.button:
            self.answer(None)
        else:
            self.answer((frozenset(self._ticked), self._option, self._processed))

    def action_move(self, rows: int) -> None:
        self._button = ""
        super().action_move(rows)

    def clicked(self, row: PanelRow) -> None:
        self._button = ""
        self.action_tick()

    def pressed(self, button: str) -> None:
        self._button = button
        self.action_enter()


def _box(ticked: bool) -> str:
    return "[x]" if ticked else "[ ]"
