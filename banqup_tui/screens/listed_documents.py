"""The base of places that list documents of all clients by their ids: those of a cause, and duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.geometry import Region

from banqup_tui.actions.context import Context, Subject
from banqup_tui.domain.listing import DocumentRow
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import ngettext
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.document_table.table import DocumentTable
from banqup_tui.widgets.line_list import EmptyNote
from banqup_tui.widgets.one_line import Word


class ListedDocuments(PlaceScreen):
    """A subclass gives `ids`, `path` and `nothing_left`."""

    def __init__(self) -> None:
        super().__init__()
        self.table = DocumentTable()
        self._rows = _RowsById(self, ())

    def ids(self) -> tuple[str, ...]:
        """Returns the ids of the documents as they are in the copy now, in their order."""
        raise NotImplementedError

    def path(self) -> list[str]:
        raise NotImplementedError

    def nothing_left(self) -> str:
        """Returns the sentence that stands in an empty list."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_empty_note(EmptyNote(self.nothing_left()))
        self.set_focus(self.table)

    # what is shown

    def under_cursor(self) -> object:
        return self.table.row.id if self.table.row else None

    def draw(self) -> None:
        current, ids = self.table.row, self.ids()
        number = ngettext("{count} document", "{count} documents", len(ids)).format(count=count(len(ids)))
        self.title_line.set_path(self.path(), right=number)
        if ids != self._rows.ids:
            self._rows = _RowsById(self, ids)
            self.table.set_rows(self._rows, cursor_id=current.id if current else None)
        else:
            self.table.refresh_rows()

    def chosen(self) -> list[str]:
        selection = self.table.selection
        if not selection.is_empty:
            return [document_id for document_id in self._rows.ids if document_id in selection]
        return [self.table.row.id] if self.table.row else []

    def context(self) -> Context:
        return self.banqup.context(self, Subject(document_ids=self.chosen()))

    def state_words(self) -> Sequence[Word]:
        row = self.table.row
        if row is None:
            return ()
        number = self.table.selected_count
        if number:
            words = ngettext("{count} selected", "{count} selected", number).format(count=count(number))
            return (Word(words, "strong", True),)
        document = self.banqup.session.readers.document(row.id)
        client = self.banqup.session.readers.client(document.client_id) if document else None
        name = (Word(f"{client.name}  ", "strong", True),) if client else ()
        return self.banqup.status_words(row.id, name)

    def menu_title(self) -> str:
        return self.table.row.title if self.table.row else ""

    def menu_region(self) -> Region | None:
        return self.table.region_of(self.table.cursor)

    # keys

    def move_back(self) -> None:
        if not self.table.clear_selection():
            super().move_back()

    def on_document_table_cursor_moved(self, message: DocumentTable.CursorMoved) -> None:
        message.stop()
        self.cursor_moved()

    def on_document_table_selection_changed(self, message: DocumentTable.SelectionChanged) -> None:
        message.stop()
        self.cursor_rested()

    def on_document_table_opened(self, message: DocumentTable.Opened) -> None:
        message.stop()
        self.perform("view")

    def on_document_table_menu_asked(self, message: DocumentTable.MenuAsked) -> None:
        message.stop()
        self.move_menu()

    def on_document_table_sort_asked(self, message: DocumentTable.SortAsked) -> None:
        message.stop()


class _RowsById:
    """Documents by their ids, read when they come into sight."""

    def __init__(self, screen: ListedDocuments, ids: tuple[str, ...]) -> None:
        self.ids = ids
        self._screen = screen
        self._places = {document_id: at for at, document_id in enumerate(ids)}

    def count(self) -> int:
        return len(self.ids)

    def window(self, start: int, length: int) -> Sequence[DocumentRow | None]:
        wanted = self.ids[start : start + length]
        rows_by_id = {row.id: row for row in self._screen.banqup.session.readers.rows(wanted)}
        return [rows_by_id.get(document_id) for document_id in wanted]

    def position(self, document_id: str) -> int | None:
        return self._places.get(document_id)
