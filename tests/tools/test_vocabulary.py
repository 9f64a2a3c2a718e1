"""Names that are not the field's words are found."""

from pathlib import Path

from tools.vocabulary import problems


def test_a_name_with_a_private_word_is_found_and_the_word_to_use_is_said(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "giving.py").write_text(
        "def room_left(parcels): return parcels - 1\nopened = adding = 1\nclass ToLookAt: ...\n"
    )
    found = list(problems(tmp_path))
    assert found[0] == "tools/giving.py: the module's name"
    assert "tools/giving.py:1: parcels: say delivery_request" in found
    assert [line.split(": ")[1] for line in found[1:]] == ["room_left", "parcels", "parcels", "ToLookAt"]


def test_a_word_of_a_library_is_no_private_word(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text("from hypothesis import given\n@given()\ndef test_held(): ...\n")
    assert list(problems(tmp_path)) == []


def test_a_class_name_that_stands_in_two_modules_is_found(tmp_path: Path) -> None:
    (tmp_path / "banqup_tui" / "store").mkdir(parents=True)
    (tmp_path / "banqup_tui" / "copy.py").write_text("class Copy: ...\nclass _Row: ...\nclass Window: ...\n")
    (tmp_path / "banqup_tui" / "store" / "rows.py").write_text("class Copy: ...\nclass _Row: ...\nclass Row: ...\n")
    assert list(problems(tmp_path)) == [
        "banqup_tui/copy.py and banqup_tui/store/rows.py: class Copy: give each a name of its own"
    ]
