"""The row above the footer: message, totals of the selection, or state of the row; the first that is set is shown.

The state follows the cursor only once it rests, so that a key held down writes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual.timer import Timer

from banqup_tui.widgets.one_line import OneLine, Words, cut_words, pieces_of
from banqup_tui.widgets.strips import Piece, width_of_pieces
from banqup_tui.widgets.theme import Look

REST = 0.15
"""Seconds after the last movement of the cursor."""
_MARGIN = 2


class InfoText(NamedTuple):
    """Words at the left, and at the right if there are 3 cells between them."""

    left: Words = ()
    right: Words = ()


NOTHING = InfoText()


class Info(OneLine):
    def __init__(self) -> None:
        super().__init__()
        self._instead = self._message = self._totals = self._state = NOTHING
        self._drawn = NOTHING
        self._timer: Timer | None = None
        self._waiting = NOTHING
        self._holds: Callable[[], bool] | None = None
        self._then: Callable[[], None] | None = None

    @property
    def text(self) -> str:
        """The text that the row shows."""
        return "".join(word.text for word in self._drawn.left)

    @property
    def has_message(self) -> bool:
        return bool(self._message.left)

    def say(
        self,
        message: Words | InfoText = NOTHING,
        *,
        holds: Callable[[], bool] | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Shows the message of the last action; `say()` clears it.

        Args:
            holds: Returns whether the message is still true; asked by `check_message`.
            then: Shows what is true instead, once it is not.
        """
        self._message = _as_text(message)
        self._holds = holds
        self._then = then
        self._update()

    def check_message(self) -> None:
        """Clears the message if it is no longer true."""
        if self._holds is not None and not self._holds():
            then = self._then
            self.say()
            if then is not None:
                then()
                self.check_message()  # the notice in its place may not be true any more either

    def set_instead(self, words: Words | InfoText = NOTHING) -> None:
        """Sets what a panel or field shows while it is used; it comes before everything else."""
        self._instead = _as_text(words)
        self._update()

    def set_totals(self, totals: Words | InfoText = NOTHING) -> None:
        """Sets the totals of the selection; nothing without one."""
        self._totals = _as_text(totals)
        self._update()

    def set_state(self, state: Words | InfoText = NOTHING, *, at_once: bool = False) -> None:
        """Sets the state of the row under the cursor, shown `REST` seconds after the last call."""
        self._waiting = _as_text(state)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if at_once or not self.is_running:
            self._take_state()
        elif self._waiting != self._state:
            self._timer = self.set_timer(REST, self._take_state)

    def pieces(self, width: int, look: Look) -> list[Piece]:
        muted = look.style("muted")
        left = pieces_of(cut_words(self._drawn.left, width - 2 * _MARGIN), look)
        used = width_of_pieces(left)
        right = pieces_of(self._drawn.right, look)
        gap = width - 2 * _MARGIN - used - width_of_pieces(right)
        if not right or gap < 3:
            return [("  ", muted), *left]
        return [("  ", muted), *left, (" " * gap, muted), *right]

    def _take_state(self) -> None:
        self._timer = None
        self._state = self._waiting
        self._update()

    def _update(self) -> None:
        wanted = next(
            (text for text in (self._instead, self._message, self._totals, self._state) if text.left), NOTHING
        )
        if wanted != self._drawn:
            self._drawn = wanted
            self.refresh()


def _as_text(words: Words | InfoText) -> InfoText:
    return words if isinstance(words, InfoText) else InfoText(tuple(words))
