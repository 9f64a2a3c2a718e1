"""docs/cli.md names every command and every exit code."""

from pathlib import Path

from banqup_tui.cli import exit_codes
from banqup_tui.cli.main import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_command_is_on_the_page() -> None:
    assert [name for name in COMMANDS if f"`banqup {name}" not in PAGE] == []


def test_every_exit_code_is_on_the_page() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.isupper()]
    assert [code for code in codes if f"| {code} | " not in PAGE] == []
