"""A form: a place, not a panel, drawn from declarations of its fields.

Label at column 2, field at 17, 42 wide, then where the value comes from. Settings have two levels: a field that the
firm has filled in shows its value and `from the firm`; typing another makes it `this client`, and emptying it gives
the firm's back. Secrets are kept and never shown. An error stands under the characters it is about.

Letters are letters here: one leaves a field with Tab, arrows or Enter, ticks with Space, presses buttons with Enter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

import msgspec
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from banqup_tui.domain.words import _
from banqup_tui.widgets.editor import LineEditor, unfocused_pieces
from banqup_tui.widgets.focus import QuietFocus, forget_layout_repaint
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import cut, shown
from banqup_tui.widgets.lines import LineBuilder, Piece, width_of
from banqup_tui.widgets.panel import Button, button_at, draw_buttons
from banqup_tui.widgets.signs import SignName, sign
from banqup_tui.widgets.theme import Ground, Look, Token, look_of

FIELD, FIELD_WIDTH = 17, 42
_TEXT = FIELD + 1
_ORIGIN = FIELD + FIELD_WIDTH + 2

Kind = Literal["text", "number", "secret", "boolean", "choice", "choices"]
Value = str | bool | frozenset[str]


class Option(NamedTuple):
    """One of several that can be chosen; `label` is already translated."""

    id: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """`inherited`: the firm's value, None if it has none. `value`: this client's own, None to take the firm's.

    `has_secret`: a secret is kept already, by the client (`value` is then "") or by the firm (`inherited` is "").
    For `boolean`, `hint` is what stands beside the box. `choice` takes an option's id, `choices` a set of them.
    """

    name: str
    label: str
    kind: Kind = "text"
    value: Value | None = None
    inherited: Value | None = None
    options: tuple[Option, ...] = ()
    hint: str = ""
    has_secret: bool = False
    shows_origin: bool = True


class FieldError(NamedTuple):
    """What is wrong with characters `start` to before `end`; with `end` 0, with the field as a whole."""

    sentence: str
    start: int = 0
    end: int = 0


class FormNote(NamedTuple):
    """A line of the result of a test: sign, its colour, words."""

    sign: SignName
    token: Token
    text: str


class _Stop(NamedTuple):
    """A place the focus can be: a field, one of its options, or a button."""

    field: int = -1
    option: int = -1
    button: int = -1


class _Row(NamedTuple):
    """A row of the form: what is drawn there. `kind`: field, option, error, note, buttons or blank."""

    kind: str
    field: int = -1
    option: int = -1
    is_first: bool = False


class Form(QuietFocus):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "step(1)", show=False, id="form.next"),
        Binding("shift+tab,up", "step(-1)", show=False, id="form.previous"),
        Binding("enter", "accept", show=False, id="form.accept"),
        Binding("space", "tick", show=False, id="form.tick"),
        Binding("escape", "leave", show=False, id="form.leave"),
    ]
    DEFAULT_CSS = "Form { width: 1fr; height: 1fr; }"

    class Changed(Message):
        """The value of a field is another: None means that the firm's is taken."""

        def __init__(self, name: str, value: Value | None) -> None:
            super().__init__()
            self.name = name
            self.value = value

    class Entered(Message):
        """One is in another field, or in none (`""`): for the explanation beside the form."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Pressed(Message):
        def __init__(self, button_id: str) -> None:
            super().__init__()
            self.button_id = button_id

    class Left(Message):
        """Escape."""

    def __init__(self, fields: Sequence[Field] = (), buttons: Sequence[Button] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fields: tuple[Field, ...] = ()
        self._buttons: tuple[Button, ...] = tuple(buttons)
        self._button_note = ""
        self._values: dict[str, Value | None] = {}
        self._editors: dict[str, LineEditor] = {}
        self._errors: dict[str, FieldError] = {}
        self._notes: tuple[str, Sequence[FormNote]] = ("", ())
        self._stop = _Stop()
        self._top = 0
        self.set_fields(fields)

    # What it holds

    @property
    def values(self) -> dict[str, Value | None]:
        """By name: this client's own values; None takes the firm's, and of a secret keeps what is kept."""
        return dict(self._values)

    def value_of(self, name: str) -> Value | None:
        """What holds in the end: the client's own value or the firm's."""
        own = self._values.get(name)
        return own if own is not None else next((one.inherited for one in self._fields if one.name == name), None)

    def set_fields(self, fields: Sequence[Field]) -> None:
        """Begin anew with these."""
        self._fields = tuple(fields)
        self._values = {one.name: one.value for one in self._fields}
        self._editors = {one.name: LineEditor(_as_text(one)) for one in self._fields if _is_typed(one)}
        self._errors = {}
        stops = self._stops()
        self._stop = stops[0] if stops else _Stop()
        self._top = 0
        self.refresh()

    def set_buttons(self, buttons: Sequence[Button], note: str = "") -> None:
        """`note` stands after them: why one is disabled."""
        if (tuple(buttons), note) != (self._buttons, self._button_note):
            self._buttons, self._button_note = tuple(buttons), note
            self.refresh()

    def set_errors(self, errors: Mapping[str, FieldError]) -> None:
        if dict(errors) != self._errors:
            self._errors = dict(errors)
            self.refresh()

    def set_notes(self, label: str, notes: Sequence[FormNote]) -> None:
        """The result of a test, before the buttons."""
        self._notes = (label, tuple(notes))
        self.refresh()

    @property
    def field(self) -> str:
        """The name of the field one is in."""
        return self._fields[self._stop.field].name if self._stop.field >= 0 else ""

    def footer_keys(self) -> Sequence[FooterKey]:
        """What works at the place one is."""
        is_box = self._stop.option >= 0
        return [
            FooterKey("Tab", _("Next field")),
            FooterKey("Space", _("Tick"), is_box),
            FooterKey("Enter", _("Confirm")),
        ]

    def go_to(self, name: str) -> None:
        """Put the focus into a field: the first with an error, say."""
        for stop in self._stops():
            if stop.field >= 0 and self._fields[stop.field].name == name:
                self._go(stop)
                return

    # Rows

    @property
    def _is_airy(self) -> bool:
        return self.size.height >= 24

    def _rows(self) -> list[_Row]:
        rows: list[_Row] = []
        before_boxes = False
        for index, field in enumerate(self._fields):
            has_boxes = not _is_typed(field)
            if rows and (self._is_airy or has_boxes or before_boxes) and rows[-1].kind != "blank":
                rows.append(_Row("blank"))
            rows += self._rows_of(index, field)
            before_boxes = has_boxes
        if self._is_airy:
            rows.insert(0, _Row("blank"))
        if self._notes[1]:
            rows.append(_Row("blank"))
            rows += [_Row("note", option=index, is_first=not index) for index in range(len(self._notes[1]))]
        return [*rows, _Row("blank"), _Row("buttons")] if self._buttons else rows

    def _rows_of(self, index: int, field: Field) -> list[_Row]:
        if _is_typed(field):
            rows = [_Row("field", index)]
        else:
            count = max(len(field.options), 1)
            rows = [_Row("option", index, option, not option) for option in range(count)]
        return [*rows, _Row("error", index)] if field.name in self._errors else rows

    def _stops(self) -> list[_Stop]:
        stops: list[_Stop] = []
        for index, field in enumerate(self._fields):
            if _is_typed(field):
                stops.append(_Stop(index))
            else:
                stops += [_Stop(index, option) for option in range(max(len(field.options), 1))]
        return stops + [_Stop(button=index) for index, one in enumerate(self._buttons) if one.enabled]

    # Drawing

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        line = LineBuilder(look.style("text"))
        rows = self._rows()
        index = self._top + y
        if index < len(rows):
            self._draw_row(line, rows[index], look)
        return line.strip(self.size.width)

    def _draw_row(self, line: LineBuilder, row: _Row, look: Look) -> None:
        match row.kind:
            case "field":
                self._draw_field(line, row.field, look)
            case "option":
                self._draw_option(line, row, look)
            case "error":
                self._draw_error(line, self._fields[row.field], look)
            case "note":
                self._draw_note(line, row, look)
            case "buttons":
                focused = self._stop.button if self.has_focus and self._stop.button >= 0 else None
                draw_buttons(line, self._buttons, focused, look, "bg")
                if self._button_note:
                    room = self.size.width - line.column - 4
                    line.at(line.column + 2).put(cut(self._button_note, room), look.style("muted"))

    def _draw_label(self, line: LineBuilder, field: Field, is_here: bool, look: Look) -> None:
        style = look.style("strong", bold=True) if is_here else look.style("muted")
        line.at(2).put(cut(shown(field.label), FIELD - 3), style)

    def _draw_field(self, line: LineBuilder, index: int, look: Look) -> None:
        field = self._fields[index]
        is_here = self._stop == _Stop(index) and self.has_focus
        own = self._values[field.name]
        self._draw_label(line, field, self._stop.field == index, look)
        ground: Ground = "field" if is_here or not look.has_grounds else "surface"
        style = look.style("text" if own is not None or is_here else "muted", ground)
        line.at(FIELD).put(" ", style)
        for text, piece in self._field_pieces(field, is_here, style, look, ground):
            line.put(text, piece)
        line.put(" ", style)
        self._draw_origin(line, field, look)

    def _field_pieces(self, field: Field, is_here: bool, style: Style, look: Look, ground: Ground) -> list[Piece]:
        width = FIELD_WIDTH - 2
        editor = self._editors[field.name]
        if field.kind == "secret":
            hidden = LineEditor("*" * len(editor.text))
            hidden.caret = editor.caret
            if not editor.text and field.has_secret and not is_here:
                return unfocused_pieces(_("kept, never shown"), width, look.style("muted", ground))
            return hidden.pieces(width, style, look.caret() if is_here else None)
        error = self._errors.get(field.name)
        wrong = look.style("error", ground, underline=True)
        marks = [(error.start, error.end, wrong)] if error is not None and error.end else []
        if is_here:
            return editor.pieces(width, style, look.caret(), marks)
        if width_of(shown(editor.text)) > width:
            return unfocused_pieces(cut(shown(editor.text), width), width, style)
        return editor.pieces(width, style, None, marks) if marks else unfocused_pieces(editor.text, width, style)

    def _draw_origin(self, line: LineBuilder, field: Field, look: Look) -> None:
        if not field.shows_origin:
            return
        own = self._values[field.name]
        if own is not None and (own != "" or field.kind == "secret"):
            line.at(_ORIGIN).put(_("this client"), look.style("text"))
        elif field.inherited is not None:
            line.at(_ORIGIN).put(_("from the firm"), look.style("muted"))

    def _draw_option(self, line: LineBuilder, row: _Row, look: Look) -> None:
        field = self._fields[row.field]
        is_here = self._stop == _Stop(row.field, row.option) and self.has_focus
        if row.is_first:
            self._draw_label(line, field, self._stop.field == row.field, look)
        label = field.options[row.option].label if field.options else field.hint
        box = "[x] " if self._is_ticked(field, row.option) else "[ ] "
        style = look.style("text", "cursor") if is_here else look.style("text")
        text = box + cut(shown(label), self.size.width - _TEXT - 7)
        if is_here:
            line.at(_TEXT - 1).put(f" {text} ", style)
        else:
            line.at(_TEXT).put(text, style)
        if row.is_first and field.options:
            line.at(max(_ORIGIN, line.column + 2))
            self._draw_origin(line, field, look)

    def _draw_error(self, line: LineBuilder, field: Field, look: Look) -> None:
        error = self._errors[field.name]
        style = look.style("error")
        sentence = shown(error.sentence)
        if not error.end:
            line.at(_TEXT).put(cut(sentence, self.size.width - _TEXT - 2), style)
            return
        editor = self._editors.get(field.name) or LineEditor()
        scrolled = editor.offset_in(FIELD_WIDTH - 2) if self._fields[self._stop.field] is field else 0
        text = shown(editor.text)
        start = _TEXT + max(width_of(text[: error.start]) - scrolled, 0)
        carets = "^" * max(width_of(text[error.start : error.end]), 1)
        room = self.size.width - 2 - start - len(carets) - 1
        if width_of(sentence) > room and start - 3 > room:
            line.put_right(start - 1, cut(sentence, start - 3), style).at(start).put(carets, style)
        else:
            line.at(start).put(f"{carets} {cut(sentence, max(room, 0))}", style)

    def _draw_note(self, line: LineBuilder, row: _Row, look: Look) -> None:
        label, notes = self._notes
        note = notes[row.option]
        if row.is_first:
            line.at(2).put(label, look.style("muted"))
        line.at(_TEXT).put(sign(note.sign), look.style(note.token, bold=note.token == "error"))
        line.put(" " + cut(shown(note.text), self.size.width - _TEXT - 4), look.style("text"))

    def _is_ticked(self, field: Field, option: int) -> bool:
        value = self.value_of(field.name)
        if field.kind == "boolean":
            return value is True
        chosen = field.options[option].id
        return chosen in value if isinstance(value, frozenset) else value == chosen

    # Moving

    def _go(self, stop: _Stop) -> None:
        before, self._stop = self._stop, stop
        self._scroll_to_stop()
        self.refresh()
        if before.field != stop.field:
            self.post_message(self.Entered(self.field))

    def _scroll_to_stop(self) -> None:
        rows = self._rows()
        here = next((index for index, row in enumerate(rows) if self._is_at(row)), 0)
        last = min(here + 1, len(rows) - 1)
        height = max(self.size.height, 1)
        self._top = max(min(self._top, here), last - height + 1, 0)
        self._top = min(self._top, max(len(rows) - height, 0))

    def _is_at(self, row: _Row) -> bool:
        stop = self._stop
        if stop.button >= 0:
            return row.kind == "buttons"
        return row.kind in ("field", "option") and (row.field, row.option) == (stop.field, stop.option)

    # Actions

    def action_step(self, direction: int) -> None:
        """The next field, option or button; over the ends one leaves to what Textual focuses next."""
        stops = self._stops()
        if stops:
            here = stops.index(self._stop) if self._stop in stops else 0
            self._go(stops[(here + direction) % len(stops)])

    def action_accept(self) -> None:
        """Press the button; in a field, go on to the next."""
        if self._stop.button >= 0:
            self.post_message(self.Pressed(self._buttons[self._stop.button].id))
        else:
            self.action_step(1)

    def action_tick(self) -> None:
        if self._stop.button >= 0:
            self.action_accept()
        elif self._stop.option >= 0:
            self._tick(self._fields[self._stop.field], self._stop.option)

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def _tick(self, field: Field, option: int) -> None:
        value = self.value_of(field.name)
        new: Value
        if field.kind == "boolean":
            new = value is not True
        elif field.kind == "choice":
            new = field.options[option].id
        else:
            new = (value if isinstance(value, frozenset) else frozenset()) ^ {field.options[option].id}
        self._set(field, new)

    def _set(self, field: Field, value: Value | None) -> None:
        self._values[field.name] = value
        self._errors.pop(field.name, None)
        self.refresh()
        self.post_message(self.Changed(field.name, value))

    def _typed(self, field: Field) -> None:
        text = self._editors[field.name].text
        takes_firms = not text and (field.inherited is not None or field.kind == "secret")
        self._set(field, None if takes_firms or text == field.inherited else text)

    # Events

    def check_consume_key(self, key: str, character: str | None) -> bool:
        in_text = self._stop.field >= 0 and self._stop.option < 0
        return in_text and LineEditor.consumes(key, character)

    def on_key(self, event: events.Key) -> None:
        if self._stop.field < 0 or self._stop.option >= 0:
            return
        field = self._fields[self._stop.field]
        editor = self._editors[field.name]
        if field.kind == "number" and _is_letter(event.character):
            event.stop()
            event.prevent_default()
            return
        before = editor.text
        if editor.handle(event):
            event.stop()
            event.prevent_default()
            if editor.text != before:
                self._typed(field)
            self.refresh()

    def on_paste(self, event: events.Paste) -> None:
        if self._stop.field >= 0 and self._stop.option < 0:
            event.stop()
            field = self._fields[self._stop.field]
            self._editors[field.name].insert(event.text)
            self._typed(field)

    def on_blur(self, event: events.Blur) -> None:
        """An emptied field shows the firm's value again."""
        for field in self._fields:
            if _is_typed(field) and self._values[field.name] is None and field.kind != "secret":
                self._editors[field.name].set(_text(field.inherited))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        rows = self._rows()
        index = self._top + event.y
        if index >= len(rows):
            return
        row = rows[index]
        if row.kind == "buttons":
            button = button_at(self._buttons, event.x)
            if button is not None and button.enabled:
                self.post_message(self.Pressed(button.id))
        elif row.kind in ("field", "option"):
            self._go(_Stop(row.field, row.option))
            if row.kind == "option":
                self._tick(self._fields[row.field], row.option)

    def on_resize(self, event: events.Resize) -> None:
        forget_layout_repaint(self)
        self._scroll_to_stop()
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(-3)

    def _wheel(self, lines: int) -> None:
        top = min(max(self._top + lines, 0), max(len(self._rows()) - self.size.height, 0))
        if top != self._top:
            self._top = top
            self.refresh()


def _is_typed(field: Field) -> bool:
    return field.kind in ("text", "number", "secret")


def _is_letter(character: str | None) -> bool:
    return character is not None and character.isprintable() and character not in "0123456789-.,"


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _as_text(field: Field) -> str:
    if field.kind == "secret":
        return ""
    return _text(field.value if field.value is not None else field.inherited)
