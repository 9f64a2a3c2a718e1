"""A line one types into, wherever it stands."""

from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events

from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_input import LineEditor
from banqup_tui.widgets.theme import look_named

LOOK = look_named("banqup-dark")
KEYS = ["backspace", "delete", "ctrl+w", "ctrl+u", "left", "right", "home", "end", "ctrl+a", "ctrl+e"]


def typed(editor: LineEditor, *keys: str) -> LineEditor:
    for key in keys:
        assert editor.take(events.Key(key, key if len(key) == 1 else None))
    return editor


def test_letters_come_in_where_the_caret_is() -> None:
    assert typed(LineEditor("ac"), "left", "b").text == "abc"


def test_words_and_lines_are_taken_away() -> None:
    assert typed(LineEditor("one two three"), "ctrl+w").text == "one two "
    assert typed(LineEditor("one two"), "left", "left", "left", "ctrl+u").text == "two"
    assert typed(LineEditor("abc"), "home", "delete").text == "bc"
    assert typed(LineEditor(""), "backspace", "delete", "left", "right").text == ""


def test_a_paste_of_several_lines_becomes_one_harmless_line() -> None:
    editor = LineEditor()
    editor.insert("a\nb\tc\x1b[31m‮d")
    assert "\n" not in editor.text
    assert "\x1b" not in editor.text
    assert "‮" not in editor.text
    assert editor.text.startswith("a b c")


def test_keys_of_the_place_are_not_taken() -> None:
    for key in ("enter", "escape", "tab", "up", "down", "f1", "ctrl+p"):
        assert not LineEditor("x").take(events.Key(key, None))


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=80),
    keys=st.lists(st.sampled_from([*KEYS, "x", "漢", " "]), max_size=30),
    width=st.integers(4, 60),
    with_caret=st.booleans(),
)
def test_the_field_is_exactly_as_wide_as_it_is_asked_and_the_caret_is_in_it(
    text: str, keys: list[str], width: int, with_caret: bool
) -> None:
    editor = LineEditor()
    editor.insert(text)
    typed(editor, *keys)
    assert 0 <= editor.caret <= len(editor.text)
    pieces = editor.pieces(width, LOOK, with_caret=with_caret)
    assert sum(width_of(text) for text, _style in pieces) == width
