"""What really reaches the terminal, and how much of it: the line may be slow."""

import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("colours", [{}, {"NO_COLOR": "1"}])
def test_the_first_frame_is_whole_and_every_key_is_cheap_on_a_slow_line(colours):
    command = [sys.executable, "-m", "tests.widgets.stage_program"]
    with Terminal(command, environment=colours, columns=120, rows=40, directory=ROOT) as terminal:
        terminal.wait_for("2026-00033")
        terminal.settle()
        lines = terminal.lines
        assert lines[0].startswith("  1 Today  2 Client documents  3 Clients  4 Banqup Store")
        assert lines[1].endswith("5,000 documents")
        assert lines[3].startswith("  Folders")
        assert lines[4].startswith("    Sales invoices         412 │  24/11/26  2026-00000")
        assert lines[37].startswith("                               │  24/11/26  2026-00033")
        assert lines[39].endswith(": Palette  ? Help")
        for key, most in (
            ("down", 400),
            ("down", 400),
            ("page_down", 8000),
            ("shift_tab", 2000),
            ("tab", 2000),
            (".", 6000),
            ("down", 1000),
            ("escape", 6000),
        ):
            terminal.press(key)
            assert terminal.settle() <= most, key
        assert lines[39] == terminal.lines[39]
        assert "Something to do" not in terminal.text
