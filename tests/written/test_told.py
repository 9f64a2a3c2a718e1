"""What the service, a connector or the reading of a file says in English is shown in the language in use."""

import errno
import time

import pytest

from banqup_tui.connectors import sftp_faults
from banqup_tui.connectors.local_folder import _not_sent
from banqup_tui.written.told import told
from banqup_tui.written.words import use_language


@pytest.fixture(autouse=True)
def _french():
    use_language("fr")
    yield
    use_language("en")


@pytest.mark.parametrize(
    "number", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG, errno.EIO]
)
def test_a_local_folder_says_the_same_in_the_terminal_as_when_it_is_tested(number):
    fault = _not_sent(OSError(number, "no such luck"), "/srv/in/PARVIS")
    assert (told(fault.sentence), told(fault.remedy)) == fault.french


@pytest.mark.parametrize(
    "error",
    [TimeoutError(), ConnectionRefusedError(), ConnectionResetError("reset by peer")],
    ids=lambda one: repr(one),
)
def test_so_does_a_server(error):
    fault = sftp_faults.not_connected(error, "sftp.cabinet.example", 2222)
    assert (told(fault.sentence), told(fault.remedy)) == fault.french


def test_why_a_document_was_not_written_on_a_server():
    fault = sftp_faults.not_written(OSError("quota: 0 of 10 left"), "/in", 0, 86)
    assert (told(fault.sentence), told(fault.remedy)) == fault.french


def test_several_sentences_and_one_that_is_not_known():
    assert told("The ledger of Acme is closed. It is tried again by itself.") == (
        "The ledger of Acme is closed. Nouvel essai tout seul."
    )
    assert told(None) == told("") == ""


def test_a_strangers_braces_and_lines_are_taken_as_they_are():
    assert told("The folder /a{b}/\\1 may not be written to.") == "Le dossier /a{b}/\\1 ne peut pas être écrit."


def test_english_is_left_as_it_is():
    use_language("en")
    assert told("It is tried again by itself.") == "It is tried again by itself."


@pytest.mark.parametrize(
    "text", ["x: " * 3_000, "a. " * 3_000, "The folder " + "a " * 100_000, "”: " * 5_000, "a: b. " * 14 + "a" * 50_000]
)
def test_a_text_of_any_length_is_shown_at_once(text: str) -> None:
    use_language("fr")
    started = time.process_time()
    assert told(text) == text
    assert time.process_time() - started < 3
