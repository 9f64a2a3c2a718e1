"""A line of text one can edit: the text, the caret, the keys. Drawn by the widget that has it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events

from banqup_tui.widgets.formats import head, shown
from banqup_tui.widgets.lines import Piece, width_of

_EDITING = {
    "left", "right", "home", "end", "backspace", "delete", "ctrl+a", "ctrl+e", "ctrl+h", "ctrl+w", "ctrl+u",
    "ctrl+k", "ctrl+left", "ctrl+right",
}  # fmt: skip


class LineEditor:
    """Letters are letters here; the caret moves by characters and words. `limit`: most characters taken."""

    def __init__(self, text: str = "", *, limit: int = 2000) -> None:
        self.text = text
        self.caret = len(text)
        self.limit = limit

    def set(self, text: str) -> None:
        self.text = text
        self.caret = len(text)

    @staticmethod
    def consumes(key: str, character: str | None) -> bool:
        """True if `handle` would take this key."""
        return key in _EDITING or (character is not None and character.isprintable())

    def handle(self, event: events.Key) -> bool:
        """Do what the key says; False if it is no key of a field."""
        if event.key in _EDITING:
            self._edit(event.key)
            return True
        if event.character is not None and event.character.isprintable():
            self.insert(event.character)
            return True
        return False

    def insert(self, text: str) -> None:
        """Type or paste; line breaks and controls become blanks."""
        text = shown(text.replace("\r\n", " ").strip("\n"))[: max(self.limit - len(self.text), 0)]
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def _edit(self, key: str) -> None:
        match key:
            case "left":
                self.caret = max(self.caret - 1, 0)
            case "right":
                self.caret = min(self.caret + 1, len(self.text))
            case "home" | "ctrl+a":
                self.caret = 0
            case "end" | "ctrl+e":
                self.caret = len(self.text)
            case "ctrl+left":
                self.caret = self._word_before()
            case "ctrl+right":
                self.caret = self._word_after()
            case "backspace" | "ctrl+h":
                self._delete(max(self.caret - 1, 0), self.caret)
            case "delete":
                self._delete(self.caret, self.caret + 1)
            case "ctrl+w":
                self._delete(self._word_before(), self.caret)
            case "ctrl+u":
                self._delete(0, self.caret)
            case "ctrl+k":
                self._delete(self.caret, len(self.text))

    def _delete(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.caret = start

    def _word_before(self) -> int:
        at = self.caret
        while at and self.text[at - 1] == " ":
            at -= 1
        while at and self.text[at - 1] != " ":
            at -= 1
        return at

    def _word_after(self) -> int:
        at = self.caret
        while at < len(self.text) and self.text[at] == " ":
            at += 1
        while at < len(self.text) and self.text[at] != " ":
            at += 1
        return at

    def offset_in(self, width: int) -> int:
        """How many cells are scrolled away at the left so that the caret is seen in `width` cells."""
        return max(width_of(shown(self.text[: self.caret])) - width + 1, 0)

    def pieces(
        self, width: int, style: Style, caret: Style | None, marks: Sequence[tuple[int, int, Style]] = ()
    ) -> list[Piece]:
        """The field in exactly `width` cells. `marks`: (start, end, style) of characters that are pointed out."""
        scrolled = self.offset_in(width)
        pieces: list[Piece] = []
        used = -scrolled
        for index, character in enumerate([*shown(self.text), " "]):
            cells = width_of(character)
            if used >= 0 and used + cells <= width:
                pieces.append((character, self._style_at(index, style, caret, marks)))
            elif used < 0 < used + cells:
                pieces.append((" " * (used + cells), style))
            used += cells
        used = sum(width_of(text) for text, _style in pieces)
        if used < width:
            pieces.append((" " * (width - used), style))
        return pieces

    def _style_at(
        self, index: int, style: Style, caret: Style | None, marks: Sequence[tuple[int, int, Style]]
    ) -> Style:
        if caret is not None and index == self.caret:
            return caret
        return next((mark for start, end, mark in marks if start <= index < end), style)


def unfocused_pieces(text: str, width: int, style: Style) -> list[Piece]:
    """A field one is not in: its beginning."""
    beginning = head(shown(text), width)
    return [(beginning + " " * (width - width_of(beginning)), style)]
