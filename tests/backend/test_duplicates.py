"""The same document in other bytes is held, and sent only once somebody has decided."""

import threading
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from banqup_tui.backend.db import tables
from banqup_tui.domain.document import DocumentKind, Duplicate
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.protocol.commands import DecideDuplicate, ImportFile, ReopenDuplicate, Send
from tests.support.intake_harness import SPACE
from tests.support.one_client import OneClient
from tests.support.papers import invoice, letter, statement

ONE, NEWER, TWO = DuplicateChoice.ONE_DOCUMENT, DuplicateChoice.NEWER_VERSION, DuplicateChoice.TWO_DOCUMENTS


@pytest.fixture
def setup(tmp_path: Path) -> OneClient:
    return OneClient(tmp_path)


def test_the_same_invoice_in_other_bytes_is_held_and_neither_queued_nor_counted_as_ready(setup: OneClient) -> None:
    first = setup.imported(invoice())
    again = setup.imported(invoice().replace(b"><", b">\n  <"))
    assert (again["outcome"], again["sameAs"], again["duplicate"]) == ("NEW", first["documentId"], "HELD")
    undecided = setup.document(again["documentId"])
    assert (undecided.same_as, undecided.duplicate) == (first["documentId"], Duplicate.UNDECIDED)
    assert undecided.accounting_status is AccountingStatus.ERROR
    assert setup.queued() == {first["documentId"]}


def test_a_third_one_is_the_same_as_the_first(setup: OneClient) -> None:
    first, _ = setup.pair()
    assert setup.imported(invoice(due=None))["sameAs"] == first


def test_the_same_bank_report_sent_again_is_held(setup: OneClient) -> None:
    first = setup.imported(statement(), "a.cod")
    data = statement()
    again = setup.imported(data[:16] + b"D" + data[17:], "b.cod")  # the duplicate flag of CODA's record 0
    assert again["sameAs"] == first["documentId"]
    assert setup.queued() == {first["documentId"]}


