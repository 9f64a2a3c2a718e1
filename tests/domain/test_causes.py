"""Failures with the same cause stand together, whatever document, client or moment they speak of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.causes import cause_of, message_of
from banqup_tui.domain.messages import message, text_message


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("The folder /srv/in/PARVIS/2026 may not be written to.", "The folder … may not be written to."),
        (r"The folder C:\Boekhouding\in may not be written to.", "The folder … may not be written to."),
        ("The server sftp.example.org:22 does not answer.", "The server … does not answer."),
        ("boekhouding@example.org was refused.", "… was refused."),
        ("2026-11874.xml is there already.", "… is there already."),
        ("“11874.pdf” is too large: 64 kB of 32.", "“…” is too large: … kB of …."),
        (
            'The server has no room: "552 disk quota exceeded" after 64 kB of 86.',
            'The server has no room: "552 disk quota exceeded" after … kB of ….',
        ),
        ("The receiver answered 404 Not Found.", "The receiver answered 404 Not Found."),
        ("The receiver answered 503 in 12.3 s.", "The receiver answered 503 in … s."),
        ("The sign-in was refused.", "The sign-in was refused."),
        ("The file/folder 12 is not there", "The … is not there"),
    ],
)
def test_a_cause_is_the_reason_without_names_and_numbers(reason: str, cause: str) -> None:
    assert message_of(cause_of(text_message(reason, "Look there."))) == text_message(cause)


def test_of_no_reason_there_is_no_cause() -> None:
    assert cause_of(None) == ""
    assert message_of("") is None


def test_messages_that_differ_in_a_path_a_file_or_what_was_quoted_have_one_cause() -> None:
    one = message("folder.full", directory="/srv/in/PARVIS", server="sftp.example", quote="552 after 64 kB")
    other = message("folder.full", directory="/srv/in/MOULIN", server="sftp.example", quote="552 after 12 kB")
    elsewhere = message("folder.full", directory="/srv/in/PARVIS", server="ftp.example")
    assert cause_of(one) == cause_of(other) != cause_of(elsewhere)


def test_different_causes_stay_apart() -> None:
    reasons = ["The disk is full.", "The sign-in was refused.", "It answered 404.", "It answered 500."]
    assert len({cause_of(text_message(reason)) for reason in reasons}) == 4


@given(st.text(max_size=400))
def test_whatever_a_receiver_says_has_a_cause_that_is_its_own_cause(reason: str) -> None:
    cause = message_of(cause_of(text_message(reason)))
    assert cause is not None
    assert len(str(cause.params["text"])) <= 400
