"""Helpers shared by UBL and CII for parties, payment and kinds of invoices."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from banqup_tui.domain.identifiers import (
    check_communication,
    communication_in,
    creditor_reference,
    is_iban,
    normalise_account,
    party_keys,
    pretty_communication,
)
from banqup_tui.domain.invoice import Invoice, PartyIdentifier, PaymentMeans
from banqup_tui.domain.invoice_types import InvoiceKind, invoice_type
from banqup_tui.domain.text import last_part, safe_file_name
from banqup_tui.formats.findings import Findings


def identifiers(pairs: Iterable[tuple[str, str]]) -> tuple[PartyIdentifier, ...]:
    """Returns the `(scheme, value)` pairs that have a value, in order, without doubles."""
    distinct = dict.fromkeys(pair for pair in pairs if pair[1])
    return tuple(PartyIdentifier(scheme=scheme, value=value) for scheme, value in distinct)


def account(text: str, says_iban: bool, findings: Findings, place: str) -> tuple[str, bool]:
    """Returns an account (BT-84) without spaces, and whether it is a valid IBAN; a wrong IBAN gives a warning."""
    number = normalise_account(text)
    valid = is_iban(number)
    if number and not valid and (says_iban or (number[:2].isalpha() and number[2:4].isdigit())):
        findings.warn(place, "content.iban-invalid", number=number)
    return number, valid


def kind_of(type_code: str, credit_root: bool, findings: Findings, place: str) -> InvoiceKind:
    """Returns the kind by its type code. The root `CreditNote` prevails over a code that contradicts it."""
    if invoice_type(type_code).kind is InvoiceKind.CREDIT_NOTE:
        return InvoiceKind.CREDIT_NOTE
    if credit_root:
        if type_code:
            findings.warn(place, "content.no-credit-note-code", type_code=type_code)
        return InvoiceKind.CREDIT_NOTE
    return InvoiceKind.INVOICE


def without_doubles(means: Iterable[PaymentMeans]) -> tuple[PaymentMeans, ...]:
    """Returns the payment means in order; senders repeat an account for each instalment."""
    return tuple(fromkey for fromkey in dict.fromkeys(means) if fromkey != PaymentMeans())


def with_communication(invoice: Invoice) -> Invoice:
    """Returns the invoice with the structured communication of its payment reference, terms or notes as the reference.

    A reference that is one already stays as it is. Nobody pays a credit note, so there it stays a text.
    """
    stated = next((means.reference for means in invoice.payment_means if means.reference), "")
    if invoice.kind is not InvoiceKind.INVOICE or check_communication(stated) or creditor_reference(stated):
        return invoice
    texts = (stated,) if stated else (invoice.payment_terms, " ".join(invoice.notes))
    found = next((found for text in texts if (found := communication_in(text))), "")
    if not found:
        return invoice
    means = invoice.payment_means or (PaymentMeans(),)
    reference = pretty_communication(found)
    return msgspec.structs.replace(
        invoice, payment_means=tuple(msgspec.structs.replace(one, reference=reference) for one in means)
    )


def enterprise_number(stated: str, vat_number: str, party_identifiers: Iterable[PartyIdentifier]) -> str:
    """Returns the number of the legal entity (BT-30, BT-47); without any, the Belgian one of another identifier."""
    if stated or vat_number:
        return stated
    keys = party_keys((one.scheme, one.value) for one in party_identifiers)
    return next((key.removeprefix("be:") for key in keys if key.startswith("be:")), "")


def attachment_name(file_name: str, identifier: str) -> str:
    """Returns a safe name for an attachment: of a whole path of the sender's computer the last part."""
    return safe_file_name(last_part(file_name) or identifier, "attachment")


def check_presence(invoice: Invoice, findings: Findings, root: str) -> bool:
    """Warns about missing values that every invoice needs; returns false if nothing identifies it."""
    for present, code, place in (
        (invoice.number, "content.number-missing", ""),
        (invoice.issue_date, "content.issue-date-missing", ""),
        (invoice.currency, "content.currency-missing", ""),
        (invoice.seller.name, "content.name-missing", "/seller"),
        (invoice.buyer.name, "content.name-missing", "/buyer"),
    ):
        if not present:
            findings.warn(root + place, code)
    known = (invoice.number, invoice.issue_date, invoice.seller.name, invoice.payable, invoice.gross)
    return any(value not in ("", None) for value in known)
