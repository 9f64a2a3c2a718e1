"""The Banqup Store: extensions to install and configure, and all about the one chosen beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.geometry import Region

from banqup_tui.actions.interface import Context
from banqup_tui.actions.places import Place
from banqup_tui.domain.extension import Extension, Installation, InstallationState, in_language
from banqup_tui.screens.place import PlaceScreen, bindings_for
from banqup_tui.widgets.listing import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Rule
from banqup_tui.widgets.store_layout import extension_details, extension_items, extension_state
from banqup_tui.written.formats import count
from banqup_tui.written.words import _, current_language, ngettext


class StoreScreen(PlaceScreen):
    place = Place.STORE
    is_root = True
    BINDINGS = bindings_for(Place.STORE)
    DEFAULT_CSS = """
    StoreScreen Listing { width: 57; }
    StoreScreen Listing.-wide { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.listing = Listing(id="extensions")
        self.details = Page(id="details")
        self._rule = Rule()

    def compose_body(self) -> ComposeResult:
        yield self.listing
        yield self._rule
        yield self.details

    def on_mount(self) -> None:
        self.set_focus(self.listing)

    def levels_changed(self, levels: int) -> None:
        self.details.display = self._rule.display = levels > 1
        self.listing.set_class(levels == 1, "-wide")

    # what is shown

    def here(self) -> object:
        return self.listing.key

    def _extensions(self) -> list[Extension]:
        return self.house.session.readers.extensions()

    def _installations(self) -> dict[str, Installation]:
        return {one.extension_id: one for one in self.house.session.readers.installations()}

    def draw(self) -> None:
        extensions, installed = self._extensions(), self._installations()
        used = {(one.extension_id, one.client_id) for one in self.house.session.readers.integrations()}
        users = Counter(extension_id for extension_id, _client_id in used)
        self.title_line.set_path([_("Banqup Store")], right=_summary(extensions, installed))
        self.listing.show(extension_items(extensions, installed, users))
        self._show_details()

    def _extension(self) -> Extension | None:
        return next((one for one in self._extensions() if one.id == self.listing.key), None)

    def _show_details(self) -> None:
        extension = self._extension()
        if extension is None:
            return
        installation = self._installations().get(extension.id)
        readers = self.house.session.readers
        used_by = {one.client_id for one in readers.integrations() if one.extension_id == extension.id}
        users = [(row.client.name, 0) for row in readers.clients() if row.client.id in used_by]
        self.details.show(lambda width: extension_details(extension, installation, users, width))

    def context(self) -> Context:
        return self.house.context(self, extension_id=self.listing.key)

    def state_words(self) -> Sequence[Word]:
        extension = self._extension()
        if extension is None:
            return ()
        word, token = extension_state(extension, self._installations().get(extension.id))
        title = in_language(extension.title, current_language())
        if token in ("error", "warn"):
            return (Word(f"{word}  ", token, True), Word(title))
        return (Word(in_language(extension.description, current_language()), "muted"),) if self.levels == 1 else ()

    def menu_title(self) -> str:
        extension = self._extension()
        return in_language(extension.title, current_language()) if extension else ""

    def menu_region(self) -> Region | None:
        return self.listing.cursor_region()

    # keys

    def action_pane(self, step: int) -> None:
        """Between the list and what is told of the one chosen, where both are shown."""
        if self.details.display:
            self.set_focus(self.listing if self.focused is self.details else self.details)

    def on_listing_moved(self, message: Listing.Moved) -> None:
        message.stop()
        self._show_details()
        self.cursor_moved()

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        self.perform("configure-extension" if message.key in self._installations() else "install")

    def on_listing_menu_asked(self, message: Listing.MenuAsked) -> None:
        message.stop()
        self.move_menu()


def _summary(extensions: Sequence[Extension], installed: dict[str, Installation]) -> str:
    number = len(extensions)
    words = [ngettext("{count} extension", "{count} extensions", number).format(count=count(number))]
    if installed:
        words.append(
            ngettext("{count} installed", "{count} installed", len(installed)).format(count=count(len(installed)))
        )
    wrong = sum(one.problem is not None for one in extensions)
    wrong += sum(one.state is InstallationState.NEEDS_ATTENTION for one in installed.values())
    if wrong:
        words.append(ngettext("{count} needs attention", "{count} need attention", wrong).format(count=count(wrong)))
    return ", ".join(words)
