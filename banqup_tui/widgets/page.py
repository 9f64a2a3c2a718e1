"""A page of lines to read: it scrolls, has no cursor, and is rebuilt for each width."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from banqup_tui.presentation.formats import cut, shown
from banqup_tui.widgets.focus import QuietFocus
from banqup_tui.widgets.strips import LineBuilder, width_of
from banqup_tui.widgets.text_lines import Line
from banqup_tui.widgets.theme import Ground, Look, look_of

MARGIN = 2

Build = Callable[[int], Iterable[Line]]
"""Returns the lines for a width in cells."""


def draw(line: Line, look: Look, width: int, *, ground: Ground = "bg", margin: int = MARGIN) -> Strip:
    """Returns a line of a page as a strip of `width` cells."""
    builder = LineBuilder(look.style("text", ground))
    placed = [(put.column - width_of(put.text) if put.right else put.column, put) for put in line]
    for start, put in sorted(placed, key=itemgetter(0)):
        style = look.style(put.token, put.ground or ground, bold=put.bold, underline=put.underline)
        text = put.text if put.ground != "button" or look.has_grounds else f"[{put.text[1:-1]}]"
        builder.at(margin + start)
        builder.put(cut(text, max(width - builder.column, 0)), style)
    return builder.strip(width)


class Page(QuietFocus, ScrollView):
    """A page whose `show` takes the function that builds its lines; without one it is empty."""

    DEFAULT_CSS = "Page { width: 1fr; height: 1fr; scrollbar-size: 0 0; overflow: hidden; }"
    BINDINGS = [
        Binding("up,k", "scroll_lines(-1)", show=False, id="page.up"),
        Binding("down,j", "scroll_lines(1)", show=False, id="page.down"),
        Binding("pageup,ctrl+u", "scroll_pages(-1)", show=False, id="page.page_up"),
        Binding("pagedown,ctrl+d", "scroll_pages(1)", show=False, id="page.page_down"),
        Binding("home,g", "scroll_lines(-1000000)", show=False, id="page.first"),
        Binding("end,G", "scroll_lines(1000000)", show=False, id="page.last"),
    ]

    def __init__(self, *, margin: int = MARGIN, id: str | None = None) -> None:
        super().__init__(id=id)
        self._margin = margin
        self._build: Build | None = None
        self._lines: list[Line] = []

    @property
    def text(self) -> str:
        """The text of the whole page, for tests."""
        return "\n".join(" ".join(shown(put.text) for put in line) for line in self._lines)

    def show(self, build: Build | None, *, keep_place: bool = False) -> None:
        self._build = build
        if not keep_place:
            self.scroll_to(0, 0, animate=False)
        self._rebuild()

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        at = y + self.scroll_offset.y
        line = self._lines[at] if 0 <= at < len(self._lines) else ()
        return draw(line, look, self.size.width, margin=self._margin)

    def refresh_focus(self) -> None:
        """Does nothing: a page looks the same with and without focus."""

    def action_scroll_lines(self, lines: int) -> None:
        # Without `force` Textual would not scroll: `overflow: hidden` leaves its scrollbar out.
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def action_scroll_pages(self, pages: int) -> None:
        self.action_scroll_lines(pages * max(self.size.height - 1, 1))

    def on_resize(self, event: events.Resize) -> None:
        self._rebuild()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_lines(-3)

    def _rebuild(self) -> None:
        width = max(self.size.width - 2 * self._margin, 1)
        self._lines = list(self._build(width)) if self._build is not None and self.size.width else []
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()
