"""The elements of a form: fields with their texts, boxes to tick, and lines of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from rich.style import Style

from banqup_tui.presentation.formats import cut, shown
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.strips import Piece, width_of
from banqup_tui.widgets.text_input import LineEditor
from banqup_tui.widgets.theme import Ground, Look

FIELD, FIELD_WIDTH, ORIGIN = 17, 42, 61
TEXT_WIDTH = FIELD_WIDTH - 2
"""The columns of a form: where fields begin, their width, where origins begin, and the cells of a field's text."""

YES, NO = "true", "false"
_MASK = "*"

Kind = Literal["text", "secret", "tick", "choice", "sign-in"]
UNSEEN: tuple[Kind, ...] = ("secret", "sign-in")
"""Kinds of fields whose value is never shown."""


class Wrong(NamedTuple):
    """An error between two characters of a field. `names_right`: its sentence already names a correct value."""

    start: int
    end: int
    sentence: str
    names_right: bool = False


class FormField(NamedTuple):
    """A field, as it is declared.

    Attributes:
        kind: A `secret` is masked, a `choice` takes one of `choices`, a `tick` is `true` or `false`; a `sign-in` is not
            typed, and shows whether the user has signed in.
        own: The value of this level, `None` if it has none; `inherited` is used then.
        stored: Whether a secret or sign-in is stored; it is replaced only by a new one.
        check: Returns what is wrong with a text.
        has_levels: Whether the origin of the value is shown.
        example: A correct value, shown beside an error and under the empty field.
        empty_word: A word at the right of the field while it is empty, if it may be.
    """

    name: str
    label: str
    kind: Kind = "text"
    own: str | None = None
    inherited: str | None = None
    stored: bool = False
    choices: Sequence[str] = ()
    required: bool = False
    check: Callable[[str], Wrong | None] | None = None
    has_levels: bool = True
    example: str = ""
    empty_word: str = ""


class Ticks(NamedTuple):
    """A group of boxes under a label: id, label and whether it is ticked. If `required` one of them must be."""

    name: str
    label: str
    boxes: Sequence[tuple[str, str, bool]]
    required: bool = False


class Report(NamedTuple):
    """A line of the result of a test; `ok` is `None` if it only informs."""

    ok: bool | None
    sentence: str


