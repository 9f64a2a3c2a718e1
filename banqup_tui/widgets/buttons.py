"""A row of buttons. In a look without grounds they stand in brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import Line, TextPut

_GAP = 2


class Button(NamedTuple):
    """A button. If it cannot be pressed, `reason` says why, and it is drawn dimmed."""

    id: str
    label: str
    reason: str | None = None


class Zone(NamedTuple):
    """The columns, counted from the start of the text area, in which a click presses the button."""

    start: int
    end: int
    id: str


def button_row(buttons: Sequence[Button], focused: str = "", column: int = 0) -> tuple[Line, tuple[Zone, ...]]:
    """Returns the line of buttons from `column` on, and where each of them can be clicked."""
    puts: list[TextPut] = []
    zones: list[Zone] = []
    for button in buttons:
        text = f" {button.label} "
        if button.reason is not None:
            puts.append(TextPut(column, text, "muted"))
        elif button.id == focused:
            puts.append(TextPut(column, text, "strong", bold=True, ground="cursor"))
        else:
            puts.append(TextPut(column, text, ground="button"))
        if button.reason is None:
            zones.append(Zone(column, column + width_of(text), button.id))
        column += width_of(text) + _GAP
    return tuple(puts), tuple(zones)
