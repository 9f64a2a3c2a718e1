"""An e-invoice laid out for reading: each thing has its place, whatever syntax it came in.

In this order: heading, parties, lines, totals beside the VAT by rate, payment, notes, warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from banqup_tui.domain.identifiers import check_communication, pretty_account, pretty_communication, pretty_vat
from banqup_tui.domain.invoice import AllowanceCharge, Invoice, InvoiceLine, InvoiceParty, PaymentMeans, VatBreakdown
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.presentation.formats import amount_with_currency, cut, figure, full_date, percent, shown, size
from banqup_tui.presentation.quantities import quantity, unit_price
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.vat import vat_category, vat_rate, vat_rate_or_category
from banqup_tui.presentation.words import N_, _
from banqup_tui.widgets.layouts.document_page import NARROW, WIDEST, label_column, warning_lines
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import BLANK, Line, TextPut, fitted, labelled, left, paragraph, right
from banqup_tui.widgets.theme import Token


def invoice_lines(invoice: Invoice, width: int) -> list[Line]:
    """Returns the lines of the page. `width` is in cells from column 0; more than 100 are left empty."""
    width = min(width, WIDEST)
    return [
        *_heading(invoice, width),
        BLANK,
        *parties(invoice, width),
        BLANK,
        *items(invoice, width),
        BLANK,
        *totals(invoice, width),
        BLANK,
        *payment(invoice, width),
        *_notes(invoice, width),
        *warning_lines(list(invoice.warnings), width),
    ]


def table_of_lines(invoice: Invoice, width: int) -> list[Line]:
    """Returns only the invoice lines, each with its item number, note and allowances."""
    return list(items(invoice, min(width, WIDEST), full=True))


def payment_lines(invoice: Invoice, width: int) -> list[Line]:
    return [*payment(invoice, min(width, WIDEST)), *terms(invoice, min(width, WIDEST))]


def kind_word(invoice: Invoice) -> str:
    """Returns the word for the kind. A self-billed invoice is called so, because its number is the buyer's."""
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        return _("Self-billed credit note") if invoice.self_billed else _("Credit note")
    if invoice.corrective:
        return _("Corrective invoice")
    return _("Self-billed invoice") if invoice.self_billed else _("Invoice")


def total_word(invoice: Invoice) -> str:
    """Returns the word for the last sum of the document."""
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        return _("credited")
    return _("to pay") if invoice.asks_for_payment else _("balance")


def _heading(invoice: Invoice, width: int) -> Iterator[Line]:
    total = invoice.payable if invoice.payable is not None else invoice.gross
    title = f"{kind_word(invoice)} {invoice.number}".rstrip()
    amount_text = amount_with_currency(total, invoice.currency) if total is not None else ""
    yield (
        fitted(0, width - len(amount_text) - 2, title, "strong", bold=True),
        right(width, amount_text, "strong", bold=True),
    )
    days = full_date(invoice.issue_date)
    if invoice.due_date and invoice.asks_for_payment:
        days = _("{day}, due {due}").format(day=days, due=full_date(invoice.due_date))
    yield (left(0, days, "muted"), right(width, total_word(invoice) if total is not None else "", "muted"))


def _notes(invoice: Invoice, width: int) -> Iterator[Line]:
    yield from terms(invoice, width)
    for at, note in enumerate(invoice.notes):
        yield from labelled(_("Note") if at == 0 else "", label_column(width), width, note)


def parties(invoice: Invoice, width: int) -> Iterator[Line]:
    return _beside(invoice, width) if width >= NARROW else _below(invoice, width)


def _beside(invoice: Invoice, width: int) -> Iterator[Line]:
    middle = width // 2 + 1
    seller = [*_party(invoice.seller), *_references_of_seller(invoice)]
    buyer = [*_party(invoice.buyer), *_references_of_buyer(invoice)]
    yield left(0, _("From"), "muted"), left(middle, _("To"), "muted")
    for at in range(max(len(seller), len(buyer))):
        line: list[TextPut] = []
        for column, end, texts in ((0, middle - 2, seller), (middle, width, buyer)):
            if at < len(texts):
                text, muted = texts[at]
                token: Token = "muted" if muted else "strong" if at == 0 else "text"
                line.append(fitted(column, end, text, token))
        yield tuple(line)


