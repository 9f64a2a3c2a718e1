"""The form as a widget: labels, fields, where each value comes from, boxes, and buttons.

`FormView` knows fields, not settings: it gets declarations and gives texts back. Labels begin at column 2, fields at 17
(42 cells wide), origins at 61.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from banqup_tui.presentation.formats import cut, shown
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _, pgettext
from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.focus import QuietFocus
from banqup_tui.widgets.form.content import FormContent, NotAsked, ask_everything
from banqup_tui.widgets.form.fields import FIELD, NO, YES, FormField, Report, Ticks, Wrong
from banqup_tui.widgets.form.rows import (
    FocusStop,
    FormRow,
    draw_box,
    draw_buttons,
    draw_field,
    draw_report,
    field_rows,
    report_rows,
)
from banqup_tui.widgets.strips import LineBuilder
from banqup_tui.widgets.theme import Ground, Look, look_of

__all__ = ["NO", "YES", "FormField", "FormView", "Report", "Ticks", "Wrong"]

_AIRY_FROM = 26


class FormView(QuietFocus, ScrollView):
    """Tab and arrows move between fields, Space ticks a box, Enter moves on or presses a button."""

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
        """A value has changed. `name` is that of the field or of the group of boxes."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Stopped(Message):
        """The focus is on another field, box or button. `name` is as declared."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class SignInAsked(Message):
        """The user wants to sign in for the field `name`."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._content = FormContent()
        self._buttons: tuple[Button, ...] = ()
        self._hints: dict[str, str] = {}
        self._report: tuple[str, tuple[Report, ...]] = ("", ())
        self._remark = ""
        self._stop_index = 0
        self._rows: list[FormRow] = []

    # what it holds

    def fill(
        self,
        fields: Iterable[FormField],
        ticks: Iterable[Ticks],
        buttons: Iterable[Button],
        *,
        shown_after: Mapping[str, Sequence[FormField]] | None = None,
        not_asked: NotAsked = ask_everything,
    ) -> None:
        """Declares fields, boxes and buttons.

        `shown_after` has fields that stand below a group of boxes while one of them is ticked. Fields that `not_asked`
        names are hidden, and keep their value.
        """
        self._content = FormContent(fields, ticks, shown_after, not_asked)
        self._buttons = tuple(buttons)
        self._stop_index = 0
        self._rebuild()

    def relabel(self, ticks: Ticks) -> None:
        """Replaces the labels of a group of boxes; what is ticked stays."""
        self._content.relabel(ticks)
        self._rebuild()

    def set_hint(self, name: str, text: str) -> None:
        """Sets the line under a field that is shown while it has the focus."""
        if self._hints.get(name, "") != text:
            self._hints[name] = text
            self._rebuild()

    def set_problems(self, sentences: Mapping[str, str]) -> None:
        """Sets what the service finds wrong, by field; each goes when its text changes."""
        for name, state in self._content.states.items():
            state.problem = sentences.get(name, "")
        self._rebuild()

    def set_buttons(self, buttons: Iterable[Button], remark: str = "") -> None:
        """Sets the buttons. `remark` stands beside them and says why one cannot be pressed."""
        self._buttons, self._remark = tuple(buttons), remark
        self._rebuild()

    def set_report(self, label: str, lines: Iterable[Report]) -> None:
        self._report = (label, tuple(lines))
        self._rebuild()

    def own_values(self) -> Mapping[str, str | None]:
        """Returns the text of every field that was touched or had an own value; `None` if inherited or empty."""
        return self._content.own_values()

    def put(self, name: str, text: str) -> None:
        """Sets the text of a field as if it had been typed."""
        self._content.states[name].editor.set(text)
        self._changed(name)

    def go_to(self, name: str) -> None:
        """Moves the focus to a field, if it is shown."""
        stop = FocusStop("field", name)
        if stop in self._stops():
            self._stop_index = self._stops().index(stop)
            self.action_step(0)

    def text_of(self, name: str) -> str:
        """Returns the text of a field, own or inherited; empty if the field is not shown."""
        return self._content.text_of(name)

    def ticked(self, name: str) -> frozenset[str]:
        return frozenset(self._content.ticked.get(name, ()))

    def first_wrong(self) -> str | None:
        """Returns the label of the first field or group that must be corrected."""
        return self._content.first_wrong()

    @property
    def stop_name(self) -> str:
        stops = self._stops()
        return stops[self._stop_index].name if stops else ""

    @property
    def takes_text(self) -> bool:
        """Whether the field with the focus takes letters, so that they are no keys of actions."""
        stops = self._stops()
        return (
            bool(stops)
            and stops[self._stop_index].kind == "field"
            and self._content.takes_text(stops[self._stop_index].name)
        )

    def footer(self) -> tuple[tuple[str, str], ...]:
        """Returns the keys that work where the focus is."""
        stops = self._stops()
        stop = stops[self._stop_index] if stops else None
        if stop is None or stop.kind == "button":
            label = next((button.label for button in self._buttons if stop is not None and button.id == stop.name), "")
            return ("Tab", _("Next field")), ("Enter", label)
        if stop.kind == "box" or self._kind(stop.name) == "tick":
            return ("Tab", _("Next field")), (_("Space"), _("Tick"))
        if self._kind(stop.name) == "choice":
            return ("Tab", _("Next field")), (sign("left") + sign("right"), _("Other choice"))
        if self._kind(stop.name) == "sign-in":
            again = self._content.states[stop.name].is_signed_in
            label = pgettext("key", "Sign in again") if again else pgettext("key", "Sign in")
            return ("Enter", label), ("Tab", _("Next field"))
        return (("Tab", _("Next field")),)

    # drawing

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        at = y + self.scroll_offset.y
        row = self._rows[at] if at < len(self._rows) else FormRow()
        line = LineBuilder(look.style("text"))
        if row.is_buttons:
            return self._draw_buttons(look, width)
        is_focused = row.stop is not None and self._stands_on(row.stop)
        if row.label:
            style = look.style("strong", bold=True) if is_focused else look.style("muted")
            line.at(2).put(cut(shown(row.label), FIELD - 2), style)
        if row.stop is not None and row.stop.kind == "field":
            draw_field(line, self._content.states[row.stop.name], look, is_focused=is_focused, focused=self.has_focus)
        elif row.stop is not None:
            self._draw_box(line, row.stop, look, is_focused, width)
        elif row.report is not None:
            draw_report(line, row.report, look)
        elif row.under:
            line.at(row.under_at).put(row.under, look.style("error"))
        elif row.text:
            line.at(FIELD + 1).put(cut(shown(row.text), width - FIELD - 3), look.style("muted"))
        return line.strip(width)

    def _draw_box(self, line: LineBuilder, stop: FocusStop, look: Look, is_focused: bool, width: int) -> None:
        label = next(text for id_, text, _on in self._content.group(stop.name).boxes if id_ == stop.box)
        ground: Ground = "cursor" if is_focused and self.has_focus else "bg"
        draw_box(line, label, look, ground, ticked=stop.box in self._content.ticked[stop.name], width=width)

    def _draw_buttons(self, look: Look, width: int) -> Strip:
        stops = self._stops()
        focused_stop = stops[self._stop_index] if stops else None
        focused = focused_stop.name if focused_stop and focused_stop.kind == "button" and self.has_focus else ""
        return draw_buttons(self._buttons, focused, self._remark, look, width)

    # layout

    def _rebuild(self) -> None:
        if not self.size.width:
            return
        airy = self.app.size.height >= _AIRY_FROM
        rows: list[FormRow] = []
        for field in self._content.asked:
            rows += self._rows_of(field, airy)
        if not airy and rows:
            rows.append(FormRow())
        for group in self._content.ticks:
            for number, (id_, _label, _on) in enumerate(group.boxes):
                rows.append(FormRow(stop=FocusStop("box", group.name, id_), label="" if number else group.label))
            for field in self._content.below(group.name):
                rows += self._rows_of(field, airy=False)
            rows.append(FormRow())
        rows += report_rows(*self._report, self.size.width)
        rows.append(FormRow(is_buttons=True))
        self._rows = rows
        self.virtual_size = Size(self.size.width, len(rows))
        self._show_stop()
        self.refresh()

    def _rows_of(self, field: FormField, airy: bool) -> list[FormRow]:
        state, is_focused = self._content.states[field.name], self._stands_on(FocusStop("field", field.name))
        return field_rows(
            state, self._hints.get(field.name, ""), is_focused=is_focused, airy=airy, width=self.size.width
        )

    def _stops(self) -> list[FocusStop]:
        buttons = (FocusStop("button", button.id) for button in self._buttons if button.reason is None)
        return [*self._content.stops(), *buttons]

    def _stands_on(self, stop: FocusStop) -> bool:
        stops = self._stops()
        return bool(stops) and stops[min(self._stop_index, len(stops) - 1)] == stop

    def _kind(self, name: str) -> str:
        return self._content.kind(name)

    def _show_stop(self) -> None:
        stops = self._stops()
        if not stops:
            return
        self._stop_index = min(self._stop_index, len(stops) - 1)
        stop = stops[self._stop_index]
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
        self._stop_index = (self._stop_index + step) % len(stops)
        self._rebuild()
        self.post_message(self.Stopped(stops[self._stop_index].name))

    def action_enter(self) -> None:
        stop = self._stops()[self._stop_index]
        if stop.kind == "button":
            self.post_message(self.Pressed(stop.name))
        elif stop.kind == "box":
            self._tick(stop)
        elif self._kind(stop.name) == "tick":
            self._cycle(stop.name, 1)
        elif self._kind(stop.name) == "sign-in":
            self.post_message(self.SignInAsked(stop.name))
        else:
            self.action_step(1)

    def on_key(self, event: events.Key) -> None:
        stops = self._stops()
        if not stops:
            return
        stop = stops[self._stop_index]
        taken = False
        if stop.kind == "field":
            taken = self._edit(stop.name, event)
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
        stop = self._stops()[self._stop_index]
        if stop.kind == "field" and self._content.takes_text(stop.name):
            event.stop()
            self._content.states[stop.name].paste(event.text)
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
            self._stop_index = stops.index(row.stop)
            if row.stop.kind == "box":
                self._tick(row.stop)
            elif self._kind(row.stop.name) in ("tick", "sign-in"):
                self.action_enter()
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

    def _edit(self, name: str, event: events.Key) -> bool:
        kind = self._kind(name)
        if kind == "sign-in":
            if event.key == "space":
                self.action_enter()
            return event.key == "space"
        if kind in ("choice", "tick"):
            cycling = ("space",) if kind == "tick" else ("left", "right", "space")
            if event.key in cycling:
                self._cycle(name, -1 if event.key == "left" else 1)
            return event.key in cycling
        if not self._content.states[name].editor.take(event):
            return False
        self._changed(name)
        return True

    def _cycle(self, name: str, step: int) -> None:
        self._content.states[name].cycle(step)
        self._changed(name)

    def _tick(self, stop: FocusStop) -> None:
        self._content.ticked[stop.name] ^= {stop.box}
        self._rebuild()
        self.post_message(self.Changed(stop.name))

    def _changed(self, name: str) -> None:
        """Updates the form after a change of text. The focus stays, although other fields may be asked now."""
        stop = self._stops()[self._stop_index]
        self._content.states[name].touch()
        self._content.update_asked()
        self._stop_index = self._stops().index(stop) if stop in self._stops() else self._stop_index
        self._rebuild()
        self.post_message(self.Changed(name))
