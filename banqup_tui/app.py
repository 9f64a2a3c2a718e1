"""The app: wires session, places and messages together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events
from textual.app import App
from textual.screen import Screen

from banqup_tui.actions.check_connection import ENOUGH_TRIES, LONG_ENOUGH
from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Destination, Place, Tab
from banqup_tui.actions.prompts import Tone
from banqup_tui.actions.saved_changes import SavedChangesAction
from banqup_tui.actions.session_context import context_at
from banqup_tui.domain.document import DocumentKind
from banqup_tui.domain.text import clean
from banqup_tui.presentation.duplicates import same_as
from banqup_tui.presentation.formats import cut, use_locale
from banqup_tui.presentation.messages import remedy_of, sentence_of, words_of
from banqup_tui.presentation.signs import STATUSES, UNDECIDED, WITHDRAWN, Appearance, needs_ascii, sign, use_ascii
from banqup_tui.presentation.terminal import MANY_COLOURS, colours_of
from banqup_tui.presentation.widths import width_of
from banqup_tui.presentation.words import _, use_language
from banqup_tui.screens.clients_list import ClientDocuments, Clients
from banqup_tui.screens.document_reader import Library
from banqup_tui.screens.key_queue import KeyQueue
from banqup_tui.screens.place import PlaceScreen, message_words
from banqup_tui.settings import UserSettings, language_of, locale_of
from banqup_tui.store.faults import LocalFault, fault_of
from banqup_tui.sync.session import Session
from banqup_tui.sync.state import SyncWord
from banqup_tui.widgets.header import PlaceLabel as HeaderPlace
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.sheet import Sheet
from banqup_tui.widgets.theme import register_themes, wants_native_colours

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.message import Message
    from textual.timer import Timer

_FIRST_FRAME = 0.05
"""Seconds after the first frame before the synchronisation starts, so that it does not delay the frame."""
_EARLY_KEY, _EARLY_TRIES = 0.02, 50
"""Seconds between keys that came too early, and the number of tries until a place can take them."""
_TIME_TO_END = 5.0
"""Seconds that a signal gives the program to end in order."""
_MESSAGE_MARGINS = 4
_NEWS_PAUSE = 0.2
"""Seconds in which changes are gathered before the screen reads again."""


class BanqupApp(App[None]):
    """The app. It starts and stops the engine of `session`, which must be open."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = []
    CSS = "Screen { background: $background; }"

    def __init__(self, session: Session, settings: UserSettings, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        super().__init__(ansi_color=wants_native_colours(environment))
        self.session = session
        self._environment = environment
        use_language(language_of(settings, dict(environment)))
        use_locale(locale_of(settings, dict(environment)))
        use_ascii(settings.signs == "ascii" or (settings.signs == "auto" and needs_ascii(environment)))
        register_themes(self, _theme_of(settings, environment))
        self.library = Library(session.engine.download)
        self._firm = settings.firm_name
        self._waiting: dict[Screen[None], asyncio.Future[object]] = {}
        self._news_comes = False
        self._early_keys: deque[events.Key | events.Paste] = deque()
        self._keys = KeyQueue(self, super().on_event)
        self._takes_keys = False
        self._outage_announced: datetime | None = None
        self._outage_timer: Timer | None = None
        self._clock_announced = False
        self._rescue_announced = 0
        self.failure: Exception | None = None

    # life

    def get_default_screen(self) -> Screen[None]:
        return ClientDocuments()

    def get_driver_class(self) -> type[Driver]:
        if sys.platform == "win32":
            return super().get_driver_class()
        from banqup_tui.screens.driver import TerminalDriver

        return TerminalDriver

    def on_load(self) -> None:
        """Installs the handlers of signals before the terminal is taken, so that the program ends in order."""
        if self.is_headless or sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            # Not as handlers of the loop, which may hang in a write to a terminal that takes nothing more.
            signal.signal(number, lambda number, _frame: self._end_by(number, loop))

    def _end_by(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        """Ends the program in order, or by force after `_TIME_TO_END`. It runs in the main thread, at any moment."""
        code = 128 + number
        at_last = threading.Timer(_TIME_TO_END, self._end_by_force, (code,))
        at_last.daemon = True
        at_last.start()
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(lambda: self.exit(return_code=code))

    def terminal_lost(self) -> None:
        """Ends the program after the terminal is gone, which may have sent no signal."""
        self._end_by(signal.SIGHUP, asyncio.get_running_loop())

    def _end_by_force(self, code: int) -> None:
        from banqup_tui.screens.driver import TerminalDriver

        if isinstance(self._driver, TerminalDriver):
            self._driver.restore_by_force()
        os._exit(code)

    def on_mount(self) -> None:
        self.session.engine.subscribe(self._news_from_engine)
        self.call_after_refresh(self._take_early_keys)
        self.call_after_refresh(self.set_timer, _FIRST_FRAME, self._after_first_frame)

    def _after_first_frame(self) -> None:
        """Starts what would have delayed the first frame."""
        import gc

        gc.freeze()
        gc.enable()
        self.session.engine.start()

    async def on_event(self, event: events.Event) -> None:
        """Takes what is typed in its order, and keeps what comes before a widget can take it."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._takes_keys or self.is_headless:  # a test waits for the first frame itself
            await self._keys.put(event)
        else:
            self._early_keys.append(event)

    async def _take_early_keys(self, tries: int = _EARLY_TRIES) -> None:
        """Hands such keys to the queue once there is a widget to take them."""
        if not self._has_screen:
            return
        if self.screen.focused is None and tries:
            self.set_timer(_EARLY_KEY, lambda: self._take_early_keys(tries - 1))
        else:
            self._takes_keys = True
            while self._early_keys:
                await self._keys.put(self._early_keys.popleft())

    def action_help_quit(self) -> None:
        """Shows how to leave. Ctrl+C must not lose what the user is typing."""
        screen = self.screen
        if isinstance(screen, PlaceScreen) and not screen.is_asking:
            self.say(_("Press q to leave the program."))
        else:
            self.say(_("Press Esc to leave this, then q to leave the program."))

    @property
    def _has_screen(self) -> bool:
        """Whether there is a screen. While the app ends, callbacks still run without one."""
        return self.is_running and bool(self.screen_stack)

    def on_unmount(self) -> None:
        self.session.engine.stop()

    def _handle_exception(self, error: Exception) -> None:
        """Ends the app so that the terminal is restored first; `run` then raises the error.

        In tests Textual raises it at once.
        """
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.failure = self.failure or error
        self.exit(return_code=1)

    def _news_from_engine(self) -> None:
        """Posts the engine's news to the app. It runs in the engine's thread."""
        if self.is_running:
            self.call_later(self._gather_news)

    def _gather_news(self) -> None:
        if not self._news_comes:
            self._news_comes = True
            self.set_timer(_NEWS_PAUSE, self._take_news)

    def _take_news(self) -> None:
        self._news_comes = False
        if not self._has_screen:
            return
        screen = self.screen
        if isinstance(screen, PlaceScreen):
            screen.data_changed()
            if not self._tell_of_rescue(screen):
                self._tell_of_outage(screen)
        elif isinstance(screen, Sheet):
            self.show_state(screen)

    def _tell_of_rescue(self, screen: PlaceScreen) -> bool:
        """Shows each rescue once, never over a panel."""
        try:
            rescues = self.session.outbox.rescues()
        except LocalFault:  # the header says so
            return False
        if not rescues or rescues[-1].id == self._rescue_announced or screen.is_asking:
            return False
        self._rescue_announced = rescues[-1].id
        screen.perform(SavedChangesAction.id)
        return True

    def _tell_of_outage(self, screen: PlaceScreen) -> None:
        """Shows each outage once, as a line that takes no keys, because the user may be typing."""
        state = self.session.engine.state
        if state.word is SyncWord.CLOCK_BACK and not self._clock_announced and not screen.is_asking:
            self._clock_announced = True
            sentence, remedy = sentence_of(state.message), remedy_of(state.message)
            self.say(f"{sentence} {remedy}", Tone.WARNING, shorter=(sentence,))
        if self._outage_announced is not None and state.is_connected:
            self._outage_announced = None
            return
        if not state.is_trouble or state.since is None or state.since == self._outage_announced:
            return
        if self._outage_timer is None:  # no further news may come of an outage that becomes long
            self._outage_timer = self.set_timer(LONG_ENOUGH.total_seconds(), self._look_at_outage)
        is_long = state.tries >= ENOUGH_TRIES or self.now() - state.since >= LONG_ENOUGH
        hangs = state.word is SyncWord.SERVER_DOWN and not state.tries
        is_free = not (screen.is_asking or screen.info.has_message)  # the notice of an action stays
        if (is_long or hangs or state.fault is not None) and is_free:
            from banqup_tui.screens.sync_words import fault_words

            self._outage_announced = state.since
            sentence, remedy = sentence_of(state.message), remedy_of(state.message)
            in_short = f"{fault_words(state.fault)[0]}." if state.fault else sentence
            shorter = (f"{in_short} {remedy}", in_short)
            self.say(
                f"{sentence} {remedy}", Tone.ERROR, shorter, holds=lambda: not self.session.engine.state.is_connected
            )

    def _look_at_outage(self) -> None:
        self._outage_timer = None
        self._gather_news()

    # faults of this computer

    def handle_fault(self, error: Exception) -> bool:
        from banqup_tui.screens.sync_words import fault_words

        fault = fault_of(error)
        if fault is None:
            return False
        self.session.engine.report(fault)
        in_short = f"{fault_words(fault.code)[0]}."
        self.say(words_of(fault.message), Tone.ERROR, shorter=(f"{in_short} {remedy_of(fault.message)}", in_short))
        return True

    def record(self, error: Exception) -> None:
        self.session.record(error)

    async def _dispatch_message(self, message: Message) -> None:
        """Handles faults of this computer in handlers of the app, as `PlaceScreen` does for a place."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.handle_fault(error):
                raise

    async def run_action(
        self,
        action: str | tuple[str, str, tuple[object, ...]],
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Runs the action of a key. A fault of this computer in a widget must not end the program."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            if not self.handle_fault(error):
                raise
            return True

    # what places ask

    def places(self) -> tuple[HeaderPlace, ...]:
        return (
            HeaderPlace("2", _("Client documents")),
            HeaderPlace("3", _("Clients")),
            HeaderPlace("4", _("Banqup Store")),
        )

    def show_state(self, sheet: Sheet) -> None:
        from banqup_tui.screens.sync_words import header_state

        sheet.header.set_firm(clean(self._firm or self.session.readers.state().space_name))
        sheet.header.set_sync(header_state(self.session.engine.state))

    @property
    def is_copying(self) -> bool:
        return self.session.engine.state.word in (SyncWord.STARTING, SyncWord.FIRST_COPY, SyncWord.UPDATING)

    def now(self) -> datetime:
        return datetime.now().astimezone()

    def integration_labels(self) -> dict[str, str]:
        return {integration.id: integration.label for integration in self.session.readers.integrations(removed=True)}

    def context(self, screen: PlaceScreen, subject: Subject) -> Context:
        return context_at(self.session, screen.ask, screen.place, subject)

    def status_words(self, document_id: str, in_front: Sequence[Word] = ()) -> Sequence[Word]:
        """Returns the state of a document in one line: its status, and what is wrong.

        Args:
            in_front: Words shown before it, which take of the line's width.
        """
        document = self.session.readers.document(document_id)
        if document is None:
            return in_front
        words = [_of(STATUSES[document.accounting_status])]
        if document.is_withdrawn:
            words = [_of(WITHDRAWN)]
        elif document.is_undecided:
            earlier = self.session.readers.row(document.same_as) if document.same_as else None
            words = [
                _of(UNDECIDED),
                Word(_("{title}: {sentence}").format(title="", sentence=same_as(earlier)), UNDECIDED.token),
            ]
        elif document.replaced_by is not None:
            words.append(Word(f"  {_('Replaced by a newer version')}", "muted"))
        if document.kind is DocumentKind.CREDIT_NOTE:
            words.insert(0, Word(f"{sign('credit')} {_('Credit note')}   "))
        for delivery in self.session.readers.deliveries(document_id):
            if delivery.needs_a_look and delivery.reason:
                label = clean(self.integration_labels().get(delivery.integration_id, ""))
                taken = sum(width_of(word.text) for word in (*in_front, *words)) + len("  ") + _MESSAGE_MARGINS
                words.append(Word(f"  {_cause(label, sentence_of(delivery.reason), self.size.width - taken)}"))
                break
        return (*in_front, *words)

    def say(
        self,
        text: str,
        tone: Tone = Tone.PLAIN,
        shorter: Sequence[str] = (),
        *,
        holds: Callable[[], bool] | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Shows a message, in the longest wording that has room."""
        screen = self.screen
        if isinstance(screen, Sheet):
            wordings = (text, *shorter)
            fits = (wording for wording in wordings if width_of(wording) <= self.size.width - _MESSAGE_MARGINS)
            screen.info.say(message_words(next(fits, wordings[-1]), tone), holds=holds, then=then)

    # going places

    def go(self, destination: Destination) -> None:
        if destination.place is Place.FOLDER and destination.client_id:
            self.open_client(destination.client_id)
        elif destination.place is Place.DOCUMENT and destination.document_id:
            from banqup_tui.screens.document import DocumentScreen

            tab = destination.tab or Tab.DOCUMENT
            if isinstance(self.screen, DocumentScreen) and self.screen.document_id == destination.document_id:
                self.screen.go_to(tab)
            else:
                self.push_screen(DocumentScreen(destination.document_id, tab))
        elif destination.place is Place.CLIENT and destination.client_id:
            from banqup_tui.screens.client import ClientScreen

            if not isinstance(self.screen, Clients):
                self.go_to_root(Place.CLIENTS)
            self.push_screen(ClientScreen(destination.client_id, destination.tab or Tab.INTEGRATIONS))
        elif destination.place in (Place.FAILURES, Place.FAILED):
            self._go_to_failures(destination)
        elif destination.place is Place.UNFILED:
            from banqup_tui.screens.unfiled import UnfiledScreen

            self.go_to_root(Place.CLIENT_DOCUMENTS)
            self.push_screen(UnfiledScreen())
        elif destination.place is Place.SOURCES:
            from banqup_tui.screens.sources import SourcesScreen

            self.go_to_root(Place.CLIENT_DOCUMENTS)
            self.push_screen(SourcesScreen())
        elif destination.place is Place.DUPLICATES:
            from banqup_tui.screens.duplicates import Duplicates

            self.go_to_root(Place.CLIENT_DOCUMENTS)
            self.push_screen(Duplicates())
        elif destination.place is Place.CHANGES:
            from banqup_tui.screens.changes import RefusedChangesScreen

            self.push_screen(RefusedChangesScreen())
        else:
            self.go_to_root(destination.place)

    def _go_to_failures(self, destination: Destination) -> None:
        from banqup_tui.screens.failures import Failed, FailuresScreen

        if destination.place is Place.FAILED and destination.failures:
            self.push_screen(Failed(destination.failures))
        else:
            self.go_to_root(Place.CLIENT_DOCUMENTS)
            self.push_screen(FailuresScreen())

    def open_client(self, client_id: str) -> None:
        from banqup_tui.screens.folders.screen import ClientFolders

        if not isinstance(self.screen, ClientDocuments):
            self.go_to_root(Place.CLIENT_DOCUMENTS)
        self.push_screen(ClientFolders(client_id))

    def go_to_root(self, place: Place) -> None:
        """Goes to place 2, 3 or 4 as it was left, closing what lies over it."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if place is not Place.CLIENT_DOCUMENTS:
            if not self.is_screen_installed(str(place)):
                self.install_screen(self._make_root(place), str(place))
            self.push_screen(str(place))

    def _make_root(self, place: Place) -> PlaceScreen:
        if place is Place.CLIENTS:
            return Clients()
        from banqup_tui.screens.store import StoreScreen

        return StoreScreen()

    def go_back(self) -> None:
        """Goes a level up; places of the header have none above."""
        screen = self.screen
        if len(self.screen_stack) > 1 and not (isinstance(screen, PlaceScreen) and screen.is_root):
            self.pop_screen()

    async def push_and_wait(self, screen: Screen[None]) -> object:
        """Shows a screen and returns its answer, given by `screen_left`."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[screen] = future
        await self.push_screen(screen)
        return await future

    def screen_left(self, screen: Screen[None], answer: object) -> None:
        future = self._waiting.pop(screen, None)
        self.pop_screen()
        if future is not None and not future.done():
            future.set_result(answer)


def _of(appearance: Appearance) -> Word:
    return Word(f"{appearance.sign} {appearance.full_word}", appearance.token, appearance.bold)


def _cause(integration: str, reason: str, width_left: int) -> str:
    """Returns the cause in at most `width_left` cells: a long reason is cut, but not how to read it whole."""
    words = _("{integration}: {reason} i for details")
    around = width_of(words.format(integration=integration, reason=""))
    return words.format(integration=integration, reason=cut(reason, max(width_left - around, 12)))


def _theme_of(settings: UserSettings, environment: Mapping[str, str]) -> str:
    chosen = settings.theme
    if chosen == "auto":
        chosen = "dark" if colours_of(environment) >= MANY_COLOURS else "ansi"
    return {"light": "banqup-light", "ansi": "banqup-ansi", "high-contrast": "banqup-dark-contrast"}.get(
        chosen, "banqup-dark"
    )


def run() -> int:
    """Opens the local copy and runs the app; returns the exit code. Errors are raised once the terminal is restored."""
    from banqup_tui import launcher
    from banqup_tui.actions.temporary_copies import remove_copies, remove_old_copies
    from banqup_tui.app_dirs import dirs
    from banqup_tui.settings import read_settings

    places = dirs().made()
    settings = read_settings(places.config)
    session = Session.open(places, lambda: launcher.connect(places), in_background=True)
    app = BanqupApp(session, settings)
    threading.Thread(target=remove_old_copies, name="old-copies", daemon=True).start()
    try:
        app.run()
    finally:
        session.close()
        remove_copies()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0
