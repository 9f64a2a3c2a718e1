"""The document table: the documents of one folder, year or filter, however many, over windows of rows.

Rows are read when they are seen, in windows that are kept while they are near. The selection is a set of document
ids, or all that match with a set of exceptions, so it outlives scrolling and refreshing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import ClassVar, Literal, Protocol

import msgspec
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import DocumentKind
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.widgets.document_columns import Columns, Extra, Widths, columns_at
from banqup_tui.widgets.line_list import LineList
from banqup_tui.widgets.lines import LineBuilder, width_of
from banqup_tui.widgets.theme import Ground, Look, Token
from banqup_tui.written.formats import amount, cut, cut_middle, full_date, short_date, shown
from banqup_tui.written.signs import STATUSES, sign, state_appearance
from banqup_tui.written.words import _, current_language

WINDOW = 128
WINDOWS_KEPT = 12

SortColumn = Literal["date", "number", "counterparty", "gross", "status", "sent"]


class Sent(msgspec.Struct, frozen=True):
    """Of the integrations a document goes to: how many have it, and the state at each, in the order of the table.

    `any_failed`: some delivery failed or is unknown. `states`: (name as in `set_integrations`, state).
    """

    delivered: int = 0
    total: int = 0
    any_failed: bool = False
    states: tuple[tuple[str, DeliveryState], ...] = ()


NOWHERE = Sent()


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One document as the table shows it. `gross` is in minor units of `currency`, None where the file has none."""

    id: str
    date: date | None = None
    number: str = ""
    counterparty: str = ""
    gross: int | None = None
    currency: str | None = None
    status: AccountingStatus = AccountingStatus.READY_TO_PROCESS
    sent: Sent = NOWHERE
    kind: DocumentKind = DocumentKind.INVOICE

    @property
    def is_done(self) -> bool:
        return self.status is AccountingStatus.PROCESSED


class Rows(Protocol):
    """Where the rows come from. All three are called while drawing: they must answer in a millisecond or two."""

    def count(self) -> int: ...

    def window(self, start: int, length: int) -> Sequence[DocumentRow]: ...

    def position(self, document_id: str) -> int | None:
        """Where a document stands now; None if it is not among the rows."""
        ...


class NoRows:
    def count(self) -> int:
        return 0

    def window(self, start: int, length: int) -> Sequence[DocumentRow]:
        return ()

    def position(self, document_id: str) -> int | None:
        return None


class Selection(msgspec.Struct, frozen=True):
    """The ids that are selected; or, if `all_that_match`, the ids that are not."""

    ids: frozenset[str] = frozenset()
    all_that_match: bool = False

    def __contains__(self, document_id: object) -> bool:
        return (document_id in self.ids) != self.all_that_match

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.all_that_match

    def count(self, of: int) -> int:
        return of - len(self.ids) if self.all_that_match else len(self.ids)


NOTHING_SELECTED = Selection()