def _below(invoice: Invoice, width: int) -> Iterator[Line]:
    column = 5
    for label, texts in (
        (_("From"), [*_party(invoice.seller), *_references_of_seller(invoice)]),
        (_("To"), [*_party(invoice.buyer), *_references_of_buyer(invoice)]),
    ):
        for at, (text, muted) in enumerate(texts):
            first = (left(0, label, "muted"),) if at == 0 else ()
            yield (*first, fitted(column, width, text, "muted" if muted else "text"))


def _party(party: InvoiceParty) -> Iterator[tuple[str, bool]]:
    """Yields the texts of a party, each with whether it is drawn muted."""
    yield party.name or party.trade_name or sign("none"), False
    town = f"{party.postcode} {party.city}".strip()
    street = ", ".join(part for part in (*party.address_lines, town) if part)
    if street:
        yield street if party.country in ("", "BE") else f"{street}, {party.country}", False
    number = party.vat_number or party.enterprise_number
    if number:
        yield pretty_vat(number), False


def _references_of_seller(invoice: Invoice) -> Iterator[tuple[str, bool]]:
    parts = []
    if invoice.order_reference:
        parts.append(_("Order {number}").format(number=invoice.order_reference))
    if invoice.delivery_date:
        parts.append(_("delivery {day}").format(day=full_date(invoice.delivery_date)))
    if parts:
        yield ", ".join(parts), True
    if invoice.preceding_invoices:
        yield _("Concerns {number}").format(number=", ".join(invoice.preceding_invoices)), True


def _references_of_buyer(invoice: Invoice) -> Iterator[tuple[str, bool]]:
    if invoice.buyer_reference:
        yield _("Buyer's reference {reference}").format(reference=invoice.buyer_reference), True


_LEAST = 8


def items(invoice: Invoice, width: int, *, full: bool = False) -> Iterator[Line]:
    """Yields the table of invoice lines. With `full` each has its item number, note and allowances below it."""
    if not invoice.lines and not invoice.allowances:
        yield (left(0, _("This document has no lines."), "muted"),)
        return
    columns = _columns(invoice, width)
    yield (
        left(0, _("Description"), "muted"),
        right(columns.quantity, _("Quantity") if columns.price else _("Qty"), "muted"),
        *((right(columns.price, _("Unit price"), "muted"),) if columns.price else ()),
        right(columns.vat, _("VAT"), "muted"),
        right(width, _("Net"), "muted"),
    )
    for line in invoice.lines:
        yield from _item(line, invoice.currency, width, columns, full=full)
    for allowance in invoice.allowances:
        yield _allowance(allowance, invoice.currency, width, columns.vat)


class _Columns(NamedTuple):
    """The columns' ends; `price` is 0 if there is no room for it. A description keeps `_LEAST` cells."""

    quantity: int
    price: int
    vat: int


def _columns(invoice: Invoice, width: int) -> _Columns:
    """Returns the columns, moved left if an amount needs more room."""
    narrow = width < NARROW
    nets = [line.net for line in invoice.lines] + [allowance.amount for allowance in invoice.allowances]
    net = max((width_of(figure(-abs(minor), invoice.currency)) for minor in nets if minor is not None), default=0)
    vat = min(width - (13 if narrow else 12), width - net - 2)
    if narrow:
        return _Columns(min(width - 20, vat - 7), 0, vat)
    price = min(width - 19, vat - 7)
    prices = max((width_of(unit_price(line.unit_price)) for line in invoice.lines), default=0)
    beside = min(width - 32, price - prices - 2)
    return _Columns(beside, price, vat) if beside >= 2 * _LEAST else _Columns(price, 0, vat)


