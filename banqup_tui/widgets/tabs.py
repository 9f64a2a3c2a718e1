"""The tabs of a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message

from banqup_tui.widgets.one_line import OneLine
from banqup_tui.widgets.strips import Piece, width_of
from banqup_tui.widgets.theme import Look, Token

_MARGIN = 2
_GAP = 3


class TabLabel(NamedTuple):
    """A tab. `beside` is a count, or what is wrong (`×1`, in the colour `token`)."""

    id: str
    label: str
    beside: str = ""
    token: Token = "muted"


class Tabs(OneLine):
    class Asked(Message):
        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs: tuple[TabLabel, ...] = ()
        self._current = ""
        self._zones: list[tuple[int, int, str]] = []

    def set(self, tabs: Sequence[TabLabel], current: str) -> None:
        new = tuple(tabs)
        if (new, current) != (self._tabs, self._current):
            self._tabs, self._current = new, current
            self.refresh()

    @property
    def current(self) -> str:
        return self._current

    def beside_current(self, step: int) -> str:
        """Returns the id of the next or previous tab, around the ends."""
        ids = [tab.id for tab in self._tabs]
        return ids[(ids.index(self._current) + step) % len(ids)] if self._current in ids else self._current

    def pieces(self, width: int, look: Look) -> list[Piece]:
        blank = look.style("muted")
        pieces: list[Piece] = [(" " * _MARGIN, blank)]
        column = _MARGIN
        self._zones = []
        for at, tab in enumerate(self._tabs):
            if at:
                pieces.append((" " * _GAP, blank))
                column += _GAP
            is_current = tab.id == self._current
            start = column
            pieces.append((tab.label, look.style("strong", bold=True, underline=True) if is_current else blank))
            column += width_of(tab.label)
            if tab.beside:
                style = look.style(tab.token, bold=tab.token == "error")
                pieces += [(" ", blank), (tab.beside, style)]
                column += 1 + width_of(tab.beside)
            self._zones.append((start, column, tab.id))
        return pieces

    def on_click(self, event: events.Click) -> None:
        for start, end, id_ in self._zones:
            if start <= event.x < end:
                event.stop()
                self.post_message(self.Asked(id_))
                return
