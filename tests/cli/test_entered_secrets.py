"""A secret reaches the command line without standing in a command: asked, by standard input, or from a file."""

import io
import re
from pathlib import Path
from typing import Any

import click
import pytest

from banqup_tui.cli import settings_options
from banqup_tui.cli.settings_options import FromFile, WrongSetting, read_settings
from banqup_tui.connectors.interface import schema
from banqup_tui.connectors.sftp.connector import SftpSettings

SCHEMA: dict[str, Any] = schema(SftpSettings)


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(settings_options, "say", lines.append)
    return lines


def typed(monkeypatch: pytest.MonkeyPatch, text: str, *, tty: bool = False) -> None:
    stream = io.StringIO(text)
    stream.isatty = lambda: tty  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", stream)


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch, result: list[str]) -> None:
    typed(monkeypatch, "geheim =x\n")
    assert read_settings(["host=sftp.example.be", "password=-"], SCHEMA) == {
        "host": "sftp.example.be",
        "password": "geheim =x",
    }
    assert result == []


def test_two_dashes_read_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "eins\r\nzwei\n")
    assert read_settings(["password=-", "passphrase=-"], SCHEMA) == {"password": "eins", "passphrase": "zwei"}
    typed(monkeypatch, "eins\n")
    with pytest.raises(WrongSetting, match=r"cli.standard-input-short .*found: 1, wanted: 2"):
        read_settings(["password=-", "passphrase=-"], SCHEMA)


def test_a_person_is_asked_and_nothing_is_echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        asked.append((text, hide_input))
        return "geheim"

    monkeypatch.setattr(click, "prompt", prompt)
    typed(monkeypatch, "", tty=True)
    assert read_settings(["password=-"], SCHEMA) == {"password": "geheim"}
    assert asked == [("Password", True)]


def test_a_file_gives_a_key_with_its_lines(tmp_path: Path, result: list[str]) -> None:
    (tmp_path / "id").write_text("-----BEGIN-----\nabc\n-----END-----\n")
    values = read_settings([FromFile(f"private_key={tmp_path / 'id'}")], SCHEMA)
    assert values == {"private_key": "-----BEGIN-----\nabc\n-----END-----"}
    with pytest.raises(WrongSetting, match=r"cli.setting-file-unreadable"):
        read_settings([FromFile(f"private_key={tmp_path / 'none'}")], SCHEMA)
    assert result == []


def test_a_secret_in_the_command_gets_a_warning_that_does_not_repeat_it(result: list[str]) -> None:
    assert read_settings(["password=geheim", "path=-"], SCHEMA) == {"password": "geheim", "path": "-"}
    (line,) = result
    assert "password" in line
    assert "--set password=-" in line
    assert "geheim" not in line


def test_the_pages_show_no_secret_in_a_command() -> None:
    from banqup_tui.backend.integrations.registry import Extensions

    extensions = Extensions()
    names = {name for one in extensions.all() for name in extensions.secret_names(one.id)} - {"url"}
    names.add("token")  # of the example of a connector
    found = []
    for page in [Path("README.md"), *Path("docs").rglob("*.md")]:
        for name, value in re.findall(r"--set '?([a-z_]+)=([^ '`\n]*)", page.read_text()):
            if name in names or (page.name == "webhook.md" and name == "url"):
                found.append((page.name, name, value))
    assert found
    assert [one for one in found if one[2] != "-"] == []
