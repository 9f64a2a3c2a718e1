"""The last row: the keys that work now, by rank. Keys that do not fit are left out whole, from the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message

from banqup_tui.presentation.signs import plain
from banqup_tui.presentation.words import _
from banqup_tui.widgets.one_line import OneLine
from banqup_tui.widgets.strips import Piece, width_of
from banqup_tui.widgets.theme import Look

PALETTE_FROM = 100
_MARGIN = 2


class FooterKey(NamedTuple):
    """A key as it is written on the screen (`Enter`, `↑↓`) and what it does. Disabled keys are left out."""

    key: str
    label: str
    enabled: bool = True


class Footer(OneLine):
    DEFAULT_CSS = "Footer { background: $surface; }"

    ground = "surface"

    class KeyAsked(Message):
        """A key was clicked. `key` is as it is written."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, keys: Iterable[FooterKey] = ()) -> None:
        super().__init__()
        self._keys: tuple[FooterKey, ...] = tuple(keys)
        self._instead: tuple[FooterKey, ...] | None = None
        self._right: Sequence[FooterKey] | None = None
        self._zones: list[tuple[int, int, str]] = []

    @property
    def keys(self) -> tuple[FooterKey, ...]:
        """The keys of the open panel or field, else those of the place."""
        return self._keys if self._instead is None else self._instead

    def set_keys(self, keys: Iterable[FooterKey | tuple[str, str, bool]]) -> None:
        new = tuple(FooterKey(*key) for key in keys)
        if new != self._keys:
            self._keys = new
            if self._instead is None:
                self.refresh()

    def set_instead(self, keys: Iterable[FooterKey] | None) -> None:
        """Sets the keys of a panel or field while it has the focus; `None` shows those of the place again."""
        new = None if keys is None else tuple(keys)
        if new != self._instead:
            self._instead = new
            self.refresh()

    def set_right(self, keys: Sequence[FooterKey] | None) -> None:
        """Sets the keys at the right end; `None` for palette and help."""
        if keys != self._right:
            self._right = keys
            self.refresh()

    def pieces(self, width: int, look: Look) -> list[Piece]:
        right = self._right_keys(width)
        right_width = _width(right)
        width_left = width - 2 * _MARGIN - (right_width + 2 if right else 0)
        left = _fitting([key for key in self.keys if key.enabled], width_left)
        gap = width - 2 * _MARGIN - _width(left) - right_width
        muted = look.style("muted", self.ground)
        self._zones = []
        return [
            ("  ", muted),
            *self._drawn(left, _MARGIN, look),
            (" " * max(gap, 0), muted),
            *self._drawn(right, width - _MARGIN - right_width, look),
        ]

    def _right_keys(self, width: int) -> list[FooterKey]:
        if self._right is not None:
            return list(self._right)
        palette = [FooterKey(":", _("Palette"))] if width >= PALETTE_FROM else []
        return [*palette, FooterKey("?", _("Help"))]

    def _drawn(self, keys: Sequence[FooterKey], column: int, look: Look) -> list[Piece]:
        accent, muted = look.style("accent", self.ground), look.style("muted", self.ground)
        pieces: list[Piece] = []
        for index, key in enumerate(keys):
            before = "  " if index else ""
            pieces += [(before + plain(key.key), accent), (f" {plain(key.label)}", muted)]
            start = column + len(before)
            column = start + width_of(key.key) + 1 + width_of(key.label)
            self._zones.append((start, column, key.key))
        return pieces

    def on_click(self, event: events.Click) -> None:
        for start, end, key in self._zones:
            if start <= event.x < end:
                event.stop()
                self.post_message(self.KeyAsked(key))
                return


def _width(keys: Sequence[FooterKey]) -> int:
    return sum(width_of(key.key) + 1 + width_of(key.label) for key in keys) + 2 * max(len(keys) - 1, 0)


def _fitting(keys: list[FooterKey], width_left: int) -> list[FooterKey]:
    while keys and _width(keys) > width_left:
        keys.pop()
    return keys