class DocumentTable(LineList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", show=False, id="table.open"),
        Binding("space", "select", show=False, id="table.select"),
        Binding("V", "range", show=False, id="table.range"),
        Binding("A", "all", show=False, id="table.all"),
        Binding("full_stop,semicolon", "menu", show=False, id="table.menu"),
    ]

    class Opened(Message):
        """Enter or a double click on a row."""

        def __init__(self, row: DocumentRow, index: int) -> None:
            super().__init__()
            self.row = row
            self.index = index

    class MenuAsked(Message):
        """`.`, a right click, or a click on the ⋮. `region` is the cell of the ⋮ on the screen."""

        def __init__(self, row: DocumentRow, region: Region) -> None:
            super().__init__()
            self.row = row
            self.region = region

    class CursorMoved(Message):
        """The cursor is on another document. Only the last of several waiting ones is delivered."""

        def __init__(self, row: DocumentRow | None, index: int) -> None:
            super().__init__()
            self.row = row
            self.index = index

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DocumentTable.CursorMoved)

    class SelectionChanged(Message):
        """`count` documents are selected now."""

        def __init__(self, selection: Selection, count: int) -> None:
            super().__init__()
            self.selection = selection
            self.count = count

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DocumentTable.SelectionChanged)

    class SortAsked(Message):
        """A label was clicked."""

        def __init__(self, column: SortColumn) -> None:
            super().__init__()
            self.column = column

    def __init__(self, rows: Rows | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: Rows = rows or NoRows()
        self._count = self._rows.count()
        self._windows: OrderedDict[int, Sequence[DocumentRow]] = OrderedDict()
        self._selection = NOTHING_SELECTED
        self._range_from: int | None = None
        self._before_range = NOTHING_SELECTED
        self._sort: tuple[SortColumn, bool] = ("date", True)
        self._labels: dict[SortColumn, str] = {}
        self._integrations: tuple[str, ...] = ()
        self._kept: frozenset[Extra] = frozenset()

    # What it shows

    @property
    def row(self) -> DocumentRow | None:
        """The document one is on."""
        return self.row_at(self.cursor)

    @property
    def selection(self) -> Selection:
        return self._selection

    @property
    def selected_count(self) -> int:
        return self._selection.count(self._count)

    @property
    def is_selecting_range(self) -> bool:
        return self._range_from is not None

    def row_at(self, index: int) -> DocumentRow | None:
        if not 0 <= index < self._count:
            return None
        start = index - index % WINDOW
        window = self._windows.get(start)
        if window is None:
            window = self._windows[start] = self._rows.window(start, WINDOW)
            while len(self._windows) > WINDOWS_KEPT:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(start)
        return window[index - start] if index - start < len(window) else None

    def set_rows(self, rows: Rows, *, cursor_id: str | None = None) -> None:
        """Show other documents: the cursor goes to `cursor_id` or to the first, the selection is emptied."""
        self._rows = rows
        self._windows.clear()
        self._count = rows.count()
        self._range_from = None
        self._cursor = self._top = 0
        if cursor_id is not None:
            self._cursor = rows.position(cursor_id) or 0
        self.set_selection(NOTHING_SELECTED)
        self.lines_changed()
        self.cursor_has_moved()

    def refresh_rows(self) -> None:
        """The same documents may have changed. The cursor stays on its document; only changed lines are repainted."""
        here, offset = self.row, self._cursor - self._top
        before = self._seen()
        old_top = self._top
        was_empty = self._count == 0
        self._windows.clear()
        self._count = self._rows.count()
        self._keep_on(here, offset)
        if self._top != old_top or was_empty != (self._count == 0):
            self.refresh()
        else:
            self._repaint_changed(before)
        if (self.row and self.row.id) != (here and here.id):
            self.cursor_has_moved()

    def set_integrations(self, names: Sequence[str]) -> None:
        """Short names of the client's integrations, for `Sent to` where there is room to name them."""
        if tuple(names) != self._integrations:
            self._integrations = tuple(names)
            self.refresh()

    def set_sort(self, column: SortColumn, *, descending: bool) -> None:
        if (column, descending) != self._sort:
            self._sort = (column, descending)
            self._refresh_label()

    def set_labels(self, **labels: str) -> None:
        """Labels of this folder, already translated: `counterparty="Customer"`, `gross="Balance"`."""
        if labels != self._labels:
            self._labels = labels  # type: ignore[assignment]
            self._refresh_label()

    def set_kept_columns(self, extras: frozenset[Extra]) -> None:
        """Columns the user chose, which are kept as long as any room is left."""
        if extras != self._kept:
            self._kept = extras
            self.refresh()

    def set_selection(self, selection: Selection) -> None:
        if selection == self._selection:
            return
        old, self._selection = self._selection, selection
        for index in range(self._top, min(self._top + self.page_height, self._count)):
            row = self.row_at(index)
            if row is not None and (row.id in old) != (row.id in selection):
                self.refresh_index(index)
        self.post_message(self.SelectionChanged(selection, self.selected_count))

    def clear_selection(self) -> bool:
        """Take the selection away, or end a range; False if there was none."""
        had = self.is_selecting_range or not self._selection.is_empty
        self._range_from = None
        self.set_selection(NOTHING_SELECTED)
        return had

    def move_to_document(self, document_id: str) -> bool:
        """Put the cursor on a document; False if it is not among the rows."""
        position = self._rows.position(document_id)
        if position is None:
            return False
        self.move_to(position)
        return True

    # Drawing

    def line_count(self) -> int:
        return self._count

    def columns(self) -> Columns:
        return _columns(self.size.width, self._integrations, self._kept, current_language())

    def ground_of(self, index: int) -> Ground:
        ground = super().ground_of(index)
        if ground == self.ground and not self._selection.is_empty:
            row = self.row_at(index)
            if row is not None and row.id in self._selection:
                return "sel"
        return ground

    def draw_label(self, width: int, look: Look) -> Strip:
        columns = self.columns()
        line = LineBuilder(look.style("muted"))
        self._label(line, columns.date, "date", look, first=True)
        self._label(line, columns.number, "number", look)
        self._label(line, columns.field, "counterparty", look)
        self._label(line, columns.field_end, "gross", look, right=True)
        if not columns.is_narrow:
            self._label(line, columns.status, "status", look)
            self._sent_label(line, columns, look)
        label = _("Actions") if "actions_label" in columns.extras else sign("actions")
        line.put_right(
            width - 2 if "actions_label" in columns.extras else columns.actions + 1, label, look.style("muted")
        )
        return line.strip(width)

    def draw_line(self, index: int, width: int, look: Look, ground: Ground) -> Strip:
        row = self.row_at(index)
        if row is None:
            return LineBuilder(look.style("text", ground)).strip(width)
        columns = self.columns()
        base = look.style("muted" if row.is_done else "text", ground)
        line = LineBuilder(base)
        if row.id in self._selection:
            line.put(sign("selected"), look.style("accent", ground))
        day = full_date(row.date) if columns.date_width == 10 else short_date(row.date)
        line.at(columns.date).put(day, base)
        line.at(columns.number).put(cut_middle(shown(row.number), columns.number_width), base)
        self._draw_field(line, columns, row, base)
        self._draw_status(line, columns, row, look, ground)
        if not columns.is_narrow:
            self._draw_sent(line, columns, row, look, ground)
        line.at(columns.actions).put(sign("actions"), look.style("muted", ground))
        return line.strip(width)

    def _draw_field(self, line: LineBuilder, columns: Columns, row: DocumentRow, base: Style) -> None:
        """Counterparty and amount share a field: the name is cut two cells before the amount of its own row."""
        figure = amount(row.gross, row.currency) if row.gross is not None else sign("none")
        room = columns.field_end - columns.field - width_of(figure) - 2
        line.at(columns.field).put(cut(shown(row.counterparty), room), base)
        line.put_right(columns.field_end, figure, base)

    def _draw_status(self, line: LineBuilder, columns: Columns, row: DocumentRow, look: Look, ground: Ground) -> None:
        appearance = STATUSES[row.status]
        is_ready = row.status is AccountingStatus.READY_TO_PROCESS
        bold = appearance.bold or (is_ready and not look.has_grounds)
        text = appearance.sign
        if not columns.is_narrow:
            text += " " + (appearance.full_word if "full_status" in columns.extras else appearance.word)
        style = look.style(appearance.token, ground, bold=bold)
        line.at(columns.status).put(cut(text, columns.status_width), style)

    def _draw_sent(self, line: LineBuilder, columns: Columns, row: DocumentRow, look: Look, ground: Ground) -> None:
        line.at(columns.sent)
        sent = row.sent
        if not sent.total:
            line.put(sign("none"), look.style("muted", ground))
        elif "sent_names" in columns.extras and sent.states:
            self._draw_sent_names(line, columns.sent, dict(sent.states), look, ground)
        else:
            token: Token = "error" if sent.any_failed else "muted"
            line.put(f"{sent.delivered}/{sent.total}", look.style(token, ground))

    def _draw_sent_names(
        self, line: LineBuilder, column: int, states: dict[str, DeliveryState], look: Look, ground: Ground
    ) -> None:
        for name in self._integrations:
            state = states.get(name)
            label = shown(name)
            if state is not None:
                seen = state_appearance(state)
                token: Token = "muted" if state is DeliveryState.DELIVERED else seen.token
                style = look.style(token, ground, bold=seen.bold)
                line.at(column).put(f"{seen.sign} {label}", style)
            column += width_of(label) + 4

    def _label(
        self,
        line: LineBuilder,
        column: int,
        name: SortColumn,
        look: Look,
        *,
        first: bool = False,
        right: bool = False,
    ) -> None:
        sorted_by, descending = self._sort
        text = self._labels.get(name) or _label_of(name)
        style = look.style("muted")
        if name == sorted_by:
            style = look.style("strong", bold=True) if self.has_focus else _not_bold(look)
        elif first and self.has_focus:
            style = look.style("strong", bold=True)
        mark = sign("down" if descending else "up") if name == sorted_by else ""
        if right:
            line.put_right(column, text, style).put(mark, style)
        else:
            line.at(column).put(f"{text} {mark}" if mark else text, style)

    def _sent_label(self, line: LineBuilder, columns: Columns, look: Look) -> None:
        text = _("Sent to") if "sent_names" in columns.extras else _label_of("sent")
        overhangs = columns.sent + width_of(text) > columns.actions - 2
        column = columns.sent + 3 - width_of(text) if overhangs and "sent_names" not in columns.extras else columns.sent
        line.at(column).put(text, look.style("muted"))

    def _refresh_label(self) -> None:
        self.refresh(Region(0, 0, self.size.width, 1))

    # Refreshing

    def _seen(self) -> list[DocumentRow | None]:
        """The rows on the screen, without reading any that were not read."""
        seen: list[DocumentRow | None] = []
        for index in range(self._top, self._top + self.page_height):
            window = self._windows.get(index - index % WINDOW, ())
            seen.append(window[index % WINDOW] if index % WINDOW < len(window) else None)
        return seen

    def _keep_on(self, here: DocumentRow | None, offset: int) -> None:
        position = self._rows.position(here.id) if here is not None else None
        if position is not None:
            self._cursor = position
            self._top = max(min(position - offset, self._count - self.page_height), 0)
        self._cursor = min(self._cursor, max(self._count - 1, 0))
        self._top = max(min(self._top, self._cursor, self._count - 1), 0)

    def _repaint_changed(self, before: list[DocumentRow | None]) -> None:
        for offset, old in enumerate(before):
            if self.row_at(self._top + offset) != old:
                self.refresh_index(self._top + offset)

    def cursor_has_moved(self) -> None:
        if self._range_from is not None:
            self._extend_range(self._range_from)
        self.post_message(self.CursorMoved(self.row, self.cursor))

    def _extend_range(self, start: int) -> None:
        first, last = sorted((start, self._cursor))
        ids = (row.id for index in range(first, last + 1) if (row := self.row_at(index)) is not None)
        before = self._before_range
        self.set_selection(Selection(before.ids | frozenset(ids)))

    # Actions

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row, self.cursor))

    def action_select(self) -> None:
        """Select the row or not; in a range, end the range."""
        if self._range_from is not None:
            self._range_from = None
            return
        row = self.row
        if row is not None:
            chosen = self._selection
            self.set_selection(Selection(chosen.ids ^ {row.id}, chosen.all_that_match))

    def action_range(self) -> None:
        """Begin a range at the cursor; again, end it."""
        if self._range_from is not None or self.row is None:
            self._range_from = None
            return
        if self._selection.all_that_match:
            self.set_selection(NOTHING_SELECTED)
        self._range_from, self._before_range = self._cursor, self._selection
        self._extend_range(self._cursor)

    def action_all(self) -> None:
        """All that match; again, none."""
        self._range_from = None
        has_all = self._selection.all_that_match and not self._selection.ids
        self.set_selection(NOTHING_SELECTED if has_all or not self._count else Selection(all_that_match=True))

    def action_menu(self) -> None:
        row = self.row
        if row is not None:
            region = self.region_of(self.cursor)
            self.post_message(self.MenuAsked(row, Region(region.x + self.columns().actions, region.y, 1, 1)))

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
        if event.button == 3 or self.columns().actions - 1 <= event.x <= self.columns().actions + 1:
            self.action_menu()
        elif event.x < 2 or event.ctrl:
            self.action_select()
        elif event.chain >= 2:
            self.action_open()

    def _sort_by_label(self, x: int) -> None:
        columns = self.columns()
        starts: list[tuple[int, SortColumn]] = [(columns.date, "date"), (columns.number, "number")]
        starts += [(columns.field, "counterparty"), (columns.field_end - 8, "gross"), (columns.status, "status")]
        if not columns.is_narrow:
            starts.append((columns.sent, "sent"))
        column = next((name for start, name in reversed(starts) if x >= start), None)
        if column is not None and x < columns.actions - 1:
            self.post_message(self.SortAsked(column))


def _label_of(name: SortColumn) -> str:
    match name:
        case "date":
            return _("Date")
        case "number":
            return _("Number")
        case "counterparty":
            return _("Supplier")
        case "gross":
            return _("Gross")
        case "status":
            return _("Status")
        case "sent":
            return _("Sent")


@lru_cache(maxsize=16)
def _columns(width: int, names: tuple[str, ...], kept: frozenset[Extra], _language: str) -> Columns:
    widths = Widths(
        sent_names=_names_width(names),
        actions_label=width_of(_("Actions")),
        full_status=max(width_of(one.full_word) for one in STATUSES.values()) + 2,
    )
    return columns_at(width, widths, kept)


def _names_width(names: Sequence[str]) -> int:
    return sum(width_of(shown(name)) + 4 for name in names) - 2 if names else 0


def _not_bold(look: Look) -> Style:
    return look.style("strong") if look.has_grounds else look.style("text")
