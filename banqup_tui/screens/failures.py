"""The places of failures: grouped by cause, and the documents of a group."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.failures import FailureGroup
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext, own_text
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.listed_documents import ListedDocuments
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.layouts.failures import cause_words, group_details, group_items
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Blank
from banqup_tui.widgets.text_lines import left


class FailuresScreen(PlaceScreen):
    place = Place.FAILURES
    BINDINGS = bindings_for(Place.FAILURES)
    DEFAULT_CSS = """
    FailuresScreen #parts { width: 1fr; height: 1fr; }
    FailuresScreen Listing { height: auto; max-height: 60%; }
    FailuresScreen #details { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.details = Page(id="details")
        self.listing = Listing(details=self.details, id="causes")
        self._blank = Blank()
        self._groups: list[FailureGroup] = []

    def compose_body(self) -> ComposeResult:
        with Vertical(id="parts"):
            yield self.listing
            yield self._blank
            yield self.details

    def on_mount(self) -> None:
        self.set_focus(self.listing)

    # what is shown

    def under_cursor(self) -> object:
        return self.listing.key

    def draw(self) -> None:
        self._groups = self.banqup.session.failures.groups()
        self.title_line.set_path([_("Client documents"), _("Failures")], right=_summary(self._groups))
        if self._groups:
            self.listing.show(group_items(self._groups, self._titles()))
        else:
            self.listing.show(lambda _width: (None, ()))
        self._show_details()

    def _titles(self) -> dict[str, str]:
        extensions = self.banqup.session.readers.extensions()
        return {extension.id: own_text(extension.title) for extension in extensions}

    def _group(self) -> FailureGroup | None:
        on_it = next((group for group in self._groups if group.key == self.listing.key), None)
        return on_it or (self._groups[0] if self._groups else None)

    def _show_details(self) -> None:
        group = self._group()
        if group is None:
            nothing = (left(0, _("Nothing failed that has not been dismissed."), "strong", bold=True),)
            self.details.show(lambda _width: [nothing])
            return
        example = self.banqup.session.failures.example(group)
        clients = self._clients(group)
        titles = self._titles()
        self.details.show(lambda width: group_details(group, example, titles, clients, width), keep_place=True)

    def _clients(self, group: FailureGroup) -> dict[str, str]:
        clients = (
            self.banqup.session.readers.client(client_id) for client_id in {part.client_id for part in group.parts[:12]}
        )
        return {client.id: client.name for client in clients if client is not None}

    def context(self) -> Context:
        return self.banqup.context(self, Subject(failures=self._group()))

    def state_words(self) -> Sequence[Word]:
        group = self._group()
        return (Word(cause_words(group), "muted"),) if group else ()

    def menu_title(self) -> str:
        group = self._group()
        return cause_words(group) if group else ""

    def menu_region(self) -> Region | None:
        if not self.listing.key:
            return Region(0, self.body_top, self.size.width - 2, 1)
        region = self.listing.cursor_region()
        return Region(region.x, region.y, self.size.width - 2, 1)

    # keys

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self._show_details()
        self.cursor_moved()

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        self.perform("open-failures")

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()


class Failed(ListedDocuments):
    """The documents of a group, given by its key. A group that is gone leads back."""

    place = Place.FAILED
    BINDINGS = bindings_for(Place.FAILED)

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._group: FailureGroup | None = None
        self._of_document: dict[str, str] = {}

    def ids(self) -> tuple[str, ...]:
        """Returns the documents that are still in the group."""
        failures = self.banqup.session.failures
        self._group = failures.group(self._key)
        failing = failures.failing(self._group) if self._group else []
        self._of_document = {failure.document_id: failure.delivery_id for failure in failing}
        return tuple(self._of_document)

    def path(self) -> list[str]:
        path = [_("Client documents"), _("Failures")]
        return [*path, cause_words(self._group)] if self._group else path

    def nothing_left(self) -> str:
        return _("Nothing of this cause is left.")

    def context(self) -> Context:
        ids = self.chosen()
        delivery_id = self._of_document.get(ids[0]) if len(ids) == 1 else None
        return self.banqup.context(self, Subject(document_ids=ids, delivery_id=delivery_id))


def _summary(groups: Sequence[FailureGroup]) -> str:
    number = sum(group.count for group in groups)
    if not number:
        return ""
    words = ngettext("{count} delivery", "{count} deliveries", number).format(count=count(number))
    causes = ngettext("{count} cause", "{count} causes", len(groups)).format(count=count(len(groups)))
    return f"{words}, {causes}"
