import random
from datetime import UTC, date, datetime, timedelta

import pytest

from banqup_tui.backend.intake.description import described, kind_of
from banqup_tui.demo.firm import belgian_iban, company_number, make_firm
from banqup_tui.demo.generate import Facts, Sample, generate
from banqup_tui.demo.pdf import text_pdf
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import is_iban, vat_number_holds
from banqup_tui.formats import Content, ContentKind, read
from banqup_tui.sources.sorter import PartyRole

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return list(generate(make_firm(), 400, seed=3, today=TODAY))


def test_every_company_has_numbers_whose_check_digits_fit() -> None:
    for client in make_firm(60).clients:
        for company in (client.company, *client.suppliers, *client.customers):
            assert vat_number_holds(company.vat_number), company.name
            assert is_iban(company.iban), company.name


def test_numbers_are_of_a_range_that_no_company_has() -> None:
    randomness = random.Random(1)
    assert all(company_number(randomness).startswith("09") for _ in range(100))
    assert all(is_iban(belgian_iban(randomness)) for _ in range(100))


def test_the_same_seed_gives_the_same_firm_and_another_seed_another() -> None:
    first, again = (list(generate(make_firm(5), 40, seed=1, today=TODAY)) for _ in range(2))
    assert first == again
    assert first != list(generate(make_firm(5), 40, seed=2, today=TODAY))


def test_clients_keep_different_references_and_numbers_however_many_there_are() -> None:
    clients = make_firm(130).clients
    assert len({client.reference for client in clients}) == 130
    assert len({client.company.number for client in clients}) == 130


def test_documents_come_newest_first_and_thin_out_towards_the_past(samples: list[Sample]) -> None:
    days = [sample.dated for sample in samples]
    assert days == sorted(days, reverse=True)
    assert days[0] <= TODAY
    assert days[-1] < TODAY - timedelta(days=600)
    assert sum(day > TODAY - timedelta(days=90) for day in days) > len(days) / 4


def test_there_are_documents_of_every_folder_and_standing(samples: list[Sample]) -> None:
    assert {sample.folder for sample in samples} == set(Folder)
    assert {sample.facts.kind for sample in samples} == set(DocumentKind)
    assert {sample.approved for sample in samples} == {True, False}
    assert {sample.processed for sample in samples} == {True, False}
    assert any(sample.facts.attachment_count for sample in samples)
    assert not any(sample.processed and not sample.approved for sample in samples)


def test_no_two_files_are_the_same(samples: list[Sample]) -> None:
    assert len({sample.data for sample in samples}) == len(samples)
    assert len({sample.path for sample in samples}) == len(samples)


def test_every_document_reads_back_as_what_it_was_written_to_say(samples: list[Sample]) -> None:
    for sample in samples:
        content = read(sample.data, sample.file_name)
        assert _facts(content) == sample.facts, sample.path


def test_nothing_in_it_is_odd_but_the_wrong_check_digits_that_are_meant(samples: list[Sample]) -> None:
    for sample in samples:
        content = read(sample.data, sample.file_name)
        found = [*(content.invoice.warnings if content.invoice else ())]
        found += [warning for statement in content.statements for warning in statement.warnings]
        assert {warning.message.code for warning in found} <= {"communication-check"}, sample.path


def test_a_long_letter_has_several_pages() -> None:
    content = read(text_pdf([f"Ligne {at} (é)" for at in range(120)]), "a.pdf")
    assert (content.kind, content.media_type) == (ContentKind.PLAIN, "application/pdf")


def _facts(content: Content) -> Facts:
    bare = Document(
        id="",
        client_id="",
        folder=Folder.OTHER_DOCUMENTS,
        kind=kind_of(content),
        file_name="",
        media_type=content.media_type,
        size=0,
        sha256="",
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    found = described(bare, content, PartyRole.BUYER)
    bank = bool(content.statements)
    return Facts(
        kind=found.kind,
        number=found.number,
        issue_date=found.issue_date,
        due_date=found.due_date,
        supplier=found.supplier.name if found.supplier else None,
        supplier_vat=found.supplier.vat_number if found.supplier else None,
        customer=found.customer.name if found.customer else None,
        customer_vat=found.customer.vat_number if found.customer else None,
        currency=found.currency,
        net=found.net_amount,
        vat=found.vat_amount,
        gross=found.gross_amount,
        payable=found.payable_amount,
        line_count=found.line_count,
        attachment_count=found.attachment_count,
        iban=found.account if bank else found.iban,
        payment_reference=found.payment_reference,
        opening=found.opening_balance,
        closing=found.closing_balance,
        movement_count=found.movement_count,
    )
