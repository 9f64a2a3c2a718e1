from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from banqup_tui.domain.text import MAX_FILE_NAME_BYTES, clean, safe_file_name


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;https://x\x1b\\link", "alink"),
        ("a\x9b2Jb", "ab"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("two\r\nlines\u2028three", "two lines three"),
        ("  tab\tand  spaces ", "tab and spaces"),
        ("bell\x07 nul\x00", "bell nul"),
        ("lone\ud800surrogate", "lonesurrogate"),
        ("Crème brûlée €", "Crème brûlée €"),
        ("a[/b]c", "a[/b]c"),
    ],
)
def test_what_a_stranger_wrote_cannot_steer_the_terminal(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text())
@example("\x1b\u200b[31m")
def test_clean_text_is_one_line_of_visible_characters_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in cleaned)
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\x.pdf", "C__temp_x.pdf"),
        (".hidden", "hidden"),
        ("con.pdf", "_con.pdf"),
        ("COM1", "_COM1"),
        ("LPT¹.txt", "_LPT¹.txt"),
        ("console.pdf", "console.pdf"),
        ("name. . ", "name"),
        ("cafe\u0301.pdf", "café.pdf"),
        ("..", "document"),
        ("", "document"),
        ("\u202e\x00", "document"),
    ],
)
def test_a_name_from_outside_becomes_a_name_that_every_system_takes(text: str, name: str) -> None:
    assert safe_file_name(text) == name


def test_the_fallback_is_made_safe_too() -> None:
    assert safe_file_name("", "2026/17") == "2026_17"
    assert safe_file_name("..", "..") == "document"


def test_a_long_name_keeps_its_extension() -> None:
    name = safe_file_name("é" * 300 + ".pdf")
    assert name.endswith("é.pdf")
    assert len(name.encode()) <= MAX_FILE_NAME_BYTES


@given(st.text(), st.text(max_size=20))
@example("CON" + "é" * 300, "")
@example("a" * 199 + "é.b", "")
def test_any_text_becomes_one_safe_file_name(text: str, fallback: str) -> None:
    name = safe_file_name(text, fallback)
    assert name
    assert len(name.encode()) <= MAX_FILE_NAME_BYTES
    assert not set(name) & set('/\\:*?"<>|\x00')
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert unicodedata.normalize("NFC", name) == name
    assert safe_file_name(name) == name
