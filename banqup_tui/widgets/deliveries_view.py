"""Where a document was sent: each integration's state, and of the one one is on what happened and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.words import _
from banqup_tui.widgets.blocks import Fact, Facts, Grid, GridColumn, Line
from banqup_tui.widgets.formats import count, cut, cut_middle, moment, shown
from banqup_tui.widgets.line_list import LineList
from banqup_tui.widgets.lines import LineBuilder, width_of
from banqup_tui.widgets.one_line import Word, cut_words
from banqup_tui.widgets.signs import sign, state_appearance
from banqup_tui.widgets.theme import Ground, Look, look_of

RECEIPT_FROM = 100
_STATE, _ATTEMPTS_END, _LAST, _RECEIPT, _FACTS = 18, 39, 41, 60, 18


class AttemptRow(msgspec.Struct, frozen=True):
    """One try, in the user's own time. `took`, `started_by` and `answer` are in words."""

    at: datetime
    took: str = ""
    started_by: str = ""
    answer: str = ""


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One integration of the document. `heading` says in words how it stands, `failed`; facts are (label, text)."""

    id: str
    integration: str
    state: DeliveryState
    attempts: int = 0
    last_attempt: datetime | None = None
    receipt: str = ""
    heading: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    log: tuple[AttemptRow, ...] = ()


class DeliveriesView(LineList):
    """A list of deliveries; under it, after a blank line, the details of the one the cursor is on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", show=False, id="deliveries.open")]

    class CursorMoved(Message):
        def __init__(self, row: DeliveryRow | None) -> None:
            super().__init__()
            self.row = row

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DeliveriesView.CursorMoved)

    class Opened(Message):
        """Enter on a delivery."""

        def __init__(self, row: DeliveryRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, rows: Sequence[DeliveryRow] = (), *, today: date | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = tuple(rows)
        self._today = today or date.min

    @property
    def row(self) -> DeliveryRow | None:
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def set_deliveries(self, rows: Sequence[DeliveryRow], today: date) -> None:
        """The cursor stays on its integration."""
        here = self.row.id if self.row else None
        self._rows, self._today = tuple(rows), today
        position = next((index for index, row in enumerate(self._rows) if row.id == here), 0)
        self._cursor = position
        self.lines_changed()
        self.post_message(self.CursorMoved(self.row))

    # Drawing

    def line_count(self) -> int:
        return len(self._rows)

    def draw_label(self, width: int, look: Look) -> Strip:
        muted = look.style("muted")
        line = LineBuilder(muted).at(2).put(_("Integration"), muted).at(_STATE).put(_("State"), muted)
        line.put_right(_ATTEMPTS_END, _("Attempts"), muted).at(_LAST).put(_("Last attempt"), muted)
        if width >= RECEIPT_FROM:
            line.at(_RECEIPT).put(_("Receipt"), muted)
        return line.strip(width)

    def draw_line(self, index: int, width: int, look: Look, ground: Ground) -> Strip:
        row = self._rows[index]
        text, muted = look.style("text", ground), look.style("muted", ground)
        seen = state_appearance(row.state)
        line = LineBuilder(text).at(2).put(cut(shown(row.integration), _STATE - 4), text)
        line.at(_STATE).put(f"{seen.sign} {seen.word}", look.style(seen.token, ground, bold=seen.bold))
        line.put_right(_ATTEMPTS_END, count(row.attempts), text)
        last = moment(row.last_attempt, self._today) if row.last_attempt else sign("none")
        line.at(_LAST).put(last, muted)
        if width >= RECEIPT_FROM:
            line.at(_RECEIPT).put(cut_middle(shown(row.receipt), width - 2 - _RECEIPT) or sign("none"), muted)
        return line.strip(width)

    def render_line(self, y: int) -> Strip:
        below = y - self.label_rows - len(self._rows) - 1
        if below < 0 or self.row is None or self._top:
            return super().render_line(y)
        look = look_of(self)
        lines = self._details(self.row, self.size.width - 4)
        line = LineBuilder(look.style("text"))
        for cell in lines[below] if below < len(lines) else ():
            words = cut_words(cell.words, self.size.width)
            used = sum(width_of(word.text) for word in words)
            line.at(cell.column - used if cell.is_right else cell.column)
            for word in words:
                line.put(word.text, look.style(word.token, bold=word.bold))
        return line.strip(self.size.width)

    def _details(self, row: DeliveryRow, width: int) -> list[Line]:
        seen = state_appearance(row.state)
        heading = [Word(shown(row.integration), "strong", True), Word(f"  {shown(row.heading)}", seen.token, seen.bold)]
        facts = [Fact(label, [Word(text)]) for label, text in row.facts if text]
        lines = Facts(facts, heading, _FACTS if width >= 90 else 16).lines(width)
        if row.log:
            lines += [[], *self._log(row, width)]
        return lines

    def _log(self, row: DeliveryRow, width: int) -> list[Line]:
        is_short = width < 90
        starts = (0, 16, 23, 36) if is_short else (0, 20, 28, 42)
        labels = (_("Attempt"), _("Took"), _("Started by"), _("Answer"))
        columns = [GridColumn(label, start=start) for label, start in zip(labels, starts, strict=True)]
        rows = [
            [
                Word(moment(one.at, date.min, short=is_short)),
                Word(one.took, "muted"),
                Word(one.started_by, "muted"),
                Word(one.answer),
            ]
            for one in row.log
        ]
        return Grid(columns, rows).lines(width)

    def cursor_has_moved(self) -> None:
        """The details are of another delivery."""
        start = self.label_rows + len(self._rows)
        self.refresh(Region(0, start, self.size.width, max(self.size.height - start, 0)))
        self.post_message(self.CursorMoved(self.row))

    # Actions

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row))
