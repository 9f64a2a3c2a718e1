"""The row of tabs of a document or a client: `Document   Lines 6   Deliveries ×1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message

from banqup_tui.widgets.formats import count, shown
from banqup_tui.widgets.lines import Piece, width_of
from banqup_tui.widgets.one_line import OneLine
from banqup_tui.widgets.signs import sign
from banqup_tui.widgets.theme import Look

_GAP = 3


class Tab(NamedTuple):
    """`number` stands after the label; `failed` too, with its sign."""

    id: str
    label: str
    number: int | None = None
    failed: int = 0


class Tabs(OneLine):
    class TabAsked(Message):
        """A tab was clicked, or asked for with `step`."""

        def __init__(self, tab_id: str) -> None:
            super().__init__()
            self.tab_id = tab_id

    def __init__(self, tabs: Sequence[Tab] = (), active: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs = tuple(tabs)
        self._active = active or (tabs[0].id if tabs else "")
        self._zones: list[tuple[int, int, str]] = []

    @property
    def active(self) -> str:
        return self._active

    def set_tabs(self, tabs: Sequence[Tab], active: str) -> None:
        if (tuple(tabs), active) != (self._tabs, self._active):
            self._tabs, self._active = tuple(tabs), active
            self.refresh()

    def step(self, direction: int) -> None:
        """Ask for the next or previous tab, round and round."""
        ids = [tab.id for tab in self._tabs]
        if ids:
            here = ids.index(self._active) if self._active in ids else 0
            self.post_message(self.TabAsked(ids[(here + direction) % len(ids)]))

    def pieces(self, width: int, look: Look) -> list[Piece]:
        muted = look.style("muted")
        pieces: list[Piece] = [("  ", muted)]
        column = 2
        self._zones = []
        for index, tab in enumerate(self._tabs):
            if index:
                pieces.append((" " * _GAP, muted))
                column += _GAP
            drawn = self._drawn(tab, look)
            used = sum(width_of(text) for text, _style in drawn)
            self._zones.append((column, column + used, tab.id))
            pieces += drawn
            column += used
        return pieces

    def _drawn(self, tab: Tab, look: Look) -> list[Piece]:
        muted = look.style("muted")
        is_active = tab.id == self._active
        label = look.style("strong", bold=True, underline=True) if is_active else muted
        pieces = [(shown(tab.label), label)]
        if tab.number is not None:
            pieces.append((f" {count(tab.number)}", muted))
        if tab.failed:
            pieces += [(" ", muted), (f"{sign('error')}{count(tab.failed)}", look.style("error", bold=True))]
        return pieces

    def on_click(self, event: events.Click) -> None:
        for start, end, tab_id in self._zones:
            if start <= event.x < end:
                event.stop()
                self.post_message(self.TabAsked(tab_id))
                return
