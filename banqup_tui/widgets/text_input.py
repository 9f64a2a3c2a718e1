"""The text of a one-line field and its editing keys; widgets draw it."""

from __future__ import annotations

from textual import events

from banqup_tui.presentation.formats import shown, tail
from banqup_tui.widgets.strips import Piece, width_of
from banqup_tui.widgets.theme import Ground, Look


class LineEditor:
    """A text with a caret, which counts characters. Only printable characters come in; a paste becomes one line."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.caret = len(text)

    def set(self, text: str) -> None:
        self.text = text
        self.caret = len(text)

    def insert(self, text: str) -> None:
        text = shown(text.replace("\n", " ").replace("\t", " "))
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def take(self, event: events.Key) -> bool:
        """Handles a key. Returns false if it is no editing key."""
        if event.is_printable and event.character:
            self.insert(event.character)
            return True
        edit = _KEYS.get(event.key)
        if edit is None:
            return False
        edit(self)
        return True

    def back(self) -> None:
        if self.caret:
            self.text = self.text[: self.caret - 1] + self.text[self.caret :]
            self.caret -= 1

    def delete(self) -> None:
        self.text = self.text[: self.caret] + self.text[self.caret + 1 :]

    def back_word(self) -> None:
        before_caret = self.text[: self.caret].rstrip()
        start = before_caret.rfind(" ") + 1
        self.text = self.text[:start] + self.text[self.caret :]
        self.caret = start

    def clear_before(self) -> None:
        self.text, self.caret = self.text[self.caret :], 0

    def left(self) -> None:
        self.caret = max(self.caret - 1, 0)

    def right(self) -> None:
        self.caret = min(self.caret + 1, len(self.text))

    def first(self) -> None:
        self.caret = 0

    def last(self) -> None:
        self.caret = len(self.text)

    def hidden_before(self, width: int, *, with_caret: bool = True) -> int:
        """Returns how many characters `pieces` leaves out at the left."""
        whole = shown(self.text)
        visible, width_left = (whole[: self.caret], width - 1) if with_caret else (whole, width)
        return len(visible) - len(tail(visible, width_left)) if width_of(visible) > width_left else 0

    def pieces(self, width: int, look: Look, ground: Ground = "field", *, with_caret: bool = True) -> list[Piece]:
        """Draws the field in exactly `width` cells; of a long text the part around the caret."""
        style, whole = look.style("text", ground), shown(self.text)
        if not with_caret:
            text = whole if width_of(whole) <= width else tail(whole, width)
            return [(text, style), (" " * (width - width_of(text)), style)]
        before, at, after = whole[: self.caret], whole[self.caret : self.caret + 1], whole[self.caret + 1 :]
        before = tail(before, width - 1) if width_of(before) > width - 1 else before
        width_left = width - width_of(before) - max(width_of(at), 1)
        after = after[: max(width_left, 0)]
        pieces = [(before, style), (at or " ", look.caret()), (after, style)]
        return [*pieces, (" " * max(width - sum(width_of(text) for text, _style in pieces), 0), style)]


_KEYS = {
    "backspace": LineEditor.back,
    "delete": LineEditor.delete,
    "ctrl+w": LineEditor.back_word,
    "ctrl+u": LineEditor.clear_before,
    "left": LineEditor.left,
    "right": LineEditor.right,
    "home": LineEditor.first,
    "ctrl+a": LineEditor.first,
    "end": LineEditor.last,
    "ctrl+e": LineEditor.last,
}