def _item(line: InvoiceLine, currency: str, width: int, columns: _Columns, *, full: bool) -> Iterator[Line]:
    indent = min(2 * line.depth, _LEAST)
    how_many = quantity(line.quantity, line.unit_code, named=columns.price > 0)
    how_many = cut(shown(how_many), columns.quantity - indent - _LEAST)
    text = line.description or line.note or line.id or sign("none")
    quantity_end, vat_end = columns.quantity, columns.vat
    puts = [
        fitted(indent, quantity_end - max(width_of(how_many), 3) - 2, text),
        right(quantity_end, how_many),
        right(vat_end, vat_rate(line.vat_rate), "muted"),
        right(width, figure(line.net, currency) if line.net is not None else ""),
    ]
    if columns.price:
        puts.insert(2, right(columns.price, unit_price(line.unit_price)))
    yield tuple(puts)
    if full:
        for extra in (line.item_description, line.note if line.description else "", line.seller_item_id):
            if extra:
                yield from paragraph(indent + 2, quantity_end, extra, "muted")
        for allowance in line.allowances:
            yield _allowance(allowance, currency, width, vat_end, indent=indent + 2, token="muted")


def _allowance(
    allowance: AllowanceCharge, currency: str, width: int, vat_end: int, *, indent: int = 0, token: str = "text"
) -> Line:
    text = allowance.reason or (_("Charge") if allowance.charge else _("Allowance"))
    if allowance.percent is not None and "%" not in text:
        text = f"{text} {percent(float(allowance.percent))}"
    minor = allowance.amount if allowance.charge or allowance.amount is None else -allowance.amount
    return (
        fitted(indent, vat_end - 8, text, "muted" if token == "muted" else "text"),
        right(vat_end, vat_rate(allowance.vat_rate), "muted"),
        right(width, figure(minor, currency) if minor is not None else ""),
    )


def totals(invoice: Invoice, width: int) -> Iterator[Line]:
    """Yields the VAT and the totals on the same lines if both have room, else the VAT first."""
    rates = invoice.vat_breakdown
    ends = _vat_ends(invoice, width)
    label = _label_of_totals(invoice, width)
    vat = [_vat_heading(ends), *(_vat_line(rate, invoice.currency, ends) for rate in rates)] if rates else []
    sums = [*_total_lines(invoice, width, label)]
    if ends[2] + 2 > label and vat:
        yield from (_without_what_ends_after(line, width) for line in vat)
        yield from sums
        return
    for at in range(max(len(vat), len(sums))):
        beside = vat[at] if at < len(vat) else ()
        yield (*_without_what_ends_after(beside, label - 2), *(sums[at] if at < len(sums) else ()))


def _without_what_ends_after(line: Line, end: int) -> Line:
    return tuple(put for put in line if put.right or put.column + width_of(put.text) <= end)


def _vat_ends(invoice: Invoice, width: int) -> tuple[int, int, int]:
    """Returns the columns at which rate, base and VAT end."""
    usual = (4, 20, 29) if width < NARROW else (4, 23, 34)
    rates = invoice.vat_breakdown
    bases, vats = [rate.taxable for rate in rates], [rate.vat for rate in rates]
    first = max([usual[0], *(width_of(vat_rate_or_category(rate)) for rate in rates)])
    second = max(usual[1], first + 2 + _widest(bases, invoice.currency))
    return first, second, max(usual[2], second + 2 + _widest(vats, invoice.currency))


def _label_of_totals(invoice: Invoice, width: int) -> int:
    """Returns the column of the words before the totals."""
    sums = [invoice.net, invoice.vat, invoice.gross, invoice.payable, invoice.rounding, -(invoice.prepaid or 0)]
    labels = (_("Net"), _("VAT"), _("Gross"), _("Prepaid"), _("Rounding"), _label_of_last(invoice))
    words = max(map(width_of, labels))
    usual = width - 22 if width < NARROW else width - 25
    return max(min(usual, width - _widest(sums, invoice.currency) - 2 - words), 0)


def _widest(amounts: Iterable[int | None], currency: str) -> int:
    return max((width_of(figure(minor, currency)) for minor in amounts if minor is not None), default=0)


def _vat_heading(ends: tuple[int, int, int]) -> Line:
    return left(0, _("VAT"), "muted"), right(ends[1], _("Base"), "muted"), right(ends[2], _("VAT"), "muted")


