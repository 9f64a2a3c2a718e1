"""The lines of an e-invoice as a table: what, how many, at what price and rate, and the allowances on all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from banqup_tui.domain.invoice import AllowanceCharge, Invoice, InvoiceLine
from banqup_tui.presentation.formats import cut, figure, percent, shown
from banqup_tui.presentation.quantities import quantity, unit_price
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.vat import vat_rate
from banqup_tui.presentation.words import _
from banqup_tui.widgets.lines import width_of
from banqup_tui.widgets.lines_of_text import Line, fitted, left, paragraph, right
from banqup_tui.widgets.page_layout import NARROW

_LEAST = 8


def items(invoice: Invoice, width: int, *, full: bool = False) -> Iterator[Line]:
    """`full`: each with what else it says, its item number, note and allowances."""
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
    """Where they end; `price` is 0 where there is no room for it. A description keeps `_LEAST` cells."""

    quantity: int
    price: int
    vat: int


def _columns(invoice: Invoice, width: int) -> _Columns:
    """The usual places, moved to the left where an amount needs more room."""
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
