"""The base class of places: keys, footer, menu, palette and help from the actions, news of the copy, going back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.geometry import Region
from textual.message import Message as TextualMessage
from textual.timer import Timer

from banqup_tui.actions import registry
from banqup_tui.actions.context import Context
from banqup_tui.actions.moves import GROUP_NAMES, KeyGroup
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Notice, Tone
from banqup_tui.presentation.messages import remedy_of, sentence_of, words_of
from banqup_tui.presentation.words import _, inside_sentence, pgettext
from banqup_tui.screens.keys import press_key
from banqup_tui.screens.prompts import TerminalAsk
from banqup_tui.sync.errors import NoNetwork, ProgramFault, ServerDown, SystemFault
from banqup_tui.sync.trouble import trouble_of
from banqup_tui.widgets.filter_line import FilterLine
from banqup_tui.widgets.footer import Footer, FooterKey
from banqup_tui.widgets.header import Header
from banqup_tui.widgets.info import REST
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.panels.menu import Menu, MenuEntry
from banqup_tui.widgets.panels.panel import Panel
from banqup_tui.widgets.sheet import Sheet
from banqup_tui.widgets.title import Title

if TYPE_CHECKING:
    from banqup_tui.screens.app_protocol import AppProtocol

DIGITS = {
    **dict.fromkeys((Place.CLIENT_DOCUMENTS, Place.FOLDER, Place.DOCUMENT, Place.UNFILED, Place.SOURCES), "2"),
    **dict.fromkeys((Place.FAILURES, Place.FAILED, Place.DUPLICATES, Place.CHANGES), "2"),
    **dict.fromkeys((Place.CLIENTS, Place.CLIENT), "3"),
}
_ROOTS = {"2": Place.CLIENT_DOCUMENTS, "3": Place.CLIENTS, "4": Place.STORE}


class PlaceScreen(Sheet):
    """A place. `context` says what is selected or under the cursor; `draw` shows the present state of the copy.

    A subclass also gives `under_cursor` and, as needed, `own_footer`, `state_words`, `menu_title`, `menu_region` and a
    `move_*` for each of its moves. It calls `cursor_moved` when its cursor has moved.
    """

    place: ClassVar[Place]
    is_root: ClassVar[bool] = False
    """Whether it is one of the places of the header, from which nothing leads back."""

    def __init__(self) -> None:
        super().__init__()
        self._resting: Timer | None = None
        self._open_panel: Panel | None = None
        self._state: tuple[Word, ...] = ()
        self._is_behind = False
        self._stood_on: object = None

    # what a place says

    def under_cursor(self) -> object:
        """Returns what the cursor is on. The message of the last action stays as long as this is equal."""
        return None

    def context(self) -> Context:
        raise NotImplementedError

    def draw(self) -> None:
        """Reads again what is shown, at the start and after every change of the copy or the outbox."""
        raise NotImplementedError

    def own_footer(self) -> Sequence[tuple[str, str]] | None:
        """Returns the keys of the footer; `None` for those of the actions."""
        return None

    def state_words(self) -> Sequence[Word]:
        """Returns the state of the row under the cursor, for the info line."""
        return ()

    def menu_title(self) -> str:
        return ""

    def menu_region(self) -> Region | None:
        """Returns the row that the menu hangs from."""
        return None

    def cursor_rested(self) -> None:
        """Updates footer and info line once the cursor rests. A new error clears the message before."""
        state = tuple(self.state_words())
        if state != self._state and any(word.token == "error" for word in state):
            self.info.say()
        self._state = state
        self.info.set_state(state, at_once=True)
        self.refresh_footer()

    def compose_panels(self) -> ComposeResult:
        """Yields the menu with the place, because adding a panel later repaints the screen once."""
        yield Menu()

    # sharing

    @property
    def banqup(self) -> AppProtocol:
        return cast("AppProtocol", self.app)

    def on_mount(self) -> None:
        self.header.set_places(self.banqup.places(), DIGITS.get(self.place, "4"))
        self.banqup.show_state(self)
        self.draw()
        self._stood_on = self.under_cursor()
        self.cursor_rested()

    def on_screen_suspend(self) -> None:
        self._is_behind = True

    def on_screen_resume(self) -> None:
        """Shows what has changed while another place lay over this one."""
        if self._is_behind:
            self._is_behind = False
            self.data_changed()

    def cursor_moved(self) -> None:
        """Must be called when the cursor has moved. Footer and info line follow once it rests."""
        if self.under_cursor() != self._stood_on:
            self._stood_on = self.under_cursor()
            self.info.say()
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self.cursor_rested)

    def data_changed(self) -> None:
        """Shows a change of the copy, the outbox or the synchronisation.

        A row that vanishes under the cursor does not take the message with it. The cursor may have moved just before,
        with its own message still on the way here, so `under_cursor` is compared both before and after drawing.
        """
        self.banqup.show_state(self)
        if self.under_cursor() != self._stood_on:
            self.info.say()
        self.info.check_message()
        self.draw()
        self._stood_on = self.under_cursor()
        self.cursor_rested()

    @property
    def is_asking(self) -> bool:
        """Whether a panel is open or a filter is being typed, so that nothing may open by itself."""
        return self._open_panel is not None or isinstance(self.focused, FilterLine)

    def refresh_footer(self) -> None:
        if self._open_panel is not None:
            self.footer.set_keys(self._open_panel.footer_keys())
            return
        keys = self.own_footer()
        if keys is None:
            keys = registry.footer_of(self.context())
        self.footer.set_keys(FooterKey(key, label) for key, label in keys)

    # actions

    def action_act(self, action_id: str) -> None:
        self.perform(action_id)

    def perform(self, action_id: str) -> None:
        action = registry.BY_ID[action_id]
        context = self.context()
        reason = action.availability(context)
        if reason is not None:
            words = (Word(sentence_of(reason), "muted"),)
            self.info.say(words, holds=lambda: action.availability(self.context()) is not None)
            return
        self.run_worker(self._run(action_id, context), group="action", exclusive=False, exit_on_error=False)

    async def _run(self, action_id: str, context: Context) -> None:
        try:
            await registry.BY_ID[action_id].run(context)
        except (NoNetwork, ServerDown) as error:
            engine = self.banqup.session.engine
            text = words_of(error.message)
            self.ask.notify(Notice(text=text, tone=Tone.ERROR, holds=lambda: not engine.state.is_connected))
        except Exception as error:
            self._tell(error)
        self.data_changed()

    def _tell(self, error: Exception) -> None:
        """Shows why an action failed, whatever the error is."""
        if self.banqup.handle_fault(error):
            return
        trouble = trouble_of(error)
        if isinstance(trouble, ProgramFault):
            self.banqup.record(error)
        remedy = "" if isinstance(trouble, SystemFault) else remedy_of(trouble.message)
        self.ask.notify_error(sentence_of(trouble.message), remedy)

    async def _dispatch_message(self, message: TextualMessage) -> None:
        """Handles a message. A fault of this computer while something is read ends nothing.

        Textual 8.2 has no public place around all handlers of a screen, and ends the whole program with any error.
        """
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.banqup.handle_fault(error):
                raise

    @property
    def ask(self) -> TerminalAsk:
        return TerminalAsk(self)

    # moves

    def action_move(self, move_id: str) -> None:
        method = getattr(self, f"move_{move_id.replace('-', '_')}", None)
        if method is not None:
            method()

    def action_side(self, step: int) -> None:
        """Goes left (-1) or right (1), if the pane with the focus does not use the key."""

    def action_pane(self, step: int) -> None:
        """Goes to the next (1) or previous (-1) pane or tab."""

    def move_back(self) -> None:
        self.banqup.go_back()

    def move_quit(self) -> None:
        self.app.exit()

    def move_suspend(self) -> None:
        self.app.action_suspend_process()

    def move_menu(self) -> None:
        self.run_worker(self._menu(), group="panel", exit_on_error=False)

    def move_palette(self) -> None:
        self.run_worker(self._palette(), group="panel", exit_on_error=False)

    def move_help(self) -> None:
        self.run_worker(self._help(), group="panel", exit_on_error=False)

    async def _menu(self) -> None:
        context = self.context()
        entries = [
            MenuEntry(
                id=entry.id,
                label=entry.title,
                key=entry.key,
                presses=registry.BY_ID[entry.id].keys,
                note=entry.note or "",
                reason=sentence_of(entry.reason) or None,
                part=entry.part,
            )
            for entry in registry.menu_of(context)
        ]
        if not entries:
            return
        menu = await self.ask.panel(Menu)
        menu.fill(self.menu_title(), entries)
        chosen = await menu.ask(hangs_from=self.menu_region())
        if chosen is not None:
            self.perform(chosen)

    async def _palette(self) -> None:
        from banqup_tui.widgets.panels.palette import Palette, PaletteEntry, matching_entries

        context = self.context()
        entries = [
            PaletteEntry(
                id=f"action:{entry.id}",
                label=entry.title,
                beside=sentence_of(entry.reason) or self.menu_title(),
                key="" if entry.reason else entry.key,
                possible=entry.reason is None,
            )
            for entry in registry.palette_of(context)
        ]
        entries += [
            PaletteEntry(f"client:{client.id}", client.name, _("client"))
            for client in self.banqup.session.readers.find_clients("")
        ]
        palette = await self.ask.panel(Palette)
        palette.fill(lambda text: matching_entries(text, entries))
        chosen = await palette.ask()
        kind, _colon, id_ = (chosen or "").partition(":")
        if kind == "action":
            self.perform(id_)
        elif kind == "client":
            self.banqup.open_client(id_)

    async def _help(self) -> None:
        from banqup_tui.widgets.panels.help import Help, HelpGroup

        groups = {
            group: HelpGroup(pgettext("heading", GROUP_NAMES[group]), keys)
            for group, keys in registry.help_of(self.place)
        }
        left = [groups[group] for group in (KeyGroup.MOVE, KeyGroup.FIND, KeyGroup.EVERYWHERE) if group in groups]
        right = [groups[group] for group in (KeyGroup.ACTIONS, KeyGroup.SELECT, KeyGroup.TABLE) if group in groups]
        panel = await self.ask.panel(Help)
        title = self.banqup.places()[int(DIGITS.get(self.place, "4")) - 2].label
        panel.fill(_("Keys: {place}").format(place=inside_sentence(title)), left, right)
        await panel.ask()

    # messages

    def on_panel_shown(self, message: Panel.Shown) -> None:
        message.stop()
        self._open_panel = message.panel if message.open else None
        self.footer.set_right(() if message.open and message.panel.takes_text else None)
        self.refresh_footer()

    def on_panel_switch_requested(self, message: Panel.SwitchRequested) -> None:
        message.stop()
        self.move_help() if message.name == "help" else self.move_palette()

    def open_filter(self, line: FilterLine, text: str) -> None:
        line.open(text)
        self.footer.set_instead(FooterKey(*key) for key in line.footer())
        self.footer.set_right(())

    def filter_closed(self) -> None:
        self.footer.set_instead(None)
        self.footer.set_right(None)
        self.info.set_instead()

    def on_header_place_asked(self, message: Header.PlaceAsked) -> None:
        message.stop()
        if message.key in _ROOTS:
            self.banqup.go_to_root(_ROOTS[message.key])

    def on_header_sync_asked(self, message: Header.SyncAsked) -> None:
        """Shows refused changes if there are any, else what the state means."""
        message.stop()
        refused = self.banqup.session.refused_changes.count()
        self.perform("refused-changes" if refused and self.place is not Place.CHANGES else "check-connection")

    def on_footer_key_asked(self, message: Footer.KeyAsked) -> None:
        message.stop()
        press_key(self, message.key)

    def on_title_part_asked(self, message: Title.PartAsked) -> None:
        message.stop()
        self.banqup.go_back()

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.info.say(message_words(text, tone))


def message_words(text: str, tone: Tone) -> tuple[Word, ...]:
    if tone is Tone.ERROR:
        return (Word("×", "error", bold=True), Word(f" {text}"))
    if tone is Tone.WARNING:
        return (Word("!", "warn", bold=True), Word(f" {text}"))
    return (Word(text),)