class FieldState:
    """A field while it is filled in. `problem` is what the service finds wrong, until the text changes."""

    def __init__(self, field: FormField) -> None:
        self.field = field
        self.editor = LineEditor(_first_text(field))
        self.is_touched = False
        self.problem = ""

    @property
    def text(self) -> str:
        return self.editor.text

    def touch(self) -> None:
        self.is_touched, self.problem = True, ""

    def paste(self, text: str) -> None:
        """Inserts a pasted text. A secret keeps its line breaks, which a private key needs; nobody sees them."""
        editor = self.editor
        if self.field.kind == "secret":
            editor.text = editor.text[: editor.caret] + text + editor.text[editor.caret :]
            editor.caret += len(text)
        else:
            editor.insert(text)

    def wrong(self) -> Wrong | None:
        problem = self.field.check(self.text) if self.field.check is not None and self.text else None
        return problem or (Wrong(0, len(self.text), self.problem) if self.problem else None)

    def is_missing(self) -> bool:
        return self.field.required and not self.field.stored and not self.text.strip()

    def changes(self) -> Iterator[str | None]:
        """Yields its own value (`None` if inherited or empty), or nothing if there is nothing to save."""
        field, text = self.field, self.text.strip()
        if field.kind in UNSEEN:
            if self.is_touched and text:
                yield text
        elif text != (field.inherited or "") or field.own is not None:
            yield text if text and text != field.inherited else None

    def original_value(self) -> Iterator[str | None]:
        """Yields its own value before anything was typed, unless it had none or one that is never shown."""
        if self.field.own and self.field.kind not in UNSEEN:
            yield self.field.own

    def cycle(self, step: int) -> None:
        """Moves to the next choice, or toggles the box."""
        choices = self.field.choices if self.field.kind == "choice" else (YES, NO)
        at = choices.index(self.text) if self.text in choices else 1 if self.field.kind == "tick" else -1
        if choices:
            self.editor.set(choices[(at + step) % len(choices)])

    def origin(self) -> tuple[str, bool]:
        """Returns where the value comes from, in words, and whether it is of this level."""
        field, text = self.field, self.text
        if not text and not field.stored and field.empty_word:
            return field.empty_word, False
        if not field.has_levels:
            return "", False
        if field.kind in UNSEEN:
            if text or (field.stored and field.own is not None):
                return _("this client"), True
            return (_("from the firm"), False) if field.stored else ("", False)
        if not text:
            return "", False
        own = text != (field.inherited or "")
        return (_("this client"), True) if own else (_("from the firm"), False)

    @property
    def is_signed_in(self) -> bool:
        return bool(self.text) or self.field.stored

    # drawing

    def pieces(self, look: Look, is_focused: bool) -> list[Piece]:
        ground: Ground = "field" if is_focused else "surface"
        editor, field = self.editor, self.field
        if field.kind == "secret" and not editor.text:
            words = _("kept, never shown") if field.stored else ""
            caret: list[Piece] = [(" ", look.caret())] if is_focused and not words else []
            return [*caret, (words.ljust(TEXT_WIDTH - len(caret)), look.style("muted", ground))]
        if field.kind == "sign-in":
            stored = _("signed in") if field.stored else _("not signed in")
            words = _("signed in, not kept yet") if editor.text else stored
            return [
                (cut(words, TEXT_WIDTH).ljust(TEXT_WIDTH), look.style("text" if self.is_signed_in else "muted", ground))
            ]
        if field.kind == "choice":
            return _choice_pieces(editor.text, look.style("text", ground), is_focused)
        visible = LineEditor(_MASK * len(editor.text)) if field.kind == "secret" else editor
        visible.caret = editor.caret
        pieces = visible.pieces(TEXT_WIDTH, look, ground, with_caret=is_focused)
        if field.kind == "text" and editor.text == (field.inherited or "") and not is_focused:
            return [(text, look.style("muted", ground)) for text, _style in pieces]
        return self._with_error(pieces, look, is_focused)

    def columns_of(self, wrong: Wrong, is_focused: bool) -> tuple[int, int]:
        """Returns the cells of the wrong characters, counted from the field's first; `(0, 0)` if they are hidden."""
        hidden = self.editor.hidden_before(TEXT_WIDTH, with_caret=is_focused)
        text = shown(self.text)
        if wrong.end <= hidden:
            return 0, 0
        start = max(wrong.start, hidden)
        begin = width_of(text[hidden:start])
        return min(begin, TEXT_WIDTH), min(begin + width_of(text[start : wrong.end]), TEXT_WIDTH)

    def _with_error(self, pieces: list[Piece], look: Look, is_focused: bool) -> list[Piece]:
        wrong = self.wrong()
        if wrong is None or self.field.kind == "secret":
            return pieces
        begin, end = self.columns_of(wrong, is_focused)
        error = look.style("error", "field" if is_focused else "surface", underline=True)
        result: list[Piece] = []
        at = 0
        for text, style in pieces:
            for letter in text:
                is_caret = style == look.caret()
                result.append((letter, error if begin <= at < end and not is_caret else style))
                at += width_of(letter)
        return result


def _first_text(field: FormField) -> str:
    if field.kind in UNSEEN:
        return ""
    return field.own if field.own is not None else field.inherited or ""


def _choice_pieces(text: str, style: Style, is_focused: bool) -> list[Piece]:
    """Draws the chosen value, with arrows that say that left and right change it."""
    arrows = f" {sign('left')}{sign('right')}" if is_focused else "   "
    width_left = TEXT_WIDTH - width_of(arrows)
    chosen = cut(shown(text), width_left)
    return [(chosen, style), (" " * (width_left - width_of(chosen)), style), (arrows, style)]
