"""Lines of text as they reach the terminal."""

import pytest
from rich.style import Style

from banqup_tui.widgets.strips import LineBuilder, strip_of

OBEYED = ["\x1b]0;TITLE\x07", "\x1b[31m", "\x9b1m", "\x85", "\u202egnp", "\u2066", "\u200b", "\x00"]


@pytest.mark.parametrize("sequence", OBEYED)
def test_no_line_brings_a_control_character_to_the_terminal(sequence: str) -> None:
    style = Style()
    text = f"BE{sequence}0465"
    built = LineBuilder(style).put(text, style).put_right(40, text, style)
    for strip in (built.strip(60), strip_of([(text, style)], 60, style)):
        assert strip.text.isprintable()
        assert len(strip.text) == strip.cell_length == 60
