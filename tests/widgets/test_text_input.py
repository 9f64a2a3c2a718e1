"""A line one types into, wherever it stands."""

from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events

from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_input import Editing
from banqup_tui.widgets.theme import look_named

LOOK = look_named("banqup-dark")
KEYS = ["backspace", "delete", "ctrl+w", "ctrl+u", "left", "right", "home", "end", "ctrl+a", "ctrl+e"]


def typed(editing: Editing, *keys: str) -> Editing:
    for key in keys:
        assert editing.take(events.Key(key, key if len(key) == 1 else None))
    return editing


def test_letters_come_in_where_the_caret_is():
    assert typed(Editing("ac"), "left", "b").text == "abc"


def test_words_and_lines_are_taken_away():
    assert typed(Editing("one two three"), "ctrl+w").text == "one two "
    assert typed(Editing("one two"), "left", "left", "left", "ctrl+u").text == "two"
    assert typed(Editing("abc"), "home", "delete").text == "bc"
    assert typed(Editing(""), "backspace", "delete", "left", "right").text == ""


def test_a_paste_of_several_lines_becomes_one_harmless_line():
    editing = Editing()
    editing.insert("a\nb\tc\x1b[31m‮d")
    assert "\n" not in editing.text
    assert "\x1b" not in editing.text
    assert "‮" not in editing.text
    assert editing.text.startswith("a b c")


def test_keys_of_the_place_are_not_taken():
    for key in ("enter", "escape", "tab", "up", "down", "f1", "ctrl+p"):
        assert not Editing("x").take(events.Key(key, None))


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=80),
    keys=st.lists(st.sampled_from([*KEYS, "x", "漢", " "]), max_size=30),
    width=st.integers(4, 60),
    with_caret=st.booleans(),
)
def test_the_field_is_exactly_as_wide_as_it_is_asked_and_the_caret_is_in_it(text, keys, width, with_caret):
    editing = Editing()
    editing.insert(text)
    typed(editing, *keys)
    assert 0 <= editing.caret <= len(editing.text)
    pieces = editing.pieces(width, LOOK, with_caret=with_caret)
    assert sum(width_of(text) for text, _style in pieces) == width
