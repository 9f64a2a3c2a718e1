"""What an e-invoice comes to: the VAT by rate at the left, the totals at the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from banqup_tui.domain.invoice import Invoice, VatBreakdown
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.presentation.formats import figure
from banqup_tui.presentation.vat import vat_category, vat_rate_or_category
from banqup_tui.presentation.words import _
from banqup_tui.widgets.lines import width_of
from banqup_tui.widgets.lines_of_text import Line, left, right
from banqup_tui.widgets.page_layout import NARROW


def totals(invoice: Invoice, width: int) -> Iterator[Line]:
    """On the same lines where both have room; else the VAT first."""
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
    """Where rate, base and VAT end."""
    usual = (4, 20, 29) if width < NARROW else (4, 23, 34)
    rates = invoice.vat_breakdown
    bases, vats = [rate.taxable for rate in rates], [rate.vat for rate in rates]
    first = max([usual[0], *(width_of(vat_rate_or_category(rate)) for rate in rates)])
    second = max(usual[1], first + 2 + _widest(bases, invoice.currency))
    return first, second, max(usual[2], second + 2 + _widest(vats, invoice.currency))


def _label_of_totals(invoice: Invoice, width: int) -> int:
    """The column of the words before the totals."""
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
