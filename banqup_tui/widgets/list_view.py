"""A short list with a cursor, all of it in memory: integrations, deliveries, extensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from banqup_tui.presentation.formats import cut
from banqup_tui.presentation.signs import sign
from banqup_tui.widgets.focus import QuietFocus
from banqup_tui.widgets.page import MARGIN, Page, draw
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import Line, TextPut, left
from banqup_tui.widgets.theme import Ground, look_of


class Item(NamedTuple):
    """An item. `key` names it; it is empty for a heading, which the cursor passes over. `extra` are lines below it."""

    key: str
    line: Line
    extra: tuple[Line, ...] = ()


class _Drawn(NamedTuple):
    item: int
    line: Line
    main: bool


BuildItems = Callable[[int], tuple[Line | None, Sequence[Item]]]
"""Returns, for a width in cells, the labels of the columns (or `None`) and the items."""


class Listing(QuietFocus, ScrollView):
    """A list whose `show` takes the function that builds labels and items. The cursor stays on its key."""

    DEFAULT_CSS = "Listing { width: 1fr; height: 1fr; scrollbar-size: 0 0; overflow: hidden; }"
    BINDINGS = [
        Binding("up,k", "move(-1)", show=False, id="list.up"),
        Binding("down,j", "move(1)", show=False, id="list.down"),
        Binding("pageup,ctrl+u", "page(-1)", show=False, id="list.page_up"),
        Binding("pagedown,ctrl+d", "page(1)", show=False, id="list.page_down"),
        Binding("home,g", "move(-100000)", show=False, id="list.first"),
        Binding("end,G", "move(100000)", show=False, id="list.last"),
        Binding("enter", "open", show=False, id="list.open"),
        Binding("space", "select", show=False, id="list.select"),
        Binding("V", "range", show=False, id="list.range"),
        Binding("A", "all", show=False, id="list.all"),
    ]

    class Opened(Message):
        def __init__(self, listing: Listing, key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

        @property
        def control(self) -> Listing:
            return self.listing

    class Moved(Message):
        """The cursor is on another row, or on the same after the list was rebuilt."""

        def __init__(self, listing: Listing, key: str | None) -> None:
            super().__init__()
            self.listing, self.key = listing, key

        @property
        def control(self) -> Listing:
            return self.listing

    class MenuAsked(Message):
        def __init__(self, listing: Listing, key: str, region: Region) -> None:
            super().__init__()
            self.listing, self.key, self.region = listing, key, region

    class SelectionChanged(Message):
        """The selection has changed; see `selected`."""

        def __init__(self, listing: Listing) -> None:
            super().__init__()
            self.listing = listing

        @property
        def control(self) -> Listing:
            return self.listing

    def __init__(
        self, *, details: Page | None = None, margin: int = MARGIN, selects: bool = False, id: str | None = None
    ) -> None:
        """Makes an empty list.

        `details` is the page about the row under the cursor: page keys scroll it if the whole list is in sight. With
        `selects` rows can be selected.
        """
        super().__init__(id=id)
        self._selects = selects
        self._selected: frozenset[str] = frozenset()
        self._range: tuple[int, frozenset[str]] | None = None
        self._margin, self._details = margin, details
        self._build: BuildItems | None = None
        self._labels: Line | None = None
        self._items: list[Item] = []
        self._drawn: list[_Drawn] = []
        self._cursor = -1
        self._start = ""

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._items[self._cursor].key if 0 <= self._cursor < len(self._items) else None

    @property
    def keys(self) -> list[str]:
        return [item.key for item in self._items if item.key]

    @property
    def selected(self) -> list[str]:
        """The keys of the selected rows, in the order of the list."""
        return [key for key in self.keys if key in self._selected]

    def clear_selection(self) -> bool:
        """Clears the selection. Returns false if there was none."""
        had = bool(self._selected) or self._range is not None
        self._range = None
        self._select(frozenset())
        return had

    def show(self, build: BuildItems, *, start: str = "") -> None:
        """Builds the list anew. The cursor keeps its row; if that is gone it goes to `start`, else to the nearest."""
        self._build, self._start = build, start
        self._rebuild()

    def go_to(self, key: str) -> None:
        for at, item in enumerate(self._items):
            if item.key == key:
                self._set_cursor(at)

    def cursor_region(self) -> Region:
        """Returns where the cursor line is on the screen."""
        row = next((at for at, drawn in enumerate(self._drawn) if drawn.item == self._cursor), 0)
        top = self.region.y + self._head + row - self.scroll_offset.y
        return Region(self.region.x, top, self.region.width, 1)

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        width = self.size.width
        if y < self._head:
            return draw(self._labels or (), look, width, margin=self._margin)
        at = y - self._head + self.scroll_offset.y
        if at >= len(self._drawn):
            return draw((), look, width, margin=self._margin)
        drawn = self._drawn[at]
        ground: Ground = "bg"
        line = drawn.line
        if drawn.main and self._items[drawn.item].key in self._selected:
            ground = "sel"
            line = (left(-self._margin, sign("selected"), "accent"), *line)
        if drawn.item == self._cursor and drawn.main:
            ground = "cursor" if self.has_focus else "cursor_off"
        return draw(line, look, width, ground=ground, margin=self._margin)

    def refresh_focus(self) -> None:
        self._refresh_item(self._cursor)

    def action_move(self, rows: int) -> None:
        step = 1 if rows > 0 else -1
        target, left = self._cursor, abs(rows)
        at = target + step
        while left and 0 <= at < len(self._items):
            if self._items[at].key:
                target, left = at, left - 1
            at += step
        self._set_cursor(target)

    def action_page(self, pages: int) -> None:
        if self._details is not None and len(self._drawn) + self._head <= self.size.height:
            self._details.action_scroll_pages(pages)
        else:
            self.action_move(10 * pages)

    def action_select(self) -> None:
        """Selects the row or deselects it; while a range is being selected, ends the range."""
        if self._range is not None:
            self._range = None
        elif self._selects and self.key:
            self._select(self._selected ^ {self.key})

    def action_range(self) -> None:
        """Begins a range at the cursor, or ends it."""
        if self._range is not None or not self._selects or not self.key:
            self._range = None
            return
        self._range = (self._cursor, self._selected)
        self._extend_range()

    def _extend_range(self) -> None:
        if self._range is not None:
            start, before = self._range
            first, last = sorted((start, self._cursor))
            self._select(before | {item.key for item in self._items[first : last + 1] if item.key})

    def action_all(self) -> None:
        """Selects all rows; if they are selected already, deselects them."""
        self._range = None
        every = frozenset(self.keys) if self._selects else frozenset[str]()
        self._select(frozenset() if every <= self._selected else every)

    def _select(self, keys: frozenset[str]) -> None:
        if keys == self._selected:
            return
        self._selected = keys
        self.refresh()
        self.post_message(self.SelectionChanged(self))

    def action_open(self) -> None:
        if self.key:
            self.post_message(self.Opened(self, self.key))

    def on_click(self, event: events.Click) -> None:
        at = event.y - self._head + self.scroll_offset.y
        if not 0 <= at < len(self._drawn) or event.y < self._head:
            return
        item = self._drawn[at].item
        if not self._items[item].key:
            return
        event.stop()
        self.screen.set_focus(self)
        self._set_cursor(item)
        if event.button == 3:
            self.post_message(self.MenuAsked(self, self._items[item].key, self.cursor_region()))
        elif event.chain == 2:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-1)

    def on_resize(self, event: events.Resize) -> None:
        self._rebuild()

    @property
    def _head(self) -> int:
        return 1 if self._labels is not None else 0

    def _rebuild(self) -> None:
        if self._build is None or not self.size.width:
            return
        key = self.key
        width_left = max(self.size.width - 2 * self._margin, 1)
        labels, items = self._build(width_left)
        self._labels = None if labels is None else spread_labels(labels, width_left)
        self._items = list(items)
        self._drawn = [
            _Drawn(at, line, main=number == 0)
            for at, item in enumerate(self._items)
            for number, line in enumerate((item.line, *item.extra))
        ]
        self.virtual_size = Size(self.size.width, len(self._drawn) + self._head)
        self._cursor = self._place_of(key)
        self._range = None
        self._select(self._selected & frozenset(self.keys))
        self.refresh()
        if self.key != key:
            self.post_message(self.Moved(self, self.key))

    def _place_of(self, key: str | None) -> int:
        """Returns the row with this key, else the one to start at, else the nearest that can hold the cursor."""
        fallback = -1
        keys = self.keys
        key = key if key in keys else self._start if self._start in keys else key
        for at, item in enumerate(self._items):
            if item.key and item.key == key:
                return at
            if item.key and (fallback < 0 or at <= self._cursor):
                fallback = at
        return fallback

    def _set_cursor(self, item: int) -> None:
        if item == self._cursor:
            return
        before, self._cursor = self._cursor, item
        self._refresh_item(before)
        self._refresh_item(item)
        self._scroll_to_cursor()
        self._extend_range()
        self.post_message(self.Moved(self, self.key))

    def _refresh_item(self, item: int) -> None:
        for at, drawn in enumerate(self._drawn):
            if drawn.item == item and drawn.main:
                self.refresh(Region(0, at - self.scroll_offset.y + self._head, self.size.width, 1))

    def _scroll_to_cursor(self) -> None:
        rows = [at for at, drawn in enumerate(self._drawn) if drawn.item == self._cursor]
        height = self.size.height - self._head
        if not rows or height <= 0:
            return
        top = self.scroll_offset.y
        if rows[0] < top:
            self.scroll_to(y=rows[0], animate=False, force=True)
        elif rows[-1] >= top + height:
            self.scroll_to(y=rows[-1] - height + 1, animate=False, force=True)


def spread_labels(labels: Line, width: int) -> Line:
    """Returns the labels with a blank between them, for languages with longer words and for little room.

    A label is cut where the next one begins. A label over figures, which ends at its column, gives way to the left
    first.
    """
    placed = sorted((put.column - width_of(put.text) if put.right else put.column, put) for put in labels if put.text)
    spread: list[TextPut] = []
    for at, (start, put) in enumerate(placed):
        least = 0 if not spread else spread[-1].column + width_of(spread[-1].text) + 1
        end = placed[at + 1][0] - 1 if at + 1 < len(placed) else width
        if put.right:
            end = min(put.column, width)
        start = max(start, least)
        text = cut(put.text, max(end - start, 0))
        spread.append(put._replace(column=start, text=text, right=False))
    return tuple(spread)
