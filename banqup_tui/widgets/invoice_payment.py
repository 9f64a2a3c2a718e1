"""How an e-invoice is to be paid, and what comes with it: attachments, other documents."""

from __future__ import annotations

from collections.abc import Iterator

from banqup_tui.domain.identifiers import check_communication, pretty_account, pretty_communication
from banqup_tui.domain.invoice import Invoice, PaymentMeans
from banqup_tui.presentation.formats import full_date, shown, size
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import N_, _
from banqup_tui.widgets.lines import width_of
from banqup_tui.widgets.lines_of_text import Line, TextPut, fitted, labelled, left
from banqup_tui.widgets.page_layout import label_column

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
    """A muted text two cells behind another one, if any of it finds room."""
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