def test_of_two_that_come_at_the_same_time_exactly_one_is_held(setup: OneClient) -> None:
    bodies = [
        ImportFile(sha256=setup.put(invoice() + b"<!-- %d -->" % number), file_name=f"{number}.xml")
        for number in range(4)
    ]
    together = threading.Barrier(len(bodies))

    def come(body: ImportFile) -> None:
        together.wait()
        setup.do(body)

    threads = [threading.Thread(target=come, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    undecided = [document.is_undecided for document in setup.documents()]
    assert sorted(undecided) == [False, True, True, True]
    assert len(setup.queued()) == 1


def test_a_held_document_is_not_sent_by_hand_either_before_it_is_decided(setup: OneClient) -> None:
    first, undecided = setup.pair()
    setup.queued()
    assert setup.refusal(Send(document_ids=(undecided,))).code == "document.held"
    done = setup.do(Send(document_ids=(first, undecided)))
    assert (done["queued"], done["unchanged"], done["stopped"]) == (0, 1, 1)


def test_one_document_withdraws_the_copy(setup: OneClient) -> None:
    first, undecided = setup.pair()
    answer = setup.decide(undecided, ONE)
    assert (answer["kept"], answer["withdrawn"]) == (first, undecided)
    assert setup.document(undecided).is_withdrawn
    assert setup.document(undecided).history[-1].what.code == "history.copy"
    assert setup.queued() == {first}


def test_of_one_document_the_one_with_the_data_leads_unless_the_picture_was_sent(setup: OneClient) -> None:
    def picture_first(number: str) -> tuple[str, str]:
        picture = setup.imported(invoice(number=number))["documentId"]
        with setup.services.database.write(SPACE) as transaction:
            mine = tables.document.c.id == picture
            value = msgspec.json.encode(msgspec.structs.replace(setup.document(picture), line_count=None))
            transaction.execute(update(tables.document).where(mine).values(value=value))
        return picture, setup.imported(invoice(number=number, due=None))["documentId"]

    picture, xml = picture_first("1")
    answer = setup.decide(xml, ONE)
    assert (answer["kept"], answer["withdrawn"]) == (xml, picture)
    assert setup.queued() == {xml}
    setup.delivered(xml)
    picture, xml = picture_first("2")
    setup.delivered(picture)
    answer = setup.decide(xml, ONE)
    assert (answer["kept"], answer["withdrawn"], answer["delivered"]) == (picture, xml, 1)


def test_a_newer_version_is_sent_and_the_earlier_one_no_more(setup: OneClient) -> None:
    first, undecided = setup.pair()
    setup.queued()
    answer = setup.decide(undecided, NEWER)
    assert (answer["kept"], answer["cancelled"], answer["delivered"]) == (undecided, 1, 0)
    assert setup.document(first).replaced_by == undecided
    assert setup.queued() == {undecided}
    assert setup.refusal(Send(document_ids=(first,))).code == "document.replaced"


def test_what_was_delivered_of_the_earlier_version_stays(setup: OneClient) -> None:
    first, undecided = setup.pair()
    setup.delivered(first)
    assert setup.decide(undecided, NEWER)["delivered"] == 1
    assert setup.deliveries("DELIVERED") == {first}
    assert setup.queued() == {undecided}


def test_two_documents_are_both_sent(setup: OneClient) -> None:
    first, undecided = setup.pair()
    setup.decide(undecided, TWO)
    assert setup.queued() == {first, undecided}
    assert setup.document(undecided).accounting_status is AccountingStatus.QUEUED


@pytest.mark.parametrize("choice", [ONE, NEWER, TWO])
def test_it_is_decided_once(setup: OneClient, choice: DuplicateChoice) -> None:
    _, undecided = setup.pair()
    setup.decide(undecided, choice)
    for second in DuplicateChoice:
        problem = setup.refusal(DecideDuplicate(document_id=undecided, choice=second))
        assert (problem.code, problem.params["choice"]) == ("duplicate.decided-already", str(choice))


def test_two_who_decide_at_once_are_one_decision_and_one_refusal(setup: OneClient) -> None:
    first, undecided = setup.pair()
    setup.queued()
    together, answers = threading.Barrier(2), []

    def choose(choice: DuplicateChoice) -> None:
        together.wait()
        (result,) = setup.commands([DecideDuplicate(document_id=undecided, choice=choice)])
        answers.append(result)

    threads = [threading.Thread(target=choose, args=(choice,)) for choice in (NEWER, TWO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.status for result in answers) == ["DONE", "REFUSED"]
    replaced = setup.document(first).replaced_by is not None
    assert replaced is (setup.document(undecided).duplicate is Duplicate.NEWER_VERSION)


@pytest.mark.parametrize("choice", [ONE, NEWER, TWO])
def test_a_decision_is_taken_back_as_long_as_nothing_was_sent_and_can_be_another_one_then(
    setup: OneClient, choice: DuplicateChoice
) -> None:
    first, undecided = setup.pair()
    setup.queued()
    setup.decide(undecided, choice)
    setup.queued()
    setup.do(ReopenDuplicate(document_id=undecided))
    assert setup.document(undecided).is_undecided
    assert not setup.document(undecided).is_withdrawn
    assert setup.document(first).replaced_by is None
    assert setup.queued() == {first}
    setup.decide(undecided, TWO)
    assert setup.queued() == {first, undecided}


def test_a_decision_stands_once_something_was_sent(setup: OneClient) -> None:
    _, undecided = setup.pair()
    setup.decide(undecided, TWO)
    setup.delivered(undecided)
    assert setup.refusal(ReopenDuplicate(document_id=undecided)).code == "duplicate.sent-since"
    assert not setup.document(undecided).is_undecided


def test_a_document_that_is_not_held_cannot_be_decided(setup: OneClient) -> None:
    first, _ = setup.pair()
    assert setup.refusal(DecideDuplicate(document_id=first, choice=TWO)).code == "duplicate.not-held"
    assert setup.refusal(ReopenDuplicate(document_id=first)).code == "duplicate.not-decided"
    assert setup.refusal(DecideDuplicate(document_id="none", choice=TWO)).code == "document.deleted"


def test_letters_are_never_held(setup: OneClient) -> None:
    for text in ("one", "two"):
        sha256 = setup.put(letter(text))
        setup.do(ImportFile(sha256=sha256, file_name="scan.pdf", client_id=setup.baker.id))
    assert {document.kind for document in setup.documents()} == {DocumentKind.OTHER}
    assert not any(document.is_undecided for document in setup.documents())
