"""Helpers shared by UBL and CII for totals: which VAT total counts, and whether totals add up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from banqup_tui.domain.invoice import Invoice
from banqup_tui.formats.findings import Findings, readable


class VatTotal(msgspec.Struct, frozen=True):
    """A VAT total in minor units, and whether it has a breakdown."""

    amount: int | None
    currency: str
    has_breakdown: bool


def counted_vat_totals(
    totals: Sequence[VatTotal], currency: str, net: int | None, gross: int | None
) -> tuple[int, ...]:
    """Returns the indexes of the totals whose sum is the VAT total (BT-110); none without one in the right currency.

    Some senders write a total for each rate, some repeat it in the accounting currency (BT-111) or in the same. Those
    in the document's currency count together if net and their sum make the gross total. Else the one counts that does
    so alone, else the one with a breakdown, else the first.
    """
    own = tuple(index for index, total in enumerate(totals) if total.currency in ("", currency))
    if len(own) < 2:
        return own
    amounts = {index: amount for index in own if (amount := totals[index].amount) is not None}
    if net is not None and gross is not None:
        if len(amounts) == len(own) and net + sum(amounts.values()) == gross:
            return own
        for index, amount in amounts.items():
            if net + amount == gross:
                return (index,)
    return (next((index for index in own if totals[index].has_breakdown), own[0]),)


def sum_of(amounts: Sequence[int | None]) -> int | None:
    """Returns the sum of the amounts; `None` if there is none, or if one is missing."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known and len(known) == len(amounts) else None


def check_totals(invoice: Invoice, findings: Findings, place: str) -> None:
    """Warns if the document's totals contradict each other."""
    currency = invoice.currency
    if invoice.net is not None and invoice.vat is not None and invoice.gross is not None:
        made = invoice.net + invoice.vat
        if made != invoice.gross:
            net, vat, gross = (readable(amount, currency) for amount in (invoice.net, invoice.vat, invoice.gross))
            findings.warn(place, "content.totals-differ", net=net, vat=vat, gross=gross)
    if invoice.gross is not None and invoice.payable is not None and not _is_minimum(invoice):
        made = invoice.gross - (invoice.prepaid or 0) + (invoice.rounding or 0)
        if made != invoice.payable:
            amounts = {"made": readable(made, currency), "payable": readable(invoice.payable, currency)}
            findings.warn(place, "content.payable-differs", **amounts)
    _check_lines(invoice, findings, place)


def _check_lines(invoice: Invoice, findings: Findings, place: str) -> None:
    amounts = [line.net for line in invoice.lines if line.depth == 0]
    if invoice.line_total is None or not amounts or None in amounts:
        return
    made = sum(amount or 0 for amount in amounts)
    if made != invoice.line_total:
        sums = {"made": readable(made, invoice.currency), "total": readable(invoice.line_total, invoice.currency)}
        findings.warn(place, "content.lines-differ", **sums)


def _is_minimum(invoice: Invoice) -> bool:
    """Returns whether the profile is MINIMUM of Factur-X, which has no prepaid amount."""
    return "minimum" in invoice.customization_id.lower()
