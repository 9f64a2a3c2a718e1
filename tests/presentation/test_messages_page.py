"""docs/messages.md lists every code, and what it says is what the program says."""

from banqup_tui.presentation.messages import reference


def test_the_page_of_the_messages_lists_what_the_program_says() -> None:
    text = reference.PAGE.read_text(encoding="utf-8")
    assert text == reference.page(), "run python -m banqup_tui.presentation.messages.reference"
