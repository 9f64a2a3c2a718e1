"""The values of a plain PDF are read from its text, marked as such, and take part in finding doubles."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from banqup_tui.backend.db import tables
from banqup_tui.demo.pdf import text_pdf
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, DocumentValues, Duplicate, values_of
from banqup_tui.domain.e_invoicing import is_to_ask_for
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.suggestion import TextField
from banqup_tui.protocol.commands import CorrectDocument, ImportFile, MoveDocument, Restore
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, BILL, MILL, invoice, letter

PAGE = (
    MILL.name,
    f"TVA {MILL.vat_number}",
    f"Facture n° {BILL.number}",
    "Date : 20/11/2026",
    "Échéance : 20/12/2026",
    f"{BAKERY.name} TVA {BAKERY.vat_number}",
    "Total hors TVA 201,00 €",
    "TVA 13,86 €",
    "Total à payer 214,86 €",
)


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


@pytest.fixture
def bakery(harness: IntakeHarness) -> Client:
    return harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)


def come(harness: IntakeHarness, data: bytes, name: str, client: Client, folder: str = "PURCHASE_INVOICES") -> Document:
    sha256 = harness.put(data)
    harness.do(ImportFile(sha256=sha256, file_name=name, client_id=client.id, folder=Folder(folder)))
    return next(one for one in harness.documents() if one.sha256 == sha256)


def page(*more: str, **replaced: str) -> bytes:
    text = "\n".join((*PAGE, *more))
    for before, after in replaced.items():
        text = text.replace({"number": BILL.number, "total": "214,86", "own": BAKERY.vat_number}[before], after)
    return text_pdf(text.split("\n"))


def test_a_pdf_has_the_values_of_its_text_and_says_so(harness: IntakeHarness, bakery: Client) -> None:
    found = come(harness, page(), "a.pdf", bakery)
    assert values_of(found) == DocumentValues(
        number=BILL.number,
        issue_date=BILL.issued,
        due_date=BILL.due,
        vat_number=MILL.vat_number,
        currency="EUR",
        net_amount=20100,
        vat_amount=1386,
        gross_amount=21486,
    )
    assert TextField.NUMBER in found.from_text
    assert [one.candidates for one in found.suggestions] == [(MILL.name,)], "no check digits prove a name"
    assert is_to_ask_for(found)
    (row,) = harness.rows(select(tables.document))
    assert (row.filed_year, row.filed_month) == (2026, 11)


def test_a_seller_of_an_earlier_e_invoice_is_known_by_its_number(harness: IntakeHarness, bakery: Client) -> None:
    come(harness, invoice(number="2026-00001"), "a.xml", bakery)
    found = come(harness, page(own=""), "b.pdf", bakery)
    assert found.counterparty is not None
    assert (found.counterparty.name, found.counterparty.vat_number) == (MILL.name, MILL.vat_number)
    assert found.suggestions == ()


def test_what_the_text_does_not_prove_is_only_suggested(harness: IntakeHarness, bakery: Client) -> None:
    found = come(harness, page(total="215,86"), "a.pdf", bakery)
    assert values_of(found) == DocumentValues()
    assert found.from_text == ()
    suggested = {one.field: one.candidates for one in found.suggestions}
    assert suggested[TextField.NUMBER] == (BILL.number,)
    assert suggested[TextField.GROSS_AMOUNT] == ("21586", "20100")


def test_other_documents_and_scans_have_no_values(harness: IntakeHarness, bakery: Client) -> None:
    for folder, data in (("OTHER_DOCUMENTS", page()), ("PURCHASE_INVOICES", letter())):
        found = come(harness, data, "a.pdf", bakery, folder)
        assert (values_of(found), found.suggestions) == (DocumentValues(), ())


def test_the_same_invoice_in_another_pdf_is_held_back(harness: IntakeHarness, bakery: Client) -> None:
    first = come(harness, page(), "a.pdf", bakery)
    second = come(harness, page("Copie"), "b.pdf", bakery)
    assert (second.duplicate, second.same_as) == (Duplicate.UNDECIDED, first.id)


def test_the_e_invoice_of_a_pdf_with_values_still_takes_it_as_its_picture(
    harness: IntakeHarness, bakery: Client
) -> None:
    pdf = come(harness, page(), "a.pdf", bakery)
    xml = come(harness, invoice(), "b.xml", bakery)
    assert (xml.duplicate, xml.picture is not None) == (None, True)
    assert next(one for one in harness.documents() if one.id == pdf.id).is_withdrawn


def corrected(harness: IntakeHarness, document: Document, **values: Any) -> dict[str, Any]:
    before = values_of(document)
    wanted = DocumentValues(**{name: getattr(before, name) for name in before.__struct_fields__} | values)
    done: dict[str, Any] = harness.do(CorrectDocument(document_id=document.id, values=wanted, before=before))
    return done


def again(harness: IntakeHarness, document: Document) -> Document:
    return next(one for one in harness.documents() if one.id == document.id)


ENTERED = {"number": "2026/00417", "issue_date": BILL.issued, "gross_amount": 21486, "currency": "EUR"}


@pytest.mark.parametrize("party", [{"vat_number": MILL.vat_number}, {"counterparty": "MINOTERIE SAINT-HUBERT"}])
def test_a_scan_with_entered_values_is_found_as_the_same_and_freed_when_they_change(
    harness: IntakeHarness, bakery: Client, party: dict[str, str]
) -> None:
    xml = come(harness, invoice(), "a.xml", bakery)
    scan = come(harness, letter(), "b.pdf", bakery)
    assert corrected(harness, scan, **ENTERED, **party) == {"corrected": 1, "undecided": True}
    undecided = again(harness, scan)
    assert (undecided.duplicate, undecided.same_as) == (Duplicate.UNDECIDED, xml.id)
    assert corrected(harness, undecided, number="2026/00418") == {"corrected": 1, "undecided": False}
    free = again(harness, scan)
    assert (free.duplicate, free.same_as) == (None, None)


def test_an_e_invoice_after_a_scan_with_entered_values_is_undecided(harness: IntakeHarness, bakery: Client) -> None:
    scan = come(harness, letter(), "b.pdf", bakery)
    corrected(harness, scan, **ENTERED, vat_number=MILL.vat_number)
    xml = come(harness, invoice(), "a.xml", bakery)
    assert (xml.duplicate, xml.same_as) == (Duplicate.UNDECIDED, scan.id)


def test_an_entered_value_is_no_longer_marked_as_read_nor_suggested(harness: IntakeHarness, bakery: Client) -> None:
    pdf = come(harness, page(), "a.pdf", bakery)
    corrected(harness, pdf, number="417", counterparty="Minoterie")
    found = again(harness, pdf)
    assert TextField.NUMBER not in found.from_text
    assert TextField.GROSS_AMOUNT in found.from_text
    assert found.suggestions == ()
    assert found.supplier is not None
    assert (found.supplier.name, found.supplier.vat_number) == ("Minoterie", MILL.vat_number)


def test_the_companies_of_an_older_database_are_known(harness: IntakeHarness, bakery: Client) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from banqup_tui.backend.db.migrations import STEPS

    come(harness, invoice(), "a.xml", bakery)
    company = tables.known_company
    with harness.services.database.engine.begin() as connection:
        before = set(connection.execute(select(company)).all())
        connection.execute(delete(company))
        STEPS[16](Operations(MigrationContext.configure(connection)))
        assert set(connection.execute(select(company)).all()) == before
    assert {row.key for row in before} == {f"be:{MILL.number}", f"be:{BAKERY.number}"}


def test_a_pdf_has_words_by_which_it_is_found_and_gives_them_to_its_e_invoice(
    harness: IntakeHarness, bakery: Client
) -> None:
    pdf = come(harness, page("Farine d'épeautre"), "a.pdf", bakery)
    assert {"farine", "epeautre", "minoterie"} <= set(pdf.text_words.split())
    xml = come(harness, invoice(), "b.xml", bakery)
    assert again(harness, xml).text_words.split()[:3] == pdf.text_words.split()[:3]
    contract = come(harness, page("Bail"), "c.pdf", bakery, "OTHER_DOCUMENTS")
    assert "bail" in contract.text_words.split()


def test_the_text_of_a_pdf_that_is_moved_is_read_for_its_new_folder(harness: IntakeHarness, bakery: Client) -> None:
    pdf = come(harness, page(), "a.pdf", bakery, "OTHER_DOCUMENTS")
    assert values_of(pdf) == DocumentValues()
    move(harness, pdf, Folder.PURCHASE_INVOICES)
    found = again(harness, pdf)
    assert (found.number, found.gross_amount, is_to_ask_for(found)) == (BILL.number, 21486, True)
    move(harness, found, Folder.OTHER_DOCUMENTS)
    back = again(harness, pdf)
    assert (values_of(back), back.supplier, back.from_text, back.suggestions) == (DocumentValues(), None, (), ())
    corrected(harness, back, number="17")
    move(harness, again(harness, pdf), Folder.PURCHASE_INVOICES)
    assert values_of(again(harness, pdf)) == DocumentValues(number="17"), "what a person entered stays as it is"


def move(harness: IntakeHarness, document: Document, folder: Folder) -> None:
    harness.do(
        MoveDocument(
            document_id=document.id,
            client_id=document.client_id,
            folder=folder,
            from_client_id=document.client_id,
            from_folder=document.folder,
        )
    )


def test_a_pdf_that_was_joined_wrongly_is_taken_from_the_e_invoice_that_came_first(
    harness: IntakeHarness, bakery: Client
) -> None:
    xml = come(harness, invoice(), "a.xml", bakery)
    pdf = come(harness, page(), "b.pdf", bakery)
    assert (pdf.is_withdrawn, pdf.same_as, pdf.client_id, pdf.folder) == (True, xml.id, bakery.id, xml.folder)
    assert [entry.what.code for entry in pdf.history] == ["history.picture-of"]
    assert again(harness, xml).picture is not None
    harness.do(Restore(document_ids=(pdf.id,)))
    assert again(harness, xml).picture is None
    free = again(harness, pdf)
    assert (free.is_withdrawn, free.number) == (False, BILL.number)
    assert (free.duplicate, free.same_as) == (Duplicate.UNDECIDED, xml.id), "both have one number: a person decides"
    come(harness, page(), "c.pdf", bakery)
    assert again(harness, xml).picture is None, "it is a document of its own now"
