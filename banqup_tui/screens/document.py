"""A document: laid out, its lines, its payment, its deliveries, how it came in, and the file as it is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region

from banqup_tui.actions import places, registry
from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.document_reader import LoadedDocument, document_lines, plain_lines, raw_lines
from banqup_tui.screens.folders.screen import ClientFolders
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.layouts.deliveries import delivery_details, delivery_items
from banqup_tui.widgets.layouts.history import history_lines
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Build, Page
from banqup_tui.widgets.sheet import Blank
from banqup_tui.widgets.tabs import TabLabel, Tabs
from banqup_tui.widgets.text_lines import Line, left

DOCUMENT, LINES, PAYMENT, DELIVERIES, HISTORY, RAW = "document", "lines", "payment", "deliveries", "history", "raw"


class DocumentScreen(PlaceScreen):
    place = Place.DOCUMENT
    BINDINGS = bindings_for(Place.DOCUMENT)
    DEFAULT_CSS = """
    DocumentScreen #parts { width: 1fr; height: 1fr; }
    DocumentScreen Listing { height: auto; max-height: 40%; }
    DocumentScreen #details { height: 1fr; }
    """

    def __init__(self, document_id: str, tab: places.Tab = places.Tab.DOCUMENT) -> None:
        super().__init__()
        self.document_id = document_id
        self.tabs = Tabs()
        self.page = Page(id="page")
        self.details = Page(id="details")
        self.deliveries = Listing(details=self.details, id="deliveries")
        self._blanks = (Blank(), Blank())
        self._tab = DELIVERIES if tab is places.Tab.DELIVERIES else DOCUMENT
        self._read: LoadedDocument | None = None

    def compose_body(self) -> ComposeResult:
        with Vertical(id="parts"):
            yield self.tabs
            yield self._blanks[0]
            yield self.page
            yield self.deliveries
            yield self._blanks[1]
            yield self.details

    def on_mount(self) -> None:
        self._show_tab()
        self._start_reading()

    # what is shown

    def under_cursor(self) -> object:
        return (self.document_id, self._tab, self.deliveries.key)

    @property
    def document(self) -> Document | None:
        return self.banqup.session.readers.document(self.document_id)

    def _deliveries(self) -> list[Delivery]:
        return self.banqup.session.readers.deliveries(self.document_id)

    def draw(self) -> None:
        document = self.document
        if document is None:
            self.banqup.go_back()
            return
        client = self.banqup.session.readers.client(document.client_id)
        below = self._below()
        self.title_line.set_path(
            [
                client.name if client else sign("none"),
                _(FOLDER_NAMES[document.folder]),
                document.number or document.file_name,
            ],
            right=below.place_in_list(document) if below else "",
        )
        self.tabs.set(self._tabs(), self._tab)
        if self._tab == DELIVERIES:
            self._draw_deliveries()

    def _below(self) -> ClientFolders | None:
        return next((screen for screen in reversed(self.app.screen_stack) if isinstance(screen, ClientFolders)), None)

    def _tabs(self) -> list[TabLabel]:
        invoice = self._read.content.invoice if self._read and self._read.content else None
        tabs = [TabLabel(DOCUMENT, _("Document"))]
        if invoice is not None:
            tabs += [TabLabel(LINES, _("Lines"), count(len(invoice.lines))), TabLabel(PAYMENT, _("Payment"))]
        wrong = sum(delivery.needs_a_look for delivery in self._deliveries())
        tabs.append(TabLabel(DELIVERIES, _("Deliveries"), f"{sign('error')}{wrong}" if wrong else "", "error"))
        return [*tabs, TabLabel(HISTORY, _("History")), TabLabel(RAW, _("Raw"))]

    def _show_tab(self) -> None:
        at_deliveries = self._tab == DELIVERIES
        self.page.display = not at_deliveries
        self.deliveries.display = self.details.display = self._blanks[1].display = at_deliveries
        self.draw()
        if at_deliveries:
            self.set_focus(self.deliveries)
        else:
            self.page.show(self._build())
            self.set_focus(self.page)
        self.cursor_rested()

    def _build(self) -> Build | None:
        read, document = self._read, self.document
        if self._tab == HISTORY and document is not None:
            now = self.banqup.now()
            return lambda width: history_lines(document, now, width)
        if read is None:
            return (lambda width: plain_lines(document, width, "")) if document else None
        invoice = read.content.invoice if read.content else None
        if self._tab == RAW:
            return lambda width: raw_lines(read, width)
        if self._tab == LINES and invoice is not None:
            from banqup_tui.widgets.layouts.invoice import table_of_lines

            return lambda width: table_of_lines(invoice, width)
        if self._tab == PAYMENT and invoice is not None:
            from banqup_tui.widgets.layouts.invoice import payment_lines

            return lambda width: payment_lines(invoice, width)
        return lambda width: document_lines(read, width)

    def _draw_deliveries(self) -> None:
        deliveries = self._deliveries()
        if not deliveries:
            self.deliveries.show(lambda _width: (None, ()))
            nowhere: Line = (left(0, _("It has not been sent to any integration.")),)
            self.details.show(lambda _width: [nowhere])
            return
        labels = self.banqup.integration_labels()
        worst = next((delivery.id for delivery in deliveries if delivery.needs_a_look), "")
        self.deliveries.show(delivery_items(deliveries, labels, self.banqup.now()), start=worst)
        self._show_details()

    def _show_details(self) -> None:
        delivery = self._delivery()
        if delivery is None:
            return
        label = self.banqup.integration_labels().get(delivery.integration_id, "")
        now = self.banqup.now()
        self.details.show(lambda width: delivery_details(delivery, label, now, width), keep_place=True)

    def _delivery(self) -> Delivery | None:
        deliveries = self._deliveries()
        on_it = next((delivery for delivery in deliveries if delivery.id == self.deliveries.key), None)
        return on_it or next(
            (delivery for delivery in deliveries if delivery.needs_a_look), deliveries[0] if deliveries else None
        )

    def _start_reading(self) -> None:
        document = self.document
        if document is None:
            return
        self._read = self.banqup.library.known(document)
        if self._read is None:
            self.run_worker(self._fetch(document), group="reading", exclusive=True, exit_on_error=False)
        else:
            self._show_content()

    async def _fetch(self, document: Document) -> None:
        read = await self.banqup.library.read(document)
        if document.id == self.document_id:
            self._read = read
            self._show_content()

    def _show_content(self) -> None:
        self.tabs.set(self._tabs(), self._tab)
        if self._tab != DELIVERIES:
            self.page.show(self._build(), keep_place=True)

    def context(self) -> Context:
        delivery = self._delivery() if self._tab == DELIVERIES else None
        return self.banqup.context(
            self, Subject(document_ids=[self.document_id], delivery_id=delivery.id if delivery else None)
        )

    def state_words(self) -> Sequence[Word]:
        if self._tab == DELIVERIES:
            deliveries = [delivery for delivery in self._deliveries() if delivery.state is not DeliveryState.CANCELLED]
            if not deliveries:
                return ()
            arrived = sum(delivery.state is DeliveryState.DELIVERED for delivery in deliveries)
            words = ngettext("{part} of {whole} delivered", "{part} of {whole} delivered", arrived).format(
                part=count(arrived), whole=count(len(deliveries))
            )
            if any(delivery.needs_a_look for delivery in deliveries):
                return (Word(sign("error"), "error", True), Word(f" {words}"))
            return (Word(words, "muted"),)
        return self.banqup.status_words(self.document_id)

    def own_footer(self) -> Sequence[tuple[str, str]]:
        beside = ((sign("left") + sign("right"), _("Previous, next")), ("Tab", _("Next tab")))
        actions = registry.footer_of(self.context())
        return (*actions[:3], *beside, *actions[3:]) if self._tab == DELIVERIES else (*beside, *actions)

    def menu_title(self) -> str:
        document = self.document
        return (document.number or document.file_name) if document else ""

    def menu_region(self) -> Region | None:
        if self._tab == DELIVERIES and self.deliveries.key:
            return self.deliveries.cursor_region()
        return Region(0, self.body_top, self.size.width - 2, 1)

    # keys

    def action_pane(self, step: int) -> None:
        self._go_to_tab(self.tabs.beside_current(step))

    def go_to(self, tab: places.Tab) -> None:
        self._go_to_tab(DELIVERIES if tab is places.Tab.DELIVERIES else DOCUMENT)

    def _go_to_tab(self, tab: str) -> None:
        self._tab = tab
        self._show_tab()

    def action_side(self, step: int) -> None:
        below = self._below()
        other = below.neighbour(self.document_id, step) if below else None
        if other is not None:
            self.document_id = other
            self._read = None
            self._start_reading()
            self._show_tab()

    def on_tabs_asked(self, message: Tabs.Asked) -> None:
        message.stop()
        self._go_to_tab(message.id)

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self._show_details()
        self.cursor_moved()

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        self.move_menu()
