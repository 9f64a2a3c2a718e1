"""The list of clients, in two places: with their documents' counts, and as the register of clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Destination, Place, Tab
from banqup_tui.domain.listing import ClientRow
from banqup_tui.domain.search_words import folded
from banqup_tui.presentation.formats import count, vat_number
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.sync.state import SyncWord
from banqup_tui.widgets.client_table import ClientSort, ClientTable
from banqup_tui.widgets.filter_line import FilterLine
from banqup_tui.widgets.line_list import EmptyNote
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.progress import Progress

_SORTS: tuple[ClientSort, ...] = ("error", "ready", "queued", "name", "newest")


class ClientsList(PlaceScreen):
    """A search narrows the list while the user types. The first sort is by what needs attention."""

    heading = "Client documents"
    is_root = True

    def __init__(self) -> None:
        super().__init__()
        self.table = ClientTable()
        self.progress = Progress()
        self.filter_line = FilterLine()
        self._found: list[ClientRow] = []
        self._search = ""
        self._errors_only = False
        self._sort: ClientSort = "error"

    def compose_body(self) -> ComposeResult:
        with Vertical():
            yield self.progress
            yield self.table

    def compose_panels(self) -> ComposeResult:
        yield self.filter_line
        yield from super().compose_panels()

    def on_mount(self) -> None:
        self.set_focus(self.table)

    # what is shown

    def under_cursor(self) -> object:
        return self.table.row.client.id if self.table.row else None

    def draw(self) -> None:
        # Archived clients are found by a search alone.
        everyone = [row for row in self.banqup.session.readers.clients() if self._search or not row.client.is_archived]
        shown = [row for row in everyone if self._fits(row)]
        self._found = sorted(shown, key=_order(self._sort))
        self.table.set_sort(self._sort, descending=self._sort not in ("name",))
        self.table.set_rows(self._found)
        self._say_title(everyone)
        self._say_progress()
        self.table.set_empty_note(self._empty(bool(everyone)))

    def _fits(self, row: ClientRow) -> bool:
        if self._errors_only and not row.counts.error:
            return False
        words = folded(self._search).split()
        text = folded(f"{row.client.name} {row.client.reference} {row.client.vat_number or ''}")
        return all(word.replace(".", "") in text for word in words)

    def _say_title(self, everyone: Sequence[ClientRow]) -> None:
        number = len(everyone)
        busy = sum(1 for row in everyone if row.counts.has_work)
        right = ngettext("{count} client", "{count} clients", number).format(count=count(number))
        if self._search or self._errors_only:
            right = _("{part} of {whole}").format(part=count(len(self._found)), whole=count(number))
        elif busy:
            right = _("{clients}, {busy} with work to do").format(clients=right, busy=count(busy))
        waiting = self.banqup.session.readers.unfiled_count() if self.place is Place.CLIENT_DOCUMENTS else 0
        if waiting:
            right = _("{clients}, {count} to place").format(clients=right, count=count(waiting))
        undecided = self.banqup.session.readers.undecided_count() if self.place is Place.CLIENT_DOCUMENTS else 0
        if undecided:
            right = _("{clients}, {count} held").format(clients=right, count=count(undecided))
        applied = self._search or (_("errors only") if self._errors_only else "")
        self.title_line.set_path((_(self.heading),), applied_filter=applied, right=right)
        self.filter_line.set_count(right)

    def _say_progress(self) -> None:
        state = self.banqup.session.engine.state
        if state.word is SyncWord.FIRST_COPY and state.total:
            self.progress.set_progress(state.done, state.total, _("Copying, newest first. You can start working."))
        elif self.progress.display:
            self.progress.finish()

    def _empty(self, any_clients: bool) -> EmptyNote:
        if any_clients:
            return EmptyNote(_("No client is called that."), "", (("Esc", _("Show all clients")),))
        if self.banqup.is_copying:
            return EmptyNote(_("Copying, newest first. You can start working."))
        return EmptyNote(
            _("No clients yet."),
            _("They appear here when their documents come in."),
            ((":", _("Import files of your own")),),
        )

    def state_words(self) -> Sequence[Word]:
        row = self.table.row
        if row is None:
            return ()
        return (Word(vat_number(row.client.vat_number), "muted"), Word(f"   {', '.join(row.integrations)}", "muted"))

    def context(self) -> Context:
        row = self.table.row
        return self.banqup.context(
            self, Subject(client_id=row.client.id if row else None, client_ids=self.table.selected)
        )

    def menu_title(self) -> str:
        return self.table.row.client.name if self.table.row else ""

    def menu_region(self) -> Region | None:
        return self.table.region_of(self.table.cursor)

    # keys

    def move_back(self) -> None:
        if self.table.clear_selection():
            return
        if self._search or self._errors_only:
            self._search, self._errors_only = "", False
            self.draw()
            return
        super().move_back()

    def move_filter(self) -> None:
        self.open_filter(self.filter_line, self._search)

    def move_sort(self) -> None:
        self._sort = _SORTS[(_SORTS.index(self._sort) + 1) % len(_SORTS)]
        self.draw()

    def toggle_errors_only(self) -> None:
        self._errors_only = not self._errors_only
        self.draw()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self._search = message.text
        self.draw()

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        message.stop()
        self.filter_closed()
        if not message.applied:
            self._search = ""
        self.set_focus(self.table)
        self.draw()
        self.table.move_to(self.table.cursor + message.step)
        self.cursor_rested()

    def on_client_table_cursor_moved(self, message: ClientTable.CursorMoved) -> None:
        message.stop()
        self.cursor_moved()

    def on_client_table_selection_changed(self, message: ClientTable.SelectionChanged) -> None:
        message.stop()
        number = len(self.table.selected)
        words = ngettext("{count} client selected", "{count} clients selected", number).format(count=count(number))
        mark = Word(sign("selected"), "accent")
        self.info.set_totals((mark, Word(f" {words}", "strong", True)) if number else ())
        self.refresh_footer()

    def on_client_table_menu_asked(self, message: ClientTable.MenuAsked) -> None:
        message.stop()
        self.move_menu()

    def on_client_table_sort_asked(self, message: ClientTable.SortAsked) -> None:
        message.stop()
        self._sort = message.column
        self.draw()


class ClientDocuments(ClientsList):
    """Place 2: the clients with counts of their documents. It opens the folders of a client."""

    place = Place.CLIENT_DOCUMENTS
    heading = "Client documents"
    BINDINGS = bindings_for(Place.CLIENT_DOCUMENTS)

    def on_client_table_opened(self, message: ClientTable.Opened) -> None:
        message.stop()
        self.banqup.open_client(message.row.client.id)


class Clients(ClientsList):
    """Place 3: the register of clients. It opens a client with its integrations."""

    place = Place.CLIENTS
    heading = "Clients"
    BINDINGS = bindings_for(Place.CLIENTS)

    def on_client_table_opened(self, message: ClientTable.Opened) -> None:
        message.stop()
        self.banqup.go(Destination(place=Place.CLIENT, tab=Tab.INTEGRATIONS, client_id=message.row.client.id))


def _order(sort: ClientSort) -> Callable[[ClientRow], tuple[object, ...]]:
    def key(row: ClientRow) -> tuple[object, ...]:
        counted = row.counts
        name = folded(row.client.name)
        by_transaction = (-counted.error, -counted.ready, -counted.queued, -counted.client_action_needed, name)
        newest = -(row.newest.toordinal() if row.newest else 0)
        return {
            "error": by_transaction,
            "ready": (-counted.ready, *by_transaction),
            "queued": (-counted.queued, *by_transaction),
            "client": (-counted.client_action_needed, *by_transaction),
            "newest": (newest, name),
            "vat_number": (row.client.vat_number or "", name),
            "integrations": (", ".join(row.integrations), name),
        }.get(sort, (name,))

    return key
