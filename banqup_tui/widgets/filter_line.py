"""The line to filter or search by, in the row of the title; what is wrong in it stands in the row below."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from banqup_tui.presentation.formats import cut
from banqup_tui.presentation.words import _
from banqup_tui.widgets.focus import FrontWidget
from banqup_tui.widgets.strips import Piece, strip_of, width_of
from banqup_tui.widgets.text_input import LineEditor
from banqup_tui.widgets.theme import Look, look_of

_FIELD = 4
_MARGIN = 2


class FilterLine(FrontWidget):
    """Posts `Changed` on every change of its text, so that the list follows while the user types."""

    DEFAULT_CSS = """
    FilterLine { layer: panels; position: absolute; offset: 0 1; width: 100%; height: 1; visibility: hidden; }
    FilterLine.-shown { visibility: visible; }
    FilterLine.-wrong { height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close(True)", show=False, id="filter.apply"),
        Binding("escape", "close(False)", show=False, id="filter.clear"),
        Binding("up", "leave(-1)", show=False, id="filter.up"),
        Binding("down", "leave(1)", show=False, id="filter.down"),
        Binding("tab", "leave(0)", show=False, id="filter.leave"),
    ]

    class Changed(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The line has closed. With `applied` its text stays, else it is cleared. `step` moves the list's cursor."""

        def __init__(self, applied: bool, step: int = 0) -> None:
            super().__init__()
            self.applied, self.step = applied, step

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._editor = LineEditor()
        self._count = ""
        self._problem: tuple[int, int, str] | None = None

    @property
    def is_open(self) -> bool:
        return self.has_class("-shown")

    @property
    def text(self) -> str:
        return self._editor.text

    def left_by_click(self) -> None:
        self.action_leave(0)

    def open(self, text: str = "") -> None:
        self._editor.set(text)
        self._problem = None
        self.remove_class("-wrong")
        self.add_class("-shown")
        self.screen.set_focus(self, scroll_visible=False)
        self.refresh()

    def set_count(self, text: str) -> None:
        """Sets the text at the right end, such as `3 of 486`."""
        if text != self._count:
            self._count = text
            if self.is_open:
                self.refresh()

    def set_problem(self, start: int | None, end: int = 0, sentence: str = "") -> None:
        """Marks what is wrong between two characters, with its sentence; `None` clears it."""
        self._problem = None if start is None else (start, end, sentence)
        self.set_class(self._problem is not None, "-wrong")
        self.refresh()

    # drawing

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        blank = look.style("text")
        if y == 1:
            return self._problem_line(look, width)
        width_left = width - _FIELD - 1 - _MARGIN
        beside = f"  {self._count} " if self._count else ""
        field = self._marked(self._editor.pieces(width_left - width_of(beside), look), look)
        pieces: list[Piece] = [("  ", blank), ("/", look.style("accent", bold=True)), (" ", blank)]
        pieces += [(" ", look.style("text", "field")), *field, (beside, look.style("muted", "field"))]
        return strip_of(pieces, width, blank)

    def _marked(self, pieces: list[Piece], look: Look) -> list[Piece]:
        """Underlines the wrong part, as far as it is in sight."""
        if self._problem is None:
            return pieces
        start, end, _sentence = self._problem
        wrong = look.style("error", "field", underline=True)
        result: list[Piece] = []
        at = 0
        for text, style in pieces:
            letters: list[tuple[str, Style]] = []
            for letter in text:
                letters.append((letter, wrong if start <= at < end else style))
                at += 1
            result += letters
        return result

    def _problem_line(self, look: Look, width: int) -> Strip:
        start, end, sentence = self._problem or (0, 0, "")
        text = f"{'^' * max(end - start, 1)} {sentence}"
        column = max(min(_FIELD + 1 + start, width - _MARGIN - width_of(text)), _MARGIN)
        return strip_of(
            [(" " * column, look.style("text")), (cut(text, width - column), look.style("error"))],
            width,
            look.style("text"),
        )

    def refresh_focus(self) -> None:
        """Does nothing: the line is never seen without focus."""

    # keys

    def action_close(self, applied: bool) -> None:
        self._close(applied and self._problem is None, 0)

    def action_leave(self, step: int) -> None:
        self._close(self._problem is None, step)

    def _close(self, applied: bool, step: int) -> None:
        self.remove_class("-shown")
        self.post_message(self.Closed(applied, step))

    def on_key(self, event: events.Key) -> None:
        if self._editor.take(event):
            event.stop()
            event.prevent_default()
            self.refresh()
            self.post_message(self.Changed(self._editor.text))

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._editor.insert(event.text)
        self.refresh()
        self.post_message(self.Changed(self._editor.text))

    def footer(self) -> tuple[tuple[str, str], ...]:
        return ("Enter", _("Apply")), ("↑↓", _("Move")), ("Esc", _("Clear"))
