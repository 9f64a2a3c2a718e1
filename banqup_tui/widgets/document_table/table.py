"""The document table: keys, mouse, cursor and selection. It shows any number of rows, reading only those in sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from banqup_tui.domain.listing import DocumentRow
from banqup_tui.presentation.words import current_language
from banqup_tui.widgets.document_table.columns import Columns, Extra, table_columns
from banqup_tui.widgets.document_table.labels import LabelColumn, Labels, column_at, draw_labels
from banqup_tui.widgets.document_table.line import draw_document
from banqup_tui.widgets.document_table.rows import NoRows, Rows, Windows
from banqup_tui.widgets.line_list import LineList
from banqup_tui.widgets.strips import LineBuilder
from banqup_tui.widgets.theme import Ground, Look


class DocumentTable(LineList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", show=False, id="table.open"),
        Binding("space", "select", show=False, id="table.select"),
        Binding("V", "range", show=False, id="table.range"),
        Binding("A", "all", show=False, id="table.all"),
        Binding("full_stop,semicolon", "menu", show=False, id="table.menu"),
    ]

    class Opened(Message):
        """A document was opened, by Enter or a double click."""

        def __init__(self, row: DocumentRow, index: int) -> None:
            super().__init__()
            self.row = row
            self.index = index

    class MenuAsked(Message):
        """The menu was asked for. `region` is the cell of the ⋮ on the screen."""

        def __init__(self, row: DocumentRow, region: Region) -> None:
            super().__init__()
            self.row = row
            self.region = region

    class CursorMoved(Message):
        """The cursor is on another document. Of several waiting messages only the last is delivered."""

        def __init__(self, row: DocumentRow | None, index: int) -> None:
            super().__init__()
            self.row = row
            self.index = index

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DocumentTable.CursorMoved)

    class SelectionChanged(Message):
        """The selection has changed: `count` documents are selected."""

        def __init__(self, selection: Selection, count: int) -> None:
            super().__init__()
            self.selection = selection
            self.count = count

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DocumentTable.SelectionChanged)

    class SortAsked(Message):
        """A label was clicked."""

        def __init__(self, column: LabelColumn) -> None:
            super().__init__()
            self.column = column

    def __init__(self, rows: Rows | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: Rows = rows or NoRows()
        self._windows = Windows(self._rows)
        self._selection = NOTHING
        self._range: Range | None = None
        self._labels = Labels({})
        self._integrations: tuple[str, ...] = ()
        self._extras: frozenset[Extra] = frozenset()

    # What it shows

    @property
    def row(self) -> DocumentRow | None:
        """The document under the cursor."""
        return self.row_at(self.cursor)

    @property
    def selection(self) -> Selection:
        return self._selection

    @property
    def selected_count(self) -> int:
        return self._selection.count(self._windows.count)

    @property
    def is_selecting_range(self) -> bool:
        return self._range is not None

    def row_at(self, index: int) -> DocumentRow | None:
        return self._windows.row(index)

    def set_rows(self, rows: Rows, *, cursor_id: str | None = None) -> None:
        """Shows other documents. The cursor goes to `cursor_id` or to the first, the selection is cleared."""
        self._rows = rows
        self._windows = Windows(rows)
        self._range = None
        self._cursor = self._top = 0
        if cursor_id is not None:
            self._cursor = rows.position(cursor_id) or 0
        self.set_selection(NOTHING)
        self.lines_changed()
        self.cursor_has_moved()

    def refresh_rows(self) -> None:
        """Reads the same documents again. The cursor stays on its document; only changed lines are repainted."""
        current, offset = self.row, self._cursor - self._top
        before = [self._windows.known(index) for index in range(self._top, self._top + self.page_height)]
        old_top = self._top
        was_empty = self._windows.count == 0
        self._windows.read_anew()
        self._keep_on(current, offset)
        if self._top != old_top or was_empty != (self._windows.count == 0):
            self.refresh()
        else:
            self._repaint_changed(before)
        if (self.row and self.row.id) != (current and current.id):
            self.cursor_has_moved()

    def set_integrations(self, names: Sequence[str]) -> None:
        """Sets the short names of the client's integrations, shown if there is room for them."""
        if tuple(names) != self._integrations:
            self._integrations = tuple(names)
            self.refresh()

    def set_sort(self, column: LabelColumn, *, descending: bool) -> None:
        self._relabel(self._labels._replace(sorted_by=column, descending=descending))

    def set_labels(self, **labels: str) -> None:
        """Sets labels of this folder, already translated: `counterparty="Customer"`, `gross="Balance"`."""
        self._relabel(self._labels._replace(names=labels))

    def _relabel(self, labels: Labels) -> None:
        if labels != self._labels:
            self._labels = labels
            self.refresh(Region(0, 0, self.size.width, 1))

    def set_selection(self, selection: Selection) -> None:
        if selection == self._selection:
            return
        old, self._selection = self._selection, selection
        for index in range(self._top, min(self._top + self.page_height, self.line_count())):
            row = self.row_at(index)
            if row is not None and (row.id in old) != (row.id in selection):
                self.refresh_index(index)
        self.post_message(self.SelectionChanged(selection, self.selected_count))

    def clear_selection(self) -> bool:
        """Clears the selection or ends a range. Returns false if there was none."""
        had = self.is_selecting_range or not self._selection.is_empty
        self._range = None
        self.set_selection(NOTHING)
        return had

    # Drawing

    def line_count(self) -> int:
        return self._windows.count

    def columns(self) -> Columns:
        return table_columns(self.size.width, self._integrations, self._extras, current_language())

    def ground_of(self, index: int) -> Ground:
        ground = super().ground_of(index)
        if ground == self.ground and not self._selection.is_empty:
            row = self.row_at(index)
            if row is not None and row.id in self._selection:
                return "sel"
        return ground

    def draw_label(self, width: int, look: Look) -> Strip:
        return draw_labels(self._labels, self.columns(), look, focused=self.has_focus)

    def draw_line(self, index: int, width: int, look: Look, ground: Ground) -> Strip:
        row = self.row_at(index)
        if row is None:
            return LineBuilder(look.style("text", ground)).strip(width)
        is_selected = row.id in self._selection
        return draw_document(row, self.columns(), self._integrations, look, ground, is_selected=is_selected)

    # Refreshing

    def _keep_on(self, current: DocumentRow | None, offset: int) -> None:
        position = self._rows.position(current.id) if current is not None else None
        if position is not None:
            self._cursor = position
            self._top = max(min(position - offset, self.line_count() - self.page_height), 0)
        self._cursor = min(self._cursor, max(self.line_count() - 1, 0))
        self._top = max(min(self._top, self._cursor, self.line_count() - 1), 0)

    def _repaint_changed(self, before: list[DocumentRow | None]) -> None:
        for offset, old in enumerate(before):
            if self.row_at(self._top + offset) != old:
                self.refresh_index(self._top + offset)

    def cursor_has_moved(self) -> None:
        self._extend_range()
        self.post_message(self.CursorMoved(self.row, self.cursor))

    def _extend_range(self) -> None:
        if self._range is not None:
            rows = (self.row_at(index) for index in self._range.lines_to(self._cursor))
            self.set_selection(self._range.selection(row.id for row in rows if row is not None))

    # Actions

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row, self.cursor))

    def action_select(self) -> None:
        """Selects the row or deselects it; while a range is being selected, ends the range."""
        if self._range is not None:
            self._range = None
        elif self.row is not None:
            self.set_selection(self._selection.toggled(self.row.id))

    def action_range(self) -> None:
        """Begins a range at the cursor, or ends it."""
        if self._range is not None or self.row is None:
            self._range = None
            return
        if self._selection.all_that_match:
            self.set_selection(NOTHING)
        self._range = Range(self._cursor, self._selection)
        self._extend_range()

    def action_all(self) -> None:
        """Selects all documents that match; if they are selected already, deselects them."""
        self._range = None
        self.set_selection(NOTHING if self._selection == EVERYTHING or not self.line_count() else EVERYTHING)

    def action_menu(self) -> None:
        row = self.row
        if row is not None:
            region = self.region_of(self.cursor)
            self.post_message(self.MenuAsked(row, Region(region.x + self.columns().actions, region.y, 1, 1)))

    # Events

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y < self.label_rows:
            self._ask_for_sort(event.x)
            return
        index = self.index_at(event.y)
        if index is None:
            return
        self.move_to(index)
        if event.button == 3 or self.columns().actions - 1 <= event.x <= self.columns().actions + 1:
            self.action_menu()
        elif event.x < 2 or event.ctrl:
            self.action_select()
        elif event.chain >= 2:
            self.action_open()

    def _ask_for_sort(self, x: int) -> None:
        column = column_at(x, self.columns())
        if column is not None:
            self.post_message(self.SortAsked(column))


class Selection(msgspec.Struct, frozen=True):
    """A selection of documents: the selected ids or, if `all_that_match`, the ids that are not selected."""

    ids: frozenset[str] = frozenset()
    all_that_match: bool = False

    def __contains__(self, document_id: object) -> bool:
        return (document_id in self.ids) != self.all_that_match

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.all_that_match

    def count(self, total: int) -> int:
        return total - len(self.ids) if self.all_that_match else len(self.ids)

    def toggled(self, document_id: str) -> Selection:
        """Returns the selection with the document if it lacked it, else without."""
        return Selection(self.ids ^ {document_id}, self.all_that_match)


NOTHING = Selection()
EVERYTHING = Selection(all_that_match=True)


class Range(msgspec.Struct, frozen=True):
    """A range that is being selected: its first line, and the selection before it."""

    start: int
    before: Selection

    def lines_to(self, cursor: int) -> range:
        first, last = sorted((self.start, cursor))
        return range(first, last + 1)

    def selection(self, ids: Iterable[str]) -> Selection:
        """Returns the selection with `ids`, those of the documents in the range."""
        return Selection(self.before.ids | frozenset(ids))
