"""What the service, a connector or the reading of a file says in English is shown in the language in use."""

import errno
import time

import pytest

from banqup_tui.connectors import sftp_faults
from banqup_tui.connectors.local_folder import _not_sent
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats import vocabularies
from banqup_tui.formats.refusals import REASONS, refuse
from banqup_tui.written.messages import words_of
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


def test_what_is_odd_or_refused_in_a_file():
    odd = ReadWarning(place="", code="communication-check", args=("+++026/1187/40032+++", "59"))
    assert told(odd.sentence) == "Les chiffres de contrôle de +++026/1187/40032+++ devraient être 59."
    error = refuse("not-well-formed", line=12)
    assert words_of(error.message) == "Le XML est mal formé à la ligne 12. Redemandez le fichier à l'expéditeur."
    for reason, (sentence, _remedy) in REASONS.items():
        assert told(sentence.format_map(_Anything())) != sentence.format_map(_Anything()), reason


class _Anything(dict):
    def __missing__(self, key):
        return "7"


def test_several_sentences_and_one_that_is_not_known():
    assert told("The ledger of Acme is closed. It is tried again by itself.") == (
        "The ledger of Acme is closed. Nouvel essai tout seul."
    )
    assert told(None) == told("") == ""


def test_a_strangers_braces_and_lines_are_taken_as_they_are():
    assert told("The folder /a{b}/\\1 may not be written to.") == "Le dossier /a{b}/\\1 ne peut pas être écrit."


def test_english_is_left_as_it_is():
    use_language("en")
    assert told("The file is empty.") == "The file is empty."


def test_why_a_file_waits_to_be_placed():
    reason = "It was put into Sales invoices, but Fournil SRL is the buyer. Look at it, and say whose it is."
    assert told(reason) == "Il a été mis dans Factures de vente, mais Fournil SRL est l'acheteur. " + (
        "Regardez-le et dites de qui il est."
    )
    assert told("The file does not say whose it is.") == "Le fichier ne dit pas de qui il est."


@pytest.mark.parametrize(
    "text", ["x: " * 3_000, "a. " * 3_000, "The folder " + "a " * 100_000, "”: " * 5_000, "a: b. " * 14 + "a" * 50_000]
)
def test_a_text_of_any_length_is_shown_at_once(text: str) -> None:
    use_language("fr")
    started = time.process_time()
    assert told(text) == text
    assert time.process_time() - started < 3


def test_what_stands_in_the_place_of_a_refusal_is_french_too():
    what = "an order (UBL Order)"
    assert told(refuse("other-document", what=what).sentence).startswith("C'est une commande (UBL Order), ")
    missing = refuse("fragment", format="MT940", missing="the account (:25:)")
    assert told(missing.sentence) == "C'est un fragment de MT940\N{NO-BREAK SPACE}: le compte (:25:) manque."
    kinds = (*vocabularies._UBL_DOCUMENTS.values(), *vocabularies._OTHER_DOCUMENTS.values())
    for kind in (*kinds, "XML of another kind (root Invoices)", "a document (UBL AttachedDocument)"):
        assert kind not in told(refuse("other-document", what=kind).sentence)
    for kind in (*vocabularies._OTHER_FORMATS.values(), *vocabularies._OTHER_NAMESPACES.values()):
        assert kind not in told(refuse("other-format", what=kind).sentence)


def test_words_in_words_a_thousand_deep_are_shown_as_they_came():
    nested = "This is " + "a (UBL " * 250 + ", not an invoice or a bank statement."
    assert told(nested).startswith("C'est ")
