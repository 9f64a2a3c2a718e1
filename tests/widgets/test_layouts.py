"""Invoices and bank reports laid out: everything keeps to its width, and amounts are never cut."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banqup_tui.domain.invoice import (
    AllowanceCharge,
    Invoice,
    InvoiceLine,
    InvoiceParty,
    PaymentMeans,
    VatBreakdown,
)
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.domain.messages import message
from banqup_tui.domain.statement import Movement, Statement
from banqup_tui.presentation.formats import figure
from banqup_tui.widgets.layouts.invoice import invoice_lines, payment_lines, table_of_lines
from banqup_tui.widgets.layouts.statement import statement_lines
from banqup_tui.widgets.page import draw
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import Line
from banqup_tui.widgets.theme import look_named

WIDTHS = [56, 76, 100]
LOOK = look_named("banqup-dark")
HOSTILE = "a[/b]c \x1b[31m ‮ " + "漢" * 300


def invoice(**more: Any) -> Invoice:
    known: dict[str, Any] = {
        "kind": InvoiceKind.INVOICE,
        "number": "2026-11874",
        "issue_date": date(2026, 11, 24),
        "due_date": date(2026, 12, 24),
        "currency": "EUR",
        "seller": InvoiceParty(name="Meunerie de Gembloux SA", vat_number="BE0438220759", city="Gembloux"),
        "buyer": InvoiceParty(name="Boulangerie du Parvis SRL"),
        "net": 114635,
        "vat": 6878,
        "gross": 121513,
        "payable": 121513,
        "lines": (
            InvoiceLine(
                id="1", description="Farine de froment", quantity=Decimal(24), unit_code="XBG",
                unit_price=Decimal("18.4"), net=44160, vat_rate=Decimal(6),
            ),
        ),
        "vat_breakdown": (VatBreakdown(taxable=114635, vat=6878, category="S", rate=Decimal(6)),),
        "payment_means": (
            PaymentMeans(code="30", account="BE68539007547034", account_is_iban=True, reference="123456789002"),
        ),
    }  # fmt: skip
    return Invoice(**known | more)


def text_of(lines: list[Line], width: int) -> str:
    drawn = ["".join(segment.text for segment in draw(line, LOOK, width, margin=0)).rstrip() for line in lines]
    return "\n".join(drawn).replace("\u00a0", " ")


def line_width(line: Line) -> int:
    return max((put.column if put.right else put.column + width_of(put.text) for put in line), default=0)


def keeps_to(lines: list[Line], width: int) -> None:
    """No line is wider, and no text lies over another, which would push the amount at the right out of sight."""
    for line in lines:
        assert line_width(line) <= width, line
        end = 0
        for start, put in sorted((put.column - width_of(put.text) if put.right else put.column, put) for put in line):
            assert start >= end or not put.text, line
            end = start + width_of(put.text)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_invoice_has_all_that_one_looks_for(width: int) -> None:
    text = text_of(invoice_lines(invoice(), width), width)
    for wanted in (
        "Invoice 2026-11874", "1,215.13 EUR", "24/11/2026", "Meunerie de Gembloux SA", "BE 0438.220.759",
        "Farine de froment", "441.60", "6%", "BE68 5390 0754 7034", "Transfer before 24/12/2026",
    ):  # fmt: skip
        assert wanted in text
    keeps_to(invoice_lines(invoice(), width), width)


def test_at_120_columns_a_document_is_still_100_wide() -> None:
    assert max(map(line_width, invoice_lines(invoice(), 120))) == 100


def test_wrong_check_digits_are_pointed_out_in_place() -> None:
    means = PaymentMeans(code="30", account="BE68539007547034", account_is_iban=True, reference="+++123/4567/89003+++")
    text = text_of(invoice_lines(invoice(payment_means=(means,)), 100), 100)
    assert "check digits should be 02" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_yen_have_no_decimals(width: int) -> None:
    text = text_of(invoice_lines(invoice(currency="JPY"), width), width)
    assert "121,513 JPY" in text
    assert "1,215.13" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_credit_note_is_called_so_and_nobody_is_told_to_pay_it(width: int) -> None:
    text = text_of(invoice_lines(invoice(kind=InvoiceKind.CREDIT_NOTE), width), width)
    assert "Credit note 2026-11874" in text
    assert "Credited" in text
    assert not any(words in text for words in ("to pay", "To pay", "before", "due "))


def test_an_invoice_by_which_the_seller_owes_asks_nobody_to_pay_either() -> None:
    text = text_of(invoice_lines(invoice(net=-100, vat=-21, gross=-121, payable=-121), 76), 76)
    assert "Balance" in text
    assert not any(words in text for words in ("to pay", "To pay", "before", "due "))


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        (InvoiceKind.CREDIT_NOTE, "261", "Self-billed credit note"),
        (InvoiceKind.INVOICE, "384", "Corrective invoice"),
        (InvoiceKind.INVOICE, "389", "Self-billed invoice"),
    ],
)
def test_what_else_a_document_is_stands_in_its_heading(kind: InvoiceKind, code: str, words: str) -> None:
    assert f"{words} 2026-11874" in text_of(invoice_lines(invoice(kind=kind, type_code=code), 76), 76)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_invoice_that_says_nothing_is_laid_out_too(width: int) -> None:
    bare = Invoice(kind=InvoiceKind.INVOICE, number="", currency="", seller=InvoiceParty(), buyer=InvoiceParty())
    keeps_to(invoice_lines(bare, width), width)
    assert "This document has no lines." in text_of(invoice_lines(bare, width), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_names_keep_to_their_place(width: int) -> None:
    hostile = invoice(
        number=HOSTILE,
        seller=InvoiceParty(name=HOSTILE, address_lines=(HOSTILE,), city=HOSTILE, country=HOSTILE, vat_number=HOSTILE),
        order_reference=HOSTILE,
        buyer_reference=HOSTILE,
        notes=(HOSTILE,),
        payment_terms=HOSTILE,
        lines=(InvoiceLine(id="1", description=HOSTILE, note=HOSTILE, unit_code=HOSTILE, quantity=Decimal(3), net=1),),
        payment_means=(PaymentMeans(code=HOSTILE, name=HOSTILE, account=HOSTILE, bic=HOSTILE, reference=HOSTILE),),
        allowances=(AllowanceCharge(charge=False, amount=5, reason=HOSTILE),),
        vat_breakdown=(VatBreakdown(taxable=1, vat=1, category=HOSTILE, rate=None),),
    )
    for lines in (invoice_lines(hostile, width), table_of_lines(hostile, width), payment_lines(hostile, width)):
        keeps_to(lines, width)
        assert not any(letter in text_of(lines, width) for letter in "\x1b‮")


WORDS = st.text(max_size=120)
MINOR = st.integers(-(10**15), 10**15)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)


@settings(max_examples=60, deadline=None)
@given(
    width=st.sampled_from(WIDTHS),
    name=WORDS,
    minor=MINOR,
    quantity=NUMBERS,
    price=NUMBERS,
    unit=st.text(max_size=12),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "USD", ""]),
)
def test_no_invoice_is_wider_than_its_place_and_its_amounts_are_whole(
    width: int, name: str, minor: int, quantity: Decimal, price: Decimal, unit: str, currency: str
) -> None:
    line = InvoiceLine(
        id="1", description=name, quantity=quantity, unit_code=unit, unit_price=price, net=minor, vat_rate=Decimal(21)
    )
    vat = VatBreakdown(taxable=minor, vat=minor, category="S", rate=Decimal(21))
    one = invoice(
        number=name, currency=currency, net=minor, gross=minor, payable=minor, lines=(line,), vat_breakdown=(vat, vat),
        seller=InvoiceParty(name=name, city=name), notes=(name,),
    )  # fmt: skip
    lines = invoice_lines(one, width)
    keeps_to(lines, width)
    assert text_of(lines, width).count(figure(minor, currency)) >= 3


def statement(**more: Any) -> Statement:
    known: dict[str, Any] = {
        "account": "BE68539007547034",
        "account_is_iban": True,
        "currency": "EUR",
        "number": "12",
        "holder": "Boulangerie du Parvis SRL",
        "opening_balance": 10000,
        "opening_date": date(2026, 10, 31),
        "closing_balance": 12975,
        "closing_date": date(2026, 11, 20),
        "movements": (
            Movement(
                amount=-5025, currency="EUR", booking_date=date(2026, 11, 3), counterparty_name="Meunerie",
                structured_communication="123456789002", counterparty_account="BE71096123456769",
            ),
            Movement(amount=8000, currency="EUR", booking_date=date(2026, 11, 9), free_communication="FACTURE 12"),
        ),
    }  # fmt: skip
    return Statement(**known | more)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_bank_report_has_balances_and_every_movement(width: int) -> None:
    lines = statement_lines((statement(),), width)
    keeps_to(lines, width)
    text = text_of(lines, width)
    for wanted in (
        "Statement 12", "129.75 EUR", "BE68 5390 0754 7034", "100.00", "−50.25", "80.00", "Meunerie",
        "+++123/4567/89002+++", "FACTURE 12", "2 movements",
    ):  # fmt: skip
        assert wanted in text


def test_several_statements_of_a_file_stand_below_one_another() -> None:
    text = text_of(statement_lines((statement(), statement(number="13")), 76), 76)
    assert "Statement 12" in text
    assert "Statement 13" in text


def test_what_the_bank_says_about_a_movement_stands_below_it_in_words() -> None:
    card = message("movement.card-used-at", kind="payment", card="4917", day="2026-03-26", time="21:54")
    movement = Movement(amount=-1_636, currency="EUR", counterparty_name="Kaashandel Brem", explanations=(card,))
    text = text_of(statement_lines((statement(movements=(movement,)),), 76), 76)
    assert "Card payment, card ending 4917, 26/03/2026 21:54." in " ".join(text.split())


def test_a_statement_without_movements_says_so() -> None:
    assert "No movements." in text_of(statement_lines((statement(movements=()),), 76), 76)


@settings(max_examples=60, deadline=None)
@given(width=st.sampled_from(WIDTHS), name=WORDS, minor=MINOR, account=st.text(max_size=60))
def test_no_bank_report_is_wider_than_its_place(width: int, name: str, minor: int, account: str) -> None:
    part = Movement(amount=minor, currency="EUR", counterparty_name=name)
    movement = Movement(
        amount=minor, currency="EUR", counterparty_name=name, free_communication=name, counterparty_account=account,
        structured_communication=account, parts=(part,),
    )  # fmt: skip
    one = statement(
        number=name, holder=name, account=account, bic=name, opening_balance=minor, closing_balance=minor,
        movements=(movement,), notes=(name,),
    )  # fmt: skip
    lines = statement_lines((one,), width)
    keeps_to(lines, width)
    assert text_of(lines, width).count(figure(minor, "EUR")) >= 3
