"""The place of refused changes: what the server did not do, with the reason and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.refusals import what_to_do, why_not
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.layouts.changes import change_details, change_items
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Blank
from banqup_tui.widgets.text_lines import left


class RefusedChangesScreen(PlaceScreen):
    place = Place.CHANGES
    BINDINGS = bindings_for(Place.CHANGES)
    DEFAULT_CSS = """
    RefusedChangesScreen #parts { width: 1fr; height: 1fr; }
    RefusedChangesScreen Listing { height: auto; max-height: 50%; }
    RefusedChangesScreen #details { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.details = Page(id="details")
        self.listing = Listing(details=self.details, selects=True, id="changes")
        self._blank = Blank()
        self._changes: dict[str, RefusedChange] = {}

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
        changes = self.banqup.session.refused_changes.all()
        self._changes = {change.key: change for change in changes}
        number = len(changes)
        words = ngettext("{count} change", "{count} changes", number).format(count=count(number)) if number else ""
        self.title_line.set_path([_("Client documents"), _("Refused changes")], right=words)
        today = self.banqup.now().date()
        if changes:
            self.listing.show(change_items(changes, today))
        else:
            self.listing.show(lambda _width: (None, ()))
        self._show_details()

    def _current_change(self) -> RefusedChange | None:
        on_it = self._changes.get(self.listing.key or "")
        return on_it or next(iter(self._changes.values()), None)

    def _show_details(self) -> None:
        shown, today = self._current_change(), self.banqup.now().date()
        if shown is None:
            nothing = (left(0, _("No change was refused."), "strong", bold=True),)
            self.details.show(lambda _width: [nothing])
            return
        self.details.show(lambda width: change_details(shown, today, width), keep_place=True)

    def context(self) -> Context:
        change = self._current_change()
        keys = self.listing.selected or ([change.key] if change else [])
        return self.banqup.context(self, Subject(changes=[self._changes[key] for key in keys if key in self._changes]))

    def state_words(self) -> Sequence[Word]:
        number = len(self.listing.selected)
        if number:
            words = ngettext("{count} selected", "{count} selected", number).format(count=count(number))
            return (Word(words, "strong", True),)
        change = self._current_change()
        return (Word(why_not(change), "warn"), Word(f"  {what_to_do(change)}", "muted")) if change else ()

    def menu_title(self) -> str:
        change = self._current_change()
        return change.what if change else ""

    def menu_region(self) -> Region | None:
        if not self.listing.key:
            return Region(0, self.body_top, self.size.width - 2, 1)
        region = self.listing.cursor_region()
        return Region(region.x, region.y, self.size.width - 2, 1)

    # keys

    def move_back(self) -> None:
        if not self.listing.clear_selection():
            super().move_back()

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self._show_details()
        self.cursor_moved()

    def on_listing_selection_changed(self, message: Listing.SelectionChanged) -> None:
        message.stop()
        self.cursor_rested()

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()
