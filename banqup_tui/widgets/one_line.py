"""Base class of widgets that are one row high, and words in colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from banqup_tui.presentation.formats import cut, shown
from banqup_tui.widgets.focus import forget_layout_repaint
from banqup_tui.widgets.strips import Piece, strip_of, width_of
from banqup_tui.widgets.theme import Ground, Look, Token, look_of


class Word(NamedTuple):
    """A text in a colour. It is never read as markup."""

    text: str
    token: Token = "text"
    bold: bool = False


Words = Sequence[Word]


def pieces_of(words: Words, look: Look, ground: Ground = "bg") -> list[Piece]:
    return [(shown(word.text), look.style(word.token, ground, bold=word.bold)) for word in words]


def cut_words(words: Words, width: int) -> list[Word]:
    """Returns as many words as fit in `width` cells; the last one is cut."""
    result: list[Word] = []
    for word in words:
        text = shown(word.text)
        if width_of(text) > width:
            if width > 0:
                result.append(word._replace(text=cut(text, width)))
            break
        result.append(word._replace(text=text))
        width -= width_of(text)
    return result


class OneLine(Widget):
    """A widget of one row. It is repainted only by `refresh`."""

    DEFAULT_CSS = "OneLine { width: 1fr; height: 1; }"

    ground: ClassVar[Ground] = "bg"

    def pieces(self, width: int, look: Look) -> list[Piece]:
        """Returns what the row shows in `width` cells; the rest of the row stays empty."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        blank = look.style("text", self.ground)
        return strip_of(self.pieces(self.size.width, look) if y == 0 else [], self.size.width, blank)

    def on_resize(self, event: events.Resize) -> None:
        forget_layout_repaint(self)
