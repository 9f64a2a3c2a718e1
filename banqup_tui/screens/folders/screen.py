"""The place of a client's folders: folders at the left, documents at the right, from 150 columns a document beside.

Here are its keys and what follows from cursor and selection. `queries` says which documents are asked for, `wording`
what is said about them, `panes` which panes are in sight.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.geometry import Region

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Destination, Place, Tab
from banqup_tui.domain.document import Document
from banqup_tui.domain.folder import Folder
from banqup_tui.presentation.formats import count, vat_number
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.screens.document_reader import DocumentReader
from banqup_tui.screens.document_rows import TableRows
from banqup_tui.screens.folders import queries, wording
from banqup_tui.screens.folders.nodes import tree_nodes
from banqup_tui.screens.folders.panes import FolderPanes
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.store.query import DocumentQuery, Filter, FilterProblem, parse
from banqup_tui.store.windows import DocumentRows
from banqup_tui.widgets.document_table.table import DocumentTable
from banqup_tui.widgets.filter_line import FilterLine
from banqup_tui.widgets.folder_tree import FolderTree
from banqup_tui.widgets.line_list import EmptyNote
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.panels.tick import TickPanel
from banqup_tui.widgets.sheet import DOCUMENT_WIDTH, levels_at

MOST_IN_SELECTION = 2_000
"""The most selected documents that an action takes."""


class ClientFolders(PlaceScreen):
    """Below 110 columns one pane is in sight at a time, folders first; Escape goes back to them."""

    place = Place.FOLDER
    BINDINGS = bindings_for(Place.FOLDER)
    DEFAULT_CSS = f"ClientFolders #beside {{ width: {DOCUMENT_WIDTH}; }}"

    def __init__(self, client_id: str) -> None:
        super().__init__()
        self.client_id = client_id
        self.tree_view = FolderTree()
        self.table = DocumentTable()
        self.beside = Page(id="beside")
        self.filter_line = FilterLine()
        self._panes = FolderPanes(self.tree_view, self.table, self.beside)
        self._query = queries.first_query(client_id)
        self._rows: DocumentRows | None = None
        self._rested_on: str | None = None
        self._reader: DocumentReader | None = None

    def compose_body(self) -> ComposeResult:
        yield from self._panes.from_left_to_right()

    def compose_panels(self) -> ComposeResult:
        yield self.filter_line
        yield from super().compose_panels()
        yield TickPanel()

    def on_mount(self) -> None:
        self._panes.in_table = levels_at(self.app.size.width) > 1
        self._choose_folder()
        self._lay_out()

    def _choose_folder(self) -> None:
        folders = self.banqup.session.readers.folders(self.client_id)
        self.tree_view.set_nodes(list(tree_nodes(folders)))
        self._query = queries.first_query(self.client_id, folders)
        self.tree_view.move_to_node(str(self._query.folder))
        self.tree_view.action_unfold()

    # what is shown

    def under_cursor(self) -> object:
        node, row = self.tree_view.node, self.table.row
        return (node.id if node else None, row.id if row else None)

    def draw(self) -> None:
        readers = self.banqup.session.readers
        self.tree_view.set_nodes(list(tree_nodes(readers.folders(self.client_id))))
        labels = [integration.label for integration in readers.integrations(self.client_id)]
        self.table.set_integrations(labels)
        if self._rows is None or self._rows.query != self._query:
            self._show_query()
        else:
            self._rows.refresh()
            self.table.refresh_rows()
        self._say_title()
        self._say_totals()
        self.table.set_empty_note(self._empty())

    def _show_query(self) -> None:
        current = self.table.row
        self._rows = self.banqup.session.readers.documents(self._query)
        selling = self._query.folder is Folder.SALES_INVOICES
        self.table.set_labels(counterparty=_("Customer") if selling else _("Supplier"))
        self.table.set_sort(queries.sorted_by(self._query), descending=self._query.descending)
        self.table.set_rows(TableRows(self._rows, self.banqup.handle_fault), cursor_id=current.id if current else None)

    def _say_title(self) -> None:
        client = self.banqup.session.readers.client(self.client_id)
        query = self._query
        shown = self._rows.count() if self._rows is not None else 0
        right = wording.how_many(self._total_documents(), shown if queries.is_narrowed(query) else None)
        self.title_line.set_path(
            wording.path(client, query if self._shows_table else None),
            applied_filter=wording.filter_text(query),
            right=right,
        )
        self.filter_line.set_count(right)

    def _total_documents(self) -> int:
        """Returns the number of documents of the folder, year or month, or of the client."""
        query, readers = self._query, self.banqup.session.readers
        if not self._shows_table:
            return readers.counts(self.client_id).total
        return readers.counts(self.client_id, query.folder, query.year, query.month).total

    @property
    def _shows_table(self) -> bool:
        return self.levels != 1 or self._panes.in_table

    def _say_totals(self) -> None:
        if self.table.selection.is_empty:
            self.info.set_totals()
            return
        number = self.table.selected_count
        if number > MOST_IN_SELECTION:
            more = [wording.too_many(MOST_IN_SELECTION)]
        else:
            more = wording.sums_of(self.banqup.session.readers.totals(self._selected_ids()))
        self.info.set_totals([*wording.selected(number), *more])

    def _empty(self) -> EmptyNote:
        if queries.is_narrowed(self._query):
            return wording.nothing_matches(self._superfluous_word())
        return wording.nothing_yet(self._query.folder or Folder.OTHER_DOCUMENTS)

    def _superfluous_word(self) -> str:
        """Returns a sentence on the word of the filter without which something would match."""
        for word, query in queries.without_each_word(self._query):
            number = self.banqup.session.readers.documents(query).count()
            if number:
                return wording.would_match(word, number)
        return ""

    # the document under the cursor

    def context(self) -> Context:
        return self.banqup.context(self, Subject(client_id=self.client_id, document_ids=self._chosen_ids()))

    def _chosen_ids(self) -> list[str]:
        if not self._shows_table:
            return []
        if not self.table.selection.is_empty:
            return self._selected_ids()
        return [self.table.row.id] if self.table.row else []

    def _selected_ids(self) -> list[str]:
        selection = self.table.selection
        if not selection.all_that_match:
            return sorted(selection.ids)
        ids = self._rows.ids(0, MOST_IN_SELECTION + len(selection.ids)) if self._rows is not None else []
        return [document_id for document_id in ids if document_id in selection][:MOST_IN_SELECTION]

    def state_words(self) -> Sequence[Word]:
        if not self._shows_table or self.table.row is None:
            client = self.banqup.session.readers.client(self.client_id)
            labels = ", ".join(
                integration.label for integration in self.banqup.session.readers.integrations(self.client_id)
            )
            return (Word(vat_number(client.vat_number if client else None), "muted"), Word(f"   {labels}", "muted"))
        return self.banqup.status_words(self.table.row.id)

    def menu_title(self) -> str:
        number = self.table.selected_count
        if number:
            return wording.how_many_selected(number)
        return self.table.row.title if self.table.row else ""

    def menu_region(self) -> Region | None:
        row = self.table.region_of(self.table.cursor)
        column = self.table.columns().actions
        return Region(row.x, row.y, column - 1, 1)

    def cursor_rested(self) -> None:
        super().cursor_rested()
        if self.beside.display:
            self._show_beside()

    def _show_beside(self) -> None:
        if self._reader is None:
            self._reader = DocumentReader(self.banqup, self.beside)
        self._reader.show(self.table.row.id if self.table.row else None)

    def own_footer(self) -> Sequence[tuple[str, str]] | None:
        if self._shows_table and not self._tree_has_focus:
            return None
        arrows = sign("left") + sign("right")
        return (
            ("Enter", _("Open")),
            (arrows, _("Fold, unfold")),
            ("/", _("Filter")),
            ("Esc", _("Back")),
        )

    @property
    def _tree_has_focus(self) -> bool:
        return self.focused is self.tree_view

    # panes

    def levels_changed(self, levels: int) -> None:
        if self.is_mounted:
            self._lay_out()

    def _lay_out(self) -> None:
        self.set_focus(self._panes.lay_out(max(self.levels, 1)))
        self._say_title()
        self.refresh_footer()
        if self.beside.display:
            self._show_beside()

    def _go_into_table(self) -> None:
        self._panes.go_into_table()
        self._lay_out() if self.levels == 1 else self.set_focus(self.table)
        self.cursor_rested()

    def _go_into_tree(self) -> None:
        self._panes.go_into_tree()
        if self.levels == 1 or not self.tree_view.display:
            self._lay_out()
        else:
            self.set_focus(self.tree_view)
        self.cursor_rested()

    # keys

    def move_back(self) -> None:
        if self.table.clear_selection():
            self._say_totals()
        elif queries.is_narrowed(self._query):
            self._show(queries.without_filter(self._query))
        elif self.levels == 1 and self._panes.in_table:
            self._go_into_tree()
        else:
            super().move_back()

    def action_pane(self, step: int) -> None:
        self._go_into_tree() if self._panes.in_table else self._go_into_table()

    def action_side(self, step: int) -> None:
        """Goes from the table to the folders. The tree itself uses left and right for folding."""
        if step < 0 and self._panes.in_table:
            self._go_into_tree()

    def move_folders(self) -> None:
        if self.levels == 1:
            self.action_pane(1)
            return
        self._panes.toggle_tree(self.levels)
        self._lay_out()

    def move_beside(self) -> None:
        if self.levels == 1:
            self.perform("view")
            return
        self._panes.toggle_beside()
        self._lay_out()
        self.refresh_footer()

    def move_sort(self) -> None:
        self._show(queries.in_next_order(self._query))

    def move_filter(self) -> None:
        self._panes.go_into_table()
        self._lay_out()
        self.open_filter(self.filter_line, self._query.filter.line)

    def toggle_errors_only(self) -> None:
        self._show(queries.with_errors_toggled(self._query))

    def _show(self, query: DocumentQuery) -> None:
        self._query = query
        self.draw()
        self.cursor_rested()

    # messages

    def on_folder_tree_cursor_moved(self, message: FolderTree.CursorMoved) -> None:
        message.stop()
        if message.node is None:
            return
        query = queries.at_node(self._query, message.node.id)
        if query != self._query:
            self._query = query
            self.cursor_moved() if self.levels == 1 else self._follow_tree()

    def _follow_tree(self) -> None:
        self._show_query()
        self._say_title()
        self.table.set_empty_note(self._empty())
        self.cursor_moved()

    def on_folder_tree_opened(self, message: FolderTree.Opened) -> None:
        message.stop()
        self._query = queries.at_node(self._query, message.node.id)
        self.draw()
        self._go_into_table()

    def on_folder_tree_leave_right(self, message: FolderTree.LeaveRight) -> None:
        message.stop()
        self.draw()
        self._go_into_table()

    def on_document_table_opened(self, message: DocumentTable.Opened) -> None:
        message.stop()
        self.banqup.go(
            Destination(place=Place.DOCUMENT, tab=Tab.DOCUMENT, client_id=self.client_id, document_id=message.row.id)
        )

    def on_document_table_menu_asked(self, message: DocumentTable.MenuAsked) -> None:
        message.stop()
        self.move_menu()

    def on_document_table_cursor_moved(self, message: DocumentTable.CursorMoved) -> None:
        message.stop()
        document_id = message.row.id if message.row else None
        if document_id == self._rested_on:
            self.cursor_rested()  # the document has changed, but is the same: messages about it stay
            return
        self._rested_on = document_id
        self.cursor_moved()

    def on_document_table_selection_changed(self, message: DocumentTable.SelectionChanged) -> None:
        message.stop()
        self._say_totals()
        self.cursor_moved()

    def on_document_table_sort_asked(self, message: DocumentTable.SortAsked) -> None:
        message.stop()
        query = queries.in_order_of(self._query, message.column)
        if query != self._query:
            self._show(query)

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        parsed = parse(message.text)
        if isinstance(parsed, FilterProblem):
            self.filter_line.set_problem(parsed.start, parsed.end, sentence_of(parsed.message))
            shown = self._rows.count() if self._rows is not None else 0
            self.info.set_instead((wording.still_shown(shown),))
            return
        self.filter_line.set_problem(None)
        self.info.set_instead()
        self._query = queries.with_filter(self._query, parsed)
        self.draw()

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        message.stop()
        self.filter_closed()
        if not message.applied:
            self._query = queries.with_filter(self._query, Filter())
        self.filter_line.set_problem(None)
        self.set_focus(self.table)
        self.draw()
        self.table.move_to(self.table.cursor + message.step)
        self.cursor_rested()

    # for `DocumentScreen`

    def neighbour(self, document_id: str, step: int) -> str | None:
        """Returns the document before or after another one in the table, and moves the cursor there."""
        if self._rows is None:
            return None
        position = self._rows.position_of(document_id)
        if position is None or not 0 <= position + step < self._rows.count():
            return None
        self.table.move_to(position + step)
        return self.table.row.id if self.table.row else None

    def place_in_list(self, document: Document) -> str:
        """Returns the position of the document, such as `1 of 486`."""
        position = self._rows.position_of(document.id) if self._rows is not None else None
        if position is None or self._rows is None:
            return ""
        return _("{part} of {whole}").format(part=count(position + 1), whole=count(self._rows.count()))
