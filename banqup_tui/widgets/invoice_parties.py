"""Who an e-invoice is from and to: side by side, or one below the other where it is narrow."""

from __future__ import annotations

from collections.abc import Iterator

from banqup_tui.domain.identifiers import pretty_vat
from banqup_tui.domain.invoice import Invoice, InvoiceParty
from banqup_tui.presentation.formats import full_date
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.lines_of_text import Line, TextPut, fitted, left
from banqup_tui.widgets.page_layout import NARROW
from banqup_tui.widgets.theme import Token


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
    """Text, and whether it recedes."""
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
