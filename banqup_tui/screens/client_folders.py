"""One client: folders at the left, documents at the right, and from 150 columns the document beside."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.app import ComposeResult
from textual.geometry import Region

from banqup_tui.actions.interface import Context
from banqup_tui.actions.places import Destination, Place, Tab
from banqup_tui.domain.document import Document
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.screens.place import PlaceScreen, bindings_for
from banqup_tui.screens.reading import DocumentReader
from banqup_tui.screens.rows import TableRows, month_name, place_of, tree_nodes
from banqup_tui.store.query import DocumentQuery, Filter, FilterProblem, SortColumn, parse
from banqup_tui.store.windows import DocumentRows
from banqup_tui.widgets.document_table import DocumentTable
from banqup_tui.widgets.filter_line import FilterLine
from banqup_tui.widgets.folder_tree import FolderTree
from banqup_tui.widgets.line_list import EmptyNote
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import DOCUMENT_WIDTH, Rule, levels_at
from banqup_tui.widgets.tick_panel import TickPanel
from banqup_tui.written.folders import FOLDER_NAMES
from banqup_tui.written.formats import count, figure, vat_number
from banqup_tui.written.signs import sign
from banqup_tui.written.told import told
from banqup_tui.written.words import _, ngettext

MOST_IN_SELECTION = 2_000
_SORTS = {
    "date": SortColumn.DATE,
    "number": SortColumn.NUMBER,
    "counterparty": SortColumn.COUNTERPARTY,
    "gross": SortColumn.GROSS,
    "status": SortColumn.STATUS,
}
_SORT_ORDER = tuple(_SORTS)
_FIRST_FOLDER = Folder.PURCHASE_INVOICES


class ClientFolders(PlaceScreen):
    """Levels: under 110 columns one pane at a time, folders first; Escape goes back a level."""

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
        self._rules = (Rule(), Rule())
        self._query = DocumentQuery(client_id=client_id, folder=_FIRST_FOLDER)
        self._rows: DocumentRows | None = None
        self._total = 0
        self._in_table = True
        self._wants_tree = True
        self._wants_beside: bool | None = None
        self._errors_only = False
        self._rested_on: str | None = None
        self._reader: DocumentReader | None = None

    def compose_body(self) -> ComposeResult:
        yield self.tree_view
        yield self._rules[0]
        yield self.table
        yield self._rules[1]
        yield self.beside

    def compose_panels(self) -> ComposeResult:
        yield self.filter_line
        yield from super().compose_panels()
        yield TickPanel()

    def on_mount(self) -> None:
        self._in_table = levels_at(self.app.size.width) > 1
        self._choose_folder()
        self._lay_out()

    def _choose_folder(self) -> None:
        """The first folder that has anything: what waits is most often a purchase invoice."""
        folders = self.house.session.readers.folders(self.client_id)
        self.tree_view.set_nodes(list(tree_nodes(folders)))
        filled = [node.folder for node in folders if node.counts.total]
        folder = _FIRST_FOLDER if _FIRST_FOLDER in filled or not filled else filled[0]
        self._query = DocumentQuery(client_id=self.client_id, folder=folder)
        self.tree_view.move_to_node(str(folder))
        self.tree_view.action_unfold()

    # what is shown

    def here(self) -> object:
        node, row = self.tree_view.node, self.table.row
        return (node.id if node else None, row.id if row else None)

    def draw(self) -> None:
        readers = self.house.session.readers
        self.tree_view.set_nodes(list(tree_nodes(readers.folders(self.client_id))))
        labels = [one.label for one in readers.integrations(self.client_id)]
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
        here = self.table.row
        self._rows = self.house.session.readers.documents(self._query)
        selling = self._query.folder is Folder.SALES_INVOICES
        self.table.set_labels(counterparty=_("Customer") if selling else _("Supplier"))
        name = next((key for key, column in _SORTS.items() if column is self._query.sort), "date")
        self.table.set_sort(name, descending=self._query.descending)  # type: ignore[arg-type]
        self.table.set_rows(TableRows(self._rows), cursor_id=here.id if here else None)

    def _say_title(self) -> None:
        client = self.house.session.readers.client(self.client_id)
        parts = [client.name if client else sign("none")]
        shown = self._rows.count() if self._rows is not None else 0
        query = self._query
        if self._shows_table:
            parts.append(_(FOLDER_NAMES[query.folder]) if query.folder else _("All folders"))
            parts += [str(query.year)] if query.year else []
            parts += [month_name(query.month)] if query.month else []
        whole = self._whole()
        right = ngettext("{count} document", "{count} documents", whole).format(count=count(whole))
        applied = query.filter.line or (f"status:{_('error')}" if self._errors_only else "")
        if applied:
            right = _("{part} of {whole}").format(part=count(shown), whole=count(whole))
        self.title_line.set_path(parts, applied_filter=applied, right=right)
        self.filter_line.set_count(right)

    def _whole(self) -> int:
        query = self._query
        if not self._shows_table:
            return self.house.session.readers.counts(self.client_id).total
        return self.house.session.readers.counts(self.client_id, query.folder, query.year, query.month).total

    @property
    def _shows_table(self) -> bool:
        return self.levels != 1 or self._in_table

    def _say_totals(self) -> None:
        if self.table.selection.is_empty:
            self.info.set_totals()
            return
        number = self.table.selected_count
        words = [
            Word(sign("selected"), "accent"),
            Word(
                f" {ngettext('{count} selected', '{count} selected', number).format(count=count(number))}",
                "strong",
                True,
            ),
        ]
        if number > MOST_IN_SELECTION:
            most = _("Actions take the first {count} of them.").format(count=count(MOST_IN_SELECTION))
            self.info.set_totals([*words, Word(f"   {most}", "warn")])
            return
        for total in self.house.session.readers.totals(self._selected_ids()):
            for label, minor, strong in (
                (_("Net"), total.net, False),
                (_("VAT"), total.vat, False),
                (_("Gross"), total.gross, True),
            ):
                words.append(Word(f"   {label} ", "muted"))
                words.append(Word(figure(minor, total.currency), "strong" if strong else "text", strong))
            words.append(Word(f" {total.currency or 'EUR'}", "muted"))
        self.info.set_totals(words)

    def _empty(self) -> EmptyNote:
        if self._query.filter.line or self._errors_only:
            return EmptyNote(
                _("Nothing matches this filter."),
                self._less(),
                (("/", _("Change the filter")), ("Esc", _("Clear it"))),
            )
        folder = self._query.folder or Folder.OTHER_DOCUMENTS
        return EmptyNote(_no_documents(folder), _where_from(folder), _keys_when_empty())

    def _less(self) -> str:
        """Which word of the filter, left out, would let something through."""
        for term in self._query.filter.terms:
            rows = self.house.session.readers.documents(self._with(filter=self._query.filter.without(term)))
            number = rows.count()
            if number:
                word = self._query.filter.line[term.start : term.end]
                words = ngettext(
                    "Without {word} {count} document would match.",
                    "Without {word} {count} documents would match.",
                    number,
                )
                return words.format(word=word, count=count(number))
        return ""

    def _with(self, **changes: object) -> DocumentQuery:
        return msgspec.structs.replace(self._query, **changes)

    # the document one is on

    def context(self) -> Context:
        return self.house.context(self, client_id=self.client_id, document_ids=self._chosen_ids())

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
        return [one for one in ids if one in selection][:MOST_IN_SELECTION]

    def state_words(self) -> Sequence[Word]:
        if not self._shows_table or self.table.row is None:
            client = self.house.session.readers.client(self.client_id)
            labels = ", ".join(one.label for one in self.house.session.readers.integrations(self.client_id))
            return (Word(vat_number(client.vat_number if client else None), "muted"), Word(f"   {labels}", "muted"))
        return self.house.status_words(self.table.row.id)

    def menu_title(self) -> str:
        number = self.table.selected_count
        if number:
            return ngettext("{count} selected", "{count} selected", number).format(count=count(number))
        return self.table.row.number if self.table.row else ""

    def menu_region(self) -> Region | None:
        row = self.table.region_of(self.table.cursor)
        column = self.table.columns().actions
        return Region(row.x, row.y, column - 1, 1)

    def came_to_rest(self) -> None:
        super().came_to_rest()
        if self.beside.display:
            self._show_beside()

    def _show_beside(self) -> None:
        if self._reader is None:
            self._reader = DocumentReader(self.house, self.beside)
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
        levels = max(self.levels, 1)
        beside = levels == 3 if self._wants_beside is None else self._wants_beside and levels > 1
        tree = self._wants_tree and (levels == 3 or not beside)
        if levels == 1:
            tree, beside = not self._in_table, False
        self.tree_view.display = tree
        self.tree_view.set_class(levels == 1, "-wide")
        self.table.display = levels > 1 or self._in_table
        self._rules[0].display = tree and levels > 1
        self._rules[1].display = self.beside.display = beside
        target = self.table if self._in_table or not tree else self.tree_view
        self.set_focus(target)
        self._say_title()
        self.refresh_footer()
        if beside:
            self._show_beside()

    def _go_into_table(self) -> None:
        self._in_table = True
        self._lay_out() if self.levels == 1 else self.set_focus(self.table)
        self.came_to_rest()

    def _go_into_tree(self) -> None:
        self._in_table = False
        self._wants_tree = True
        if self.levels == 1 or not self.tree_view.display:
            self._lay_out()
        else:
            self.set_focus(self.tree_view)
        self.came_to_rest()

    # keys

    def move_back(self) -> None:
        if self.table.clear_selection():
            self._say_totals()
        elif self._query.filter.line or self._errors_only:
            self._errors_only = False
            self._show(self._with(filter=Filter(), statuses=()))
        elif self.levels == 1 and self._in_table:
            self._go_into_tree()
        else:
            super().move_back()

    def action_pane(self, step: int) -> None:
        self._go_into_tree() if self._in_table else self._go_into_table()

    def action_side(self, step: int) -> None:
        """Left from the table is the folders; the tree itself takes left and right for folding."""
        if step < 0 and self._in_table:
            self._go_into_tree()

    def move_folders(self) -> None:
        if self.levels == 1:
            self.action_pane(1)
            return
        self._wants_tree = not self.tree_view.display
        if self._wants_tree and self.levels == 2:
            self._wants_beside = False
        self._in_table = True
        self._lay_out()

    def move_beside(self) -> None:
        if self.levels == 1:
            self.perform("view")
            return
        self._wants_beside = not self.beside.display
        self._in_table = True
        self._lay_out()
        self.refresh_footer()

    def move_sort(self) -> None:
        name = next(key for key, column in _SORTS.items() if column is self._query.sort)
        following = _SORT_ORDER[(_SORT_ORDER.index(name) + 1) % len(_SORT_ORDER)]
        self._show(self._with(sort=_SORTS[following], descending=following in ("date", "gross", "status")))

    def move_filter(self) -> None:
        self._in_table = True
        self._lay_out()
        self.open_filter(self.filter_line, self._query.filter.line)

    def toggle_errors_only(self) -> None:
        self._errors_only = not self._errors_only
        self._show(self._with(statuses=(AccountingStatus.ERROR,) if self._errors_only else ()))

    def _show(self, query: DocumentQuery) -> None:
        self._query = query
        self.draw()
        self.came_to_rest()

    # messages

    def on_folder_tree_cursor_moved(self, message: FolderTree.CursorMoved) -> None:
        message.stop()
        if message.node is None:
            return
        folder, year, month = place_of(message.node.id)
        query = self._with(folder=folder, year=year, month=month)
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
        folder, year, month = place_of(message.node.id)
        self._query = self._with(folder=folder, year=year, month=month)
        self.draw()
        self._go_into_table()

    def on_folder_tree_left_to_the_right(self, message: FolderTree.LeftToTheRight) -> None:
        message.stop()
        self.draw()
        self._go_into_table()

    def on_document_table_opened(self, message: DocumentTable.Opened) -> None:
        message.stop()
        self.house.go(
            Destination(place=Place.DOCUMENT, tab=Tab.DOCUMENT, client_id=self.client_id, document_id=message.row.id)
        )

    def on_document_table_menu_asked(self, message: DocumentTable.MenuAsked) -> None:
        message.stop()
        self.move_menu()

    def on_document_table_cursor_moved(self, message: DocumentTable.CursorMoved) -> None:
        message.stop()
        document_id = message.row.id if message.row else None
        if document_id == self._rested_on:
            self.came_to_rest()  # the same document has changed: what was said of it stays
            return
        self._rested_on = document_id
        self.cursor_moved()

    def on_document_table_selection_changed(self, message: DocumentTable.SelectionChanged) -> None:
        message.stop()
        self._say_totals()
        self.cursor_moved()

    def on_document_table_sort_asked(self, message: DocumentTable.SortAsked) -> None:
        message.stop()
        column = _SORTS.get(message.column)
        if column is not None:
            again = column is self._query.sort
            self._show(self._with(sort=column, descending=not self._query.descending if again else True))

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        parsed = parse(message.text)
        if isinstance(parsed, FilterProblem):
            reason = told(parsed.reason)
            if parsed.suggestion:
                words = _("{reason}; did you mean {suggestion}?")
                reason = words.format(reason=reason, suggestion=parsed.suggestion).replace(":?", ": ?")
            self.filter_line.set_problem(parsed.start, parsed.end, reason)
            self._say_still_shown()
            return
        self.filter_line.set_problem(None)
        self.info.set_instead()
        self._query = self._with(filter=parsed)
        self.draw()

    def _say_still_shown(self) -> None:
        number = self._rows.count() if self._rows is not None else 0
        words = ngettext(
            "Still shown: the last filter that could be read, {count} document",
            "Still shown: the last filter that could be read, {count} documents",
            number,
        )
        self.info.set_instead((Word(words.format(count=count(number)), "muted"),))

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        message.stop()
        self.filter_closed()
        if not message.applied:
            self._query = self._with(filter=Filter())
        self.filter_line.set_problem(None)
        self.set_focus(self.table)
        self.draw()
        self.table.move_to(self.table.cursor + message.step)
        self.came_to_rest()

    # for the document place

    def neighbour(self, document_id: str, step: int) -> str | None:
        """The document before or after another one, as they stand in the table."""
        if self._rows is None:
            return None
        position = self._rows.position_of(document_id)
        if position is None or not 0 <= position + step < self._rows.count():
            return None
        self.table.move_to(position + step)
        return self.table.row.id if self.table.row else None

    def place_in_list(self, document: Document) -> str:
        """`1 of 486`"""
        position = self._rows.position_of(document.id) if self._rows is not None else None
        if position is None or self._rows is None:
            return ""
        return _("{part} of {whole}").format(part=count(position + 1), whole=count(self._rows.count()))


def _no_documents(folder: Folder) -> str:
    return {
        Folder.SALES_INVOICES: _("No sales invoices yet."),
        Folder.PURCHASE_INVOICES: _("No purchase invoices yet."),
        Folder.PURCHASE_RECEIPTS: _("No purchase receipts yet."),
        Folder.ENRICHED_MOVEMENT_REPORTS: _("No enriched movement reports yet."),
        Folder.OTHER_DOCUMENTS: _("No other documents yet."),
    }[folder]


def _where_from(folder: Folder) -> str:
    if folder is Folder.ENRICHED_MOVEMENT_REPORTS:
        return _("They appear here when the bank's reports of this client come in.")
    return _("They appear here when documents of this client come in.")


def _keys_when_empty() -> tuple[tuple[str, str], ...]:
    return (":", _("Import files of your own")), ("Esc", _("Back to the folders"))