def _vat_line(rate: VatBreakdown, currency: str, ends: tuple[int, int, int]) -> Line:
    return (
        right(ends[0], vat_rate_or_category(rate)),
        right(ends[1], figure(rate.taxable, currency) if rate.taxable is not None else ""),
        right(ends[2], figure(rate.vat, currency) if rate.vat is not None else ""),
        left(ends[2] + 3, vat_category(rate), "muted"),
    )


def _total_lines(invoice: Invoice, width: int, label: int) -> Iterator[Line]:
    for word, minor in (
        (_("Net"), invoice.net),
        (_("VAT"), invoice.vat),
        (_("Gross"), invoice.gross),
        (_("Prepaid"), -invoice.prepaid if invoice.prepaid else None),
        (_("Rounding"), invoice.rounding or None),
    ):
        if minor is not None:
            yield left(label, word, "muted"), right(width, figure(minor, invoice.currency))
    if invoice.payable is not None:
        yield (
            left(label, _label_of_last(invoice), "strong", bold=True),
            right(width, figure(invoice.payable, invoice.currency), "strong", bold=True),
        )


def _label_of_last(invoice: Invoice) -> str:
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        return _("Credited")
    return _("To pay") if invoice.asks_for_payment else _("Balance")


_MEANS = {
    "10": N_("Cash"),
    "20": N_("Cheque"),
    "48": N_("Card"),
    "49": N_("Direct debit"),
    "54": N_("Card"),
    "55": N_("Card"),
    "57": N_("Standing agreement"),
    "59": N_("Direct debit"),
    "97": N_("Set off"),
}


def payment(invoice: Invoice, width: int) -> Iterator[Line]:
    column = label_column(width)
    accounts: list[str] = []
    references: list[str] = []
    for at, means in enumerate(invoice.payment_means):
        if at == 0:
            yield from labelled(_("Payment"), column, width, _means(means, invoice))
        if means.account and means.account not in accounts:
            accounts.append(means.account)
            yield from _account(means, column, width)
        if means.reference and means.reference not in references:
            references.append(means.reference)
            yield from _communication(means.reference, column, width)
    for at, attachment in enumerate(invoice.attachments):
        label = _("Attachment") if at == 0 else ""
        name = fitted(column, width - 10, attachment.name)
        beside = column + width_of(name.text) + 2
        yield left(0, label, "muted"), name, left(beside, size(attachment.size), "muted")
    for reference in invoice.references:
        text = " ".join(part for part in (reference.id, reference.description, reference.url) if part)
        yield from labelled(_("Refers to"), column, width, text)


def _means(means: PaymentMeans, invoice: Invoice) -> str:
    word = (
        _(_MEANS[means.code]) if means.code in _MEANS else _("Transfer") if means.account else means.name or means.code
    )
    if invoice.due_date and means.account and invoice.asks_for_payment:
        return _("{how} before {day}").format(how=word, day=full_date(invoice.due_date))
    return word or sign("none")


def _account(means: PaymentMeans, column: int, width: int) -> Iterator[Line]:
    label = _("IBAN") if means.account_is_iban else _("Account")
    account = fitted(column, width, pretty_account(means.account))
    yield left(0, label, "muted"), account, *_fitting_after(account, width, means.bic)


def _fitting_after(put: TextPut, width: int, text: str) -> tuple[TextPut, ...]:
    """Returns a muted text two cells after another, if there is room for any of it."""
    column = put.column + width_of(put.text) + 2
    return (fitted(column, width, text, "muted"),) if text and column < width else ()


def _communication(reference: str, column: int, width: int) -> Iterator[Line]:
    check = check_communication(reference)
    text = pretty_communication(reference)
    first = (left(0, _("Communication"), "muted"), fitted(column, width, text))
    if check is None or check.holds:
        yield first
        return
    remark = f"{sign('warning')} " + _("check digits should be {digits}").format(digits=check.expected)
    beside = column + width_of(shown(text)) + 2
    if beside + width_of(remark) <= width:
        yield (*first, left(beside, remark, "warn", bold=True))
    else:
        yield first
        yield (fitted(column, width, remark, "warn", bold=True),)


def terms(invoice: Invoice, width: int) -> Iterator[Line]:
    if invoice.payment_terms:
        yield from labelled(_("Terms"), label_column(width), width, invoice.payment_terms)
