"""Row 1: the path to the place, the applied filter, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.message import Message

from banqup_tui.presentation.formats import cut, shown
from banqup_tui.presentation.signs import sign
from banqup_tui.widgets.one_line import OneLine
from banqup_tui.widgets.strips import Piece, width_of, width_of_pieces
from banqup_tui.widgets.theme import Look

_MARGIN = 2
_GAP = 2


class Title(OneLine):
    """Short of room the first parts of the path go, then the end of the last one."""

    class PartAsked(Message):
        """A part of the path was clicked. `index` counts from the first part given to `set_path`."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, parts: Sequence[str] = (), *, applied_filter: str = "", right: str = "") -> None:
        super().__init__()
        self._shown: tuple[tuple[str, ...], str, str] = (tuple(parts), applied_filter, right)
        self._zones: list[tuple[int, int, int]] = []

    def set_path(self, parts: Sequence[str], *, applied_filter: str = "", right: str = "") -> None:
        """Sets the path, outermost part first. `right` says what is shown, such as `486 documents`."""
        new = (tuple(parts), applied_filter, right)
        if new != self._shown:
            self._shown = new
            self.refresh()

    @property
    def parts(self) -> tuple[str, ...]:
        return self._shown[0]

    def set_right(self, right: str) -> None:
        parts, applied_filter, _right = self._shown
        self.set_path(parts, applied_filter=applied_filter, right=right)

    def pieces(self, width: int, look: Look) -> list[Piece]:
        _parts, _filter, right = self._shown
        muted = look.style("muted")
        right = shown(right)
        width_left = width - 2 * _MARGIN - (width_of(right) + _GAP if right else 0)
        left = self._left(width_left, look)
        gap = width - 2 * _MARGIN - width_of_pieces(left) - width_of(right)
        return [("  ", muted), *left, (" " * max(gap, 0), muted), (right, muted)]

    def _left(self, width_left: int, look: Look) -> list[Piece]:
        parts, applied_filter, _right = self._shown
        names = [shown(part) for part in parts]
        tail = f"  / {shown(applied_filter)}" if applied_filter else ""
        separator = f" {sign('path')} "
        first = 0
        while first < len(names) - 1 and width_of(separator.join(names[first:]) + tail) > width_left:
            first += 1
        shown_names = names[first:]
        if shown_names:
            shown_names[-1] = cut(
                shown_names[-1], max(width_left - width_of(tail), 1) if first else width_left - width_of(tail)
            )
        return self._draw_path(shown_names, first, separator, look) + self._draw_filter(
            shown_names, tail, width_left, look
        )

    def _draw_path(self, shown_names: list[str], first: int, separator: str, look: Look) -> list[Piece]:
        self._zones = []
        column = _MARGIN
        pieces: list[Piece] = []
        for index, name in enumerate(shown_names):
            self._zones.append((column, column + width_of(name), first + index))
            column += width_of(name) + len(separator)
            last = index == len(shown_names) - 1
            pieces.append((name if last else name + separator, self._part_style(look, last)))
        return pieces

    @staticmethod
    def _part_style(look: Look, last: bool) -> Style:
        return look.style("strong", bold=True) if last else look.style("muted")

    @staticmethod
    def _draw_filter(shown_names: list[str], tail: str, width_left: int, look: Look) -> list[Piece]:
        if not tail:
            return []
        space = width_left - width_of(shown_names[-1] if shown_names else "") - 4
        return [("  /", look.style("accent", bold=True)), (f" {cut(tail[4:], space)}", look.style("text"))]

    def on_click(self, event: events.Click) -> None:
        for start, end, index in self._zones:
            if start <= event.x < end:
                event.stop()
                self.post_message(self.PartAsked(index))
                return
