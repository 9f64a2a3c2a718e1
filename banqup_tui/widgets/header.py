"""Row 0: the places, the firm, and the state of the synchronisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message

from banqup_tui.presentation.formats import shown
from banqup_tui.presentation.signs import SignName, sign
from banqup_tui.widgets.one_line import OneLine
from banqup_tui.widgets.strips import Piece, width_of
from banqup_tui.widgets.theme import Look, Token

FIRM_FROM = 110
_MARGIN = 2


class PlaceLabel(NamedTuple):
    """A place of the header: its digit and its name, already translated."""

    key: str
    label: str


class SyncLabel(NamedTuple):
    """The state of the sync: a sign with its colour, the sentence and its short form, already translated."""

    sign: SignName = "done"
    token: Token = "ok"
    text: str = ""
    short: str = ""

    @property
    def is_calm(self) -> bool:
        return self.token in ("ok", "info", "muted")


class Header(OneLine):
    """Short of room the firm goes first, then the state takes its short form, then places are only digits."""

    DEFAULT_CSS = "Header { background: $surface; }"

    ground = "surface"

    class PlaceAsked(Message):
        """A place was clicked. `key` is its digit."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class SyncAsked(Message):
        """The state was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._places: Sequence[PlaceLabel] = ()
        self._current = ""
        self._firm = ""
        self._sync: SyncLabel | None = None
        self._zones: list[tuple[int, int, str]] = []

    def set_places(self, places: Sequence[PlaceLabel], current: str) -> None:
        if (places, current) != (self._places, self._current):
            self._places, self._current = places, current
            self.refresh()

    def set_firm(self, name: str) -> None:
        if name != self._firm:
            self._firm = name
            self.refresh()

    def set_sync(self, state: SyncLabel) -> None:
        """Sets the state. Only the right end of the row is repainted, and only if it has changed."""
        if state != self._sync:
            self._sync = state
            self.refresh()

    def pieces(self, width: int, look: Look) -> list[Piece]:
        right, whole = self._fitting(width, look)
        left = self._draw_places(look, whole)
        used = sum(width_of(text) for text, _style in (*left, *right))
        gap = max(width - _MARGIN - used, 1)
        self._zones.append((width - _MARGIN - (width_of(right[-2][0] + right[-1][0]) if right else 0), width, "sync"))
        return [*left, (" " * gap, look.style("muted", self.ground)), *right]

    def _fitting(self, width: int, look: Look) -> tuple[list[Piece], bool]:
        width_left = width - _MARGIN - 2
        firm = self._firm if width >= FIRM_FROM else ""
        whole = sum(width_of(text) for text, _style in self._draw_places(look, True))
        for with_firm, short in ((True, False), (False, False), (False, True)):
            right = self._draw_right(look, firm if with_firm else "", short)
            if whole + sum(width_of(text) for text, _style in right) <= width_left:
                return right, True
        return self._draw_right(look, "", True), False

    def _draw_places(self, look: Look, whole: bool) -> list[Piece]:
        key_style = look.style("accent", self.ground)
        muted = look.style("muted", self.ground)
        pieces: list[Piece] = []
        column = 0
        self._zones = []
        for place in self._places:
            is_current = place.key == self._current
            before = "  "
            label = place.label if whole or is_current else ""
            pieces.append(
                (before + place.key, look.style("accent", self.ground, bold=True) if is_current else key_style)
            )
            if is_current:
                strong = look.style("strong", self.ground, bold=True, underline=not look.has_grounds)
                pieces += [(" ", muted), (label, strong)]
            elif label:
                pieces.append((f" {label}", muted))
            start = column + len(before)
            column = start + width_of(place.key) + (1 + width_of(label) if label else 0)
            self._zones.append((start, column, place.key))
        return pieces

    def _draw_right(self, look: Look, firm: str, short: bool) -> list[Piece]:
        muted = look.style("muted", self.ground)
        pieces: list[Piece] = []
        if firm:
            pieces.append((shown(firm) + "   ", muted))
        if self._sync is not None:
            state = self._sync
            text = (state.short or state.text) if short else state.text
            pieces.append((sign(state.sign), look.style(state.token, self.ground)))
            pieces.append((f" {text}", muted if state.is_calm else look.style("text", self.ground)))
        return pieces if self._sync is not None else [*pieces, ("", muted), ("", muted)]

    def on_click(self, event: events.Click) -> None:
        for start, end, key in self._zones:
            if start <= event.x < end:
                event.stop()
                self.post_message(self.SyncAsked() if key == "sync" else self.PlaceAsked(key))
                return
