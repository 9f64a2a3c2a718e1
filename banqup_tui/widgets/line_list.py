"""Base class of lists of one-row lines: cursor, scrolling, keys, mouse, and the least repainting.

Lines are drawn when they come into sight. A move of the cursor repaints two of them; only scrolling repaints the page.
A row of labels above the lines does not scroll.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from banqup_tui.presentation.formats import wrapped
from banqup_tui.presentation.signs import plain
from banqup_tui.widgets.focus import QuietFocus, forget_layout_repaint
from banqup_tui.widgets.strips import Piece, strip_of, width_of
from banqup_tui.widgets.theme import Ground, Look, look_of

WHEEL = 3
"""The lines that a step of the mouse wheel scrolls."""


class EmptyNote(NamedTuple):
    """The note in an empty list: what is so, why, and what can be done (key as written, what it does)."""

    heading: str
    text: str = ""
    keys: Sequence[tuple[str, str]] = ()


class LineList(QuietFocus):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", show=False, id="list.down"),
        Binding("up,k", "cursor_up", show=False, id="list.up"),
        Binding("g,home", "first", show=False, id="list.first"),
        Binding("G,end", "last", show=False, id="list.last"),
        Binding("pagedown,ctrl+d", "page_down", show=False, id="list.page_down"),
        Binding("pageup,ctrl+u", "page_up", show=False, id="list.page_up"),
    ]
    DEFAULT_CSS = "LineList { width: 1fr; height: 1fr; }"

    label_rows: ClassVar[int] = 1
    ground: ClassVar[Ground] = "bg"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._cursor = 0
        self._top = 0
        self._empty: EmptyNote | None = None

    # Overridden by subclasses

    def line_count(self) -> int:
        raise NotImplementedError

    def draw_label(self, width: int, look: Look) -> Strip:
        """Returns the row of labels."""
        return strip_of([], width, look.style("muted", self.ground))

    def draw_line(self, index: int, width: int, look: Look, ground: Ground) -> Strip:
        raise NotImplementedError

    def cursor_has_moved(self) -> None:
        """Is called after the cursor has moved to another line."""

    def can_hold_cursor(self, index: int) -> bool:
        """Returns false for headings and separators, which the cursor passes over."""
        return True

    def ground_of(self, index: int) -> Ground:
        if index == self._cursor:
            return "cursor" if self.has_focus else "cursor_off"
        return self.ground

    # State

    @property
    def cursor(self) -> int:
        return self._cursor

    @property
    def top(self) -> int:
        """The first line in sight."""
        return self._top

    @property
    def page_height(self) -> int:
        return max(self.size.height - self.label_rows, 1)

    def set_empty_note(self, note: EmptyNote | None) -> None:
        if note != self._empty:
            self._empty = note
            if not self.line_count():
                self.refresh()

    def move_to(self, index: int, *, step: int = 0) -> None:
        """Moves the cursor to a line, or to the next that can hold it in the direction of `step`."""
        index = self._nearest_stop(index, step)
        if index == self._cursor:
            return
        old, self._cursor = self._cursor, index
        if not self._scroll_to_cursor():
            self.refresh_index(old)
            self.refresh_index(index)
        self.cursor_has_moved()

    def refresh_index(self, index: int) -> None:
        """Repaints a line, if it is in sight."""
        y = index - self._top
        if 0 <= y < self.page_height:
            self.refresh(Region(0, y + self.label_rows, self.size.width, 1))

    def refresh_focus(self) -> None:
        if self.label_rows:
            self.refresh(Region(0, 0, self.size.width, self.label_rows))
        self.refresh_index(self._cursor)

    def lines_changed(self) -> None:
        """Repaints everything after lines were added or removed, with the cursor inside."""
        self._cursor = self._nearest_stop(self._cursor, 0)
        self._scroll_to_cursor()
        self.refresh()

    def region_of(self, index: int) -> Region:
        """Returns where a line is on the screen."""
        x, y, width, _height = self.region
        return Region(x, y + self.label_rows + index - self._top, width, 1)

    # Drawing

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        width = self.size.width
        total = self.line_count()
        if not total and self._empty is not None:
            return self._draw_empty(self._empty, y, width, look)
        if y < self.label_rows:
            return self.draw_label(width, look)
        index = self._top + y - self.label_rows
        if index >= total:
            return strip_of([], width, look.style("text", self.ground))
        return self.draw_line(index, width, look, self.ground_of(index))

    def _draw_empty(self, note: EmptyNote, y: int, width: int, look: Look) -> Strip:
        blank = look.style("text", self.ground)
        strong = look.style("strong", self.ground, bold=True)
        lines: list[list[Piece]] = [[], []]
        lines += [[(f"  {line}", strong)] for line in wrapped(note.heading, width - 4)]
        if note.text:
            lines += [[], *([(f"  {line}", blank)] for line in wrapped(note.text, width - 4))]
        if note.keys:
            lines.append([])
        broad = max((width_of(plain(key)) for key, _label in note.keys), default=0)
        for key, label in note.keys:
            written = plain(key)
            gap = " " * (max(broad, 3) + 3 - width_of(written))
            lines.append([(gap + written, look.style("accent", self.ground)), (f"  {label}", blank)])
        return strip_of(lines[y] if y < len(lines) else [], width, blank)

    # Moving

    def _nearest_stop(self, index: int, step: int) -> int:
        last = self.line_count() - 1
        if last < 0:
            return 0
        index = min(max(index, 0), last)
        for direction in (step or 1, -(step or 1)):
            probe = index
            while 0 <= probe <= last:
                if self.can_hold_cursor(probe):
                    return probe
                probe += 1 if direction > 0 else -1
        return index

    def _scroll_to_cursor(self) -> bool:
        """Scrolls as little as shows the cursor. Returns whether that was needed; then all is repainted."""
        if not self.size.height:
            return False
        page = self.page_height
        top = min(self._top, max(self.line_count() - page, 0))
        if self._cursor < top:
            top = self._cursor
        elif self._cursor >= top + page:
            top = self._cursor - page + 1
        if top == self._top:
            return False
        self._top = top
        self.refresh()
        return True

    def _scroll_by(self, lines: int) -> None:
        top = min(max(self._top + lines, 0), max(self.line_count() - self.page_height, 0))
        if top == self._top:
            return
        self._top = top
        inside = min(max(self._cursor, top), top + self.page_height - 1)
        moved = inside != self._cursor
        self._cursor = self._nearest_stop(inside, lines)
        self.refresh()
        if moved:
            self.cursor_has_moved()

    def _page(self, direction: int) -> None:
        step = direction * max(self.page_height - 1, 1)
        target = min(max(self._cursor + step, 0), max(self.line_count() - 1, 0))
        top = min(max(self._top + step, 0), max(self.line_count() - self.page_height, 0))
        if top != self._top:
            self._top = top
            self.refresh()
        self.move_to(target, step=direction)

    # Actions

    def action_cursor_down(self) -> None:
        self.move_to(self._cursor + 1, step=1)

    def action_cursor_up(self) -> None:
        self.move_to(self._cursor - 1, step=-1)

    def action_first(self) -> None:
        self.move_to(0, step=1)

    def action_last(self) -> None:
        self.move_to(self.line_count() - 1, step=-1)

    def action_page_down(self) -> None:
        self._page(1)

    def action_page_up(self) -> None:
        self._page(-1)

    # Events

    def on_resize(self, event: events.Resize) -> None:
        forget_layout_repaint(self)
        self._scroll_to_cursor()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll_by(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll_by(-WHEEL)

    def index_at(self, y: int) -> int | None:
        """Returns the index of the line at row `y` of the widget."""
        index = self._top + y - self.label_rows
        return index if y >= self.label_rows and index < self.line_count() else None
