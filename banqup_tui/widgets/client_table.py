"""The table of clients with their counts of documents by status. Clients without work are drawn muted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from banqup_tui.domain.listing import ClientRow
from banqup_tui.presentation.formats import cut, short_date, shown, vat_number
from banqup_tui.presentation.signs import STATUSES, sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.count_columns import COUNTED, draw_count
from banqup_tui.widgets.line_list import LineList
from banqup_tui.widgets.strips import LineBuilder, width_of
from banqup_tui.widgets.theme import Ground, Look

WIDE_FROM = 110
_NEWEST, _VAT, _INTEGRATIONS, _GAP = 8, 15, 15, 2

ClientSort = Literal["name", "vat_number", "error", "queued", "ready", "client", "newest", "integrations"]
_COUNT_SORTS: tuple[ClientSort, ...] = ("error", "queued", "ready", "client")


class ClientTable(LineList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right,l", "open", show=False, id="clients.open"),
        Binding("full_stop,semicolon", "menu", show=False, id="clients.menu"),
        Binding("space", "select", show=False, id="clients.select"),
        Binding("V", "range", show=False, id="clients.range"),
        Binding("A", "all", show=False, id="clients.all"),
    ]

    class Opened(Message):
        """A client was opened, by Enter or a double click."""

        def __init__(self, row: ClientRow) -> None:
            super().__init__()
            self.row = row

    class MenuAsked(Message):
        """The menu was asked for. `region` is the end of the row on the screen."""

        def __init__(self, row: ClientRow, region: Region) -> None:
            super().__init__()
            self.row = row
            self.region = region

    class CursorMoved(Message):
        def __init__(self, row: ClientRow | None) -> None:
            super().__init__()
            self.row = row

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ClientTable.CursorMoved)

    class SelectionChanged(Message):
        """The selection has changed; see `selected`."""

    class SortAsked(Message):
        """A label was clicked."""

        def __init__(self, column: ClientSort) -> None:
            super().__init__()
            self.column = column

    def __init__(self, rows: Sequence[ClientRow] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: tuple[ClientRow, ...] = tuple(rows)
        self._sort: tuple[ClientSort, bool] = ("error", True)
        self._selected: frozenset[str] = frozenset()
        self._range: tuple[int, frozenset[str]] | None = None

    # State

    @property
    def selected(self) -> list[str]:
        """The ids of the selected clients in the order of the list, then those that a search hides."""
        shown = [row.client.id for row in self._rows if row.client.id in self._selected]
        return [*shown, *sorted(self._selected.difference(shown))]

    def clear_selection(self) -> bool:
        """Clears the selection. Returns false if there was none."""
        had = bool(self._selected) or self._range is not None
        self._range = None
        self._select(frozenset())
        return had

    def _select(self, ids: frozenset[str]) -> None:
        old, self._selected = self._selected, ids
        if old == ids:
            return
        for index, row in enumerate(self._rows):
            if (row.client.id in old) != (row.client.id in ids):
                self.refresh_index(index)
        self.post_message(self.SelectionChanged())

    @property
    def row(self) -> ClientRow | None:
        """The client under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def rows(self) -> tuple[ClientRow, ...]:
        return self._rows

    def set_rows(self, rows: Sequence[ClientRow], *, keep_cursor: bool = True) -> None:
        """Shows these clients, in this order. The cursor stays on its client; only changed lines are repainted."""
        old, current = self._rows, self.row
        self._rows = tuple(rows)
        if self._rows == old:
            return
        wanted = current.client.id if current is not None and keep_cursor else None
        position = next((index for index, row in enumerate(self._rows) if row.client.id == wanted), None)
        old_cursor = self._cursor
        self._cursor = position if position is not None else min(self._cursor, max(len(rows) - 1, 0))
        if not keep_cursor:
            self._cursor = 0
        if len(old) != len(self._rows) or self._cursor != old_cursor:
            self.lines_changed()
        else:
            for index, (was, now) in enumerate(zip(old, self._rows, strict=True)):
                if was != now:
                    self.refresh_index(index)
        if (self.row and self.row.client.id) != (current and current.client.id):
            self.cursor_has_moved()

    def set_sort(self, column: ClientSort, *, descending: bool) -> None:
        if (column, descending) != self._sort:
            self._sort = (column, descending)
            self.refresh(Region(0, 0, self.size.width, 1))

    # Drawing

    def line_count(self) -> int:
        return len(self._rows)

    def draw_label(self, width: int, look: Look) -> Strip:
        wide = width >= WIDE_FROM
        line = LineBuilder(look.style("muted"))
        self._left_label(line, 2, "name", _("Client"), look)
        if wide:
            self._left_label(line, _vat_start(width), "vat_number", _("VAT number"), look)
        for name, status, end in zip(_COUNT_SORTS, COUNTED, _count_ends(width), strict=True):
            appearance = STATUSES[status]
            label = f"{appearance.sign} {appearance.word}" if wide else appearance.sign
            self._right_label(line, end, name, label, look)
        self._right_label(line, _newest_end(width), "newest", _("Newest"), look)
        if wide:
            self._left_label(line, width - 2 - _INTEGRATIONS, "integrations", _("Integrations"), look)
        return line.strip(width)

    def ground_of(self, index: int) -> Ground:
        ground = super().ground_of(index)
        if ground == self.ground and index < len(self._rows) and self._rows[index].client.id in self._selected:
            return "sel"
        return ground

    def draw_line(self, index: int, width: int, look: Look, ground: Ground) -> Strip:
        row = self._rows[index]
        wide = width >= WIDE_FROM
        muted = look.style("muted", ground)
        name_style = look.style("text" if row.counts.has_work else "muted", ground)
        line = LineBuilder(name_style)
        if row.client.id in self._selected:
            line.put(sign("selected"), look.style("accent", ground))
        name_end = _vat_start(width) - _GAP if wide else _count_ends(width)[0] - 8
        line.at(2).put(cut(shown(row.client.name), name_end - 2), name_style)
        if wide:
            line.at(_vat_start(width)).put(cut(vat_number(row.client.vat_number), _VAT), muted)
        for status, end in zip(COUNTED, _count_ends(width), strict=True):
            draw_count(line, end, row.counts.of(status), status, look, ground)
        line.put_right(_newest_end(width), short_date(row.newest), muted)
        if wide:
            names = integration_names(row.integrations, _INTEGRATIONS)
            line.at(width - 2 - _INTEGRATIONS).put(names, muted)
        return line.strip(width)

    def _left_label(self, line: LineBuilder, column: int, name: ClientSort, text: str, look: Look) -> None:
        mark = self._mark(name)
        line.at(column).put(f"{text} {mark}" if mark else text, self._label_style(name, look))

    def _right_label(self, line: LineBuilder, end: int, name: ClientSort, text: str, look: Look) -> None:
        style = self._label_style(name, look)
        line.put_right(end, text, style).put(self._mark(name), style)

    def _mark(self, name: ClientSort) -> str:
        column, descending = self._sort
        return sign("down" if descending else "up") if name == column else ""

    def _label_style(self, name: ClientSort, look: Look) -> Style:
        is_sorted = name == self._sort[0]
        return look.style("strong", bold=True) if is_sorted else look.style("muted")

    def cursor_has_moved(self) -> None:
        if self._range is not None:
            self._extend_range(*self._range)
        self.post_message(self.CursorMoved(self.row))

    # Actions

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row))

    def action_select(self) -> None:
        """Selects the client or deselects it; while a range is being selected, ends the range."""
        if self._range is not None:
            self._range = None
        elif self.row is not None:
            self._select(self._selected ^ {self.row.client.id})

    def action_range(self) -> None:
        """Begins a range at the cursor, or ends it."""
        if self._range is not None or self.row is None:
            self._range = None
            return
        self._range = (self._cursor, self._selected)
        self._extend_range(*self._range)

    def _extend_range(self, start: int, before: frozenset[str]) -> None:
        first, last = sorted((start, self._cursor))
        self._select(before | {row.client.id for row in self._rows[first : last + 1]})

    def action_all(self) -> None:
        """Selects all clients that are shown; if they are selected already, deselects them."""
        self._range = None
        shown = {row.client.id for row in self._rows}
        self._select(frozenset() if shown <= self._selected else self._selected | shown)

    def action_menu(self) -> None:
        if self.row is not None:
            region = self.region_of(self.cursor)
            self.post_message(self.MenuAsked(self.row, Region(region.right - 3, region.y, 1, 1)))

    # Events

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y < self.label_rows:
            self._sort_by_label(event.x)
            return
        index = self.index_at(event.y)
        if index is None:
            return
        self.move_to(index)
        if event.button == 3:
            self.action_menu()
        elif event.chain >= 2:
            self.action_open()

    def _sort_by_label(self, x: int) -> None:
        width = self.size.width
        ends: list[tuple[int, ClientSort]] = list(zip(_count_ends(width), _COUNT_SORTS, strict=True))
        ends.append((_newest_end(width), "newest"))
        if width >= WIDE_FROM:
            ends = [(_vat_start(width) - _GAP, "name"), (_vat_start(width) + _VAT, "vat_number"), *ends]
            ends.append((width, "integrations"))
        else:
            ends.insert(0, (_count_ends(width)[0] - 6, "name"))
        column = next((name for end, name in ends if x <= end), None)
        if column is not None:
            self.post_message(self.SortAsked(column))


def integration_names(names: Sequence[str], width: int) -> str:
    """Returns as many names as fit (`Yuki, SFTP`), or the first and how many more (`Exact Online +2`)."""
    clean = [shown(name) for name in names]
    if not clean:
        return sign("none")
    together = ", ".join(clean)
    if width_of(together) <= width:
        return together
    more = f" +{len(clean) - 1}" if len(clean) > 1 else ""
    return cut(clean[0], width - len(more)) + more


def _newest_end(width: int) -> int:
    return width - 2 - (_INTEGRATIONS + _GAP if width >= WIDE_FROM else 0)


def _count_ends(width: int) -> list[int]:
    column = 10 if width >= WIDE_FROM else 6
    last = _newest_end(width) - _NEWEST - _GAP
    return [last - column * (3 - position) for position in range(4)]


def _vat_start(width: int) -> int:
    return _count_ends(width)[0] - 10 - _GAP - _VAT + 1
