"""The three-dot menu: what can be done here, what will happen, and why something cannot be done.

It hangs from its row, its right edge at the ⋮, above the row near the bottom of the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import events
from textual.geometry import Region
from textual.message import Message

from banqup_tui.widgets.formats import shown
from banqup_tui.widgets.lines import width_of
from banqup_tui.widgets.one_line import Word, Words
from banqup_tui.widgets.panel import BLANK, Panel, PanelLine, title_of, words_line
from banqup_tui.widgets.signs import plain, sign

LEAST_WIDTH = 54


class MenuEntry(NamedTuple):
    """`key` as it is written. `note` says what will happen, or, of a disabled entry, why it is not possible."""

    id: str
    label: str
    key: str = ""
    note: str = ""
    enabled: bool = True
    is_separator: bool = False


SEPARATOR = MenuEntry("", "", enabled=False, is_separator=True)


class Menu(Panel):
    class Chosen(Message):
        """`entry_id` as in the entry; `subject` as given to `open_menu`."""

        def __init__(self, entry_id: str, subject: Any) -> None:
            super().__init__()
            self.entry_id = entry_id
            self.subject = subject

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = ""
        self._entries: Sequence[MenuEntry] = ()
        self._anchor = Region()
        self._subject: Any = None

    def open_menu(self, title: str, entries: Sequence[MenuEntry], anchor: Region, subject: Any = None) -> None:
        """`anchor` is the cell of the ⋮ on the screen, as the tables give it."""
        self._title, self._entries, self._anchor, self._subject = title, entries, anchor, subject
        self._item = 0
        self.show_panel()

    async def ask(self, title: str, entries: Sequence[MenuEntry], anchor: Region) -> str | None:
        """The id of the chosen entry, None for Escape. For workers."""
        self.open_menu(title, entries, anchor)
        answer: str | None = await self.wait_for_answer()
        return answer

    @property
    def title_words(self) -> Words:
        return title_of(self._title)

    def body_lines(self) -> list[PanelLine]:
        lines: list[PanelLine] = []
        for index, entry in enumerate(self._entries):
            if entry.is_separator:
                lines.append(PanelLine(is_rule=True))
                continue
            key = plain(entry.key) if entry.enabled else sign("none")
            label = Word(entry.label, "text" if entry.enabled else "muted")
            key_word = Word(key, "accent" if entry.enabled else "muted")
            lines.append(words_line([label], [key_word] if key else (), item=index))
            if entry.note:
                lines.append(words_line([Word(entry.note, "muted")], indent=4, item=index, is_head=False))
        return lines

    def foot_lines(self) -> list[PanelLine]:
        return [BLANK]

    def item_count(self) -> int:
        return len(self._entries)

    def can_hold_cursor(self, item: int) -> bool:
        return self._entries[item].enabled

    def panel_width(self) -> int:
        widest = max(
            (
                max(width_of(shown(entry.label)) + width_of(entry.key) + 8, width_of(shown(entry.note)) + 6)
                for entry in self._entries
            ),
            default=0,
        )
        return min(max(widest, LEAST_WIDTH, width_of(self._title) + 4), self.app.size.width - 4)

    def position(self, width: int, height: int) -> tuple[int, int]:
        screen = self.app.size
        x = max(self._anchor.x - width, 1)
        below, above = self._anchor.y + 1, self._anchor.y - height
        if below + height <= screen.height - 2:
            return x, below
        return x, above if above >= 1 else max(screen.height - 1 - height, 1)

    def accepted(self) -> None:
        if self._entries and self._entries[self.item].enabled:
            entry_id, subject = self._entries[self.item].id, self._subject
            self.finish(entry_id)
            self.post_message(self.Chosen(entry_id, subject))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and any(entry.key == character for entry in self._entries)

    def on_key(self, event: events.Key) -> None:
        """The key of an entry does what it says, at once."""
        moves = {"j": self.action_next, "k": self.action_previous}
        for index, entry in enumerate(self._entries):
            if entry.enabled and entry.key == event.character and event.character:
                event.stop()
                event.prevent_default()
                self._item = index
                self.accepted()
                return
        if event.key in moves:
            event.stop()
            moves[event.key]()
