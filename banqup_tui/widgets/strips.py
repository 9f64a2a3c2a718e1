"""Builds the strips that Textual sends, with as few segments as possible.

The terminal is sent colours and a reset for every segment, so a space takes the style of the text before it wherever
that cannot be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from banqup_tui.presentation.formats import shown
from banqup_tui.presentation.widths import width_of as width_of

Piece = tuple[str, Style]


def width_of_pieces(pieces: Iterable[Piece]) -> int:
    return sum(width_of(text) for text, _ in pieces)


def strip_of(pieces: Sequence[Piece], width: int, blank: Style) -> Strip:
    """Returns a line of exactly `width` cells: too long is cut, the rest is filled in the style `blank`.

    Everything that is drawn passes here. A control character that a caller forgot to remove from a stranger's text is
    removed, because the terminal would obey it.
    """
    fitted = _fitted([(harmless(text), style) for text, style in pieces], width)
    missing = width - width_of_pieces(fitted)
    if missing > 0:
        fitted.append((" " * missing, blank))
    return Strip([Segment(text, style) for text, style in joined(fitted)], width)


def harmless(text: str) -> str:
    """Returns the text without control characters, at no cost for a text that has none."""
    return text if text.isprintable() else shown(text)


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Returns the same line in the fewest pieces that look the same."""
    result: list[Piece] = []
    for text, style in pieces:
        if not text:
            continue
        if result:
            before, before_style = result[-1]
            if style is before_style or style == before_style or (_is_blank(text) and _same_blank(style, before_style)):
                result[-1] = (before + text, before_style)
                continue
            if _is_blank(before) and _same_blank(style, before_style):
                result[-1] = (before + text, style)
                continue
        result.append((text, style))
    return result


def _is_blank(text: str) -> bool:
    return text.isspace() and text.strip(" \u00a0") == ""


def _same_blank(style: Style, other: Style) -> bool:
    """Returns whether a space looks the same in both styles."""
    return (
        style.bgcolor == other.bgcolor
        and bool(style.underline) == bool(other.underline)
        and bool(style.reverse) == bool(other.reverse)
    )


def _fitted(pieces: Sequence[Piece], width: int) -> list[Piece]:
    result: list[Piece] = []
    width_left = width
    for text, style in pieces:
        length = width_of(text)
        if length > width_left:
            if width_left > 0:
                result.append((set_cell_size(text, width_left), style))
            break
        result.append((text, style))
        width_left -= length
    return result


class LineBuilder:
    """Puts texts at columns, from left to right; overlapping texts are pushed right."""

    __slots__ = ("_blank", "column", "pieces")

    def __init__(self, blank: Style) -> None:
        self._blank = blank
        self.pieces: list[Piece] = []
        self.column = 0

    def at(self, column: int) -> LineBuilder:
        if column > self.column:
            self.pieces.append((" " * (column - self.column), self._blank))
            self.column = column
        return self

    def put(self, text: str, style: Style) -> LineBuilder:
        if text:
            # Before it is measured, because removed characters leave a blank.
            text = harmless(text)
            self.pieces.append((text, style))
            self.column += width_of(text)
        return self

    def put_right(self, end: int, text: str, style: Style) -> LineBuilder:
        """Puts `text` so that it ends before column `end`."""
        text = harmless(text)
        return self.at(end - width_of(text)).put(text, style)

    def strip(self, width: int) -> Strip:
        return strip_of(self.pieces, width, self._blank)
