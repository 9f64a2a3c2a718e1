"""A row of buttons: each says what it does. Without grounds they stand in brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import Line, TextPut

_GAP = 2


class Button(NamedTuple):
    """`reason` is set where it cannot be pressed: it is shown dimmed, without a ground."""

    id: str
    label: str
    reason: str | None = None


class Zone(NamedTuple):
    """Columns of the text area in which a click presses the button."""

    start: int
    end: int
    id: str


def button_row(buttons: Sequence[Button], focused: str = "", column: int = 0) -> tuple[Line, tuple[Zone, ...]]:
    """The row from `column` on, and where each button lies. The focused one is as the cursor line is."""
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
