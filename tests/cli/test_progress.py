"""The bar of a long command: how far it is, and what is left."""

import sys

import pytest

from banqup_tui.cli import progress
from banqup_tui.cli.progress import ProgressBar


def test_the_bar_says_how_far_it_is_and_what_is_left_below_what_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "_SECONDS_BEFORE_ESTIMATE", 0.0)
    with ProgressBar(500) as bar:
        bar.show(125)
        bar.say("a.xml: taken")
        bar.show(500)
    frames = [frame for frame in capsys.readouterr().err.split("\r") if frame.strip()]
    assert frames[0] == "[--------------------] 0 of 500, 500 left"
    assert frames[1].startswith("[#####---------------] 125 of 500, 375 left, about 1 second")
    assert frames[2].startswith("a.xml: taken\n[#####")
    assert frames[-1] == "[####################] 500 of 500, 0 left"


def test_there_is_no_bar_where_the_lines_go_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(500) as bar:
        bar.show(125)
        bar.say("a.xml: taken")
    assert capsys.readouterr().err == "a.xml: taken\n"
