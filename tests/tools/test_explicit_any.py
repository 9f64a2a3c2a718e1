"""`make check` fails where the program says `Any` more often than it has reasons for."""

from pathlib import Path

from tools.explicit_any import faults, places


def test_the_program_says_any_less_than_a_hundred_times() -> None:
    found = places()
    assert faults(found) == []
    assert found.total() > 10, "the count sees the places"


def test_each_use_is_counted_and_an_import_is_none(tmp_path: Path) -> None:
    (tmp_path / "banqup_tui").mkdir()
    (tmp_path / "banqup_tui" / "one.py").write_text(
        "import typing\nfrom typing import Any\n\ndef f(a: Any, b: dict[str, Any]) -> typing.Any:\n    return a\n"
    )
    found = places(tmp_path)
    assert found == {"banqup_tui/one.py": 3}
    assert faults(found, most=3) == []
    assert faults(found, most=2)[1] == "banqup_tui/one.py: 3"
