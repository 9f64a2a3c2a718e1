"""Reads credit notes whose sender wrote the amounts with a minus as those with positive amounts."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from banqup_tui.domain.invoice import AllowanceCharge, Invoice, InvoiceLine, VatBreakdown
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.formats.findings import Findings, readable

_TOTALS = ("line_total", "net", "vat", "gross", "prepaid", "rounding", "payable")


def as_credited(invoice: Invoice, findings: Findings, place: str) -> Invoice:
    """Returns the invoice with positive amounts for what is credited, with a warning if they were negative.

    EN 16931 has positive amounts in a credit note; some senders write all of them with a minus and mean the same. The
    total decides: a negative line of a positive credit note takes something back, and stays.
    """
    total = next((amount for amount in (invoice.gross, invoice.payable, invoice.net, invoice.line_total) if amount), 0)
    if invoice.kind is not InvoiceKind.CREDIT_NOTE or total >= 0:
        return invoice
    amounts = {"amount": readable(total, invoice.currency), "credited": readable(-total, invoice.currency)}
    findings.warn(place, "content.credit-note-negative", **amounts)
    return msgspec.structs.replace(
        invoice,
        **{name: _negated(getattr(invoice, name)) for name in _TOTALS},
        allowance_total=_positive(invoice.allowance_total),
        charge_total=_positive(invoice.charge_total),
        lines=tuple(map(_line, invoice.lines)),
        allowances=tuple(map(_allowance, invoice.allowances)),
        vat_breakdown=tuple(map(_breakdown, invoice.vat_breakdown)),
    )


def _negated(minor: int | None) -> int | None:
    return -minor if minor else minor


def _positive(minor: int | None) -> int | None:
    """Returns the absolute amount: allowances and charges are positive, but some senders turn them too."""
    return None if minor is None else abs(minor)


def _allowance(allowance: AllowanceCharge) -> AllowanceCharge:
    return msgspec.structs.replace(allowance, amount=_positive(allowance.amount))


def _breakdown(rate: VatBreakdown) -> VatBreakdown:
    return msgspec.structs.replace(rate, taxable=_negated(rate.taxable), vat=_negated(rate.vat))


def _line(line: InvoiceLine) -> InvoiceLine:
    """Returns the line with opposite sign. Its quantity turns, or its price if that is negative: prices are positive
    (BR-27).
    """
    quantity, price = line.quantity, line.unit_price
    if price is not None and price < 0:
        price = abs(price)
        quantity = abs(quantity) if quantity is not None and (line.net or 0) < 0 else quantity
    elif quantity is not None and line.net:
        quantity = Decimal(0) - quantity
    return msgspec.structs.replace(
        line,
        net=_negated(line.net),
        quantity=quantity,
        unit_price=price,
        allowances=tuple(map(_allowance, line.allowances)),
    )
