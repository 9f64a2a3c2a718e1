"""*Sources*: the ways by which documents come in, each with its state."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.geometry import Region

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.source import Source
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import remedy_of
from banqup_tui.presentation.sources import KIND_NAMES
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.layouts.sources import source_details, source_items, state_words
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Rule


class SourcesScreen(PlaceScreen):
    place = Place.SOURCES
    BINDINGS = bindings_for(Place.SOURCES)
    DEFAULT_CSS = """
    SourcesScreen #details { width: 48; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.listing = Listing(id="sources")
        self.details = Page(id="details")
        self._rule = Rule()
        self._sources: dict[str, Source] = {}

    def compose_body(self) -> ComposeResult:
        yield self.listing
        yield self._rule
        yield self.details

    def on_mount(self) -> None:
        self.set_focus(self.listing)

    def levels_changed(self, levels: int) -> None:
        self.details.display = self._rule.display = levels > 1

    # what is shown

    def under_cursor(self) -> object:
        return self.listing.key

    def draw(self) -> None:
        sources = self.banqup.session.readers.sources()
        self._sources = {source.id: source for source in sources}
        wrong = sum(bool(source.problems) for source in sources)
        words = ngettext("{count} needs attention", "{count} need attention", wrong).format(count=count(wrong))
        right = words if wrong else _("a adds the first one.") if not sources else ""
        self.title_line.set_path([_("Client documents"), _("Sources")], right=right)
        self.listing.show(source_items(sources, self.banqup.now().date()))
        self._show_details()

    def _current(self) -> Source | None:
        return self._sources.get(self.listing.key or "")

    def _show_details(self) -> None:
        source, today = self._current(), self.banqup.now().date()
        if source is None:
            self.details.show(lambda width: [])
            return
        names = {client.id: client.name for client in self.banqup.session.readers.find_clients("")}
        self.details.show(lambda width: source_details(source, names, today, width))

    def context(self) -> Context:
        return self.banqup.context(self, Subject(source_id=self.listing.key))

    def state_words(self) -> Sequence[Word]:
        source = self._current()
        if source is None or self.levels > 1:
            return ()
        words, is_wrong = state_words(source)
        remedy = remedy_of(source.problems[0]) if is_wrong else ""
        return (Word(words, "warn" if is_wrong else "muted"), Word(f"  {remedy}", "muted"))

    def menu_title(self) -> str:
        source = self._current()
        return _(KIND_NAMES[source.kind]) if source else ""

    def menu_region(self) -> Region | None:
        return self.listing.cursor_region()

    # keys

    def action_pane(self, step: int) -> None:
        """Moves the focus between list and details, if both are in sight."""
        if self.details.display:
            self.set_focus(self.listing if self.focused is self.details else self.details)

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self._show_details()
        self.cursor_moved()

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        self.perform("edit-source")

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()
