"""*To place*: files whose client or folder is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.source import Unfiled
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.list_and_details import ListAndDetails
from banqup_tui.widgets.layouts.unfiled import unfiled_details, unfiled_items
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word


class UnfiledScreen(ListAndDetails):
    place = Place.UNFILED
    BINDINGS = bindings_for(Place.UNFILED)
    DEFAULT_CSS = """
    UnfiledScreen #details { width: 52; }
    """

    def __init__(self) -> None:
        super().__init__(Listing(selects=True, id="waiting"))
        self._waiting: dict[str, Unfiled] = {}

    # what is shown

    def draw(self) -> None:
        waiting = self.banqup.session.readers.unfiled()
        self._waiting = {file.id: file for file in waiting}
        number = len(waiting)
        words = ngettext("{count} file", "{count} files", number).format(count=count(number))
        right = words if number else _("Everything is placed.")
        self.title_line.set_path([_("Client documents"), _("To place")], right=right)
        self.listing.show(unfiled_items(waiting, self.banqup.now().date()))
        self.show_details()

    def _current_file(self) -> Unfiled | None:
        return self._waiting.get(self.listing.key or "")

    def show_details(self) -> None:
        file, today = self._current_file(), self.banqup.now().date()
        if file is None:
            self.details.show(lambda width: [])
            return
        names = {client.id: client.name for client in self.banqup.session.readers.find_clients("")}
        self.details.show(lambda width: unfiled_details(file, names, today, width))

    def context(self) -> Context:
        keys = self.listing.selected or [self.listing.key or ""]
        return self.banqup.context(self, Subject(unfiled_ids=[key for key in keys if key in self._waiting]))

    def state_words(self) -> Sequence[Word]:
        number = len(self.listing.selected)
        if number:
            words = ngettext("{count} selected", "{count} selected", number).format(count=count(number))
            return (Word(words, "strong", True),)
        file = self._current_file()
        if file is None or self.levels > 1:
            return ()
        return (Word(sentence_of(file.reason), "warn"), Word(f"  {remedy_of(file.reason)}", "muted"))

    def menu_title(self) -> str:
        file = self._current_file()
        return file.file_name.rpartition("/")[2] if file else ""

    # keys

    def move_back(self) -> None:
        if not self.listing.clear_selection():
            super().move_back()

    def on_listing_selection_changed(self, message: Listing.SelectionChanged) -> None:
        message.stop()
        self.cursor_rested()

    def opened_by(self, key: str) -> str:
        return "place"
