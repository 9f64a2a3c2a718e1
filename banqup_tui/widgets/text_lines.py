"""Lines as data: texts at columns, which `Page` draws in the look of the terminal."""

from __future__ import annotations

from typing import NamedTuple

from banqup_tui.presentation.formats import cut, shown, wrapped
from banqup_tui.widgets.theme import Ground, Token


class TextPut(NamedTuple):
    """A text from `column` on or, with `right`, ending before it. `ground` is one of its own, as buttons have."""

    column: int
    text: str
    token: Token = "text"
    bold: bool = False
    right: bool = False
    underline: bool = False
    ground: Ground | None = None


Line = tuple[TextPut, ...]

BLANK: Line = ()


def left(column: int, text: str, token: Token = "text", *, bold: bool = False) -> TextPut:
    return TextPut(column, shown(text), token, bold)


def right(end: int, text: str, token: Token = "text", *, bold: bool = False) -> TextPut:
    return TextPut(end, shown(text), token, bold, right=True)


def fitted(column: int, end: int, text: str, token: Token = "text", *, bold: bool = False) -> TextPut:
    """Returns a text that is cut to end before `end`."""
    return TextPut(column, cut(shown(text), max(end - column, 1)), token, bold)


def paragraph(column: int, end: int, text: str, token: Token = "text") -> list[Line]:
    """Returns a text on as many lines as it needs between two columns."""
    return [(left(column, part, token),) for part in wrapped(shown(text), max(end - column, 8))]


def labelled(label: str, column: int, end: int, text: str, *, at: int = 0, token: Token = "text") -> list[Line]:
    """Returns a muted label with a text beside it, which wraps under itself."""
    lines = paragraph(column, end, text, token)
    return [(left(at, label, "muted"), *lines[0]), *lines[1:]]
