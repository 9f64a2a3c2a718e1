"""An e-invoice laid out for reading: the same places for the same things, whatever syntax it came in.

Here is the whole page, its heading and its notes; each of its parts has a file of its own (`invoice_parties`,
`invoice_items`, `invoice_totals`, `invoice_payment`).
"""

from __future__ import annotations

from collections.abc import Iterator

from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.presentation.formats import amount_with_currency, full_date
from banqup_tui.presentation.words import _
from banqup_tui.widgets.invoice_items import items
from banqup_tui.widgets.invoice_parties import parties
from banqup_tui.widgets.invoice_payment import payment, terms
from banqup_tui.widgets.invoice_totals import totals
from banqup_tui.widgets.lines_of_text import BLANK, Line, fitted, labelled, left, right
from banqup_tui.widgets.page_layout import WIDEST, label_column, warning_lines


def invoice_lines(invoice: Invoice, width: int) -> list[Line]:
    """`width`: cells that may be used, from column 0; more than 100 are left empty."""
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
    """The lines alone, each with what else it says: item number, note, allowances."""
    return list(items(invoice, min(width, WIDEST), full=True))


def payment_lines(invoice: Invoice, width: int) -> list[Line]:
    return [*payment(invoice, min(width, WIDEST)), *terms(invoice, min(width, WIDEST))]


def kind_word(invoice: Invoice) -> str:
    """A self-billed one is called so: it is the buyer's own, with a number of the buyer's."""
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        return _("Self-billed credit note") if invoice.self_billed else _("Credit note")
    if invoice.corrective:
        return _("Corrective invoice")
    return _("Self-billed invoice") if invoice.self_billed else _("Invoice")


def total_word(invoice: Invoice) -> str:
    """What the last sum of the document is."""
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
