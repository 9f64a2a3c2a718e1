"""What the service, a connector or the reading of a file says in English is shown in the language in use."""

import time

import pytest

from banqup_tui.written.told import told
from banqup_tui.written.words import use_language


@pytest.fixture(autouse=True)
def _french():
    use_language("fr")
    yield
    use_language("en")


def test_english_is_left_as_it_is():
    use_language("en")
    assert told("Fill in Password.") == "Fill in Password."


@pytest.mark.parametrize(
    "text", ["x: " * 3_000, "a. " * 3_000, "The folder " + "a " * 100_000, "”: " * 5_000, "a: b. " * 14 + "a" * 50_000]
)
def test_a_text_of_any_length_is_shown_at_once(text: str) -> None:
    use_language("fr")
    started = time.process_time()
    assert told(text) == text
    assert time.process_time() - started < 3
