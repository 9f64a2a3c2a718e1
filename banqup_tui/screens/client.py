"""A client in the register: its data, and its integrations."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region

from banqup_tui.actions import places
from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.client import Client, ClientStatus
from banqup_tui.domain.health import Health, health_of
from banqup_tui.domain.identifiers import pretty_enterprise_number
from banqup_tui.domain.integration import Integration
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import count, vat_number
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import NP_, _, ngettext, pgettext
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.layouts.integrations import integration_details, integration_items
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Blank
from banqup_tui.widgets.tabs import TabLabel, Tabs
from banqup_tui.widgets.text_lines import BLANK, Line, labelled, left, paragraph, right

OVERVIEW, INTEGRATIONS = "overview", "integrations"
_STATUSES = {
    ClientStatus.DRAFT: NP_("client", "Draft"),
    ClientStatus.INVITED: NP_("client", "Invited"),
    ClientStatus.ACTIVE: NP_("client", "Active"),
    ClientStatus.INVITATION_REJECTED: NP_("client", "Invitation rejected"),
    ClientStatus.ACCESS_REJECTED: NP_("client", "Access rejected"),
    ClientStatus.ARCHIVED: NP_("client", "Archived"),
    ClientStatus.LOST: NP_("client", "Lost"),
}


class ClientScreen(PlaceScreen):
    place = Place.CLIENT
    BINDINGS = bindings_for(Place.CLIENT)
    DEFAULT_CSS = """
    ClientScreen #parts { width: 1fr; height: 1fr; }
    ClientScreen Listing { height: auto; max-height: 50%; }
    ClientScreen #details { height: 1fr; }
    """

    def __init__(self, client_id: str, tab: places.Tab = places.Tab.INTEGRATIONS) -> None:
        super().__init__()
        self.client_id = client_id
        self.tabs = Tabs()
        self.details = Page(id="details")
        self.listing = Listing(details=self.details, id="integrations")
        self._blanks = (Blank(), Blank())
        self._tab = OVERVIEW if tab is places.Tab.OVERVIEW else INTEGRATIONS

    def compose_body(self) -> ComposeResult:
        with Vertical(id="parts"):
            yield self.tabs
            yield self._blanks[0]
            yield self.listing
            yield self._blanks[1]
            yield self.details

    def on_mount(self) -> None:
        self._show_tab()

    # what is shown

    def under_cursor(self) -> object:
        return (self._tab, self.listing.key)

    @property
    def client(self) -> Client | None:
        return self.banqup.session.readers.client(self.client_id)

    def _integrations(self) -> list[Integration]:
        return self.banqup.session.readers.integrations(self.client_id)

    def draw(self) -> None:
        client = self.client
        if client is None:
            self.banqup.go_back()
            return
        integrations = self._integrations()
        self.title_line.set_path([_("Clients"), client.name], right=vat_number(client.vat_number))
        beside = count(len(integrations)) if integrations else ""
        self.tabs.set([TabLabel(OVERVIEW, _("Overview")), TabLabel(INTEGRATIONS, _("Integrations"), beside)], self._tab)
        if self._tab == OVERVIEW:
            self.details.show(lambda width: self._overview(client, width), keep_place=True)
        elif integrations:
            self.listing.show(integration_items(integrations, self._health(integrations), self.banqup.now()))
            self._show_details()
        else:
            self.listing.show(lambda _width: (None, ()))
            self.details.show(_nothing_yet)

    def _show_tab(self) -> None:
        self.listing.display = self._blanks[1].display = self._tab == INTEGRATIONS
        self.draw()
        self.set_focus(self.listing if self._tab == INTEGRATIONS else self.details)
        self.cursor_rested()

    def _show_details(self) -> None:
        integration = self._integration()
        if integration is not None:
            extension = self.banqup.session.readers.extension(integration.extension_id)
            failed = self.banqup.session.failures.failed_at(integration.id)
            now = self.banqup.now()
            self.details.show(
                lambda width: integration_details(integration, extension, now, width, failed=failed), keep_place=True
            )

    def _health(self, integrations: Sequence[Integration]) -> dict[str, Health]:
        extensions = {extension.id: extension for extension in self.banqup.session.readers.extensions()}
        now = self.banqup.now()
        return {
            integration.id: health_of(integration, extensions.get(integration.extension_id), now)
            for integration in integrations
        }

    def _integration(self) -> Integration | None:
        if self._tab != INTEGRATIONS:
            return None
        integrations = self._integrations()
        return next(
            (integration for integration in integrations if integration.id == self.listing.key),
            integrations[0] if integrations else None,
        )

    def _overview(self, client: Client, width: int) -> list[Line]:
        lines: list[Line] = []
        facts = [
            (_("Name"), client.name),
            (_("Reference"), client.reference),
            (_("VAT number"), vat_number(client.vat_number)),
            (_("Enterprise no."), pretty_enterprise_number(client.enterprise_number or "") or sign("none")),
            (_("Status"), pgettext("client", _STATUSES[client.status])),
        ]
        for label, text in facts:
            lines += labelled(label, 18, width, text)
        lines += [
            BLANK,
            (left(0, _("Documents"), "muted"), right(44, _("Total"), "muted"), right(56, _("To do"), "muted")),
        ]
        for folder in self.banqup.session.readers.folders(self.client_id):
            lines.append(
                (
                    left(0, _(FOLDER_NAMES[folder.folder])),
                    right(44, count(folder.counts.total) if folder.counts.total else sign("zero")),
                    right(56, count(folder.counts.to_do) if folder.counts.to_do else sign("zero")),
                )
            )
        return lines

    def context(self) -> Context:
        integration = self._integration()
        return self.banqup.context(
            self, Subject(client_id=self.client_id, integration_id=integration.id if integration else None)
        )

    def state_words(self) -> Sequence[Word]:
        integrations = self._integrations()
        number = ngettext("{count} integration", "{count} integrations", len(integrations)).format(
            count=count(len(integrations))
        )
        health = self._health(integrations).values()
        broken = sum(state.needs_a_person for state in health)
        waits = sum(state is Health.NO_ANSWER for state in health)
        if waits:
            words = ngettext("{count} without an answer", "{count} without an answer", waits).format(count=count(waits))
            number = f"{number}, {words}"
        if broken:
            words = ngettext("{count} needs attention", "{count} need attention", broken).format(count=count(broken))
            number = f"{number}, {words}"
        return (Word(number, "muted"),)

    def menu_title(self) -> str:
        integration = self._integration()
        return integration.label if integration else (self.client.name if self.client else "")

    def menu_region(self) -> Region | None:
        region = self.listing.cursor_region() if self.listing.key else Region(0, self.body_top + 2, self.size.width, 1)
        return Region(region.x, region.y, self.size.width - 2, 1)

    # keys

    def action_pane(self, step: int) -> None:
        self._tab = self.tabs.beside_current(step)
        self._show_tab()

    def on_tabs_asked(self, message: Tabs.Asked) -> None:
        message.stop()
        self._tab = message.id
        self._show_tab()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self._show_details()
        self.cursor_moved()

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        self.perform("configure-integration")

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()


def _nothing_yet(width: int) -> list[Line]:
    return [
        (left(0, _("No integrations yet."), "strong", bold=True),),
        BLANK,
        *paragraph(0, width, _("Documents of this client are sent nowhere until one is added and active.")),
        BLANK,
        (right(4, "a", "accent"), left(6, _("Add integration"))),
        (right(4, "4", "accent"), left(6, _("Banqup Store"))),
    ]
