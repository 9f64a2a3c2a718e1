"""A place with a list, and beside it the details of the row under the cursor, where there is room for both."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.geometry import Region

from banqup_tui.screens.place import PlaceScreen
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Rule


class ListAndDetails(PlaceScreen):
    """A subclass also gives `show_details`, and `opened_by`: the id of the action that Enter does on a row."""

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.listing = listing
        self.details = Page(id="details")
        self._rule = Rule()

    def show_details(self) -> None:
        """Shows the details of the row under the cursor."""
        raise NotImplementedError

    def opened_by(self, key: str) -> str:
        """Returns the id of the action that opens the row with this key."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        yield self.listing
        yield self._rule
        yield self.details

    def on_mount(self) -> None:
        self.set_focus(self.listing)

    def levels_changed(self, levels: int) -> None:
        self.details.display = self._rule.display = levels > 1

    def under_cursor(self) -> object:
        return self.listing.key

    def menu_region(self) -> Region | None:
        return self.listing.cursor_region()

    def action_pane(self, step: int) -> None:
        """Moves the focus between list and details, if both are in sight."""
        if self.details.display:
            self.set_focus(self.listing if self.focused is self.details else self.details)

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self.show_details()
        self.cursor_moved()

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        self.perform(self.opened_by(message.key))

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()
