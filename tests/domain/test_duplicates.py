"""Which documents have one business key, and what is said of two that do."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.duplicates import business_key, compared, is_structured
from banqup_tui.domain.folder import Folder

INVOICE = Document(
    id="one",
    client_id="bakery",
    folder=Folder.PURCHASE_INVOICES,
    kind=DocumentKind.INVOICE,
    file_name="a.xml",
    media_type="application/xml",
    size=1_000,
    sha256="0" * 64,
    created_at=datetime(2026, 11, 24, tzinfo=UTC),
    number="A-017/2026",
    issue_date=date(2026, 11, 20),
    due_date=date(2026, 12, 20),
    supplier=Party(name="Minoterie Saint-Hubert SA", vat_number="BE0998765448"),
    currency="EUR",
    payable_amount=21486,
    line_count=2,
)
STATEMENT = msgspec.structs.replace(
    INVOICE,
    kind=DocumentKind.STATEMENT,
    number="012",
    statement_number="012",
    account="BE68539007547034",
    opening_balance=10000,
    closing_balance=12975,
    movement_count=2,
    supplier=None,
)


def other(document: Document = INVOICE, **fields: Any) -> Document:
    return msgspec.structs.replace(document, **({"id": "two", "sha256": "1" * 64} | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "a 017 2026"},
        {"number": "A\u2011017.2026"},
        {"due_date": date(2027, 1, 31)},
        {"supplier": Party(name="Another name", vat_number="BE 0998.765.448")},
        {"supplier": Party(enterprise_number="0998765448")},
        {"payable_amount": None, "gross_amount": 21486},
        {"currency": "eur"},
        {"line_count": 3, "file_name": "b.pdf", "media_type": "application/pdf"},
    ],
)
def test_the_same_invoice_has_one_key_however_it_is_written(fields: dict[str, Any]) -> None:
    assert business_key(other(**fields)) == business_key(INVOICE) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "A-17/2026"},  # leading zeros are part of a number
        {"issue_date": date(2026, 11, 21)},
        {"kind": DocumentKind.CREDIT_NOTE},
        {"payable_amount": 21487},
        {"currency": "USD"},
        {"supplier": Party(name="Minoterie", vat_number="BE0911111102")},
    ],
)
def test_another_invoice_has_another_key(fields: dict[str, Any]) -> None:
    assert business_key(other(**fields)) not in (business_key(INVOICE), None)


def test_a_scan_with_values_has_the_key_of_the_e_invoice_or_credit_note() -> None:
    scan: dict[str, Any] = {
        "kind": DocumentKind.OTHER,
        "line_count": None,
        "gross_amount": 21486,
        "payable_amount": None,
    }
    assert business_key(other(**scan)) == business_key(INVOICE)
    credit_note = msgspec.structs.replace(INVOICE, kind=DocumentKind.CREDIT_NOTE, payable_amount=-21486)
    assert business_key(other(**(scan | {"gross_amount": -21486}))) == business_key(credit_note)


@pytest.mark.parametrize(
    "fields", [{"number": None}, {"supplier": None}, {"kind": DocumentKind.OTHER, "issue_date": None}]
)
def test_what_has_too_little_to_be_recognised_by_has_no_key(fields: dict[str, Any]) -> None:
    assert business_key(other(**fields)) is None


def test_a_bank_report_is_the_same_in_coda_and_camt_and_another_in_the_next_year() -> None:
    assert business_key(other(STATEMENT, statement_number="12", account="BE68 5390 0754 7034", movement_count=3)) == (
        business_key(STATEMENT)
    )
    assert business_key(other(STATEMENT, issue_date=date(2027, 11, 20))) != business_key(STATEMENT)
    assert business_key(other(STATEMENT, closing_balance=1)) != business_key(STATEMENT)


def test_a_bank_report_without_a_number_is_known_by_its_day_and_what_is_on_it() -> None:
    bare = other(STATEMENT, statement_number=None, number=None)
    assert business_key(bare) == business_key(msgspec.structs.replace(bare, id="three"))
    assert business_key(bare) != business_key(msgspec.structs.replace(bare, movement_count=5))
    assert business_key(other(STATEMENT, statement_number=None, closing_balance=None)) is None


def test_what_differs_is_named_field_by_field() -> None:
    result = compared(INVOICE, other(due_date=date(2027, 1, 31), size=2_000))
    assert result.different == ("due_date", "size")
    assert {"number", "issue_date", "payable_amount"} <= set(result.same)
    assert "account" not in (*result.same, *result.different)  # neither has one


def test_a_picture_of_an_invoice_has_no_data() -> None:
    assert is_structured(INVOICE)
    assert is_structured(STATEMENT)
    assert not is_structured(other(line_count=None))
