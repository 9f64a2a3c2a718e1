"""The rows of a form, and where the focus can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from textual.strip import Strip

from banqup_tui.presentation.formats import cut, shown, wrapped
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.form.fields import FIELD, ORIGIN, UNSEEN, YES, FieldState, Report
from banqup_tui.widgets.page import draw
from banqup_tui.widgets.strips import LineBuilder, width_of
from banqup_tui.widgets.text_lines import fitted
from banqup_tui.widgets.theme import Ground, Look


class FocusStop(NamedTuple):
    """A place of the focus: a field, a box or a button."""

    kind: Literal["field", "box", "button"]
    name: str
    box: str = ""


class FormRow(NamedTuple):
    """A row. `under` is an error that begins at column `under_at`; `text` is a muted line under a field."""

    stop: FocusStop | None = None
    label: str = ""
    under: str = ""
    under_at: int = 0
    is_buttons: bool = False
    report: Report | None = None
    text: str = ""


def field_rows(state: FieldState, hint: str, *, is_focused: bool, airy: bool, width: int) -> list[FormRow]:
    """Returns the rows of a field: the field, its error, and with the focus its hint.

    With `airy` a field that has neither is followed by a blank row.
    """
    below = list(_below(state, hint, is_focused, width))
    if not below and airy:
        below = [FormRow()]
    return [FormRow(stop=FocusStop("field", state.field.name), label=state.field.label), *below]


def _below(state: FieldState, hint: str, is_focused: bool, width: int) -> Iterator[FormRow]:
    under = _error(state, is_focused, width)
    if under is not None:
        yield under
    if not is_focused:
        return
    field = state.field
    if not hint and field.example and field.kind == "text" and not state.text and under is None:
        hint = _("For example {example}").format(example=field.example)
    if hint:
        yield from _hint(hint, max(width - FIELD - 3, 20))


def _hint(text: str, width_left: int) -> Iterator[FormRow]:
    """Yields the hint, on two rows at most."""
    first, *rest = wrapped(shown(text), width_left)
    yield FormRow(text=first)
    if rest:
        yield FormRow(text=cut(" ".join(rest), width_left))


def _error(state: FieldState, is_focused: bool, width: int) -> FormRow | None:
    """Returns the row of an error: marks below the wrong characters with the sentence after them, or before them.

    A correct value is added if it fits.
    """
    wrong, field = state.wrong(), state.field
    if wrong is None or not (state.text or state.is_touched):
        return None
    begin, end = (0, 0) if field.kind in UNSEEN else state.columns_of(wrong, is_focused)
    marks = "^" * max(end - begin, 1)
    column, width_left = FIELD + 1 + begin, max(width - 2, 10)
    sentences = [wrong.sentence]
    if field.example and not wrong.names_right:
        example = _("For example {example}").format(example=field.example)
        sentences.insert(0, f"{wrong.sentence} {example}")
    for sentence in sentences:
        if column + len(marks) + 1 + width_of(sentence) <= width_left:
            return FormRow(under=f"{marks} {sentence}", under_at=column)
        start = column - width_of(sentence) - 1
        if start >= 2 and column + len(marks) <= width_left:
            return FormRow(under=f"{sentence} {marks}", under_at=start)
    text = f"^ {sentences[-1]}"
    column = max(min(column, width_left - width_of(text)), 2)
    return FormRow(under=cut(text, width_left - column), under_at=column)


def report_rows(label: str, lines: Iterable[Report], width: int) -> list[FormRow]:
    """Returns the rows of a test's result, with a blank row after them."""
    width_left = max(width - FIELD - 5, 20)
    rows: list[FormRow] = []
    for report in lines:
        texts = wrapped(report.sentence, width_left)
        rows.append(FormRow(label="" if rows else label, report=Report(report.ok, texts[0])))
        rows += [FormRow(text=f"  {text}") for text in texts[1:]]
    return [*rows, FormRow()] if rows else []


# drawing


def draw_field(line: LineBuilder, state: FieldState, look: Look, *, is_focused: bool, focused: bool) -> None:
    if state.field.kind == "tick":
        box = "[x]" if state.text == YES else "[ ]"
        line.at(FIELD + 1).put(box, look.style("text", "cursor" if is_focused and focused else "bg"))
    else:
        blank = look.style("text", "field" if is_focused else "surface")
        line.at(FIELD).put(" ", blank)
        for text, style in state.pieces(look, is_focused):
            line.put(text, style)
        line.put(" ", blank)
    origin, own = state.origin()
    if origin:
        line.at(ORIGIN).put(origin, look.style("text" if own else "muted"))


def draw_box(line: LineBuilder, label: str, look: Look, ground: Ground, *, ticked: bool, width: int) -> None:
    box = "[x]" if ticked else "[ ]"
    line.at(FIELD + 1).put(cut(f"{box} {shown(label)}", max(width - FIELD - 3, 1)), look.style("text", ground))


def draw_buttons(buttons: Sequence[Button], focused: str, remark: str, look: Look, width: int) -> Strip:
    """Draws the buttons, with `remark` beside them if there is room."""
    puts, zones = button_row(buttons, focused)
    end = max((zone.end for zone in zones), default=0)
    end = max(end, *(put.column + width_of(put.text) for put in puts)) if puts else end
    width_left = max(width - end - 6, 0)
    beside = (fitted(end + 2, end + 2 + width_left, remark, "muted"),) if remark and width_left > 4 else ()
    return draw((*puts, *beside), look, width)


def draw_report(line: LineBuilder, report: Report, look: Look) -> None:
    if report.ok is None:
        line.at(FIELD + 1).put(shown(report.sentence), look.style("muted"))
        return
    line.at(FIELD + 1).put(sign("done" if report.ok else "error"), look.style("ok" if report.ok else "error"))
    line.put(f" {shown(report.sentence)}", look.style("text"))
