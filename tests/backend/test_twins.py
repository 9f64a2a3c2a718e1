"""A PDF that shows an e-invoice of its client is kept as its picture, whichever comes first; any other stays itself."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.backend.runtime.pruning import prune
from banqup_tui.demo.pdf import text_pdf
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.commands import DecideDuplicate, DismissUnfiled, ImportFile, ReopenDuplicate, Restore
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, BILL, GARAGE, MILL, invoice

PAGE = (
    MILL.name,
    f"TVA {MILL.vat_number}",
    f"Facture n° {BILL.number}",
    "Date : 20/11/2026",
    "Total hors TVA 201,00 €",
    "TVA 13,86 €",
    "Total à payer 214,86 €",
)


def picture(*more: str, **replaced: str) -> bytes:
    text = "\n".join((*PAGE, *more))
    for name, value in replaced.items():
        text = text.replace({"number": BILL.number, "total": "214,86"}[name], value)
    return text_pdf(text.split("\n"))


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


@pytest.fixture
def bakery(harness: IntakeHarness) -> Client:
    return harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)


def come(harness: IntakeHarness, data: bytes, name: str, **more: object) -> dict[str, Any]:
    done: dict[str, Any] = harness.do(ImportFile(sha256=harness.put(data), file_name=name, **more))  # type: ignore[arg-type]
    return done


def in_folders(harness: IntakeHarness) -> list[Document]:
    return [one for one in harness.documents() if not one.is_withdrawn]


def test_the_amounts_of_the_page_are_those_of_the_e_invoice(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, invoice(), "a.xml")
    (document,) = harness.documents()
    assert (document.net_amount, document.vat_amount, document.payable_amount) == (20100, 1386, 21486)


@pytest.mark.parametrize("order", ["XML first", "PDF first"])
def test_an_e_invoice_and_its_pdf_are_one_document_whichever_comes_first(
    harness: IntakeHarness, bakery: Client, order: str
) -> None:
    files = [(invoice(), "a.xml"), (picture(), "scan0001.pdf")]
    for data, name in files if order == "XML first" else reversed(files):
        result = come(harness, data, name, client_id=bakery.id)
    (document,) = in_folders(harness)
    assert document.file_name == "a.xml"
    assert document.picture is not None
    assert document.picture.file_name == "scan0001.pdf"
    assert not document.is_undecided
    if order == "XML first":
        assert result["documents"] == []
        assert result["joined"] == [
            {"documentId": document.id, "clientId": bakery.id, "number": BILL.number, "fileName": "", "position": ""}
        ]
    else:
        (taken,) = result["documents"]
        assert taken["picture"] == "scan0001.pdf"
        (withdrawn,) = [one for one in harness.documents() if one.is_withdrawn]
        assert withdrawn.history[-1].what.code == "history.picture-of"


@pytest.mark.parametrize(
    "other",
    [
        picture(number="2026-00418"),
        picture(total="214,87"),
        picture("Rappel"),
        text_pdf(["Conditions générales de vente"]),
        text_pdf([]),
    ],
    ids=["another number", "another total", "a reminder", "a letter", "a scan"],
)
def test_a_pdf_that_does_not_show_the_e_invoice_is_a_document_of_its_own(
    harness: IntakeHarness, bakery: Client, other: bytes
) -> None:
    come(harness, invoice(), "a.xml")
    come(harness, other, "b.pdf", client_id=bakery.id)
    assert [(one.file_name, one.picture) for one in in_folders(harness)] == [("a.xml", None), ("b.pdf", None)]


def test_the_pdf_of_another_client_is_not_joined(harness: IntakeHarness, bakery: Client) -> None:
    garage = harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    come(harness, invoice(), "a.xml")
    come(harness, picture(), "b.pdf", client_id=garage.id)
    assert [one.client_id for one in in_folders(harness)] == [bakery.id, garage.id]


def test_where_the_text_shows_two_e_invoices_nothing_is_joined(harness: IntakeHarness, bakery: Client) -> None:
    second = invoice(number="2026-00500")
    for data, name in ((invoice(), "a.xml"), (second, "b.xml")):
        come(harness, data, name)
    come(harness, picture("Facture n° 2026-00500"), "both.pdf", client_id=bakery.id)
    assert [one.picture for one in in_folders(harness)] == [None, None, None]


def test_where_two_pdfs_show_the_e_invoice_nothing_is_joined(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    come(harness, picture("Copie"), "b.pdf", client_id=bakery.id)
    come(harness, invoice(), "a.xml")
    assert [one.picture for one in in_folders(harness)] == [None, None, None]


def test_a_second_picture_is_joined_only_if_it_says_the_same(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, invoice(), "a.xml")
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    come(harness, picture() + b"\n% saved again", "again.pdf", client_id=bakery.id)
    assert len(in_folders(harness)) == 1
    come(harness, picture("Payé le 1/12/2026"), "paid.pdf", client_id=bakery.id)
    assert [one.file_name for one in in_folders(harness)] == ["a.xml", "paid.pdf"]


def test_a_picture_of_which_nothing_says_whose_it_is_is_joined_to_the_only_e_invoice(
    harness: IntakeHarness, bakery: Client
) -> None:
    come(harness, invoice(), "a.xml")
    come(harness, picture(), "scan0001.pdf")
    assert harness.unfiled_rows() == []
    (document,) = in_folders(harness)
    assert document.picture is not None


def test_a_picture_of_an_invoice_between_two_clients_waits_where_nothing_says_whose_it_is(
    harness: IntakeHarness, bakery: Client
) -> None:
    harness.client(MILL.name, "MINOTERIE", MILL.vat_number)
    come(harness, invoice(), "a.xml")
    come(harness, picture(), "scan0001.pdf")
    assert [one.file_name for one in harness.unfiled_rows()] == ["scan0001.pdf"]


def test_a_picture_that_waited_is_joined_at_the_next_look_after_its_e_invoice_came(
    harness: IntakeHarness, bakery: Client
) -> None:
    folders = WatchedFolders(harness.services)
    come(harness, picture(), "scan0001.pdf")
    come(harness, text_pdf(["Lettre"]), "letter.pdf")
    folders.scan()
    assert len(harness.unfiled_rows()) == 2
    come(harness, invoice(), "a.xml")
    folders.scan()
    assert [one.file_name for one in harness.unfiled_rows()] == ["letter.pdf"]
    harness.do(DismissUnfiled(unfiled_ids=tuple(row.id for row in harness.unfiled_rows())))
    assert harness.unfiled_rows() == []
    (document,) = in_folders(harness)
    assert document.picture is not None


def test_a_pdf_long_before_its_e_invoice_is_not_joined(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    table = tables.document
    with harness.services.database.write(harness.services.space_id) as transaction:
        transaction.execute(update(table).values(created_at=transaction.now - timedelta(days=121)))
    come(harness, invoice(), "a.xml")
    assert [one.picture for one in in_folders(harness)] == [None, None]


def test_an_e_invoice_whose_pdf_is_in_use_is_held_and_decided_by_a_person(
    harness: IntakeHarness, bakery: Client
) -> None:
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    with harness.services.database.write(harness.services.space_id) as transaction:
        transaction.execute(update(tables.document).values(attempted=True))
    come(harness, invoice(), "a.xml")
    pdf, newer = in_folders(harness)
    assert (newer.same_as, newer.duplicate) == (pdf.id, Duplicate.UNDECIDED)
    harness.do(DecideDuplicate(document_id=newer.id, choice=DuplicateChoice.ONE_DOCUMENT))
    (document,) = in_folders(harness)
    assert document.file_name == "a.xml"
    assert document.picture is not None


def test_a_pdf_that_became_a_picture_is_a_document_again_when_that_is_taken_back(
    harness: IntakeHarness, bakery: Client
) -> None:
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    come(harness, invoice(), "a.xml")
    pdf, xml = harness.documents()
    assert pdf.is_withdrawn
    harness.do(ReopenDuplicate(document_id=pdf.id))
    pdf, xml = in_folders(harness)
    assert (pdf.duplicate, xml.picture) == (Duplicate.UNDECIDED, None)
    harness.do(DecideDuplicate(document_id=pdf.id, choice=DuplicateChoice.TWO_DOCUMENTS))
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    assert [one.picture for one in in_folders(harness)] == [None, None]


def test_a_restored_pdf_is_a_document_again_and_no_picture(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    come(harness, invoice(), "a.xml")
    pdf, _ = harness.documents()
    harness.do(Restore(document_ids=(pdf.id,)))
    assert [(one.file_name, one.picture, one.duplicate) for one in in_folders(harness)] == [
        ("a.pdf", None, None),
        ("a.xml", None, None),
    ]


def test_the_text_of_a_pdf_goes_with_its_file(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, picture(), "a.pdf", client_id=bakery.id)
    (document,) = harness.documents()
    with harness.services.database.write(harness.services.space_id) as transaction:
        transaction.execute(update(tables.document).values(withdrawn_at=transaction.now - timedelta(days=31)))
    prune(harness.services)
    assert harness.rows(select(tables.document_text)) == []
    assert not harness.services.files.has(document.sha256)


def test_the_pdf_beside_an_e_invoice_is_a_document_of_its_own_if_its_text_speaks_against_it(
    harness: IntakeHarness, bakery: Client
) -> None:
    terms = (
        "Conditions générales de vente : les marchandises restent la propriété du vendeur jusqu'au paiement complet."
    )
    xml = harness.put(invoice())
    come(harness, invoice(), "a.xml")
    result = come(harness, text_pdf([terms]), "a.pdf", beside=xml, client_id=bakery.id)
    assert result["pictures"] == []
    assert [(one.file_name, one.picture) for one in in_folders(harness)] == [("a.xml", None), ("a.pdf", None)]
    result = come(harness, picture(), "a.pdf", beside=xml, client_id=bakery.id)
    assert result["pictures"] == ["a.pdf"]


def test_the_text_of_a_pdf_is_kept_once(harness: IntakeHarness, bakery: Client) -> None:
    for name in ("a.pdf", "b.pdf"):
        come(harness, picture(), name, client_id=bakery.id, folder=Folder.OTHER_DOCUMENTS)
    (row,) = harness.rows(select(tables.document_text))
    assert row.text.split("\n") == list(PAGE)
