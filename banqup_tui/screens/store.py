"""The Banqup Store: extensions to install and configure, with details of one beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Place
from banqup_tui.domain.extension import Extension, Installation, InstallationState
from banqup_tui.domain.health import Summary, health_of, summary
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.search_words import folded
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext, own_text
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.list_and_details import ListAndDetails
from banqup_tui.widgets.filter_line import FilterLine
from banqup_tui.widgets.layouts.store import (
    NOBODY,
    User,
    extension_details,
    extension_items,
    extension_state,
    words_to_search,
)
from banqup_tui.widgets.list_view import Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.text_lines import paragraph


class StoreScreen(ListAndDetails):
    place = Place.STORE
    is_root = True
    BINDINGS = bindings_for(Place.STORE)
    DEFAULT_CSS = """
    StoreScreen Listing { width: 57; }
    StoreScreen Listing.-wide { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__(Listing(id="extensions"))
        self.filter_line = FilterLine()
        self._health: dict[str, Summary] = {}
        self._search = ""

    def compose_panels(self) -> ComposeResult:
        yield self.filter_line
        yield from super().compose_panels()

    def levels_changed(self, levels: int) -> None:
        super().levels_changed(levels)
        self.listing.set_class(levels == 1, "-wide")

    # what is shown

    def _extensions(self) -> list[Extension]:
        return self.banqup.session.readers.extensions()

    def _installations(self) -> dict[str, Installation]:
        return {installation.extension_id: installation for installation in self.banqup.session.readers.installations()}

    def draw(self) -> None:
        extensions, installed = self._extensions(), self._installations()
        by_extension: dict[str, list[Integration]] = {}
        for integration in self.banqup.session.readers.integrations():
            by_extension.setdefault(integration.extension_id, []).append(integration)
        now = self.banqup.now()
        self._health = {
            extension.id: summary(by_extension.get(extension.id, ()), extension, now) for extension in extensions
        }
        wanted = folded(self._search).split()
        shown = _found(extensions, wanted)
        right = _summary(extensions, installed, self._health)
        if wanted:
            right = _("{part} of {whole}").format(part=count(len(shown)), whole=count(len(extensions)))
        self.title_line.set_path([_("Banqup Store")], applied_filter=self._search, right=right)
        self.filter_line.set_count(right)
        self.listing.show(extension_items(shown, installed, self._health))
        self.show_details()

    def _extension(self) -> Extension | None:
        return next((extension for extension in self._extensions() if extension.id == self.listing.key), None)

    def show_details(self) -> None:
        extension = self._extension()
        if extension is None:
            self.details.show(lambda width: paragraph(0, width, _("No extension is called that."), "muted"))
            return
        installation = self._installations().get(extension.id)
        users = self._users_of(extension)
        health = self._health.get(extension.id, NOBODY)
        now = self.banqup.now()
        over = next((own_text(one.title) for one in self._extensions() if one.id == extension.connector), "")
        self.details.show(lambda width: extension_details(extension, installation, users, health, now, width, over))

    def _users_of(self, extension: Extension) -> list[User]:
        now = self.banqup.now()
        clients = {row.client.id: row.client.name for row in self.banqup.session.readers.clients()}
        failed = self.banqup.session.failures.failed_by_integration()
        return [
            User(
                clients[integration.client_id],
                health_of(integration, extension, now),
                integration,
                failed.get(integration.id, 0),
            )
            for integration in self.banqup.session.readers.integrations()
            if integration.extension_id == extension.id and integration.client_id in clients
        ]

    def context(self) -> Context:
        return self.banqup.context(self, Subject(extension_id=self.listing.key))

    def state_words(self) -> Sequence[Word]:
        extension = self._extension()
        if extension is None:
            return ()
        health = self._health.get(extension.id, NOBODY)
        word, token = extension_state(extension, self._installations().get(extension.id), health)
        title = own_text(extension.title)
        if token in ("error", "warn"):
            return (Word(f"{word}  ", token, True), Word(title))
        return (Word(own_text(extension.description), "muted"),) if self.levels == 1 else ()

    def menu_title(self) -> str:
        extension = self._extension()
        return own_text(extension.title) if extension else ""

    # keys

    def move_back(self) -> None:
        if self._search:
            self._find("")
            return
        super().move_back()

    def move_filter(self) -> None:
        self.open_filter(self.filter_line, self._search)

    def _find(self, text: str) -> None:
        self._search = text
        self.draw()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self._find(message.text)

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        message.stop()
        self.filter_closed()
        self._find(self._search if message.applied else "")
        self.set_focus(self.listing)
        self.listing.action_move(message.step)

    def opened_by(self, key: str) -> str:
        return "configure-extension" if key in self._installations() else "install"


def _found(extensions: Sequence[Extension], wanted: Sequence[str]) -> list[Extension]:
    """Returns the extensions whose title has all words; where none has, those whose description or country has them."""

    if not wanted:
        return list(extensions)

    def having(text_of: Callable[[Extension], str]) -> list[Extension]:
        texts = ((one, folded(text_of(one))) for one in extensions)
        return [one for one, text in texts if all(word in text for word in wanted)]

    return having(lambda one: own_text(one.title)) or having(words_to_search)


def _summary(extensions: Sequence[Extension], installed: dict[str, Installation], health: Mapping[str, Summary]) -> str:
    number = len(extensions)
    words = [ngettext("{count} extension", "{count} extensions", number).format(count=count(number))]
    if installed:
        words.append(
            ngettext("{count} installed", "{count} installed", len(installed)).format(count=count(len(installed)))
        )
    wrong = sum(
        extension.problem is not None
        or health.get(extension.id, NOBODY).need_attention > 0
        or (extension.id in installed and installed[extension.id].state is InstallationState.NEEDS_ATTENTION)
        for extension in extensions
    )
    if wrong:
        words.append(ngettext("{count} needs attention", "{count} need attention", wrong).format(count=count(wrong)))
    return ", ".join(words)
