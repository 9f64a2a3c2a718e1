"""A form as a place: labels, fields and where each value comes from, ticks, and buttons that say what they do.

`FormView` knows fields, not settings: it is given declarations and tells the texts back. Columns: label at 2, field at
17 and 42 wide, origin at 61.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.editing import Editing
from banqup_tui.widgets.focus import QuietFocus
from banqup_tui.widgets.lines import LineBuilder, Piece, width_of
from banqup_tui.widgets.lines_of_text import fitted
from banqup_tui.widgets.page import draw
from banqup_tui.widgets.theme import Ground, Look, look_of
from banqup_tui.written.formats import cut, shown, wrapped
from banqup_tui.written.signs import sign
from banqup_tui.written.words import _

FIELD, FIELD_WIDTH, ORIGIN = 17, 42, 61
_AIRY_FROM = 26
_MASK = "*"

Kind = Literal["text", "secret", "tick", "choice"]


class Wrong(NamedTuple):
    """What is wrong between two characters of a field."""

    start: int
    end: int
    sentence: str


class Field(NamedTuple):
    """`own` is this level's value, None where it has none; `inherited` shows where it comes from then.

    A secret that is `kept` is shown as such, replaced only by what is typed. A `choice` takes one of `choices`.
    """

    name: str
    label: str
    kind: Kind = "text"
    own: str | None = None
    inherited: str | None = None
    kept: bool = False
    choices: Sequence[str] = ()
    required: bool = False
    check: Callable[[str], Wrong | None] | None = None
    has_levels: bool = True


class Ticks(NamedTuple):
    """Several boxes under one label: (id, label, ticked)."""

    name: str
    label: str
    boxes: Sequence[tuple[str, str, bool]]


class Report(NamedTuple):
    """One line of what a test has found."""

    ok: bool
    sentence: str


class _Stop(NamedTuple):
    """Where the keyboard can stand: a field, a box of ticks, a button."""

    kind: Literal["field", "box", "button"]
    name: str
    box: str = ""


class _Row(NamedTuple):
    stop: _Stop | None = None
    label: str = ""
    under: str = ""
    under_at: int = 0
    is_buttons: bool = False
    report: Report | None = None
    text: str = ""


class FormView(QuietFocus, ScrollView):
    """Tab and arrows move between fields, Space ticks, Enter goes on or presses the button one is on."""

    DEFAULT_CSS = "FormView { width: 1fr; height: 1fr; scrollbar-size: 0 0; overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "step(1)", show=False, id="form.next"),
        Binding("shift+tab,up", "step(-1)", show=False, id="form.previous"),
        Binding("enter", "enter", show=False, id="form.enter"),
    ]

    class Pressed(Message):
        def __init__(self, button: str) -> None:
            super().__init__()
            self.button = button

    class Changed(Message):
        """A value has changed; `name` is the field's or the ticks'."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Stopped(Message):
        """The keyboard stands on another field, box or button; `name` as declared."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fields: tuple[Field, ...] = ()
        self._ticks: tuple[Ticks, ...] = ()
        self._buttons: tuple[Button, ...] = ()
        self._texts: dict[str, Editing] = {}
        self._touched: set[str] = set()
        self._ticked: dict[str, set[str]] = {}
        self._report: tuple[str, tuple[Report, ...]] = ("", ())
        self._remark = ""
        self._at = 0
        self._rows: list[_Row] = []

    # what it holds

    def fill(self, fields: Iterable[Field], ticks: Iterable[Ticks], buttons: Iterable[Button]) -> None:
        self._fields, self._ticks, self._buttons = tuple(fields), tuple(ticks), tuple(buttons)
        self._texts = {field.name: Editing(_first_text(field)) for field in self._fields}
        self._ticked = {group.name: {id_ for id_, _label, on in group.boxes if on} for group in self._ticks}
        self._at = 0
        self._rebuild()

    def set_buttons(self, buttons: Iterable[Button], remark: str = "") -> None:
        """`remark` stands beside the buttons: why one of them cannot be pressed."""
        self._buttons, self._remark = tuple(buttons), remark
        self._rebuild()

    def set_report(self, label: str, lines: Iterable[Report]) -> None:
        self._report = (label, tuple(lines))
        self._rebuild()

    def own_values(self) -> Mapping[str, str | None]:
        """Of every field that was touched, or had an own value: its text, None where it is as inherited or empty."""
        found: dict[str, str | None] = {}
        for field in self._fields:
            text = self._texts[field.name].text.strip()
            if field.kind == "secret":
                if field.name in self._touched and text:
                    found[field.name] = text
            elif text != (field.inherited or "") or field.own is not None:
                found[field.name] = text if text and text != field.inherited else None
        return found

    def ticked(self, name: str) -> frozenset[str]:
        return frozenset(self._ticked.get(name, ()))

    def first_wrong(self) -> str | None:
        """The label of the first field that cannot stay as it is."""
        for field in self._fields:
            if self._wrong(field) is not None or self._is_missing(field):
                return field.label
        return None

    @property
    def stop_name(self) -> str:
        stops = self._stops()
        return stops[self._at].name if stops else ""

    @property
    def takes_text(self) -> bool:
        """Letters are letters where one stands."""
        stops = self._stops()
        return bool(stops) and stops[self._at].kind == "field"

    def footer(self) -> tuple[tuple[str, str], ...]:
        """The keys that work where one stands."""
        stops = self._stops()
        stop = stops[self._at] if stops else None
        if stop is None or stop.kind == "button":
            label = next((one.label for one in self._buttons if stop is not None and one.id == stop.name), "")
            return ("Tab", _("Next field")), ("Enter", label)
        if stop.kind == "box":
            return ("Tab", _("Next field")), (_("Space"), _("Tick"))
        if self._field(stop.name).kind == "choice":
            return ("Tab", _("Next field")), (sign("left") + sign("right"), _("Other choice"))
        return (("Tab", _("Next field")),)

    # drawing

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        at = y + self.scroll_offset.y
        row = self._rows[at] if at < len(self._rows) else _Row()
        line = LineBuilder(look.style("text"))
        if row.is_buttons:
            return self._draw_buttons(look, width)
        here = row.stop is not None and self._stands_on(row.stop)
        if row.label:
            style = look.style("strong", bold=True) if here else look.style("muted")
            line.at(2).put(cut(shown(row.label), FIELD - 2), style)
        if row.stop is not None and row.stop.kind == "field":
            self._draw_field(line, self._field(row.stop.name), look, here)
        elif row.stop is not None:
            self._draw_box(line, row.stop, look, here, width)
        elif row.report is not None:
            mark = sign("done" if row.report.ok else "error")
            line.at(FIELD + 1).put(mark, look.style("ok" if row.report.ok else "error"))
            line.put(f" {shown(row.report.sentence)}", look.style("text"))
        elif row.under:
            line.at(row.under_at).put(row.under, look.style("error"))
        elif row.text:
            line.at(FIELD + 1).put(shown(row.text), look.style("muted"))
        return line.strip(width)

    def _draw_field(self, line: LineBuilder, field: Field, look: Look, here: bool) -> None:
        ground: Ground = "field" if here else "surface"
        blank = look.style("text", ground)
        line.at(FIELD).put(" ", blank)
        for text, style in self._field_pieces(field, look, here):
            line.put(text, style)
        line.put(" ", blank)
        origin, own = self._origin(field)
        if origin:
            line.at(ORIGIN).put(origin, look.style("text" if own else "muted"))

    def _field_pieces(self, field: Field, look: Look, here: bool) -> list[Piece]:
        editing, room = self._texts[field.name], FIELD_WIDTH - 2
        ground: Ground = "field" if here else "surface"
        if field.kind == "secret" and not editing.text:
            words = _("kept, never shown") if field.kept else ""
            caret: list[Piece] = [(" ", look.caret())] if here and not words else []
            text = words.ljust(room - len(caret))
            return [*caret, (text, look.style("muted", ground))]
        if field.kind == "choice":
            return self._choice_pieces(editing.text, look.style("text", ground), here)
        seen = Editing(_MASK * len(editing.text)) if field.kind == "secret" else editing
        seen.caret = editing.caret
        pieces = seen.pieces(room, look, ground, with_caret=here)
        inherited = field.kind == "text" and editing.text == (field.inherited or "") and not here
        if inherited:
            return [(text, look.style("muted", ground)) for text, _style in pieces]
        return self._with_error(field, pieces, look)

    def _choice_pieces(self, text: str, style: Style, here: bool) -> list[Piece]:
        """The chosen one, and that left and right give others."""
        arrows = f" {sign('left')}{sign('right')}" if here else "   "
        room = FIELD_WIDTH - 2 - width_of(arrows)
        chosen = cut(shown(text), room)
        return [(chosen, style), (" " * (room - width_of(chosen)), style), (arrows, style)]

    def _with_error(self, field: Field, pieces: list[Piece], look: Look) -> list[Piece]:
        wrong = self._wrong(field)
        if wrong is None or wrong.end > FIELD_WIDTH - 2 or wrong.end <= wrong.start:
            return pieces
        result: list[Piece] = []
        at = 0
        for text, style in pieces:
            for letter in text:
                marked = wrong.start <= at < wrong.end
                error = look.style("error", "field", underline=True)
                result.append((letter, error if marked else style))
                at += 1
        return result

    def _draw_box(self, line: LineBuilder, stop: _Stop, look: Look, here: bool, width: int) -> None:
        label = next(text for id_, text, _on in self._group(stop.name).boxes if id_ == stop.box)
        box = "[x]" if stop.box in self._ticked[stop.name] else "[ ]"
        ground: Ground = "cursor" if here and self.has_focus else "bg"
        line.at(FIELD + 1).put(cut(f"{box} {shown(label)}", max(width - FIELD - 3, 1)), look.style("text", ground))

    def _draw_buttons(self, look: Look, width: int) -> Strip:
        stops = self._stops()
        here = stops[self._at] if stops else None
        focused = here.name if here and here.kind == "button" and self.has_focus else ""
        puts, zones = button_row(self._buttons, focused)
        end = max((zone.end for zone in zones), default=0)
        end = max(end, *(put.column + width_of(put.text) for put in puts)) if puts else end
        room = max(width - end - 6, 0)
        remark = (fitted(end + 2, end + 2 + room, self._remark, "muted"),) if self._remark and room > 4 else ()
        return draw((*puts, *remark), look, width)

    def _origin(self, field: Field) -> tuple[str, bool]:
        if not field.has_levels:
            return "", False
        text = self._texts[field.name].text
        if field.kind == "secret":
            if text or (field.kept and field.own is not None):
                return _("this client"), True
            return (_("from the firm"), False) if field.kept else ("", False)
        if not text:
            return "", False
        own = text != (field.inherited or "")
        return (_("this client"), True) if own else (_("from the firm"), False)

    # layout

    def _rebuild(self) -> None:
        if not self.size.width:
            return
        airy = self.app.size.height >= _AIRY_FROM
        rows: list[_Row] = []
        for field in self._fields:
            rows.append(_Row(stop=_Stop("field", field.name), label=field.label))
            under = self._under(field)
            if under:
                rows.append(under)
            elif airy:
                rows.append(_Row())
        if not airy and rows:
            rows.append(_Row())
        for group in self._ticks:
            for number, (id_, _label, _on) in enumerate(group.boxes):
                rows.append(_Row(stop=_Stop("box", group.name, id_), label="" if number else group.label))
            rows.append(_Row())
        rows += self._report_rows()
        rows.append(_Row(is_buttons=True))
        self._rows = rows
        self.virtual_size = Size(self.size.width, len(rows))
        self._show_stop()
        self.refresh()

    def _report_rows(self) -> list[_Row]:
        label, lines = self._report
        room = max(self.size.width - FIELD - 5, 20)
        rows: list[_Row] = []
        for report in lines:
            texts = wrapped(report.sentence, room)
            rows.append(_Row(label="" if rows else label, report=Report(report.ok, texts[0])))
            rows += [_Row(text=f"  {text}") for text in texts[1:]]
        return [*rows, _Row()] if rows else []

    def _under(self, field: Field) -> _Row | None:
        wrong = self._wrong(field)
        if wrong is None:
            return None
        visible = wrong.end <= FIELD_WIDTH - 2
        marks = "^" * max(wrong.end - wrong.start, 1) if visible else "^"
        column = FIELD + 1 + (wrong.start if visible else 0)
        text = f"{marks} {wrong.sentence}"
        room = max(self.size.width - 2, 10)
        column = max(min(column, room - width_of(text)), 2)
        return _Row(under=cut(text, room - column), under_at=column)

    def _wrong(self, field: Field) -> Wrong | None:
        text = self._texts[field.name].text
        return field.check(text) if field.check is not None and text else None

    def _is_missing(self, field: Field) -> bool:
        return field.required and not field.kept and not self._texts[field.name].text.strip()

    def _stops(self) -> list[_Stop]:
        stops = [_Stop("field", field.name) for field in self._fields]
        stops += [_Stop("box", group.name, id_) for group in self._ticks for id_, _label, _on in group.boxes]
        return stops + [_Stop("button", button.id) for button in self._buttons if button.reason is None]

    def _stands_on(self, stop: _Stop) -> bool:
        stops = self._stops()
        return bool(stops) and stops[min(self._at, len(stops) - 1)] == stop

    def _field(self, name: str) -> Field:
        return next(field for field in self._fields if field.name == name)

    def _group(self, name: str) -> Ticks:
        return next(group for group in self._ticks if group.name == name)

    def _show_stop(self) -> None:
        stops = self._stops()
        if not stops:
            return
        self._at = min(self._at, len(stops) - 1)
        stop = stops[self._at]
        for at, row in enumerate(self._rows):
            if row.stop == stop or (row.is_buttons and stop.kind == "button"):
                top, height = self.scroll_offset.y, max(self.size.height, 1)
                if at < top or at + 1 >= top + height:
                    self.scroll_to(y=max(at - height + 2, 0) if at >= top else at, animate=False, force=True)

    # keys and mouse

    def action_step(self, step: int) -> None:
        stops = self._stops()
        if not stops:
            return
        self._at = (self._at + step) % len(stops)
        self._show_stop()
        self.refresh()
        self.post_message(self.Stopped(stops[self._at].name))

    def action_enter(self) -> None:
        stop = self._stops()[self._at]
        if stop.kind == "button":
            self.post_message(self.Pressed(stop.name))
        elif stop.kind == "box":
            self._tick(stop)
        else:
            self.action_step(1)

    def on_key(self, event: events.Key) -> None:
        stops = self._stops()
        if not stops:
            return
        stop = stops[self._at]
        taken = False
        if stop.kind == "field":
            taken = self._edit(self._field(stop.name), event)
        elif event.key == "space":
            taken = True
            self.action_enter()
        elif stop.kind == "button" and event.key in ("left", "right"):
            taken = True
            self.action_step(1 if event.key == "right" else -1)
        if taken:
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        stop = self._stops()[self._at]
        if stop.kind == "field" and self._field(stop.name).kind != "choice":
            event.stop()
            self._texts[stop.name].insert(event.text)
            self._changed(stop.name)

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if at >= len(self._rows):
            return
        row = self._rows[at]
        self.screen.set_focus(self)
        stops = self._stops()
        if row.stop is not None and row.stop in stops:
            event.stop()
            self._at = stops.index(row.stop)
            if row.stop.kind == "box":
                self._tick(row.stop)
            self.action_step(0)
        elif row.is_buttons:
            for zone in button_row(self._buttons)[1]:
                if zone.start <= event.x - 2 < zone.end:
                    event.stop()
                    self.post_message(self.Pressed(zone.id))

    def on_resize(self, event: events.Resize) -> None:
        self._rebuild()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_to(y=self.scroll_offset.y + 2, animate=False, force=True)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_to(y=self.scroll_offset.y - 2, animate=False, force=True)

    def _edit(self, field: Field, event: events.Key) -> bool:
        editing = self._texts[field.name]
        if field.kind == "choice":
            if event.key not in ("left", "right", "space") or not field.choices:
                return False
            at = field.choices.index(editing.text) if editing.text in field.choices else -1
            editing.set(field.choices[(at + (-1 if event.key == "left" else 1)) % len(field.choices)])
        elif not editing.take(event):
            return False
        self._changed(field.name)
        return True

    def _tick(self, stop: _Stop) -> None:
        self._ticked[stop.name] ^= {stop.box}
        self.refresh()
        self.post_message(self.Changed(stop.name))

    def _changed(self, name: str) -> None:
        self._touched.add(name)
        self._rebuild()
        self.post_message(self.Changed(name))


def _first_text(field: Field) -> str:
    if field.kind == "secret":
        return ""
    return field.own if field.own is not None else field.inherited or ""
