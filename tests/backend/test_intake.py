from datetime import date
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.domain.document import DocumentKind
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.protocol.commands import AddSource, ImportFile, RemoveSource
from banqup_tui.protocol.problems import ProblemType
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, MILL, invoice, letter, statement


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


def test_an_imported_invoice_lies_with_the_client_that_buys_and_says_all_that_is_on_it(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    sha256 = harness.put(invoice())
    result = harness.do(ImportFile(sha256=sha256, file_name="a.xml"))
    (document,) = harness.documents()
    assert result["documents"] == [
        {
            "documentId": document.id,
            "clientId": client.id,
            "folder": "PURCHASE_INVOICES",
            "outcome": "NEW",
            "sameAs": None,
            "duplicate": None,
            "picture": None,
            "withdrawn": False,
            "fileName": "",
            "position": "",
        }
    ]
    assert document.client_id == client.id
    assert document.kind is DocumentKind.INVOICE
    assert document.number == "2026-00417"
    assert (document.issue_date, document.due_date) == (date(2026, 11, 20), date(2026, 12, 20))
    assert document.counterparty is not None
    assert document.counterparty.name == MILL.name
    assert document.supplier == document.counterparty
    assert document.customer is not None
    assert document.customer.vat_number == BAKERY.vat_number
    assert (document.net_amount, document.vat_amount, document.gross_amount) == (20100, 1386, 21486)
    assert (document.payable_amount, document.currency, document.line_count) == (21486, "EUR", 2)
    assert (document.iban, document.payment_reference) == (MILL.iban, "+++123/4567/89002+++")
    assert document.accounting_status is AccountingStatus.READY_TO_PROCESS


def test_the_change_numbers_of_a_document_are_put_in_by_the_transaction(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(ImportFile(sha256=harness.put(invoice()), file_name="a.xml"))
    harness.do(ImportFile(sha256=harness.put(invoice(number="2")), file_name="b.xml", approved=False))
    ready, waiting = harness.rows(select(tables.document).order_by(tables.document.c.created_seq))
    assert ready.created_seq == ready.ready_seq == ready.seq > 0
    assert waiting.ready_seq is None
    assert waiting.accounting_status == "CLIENT_ACTION_NEEDED"


def test_the_same_file_twice_is_one_document_and_says_so(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    body = ImportFile(sha256=harness.put(invoice()), file_name="a.xml")
    first = harness.do(body)
    again = harness.do(body)
    assert again["documents"][0]["outcome"] == "KNOWN"
    assert again["documents"][0]["documentId"] == first["documents"][0]["documentId"]
    assert len(harness.documents()) == 1


def test_the_same_invoice_in_other_bytes_says_which_one_it_repeats(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    first = harness.do(ImportFile(sha256=harness.put(invoice()), file_name="a.xml"))
    second = harness.do(ImportFile(sha256=harness.put(invoice() + b"<!-- again -->"), file_name="a.xml"))
    assert second["documents"][0]["sameAs"] == first["documents"][0]["documentId"]
    assert [document.same_as is None for document in harness.documents()] == [True, False]


def test_an_invoice_between_two_clients_lies_with_both(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.client(MILL.name, "MILL", MILL.vat_number)
    harness.do(ImportFile(sha256=harness.put(invoice()), file_name="a.xml"))
    documents = harness.documents()
    assert {document.folder for document in documents} == {Folder.SALES_INVOICES, Folder.PURCHASE_INVOICES}
    assert {document.counterparty.name for document in documents if document.counterparty} == {BAKERY.name, MILL.name}
    assert len({document.sha256 for document in documents}) == 1


def test_a_file_that_nobody_can_place_waits_with_its_reason(harness: IntakeHarness) -> None:
    reason = harness.waits(ImportFile(sha256=harness.put(invoice()), file_name="a.xml"))
    assert MILL.name in sentence_of(reason)
    assert BAKERY.name in sentence_of(reason)
    assert remedy_of(reason)
    (waiting,) = harness.unfiled_rows()
    assert (waiting.file_name, waiting.reason) == ("a.xml", reason)
    assert harness.documents() == []


def test_a_file_leaves_the_tray_once_it_is_placed(harness: IntakeHarness) -> None:
    sha256 = harness.put(letter())
    harness.waits(ImportFile(sha256=sha256, file_name="a.pdf"))
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(ImportFile(sha256=sha256, file_name="a.pdf", client_id=client.id))
    assert harness.unfiled_rows() == []
    assert harness.documents()[0].folder is Folder.OTHER_DOCUMENTS


def test_a_damaged_file_waits_with_its_reason(harness: IntakeHarness) -> None:
    reason = harness.waits(ImportFile(sha256=harness.put(b"<?xml version='1.0'?><Invoice>"), file_name="a.xml"))
    assert harness.unfiled_rows()[0].reason == reason


def test_a_file_that_was_not_uploaded_is_refused(harness: IntakeHarness) -> None:
    assert harness.refusal(ImportFile(sha256="0" * 64, file_name="a.xml")).type == ProblemType.NOT_FOUND


def test_a_new_client_is_made_of_the_buyer_only_when_asked_for(harness: IntakeHarness) -> None:
    result = harness.do(ImportFile(sha256=harness.put(invoice()), file_name="a.xml", create_clients=True))
    (client,) = harness.clients()
    assert result["createdClients"] == [client.id]
    assert (client.name, client.vat_number, client.reference) == (
        BAKERY.name,
        BAKERY.vat_number,
        "FOURNIL-DE-LA-TANNERIE",
    )
    harness.do(ImportFile(sha256=harness.put(invoice(number="2")), file_name="b.xml", create_clients=True))
    assert len(harness.clients()) == 1
    assert len(harness.documents()) == 2


def test_two_new_clients_of_one_name_have_different_references(harness: IntakeHarness) -> None:
    twin = msgspec.structs.replace(BAKERY, number=GARAGE.number)
    for at, buyer in enumerate((BAKERY, twin)):
        data = invoice(buyer=buyer, number=str(at))
        harness.do(ImportFile(sha256=harness.put(data), file_name="a.xml", create_clients=True))
    assert sorted(client.reference for client in harness.clients()) == [
        "FOURNIL-DE-LA-TANNERIE",
        "FOURNIL-DE-LA-TANNERIE-2",
    ]


def test_a_bank_file_goes_to_the_client_whose_number_is_in_its_header(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(ImportFile(sha256=harness.put(statement()), file_name="a.cod"))
    (document,) = harness.documents()
    assert (document.client_id, document.folder) == (client.id, Folder.ENRICHED_MOVEMENT_REPORTS)
    assert (document.account, document.opening_balance, document.closing_balance) == (BAKERY.iban, 10000, 12975)
    assert (document.movement_count, document.issue_date) == (2, date(2026, 11, 20))


def test_an_account_is_remembered_once_its_statement_was_placed_by_hand(harness: IntakeHarness) -> None:
    client = harness.client("Holding", "HOLDING")
    harness.waits(ImportFile(sha256=harness.put(statement()), file_name="a.cod"))
    harness.do(ImportFile(sha256=harness.put(statement()), file_name="a.cod", client_id=client.id))
    harness.do(ImportFile(sha256=harness.put(statement(number=13)), file_name="b.cod"))
    assert [document.client_id for document in harness.documents()] == [client.id] * 2


def test_a_scan_can_be_given_its_folder_and_its_day(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    body = ImportFile(
        sha256=harness.put(letter()),
        file_name="ticket.pdf",
        client_id=client.id,
        folder=Folder.PURCHASE_RECEIPTS,
        dated=date(2025, 3, 4),
    )
    harness.do(body)
    (document,) = harness.documents()
    assert (document.folder, document.sort_date) == (Folder.PURCHASE_RECEIPTS, date(2025, 3, 4))
    (row,) = harness.rows(select(tables.document))
    assert (row.filed_year, row.filed_month) == (2025, 3)


def test_a_folder_is_watched_once_and_can_be_let_go(harness: IntakeHarness, tmp_path: Path) -> None:
    watched = tmp_path / "in"
    watched.mkdir()
    assert harness.do(AddSource(source_id="s1", path=str(watched)))["outcome"] == "NEW"
    assert harness.do(AddSource(source_id="s2", path=f"{watched}/"))["sourceId"] == "s1"
    harness.do(RemoveSource(source_id="s1"))
    assert harness.rows(select(tables.source)) == []
    assert harness.refusal(RemoveSource(source_id="s1")).type == ProblemType.NOT_FOUND


def test_a_folder_that_cannot_be_watched_is_refused_with_the_reason(harness: IntakeHarness, tmp_path: Path) -> None:
    assert "full path" in harness.refusal(AddSource(source_id="s", path="in")).detail
    assert "no folder" in harness.refusal(AddSource(source_id="s", path=str(tmp_path / "none"))).detail
    assert "own files" in harness.refusal(AddSource(source_id="s", path=str(tmp_path))).detail
