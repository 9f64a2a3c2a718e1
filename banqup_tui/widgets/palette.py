"""The palette: everything that can be done or gone to, found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message

from banqup_tui.domain.words import _
from banqup_tui.widgets.editor import LineEditor
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import cut, shown
from banqup_tui.widgets.lines import LineBuilder, width_of
from banqup_tui.widgets.one_line import Words
from banqup_tui.widgets.panel import BLANK, Draw, Panel, PanelLine, title_of
from banqup_tui.widgets.signs import plain, sign
from banqup_tui.widgets.theme import Ground, Look

SHOWN = 12
LEAST_SHOWN = 6


class PaletteEntry(NamedTuple):
    """`detail`: what it is about (`2026-11874`, `client`), or why it is not possible now."""

    id: str
    label: str
    detail: str = ""
    key: str = ""
    enabled: bool = True


Search = Callable[[str], Sequence[PaletteEntry]]


class Palette(Panel):
    widest = 76
    margin = 3

    class Chosen(Message):
        def __init__(self, entry_id: str) -> None:
            super().__init__()
            self.entry_id = entry_id

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._editor = LineEditor(limit=200)
        self._search: Search = lambda _text: ()
        self._entries: Sequence[PaletteEntry] = ()

    def open_palette(self, search: Search, text: str = "") -> None:
        """`search` gives the entries for a text, the best first; it is asked after every key."""
        self._search = search
        self._editor.set(text)
        self._entries = search(text)[:SHOWN]
        self._item = 0
        self.show_panel()

    # Drawing

    @property
    def title_words(self) -> Words:
        return title_of(_("Commands"))

    def head_lines(self) -> list[PanelLine]:
        return [*super().head_lines(), PanelLine(self._draw_field), BLANK]

    def body_lines(self) -> list[PanelLine]:
        lines = [PanelLine(self._entry_drawing(entry), item=index) for index, entry in enumerate(self._entries)]
        return lines + [BLANK] * (LEAST_SHOWN - len(lines))

    def _draw_field(self, line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
        field: Ground = "bg" if look.has_grounds else "field"
        style = look.style("text", field)
        line.at(2).put(sign("prompt"), look.style("accent", ground)).at(4).put(" ", style)
        for text, piece_style in self._editor.pieces(width - 8, style, look.caret() if self.has_focus else None):
            line.put(text, piece_style)
        line.put(" ", style)

    def _entry_drawing(self, entry: PaletteEntry) -> Draw:
        def draw(line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
            key_width = max((width_of(plain(one.key)) for one in self._entries), default=0)
            detail_end = width - 2 - (key_width + 2 if key_width else 0)
            muted = look.style("muted", ground)
            detail = shown(entry.detail)
            room = detail_end - 4 - width_of(detail)
            line.at(2).put(cut(shown(entry.label), room), look.style("text" if entry.enabled else "muted", ground))
            line.put_right(detail_end, detail, muted)
            line.put_right(width - 2, plain(entry.key), muted)

        return draw

    def item_count(self) -> int:
        return len(self._entries)

    def can_hold_cursor(self, item: int) -> bool:
        return self._entries[item].enabled

    def footer_keys(self) -> Sequence[FooterKey]:
        return [FooterKey("↑↓", _("Move")), FooterKey("Enter", _("Run")), FooterKey("Esc", _("Close"))]

    def position(self, width: int, height: int) -> tuple[int, int]:
        screen = self.app.size
        return (screen.width - width) // 2, 6 if screen.height >= 30 else 3

    # Actions

    def accepted(self) -> None:
        if self._entries and self._entries[self.item].enabled:
            entry_id = self._entries[self.item].id
            self.finish(entry_id)
            self.post_message(self.Chosen(entry_id))

    # Events

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return LineEditor.consumes(key, character)

    def on_key(self, event: events.Key) -> None:
        if self._editor.handle(event):
            event.stop()
            event.prevent_default()
            self._search_again()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._editor.insert(event.text)
        self._search_again()

    def _search_again(self) -> None:
        self._entries = self._search(self._editor.text)[:SHOWN]
        self._item = self._nearest(0, 1)
        self._top = 0
        self.rebuild()
        self.place()
