"""*Sources*: the ways by which documents come in, each with its state."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.source import Source
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import remedy_of
from banqup_tui.presentation.sources import KIND_NAMES
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.list_and_details import ListAndDetails
from banqup_tui.widgets.layouts.sources import source_details, source_items, state_words
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word


class SourcesScreen(ListAndDetails):
    place = Place.SOURCES
    BINDINGS = bindings_for(Place.SOURCES)
    DEFAULT_CSS = """
    SourcesScreen #details { width: 48; }
    """

    def __init__(self) -> None:
        super().__init__(Listing(id="sources"))
        self._sources: dict[str, Source] = {}

    # what is shown

    def draw(self) -> None:
        sources = self.banqup.session.readers.sources()
        self._sources = {source.id: source for source in sources}
        wrong = sum(bool(source.problems) for source in sources)
        words = ngettext("{count} needs attention", "{count} need attention", wrong).format(count=count(wrong))
        right = words if wrong else _("a adds the first one.") if not sources else ""
        self.title_line.set_path([_("Client documents"), _("Sources")], right=right)
        self.listing.show(source_items(sources, self.banqup.now().date()))
        self.show_details()

    def _current(self) -> Source | None:
        return self._sources.get(self.listing.key or "")

    def show_details(self) -> None:
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

    # keys

    def opened_by(self, key: str) -> str:
        return "edit-source"
