"""Columns of a document, from the content read from its file."""

from datetime import date
from typing import Final

import msgspec

from banqup_tui.domain.direction import directed
from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.identifiers import normalise_vat
from banqup_tui.domain.invoice import Invoice, InvoiceParty
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.domain.statement import Statement
from banqup_tui.domain.text import clean
from banqup_tui.formats.content import Content
from banqup_tui.sources.sorter import PartyRole

_LONGEST: Final = 500


def kind_of(content: Content) -> DocumentKind:
    if content.invoice is not None:
        credit = content.invoice.kind is InvoiceKind.CREDIT_NOTE
        return DocumentKind.CREDIT_NOTE if credit else DocumentKind.INVOICE
    return DocumentKind.STATEMENT if content.statements else DocumentKind.OTHER


def described(document: Document, content: Content, role: PartyRole) -> Document:
    """Returns the document with the values of its content.

    `role` is the client's, so the counterparty is the other party.
    """
    if content.invoice is not None:
        return _with_invoice(document, content.invoice, role)
    return _with_statements(document, content.statements) if content.statements else document


def _with_invoice(document: Document, invoice: Invoice, role: PartyRole) -> Document:
    supplier, customer = _party(invoice.seller), _party(invoice.buyer)
    document = msgspec.structs.replace(
        document,
        number=_text(invoice.number),
        issue_date=invoice.issue_date or document.issue_date,
        due_date=invoice.due_date,
        counterparty=customer if role is PartyRole.SELLER else supplier,
        supplier=supplier,
        customer=customer,
        currency=_text(invoice.currency),
        net_amount=invoice.net,
        vat_amount=invoice.vat,
        gross_amount=invoice.gross,
        payable_amount=invoice.payable,
        line_count=len(invoice.lines),
        attachment_count=len(invoice.attachments),
        iban=next((means.account for means in invoice.payment_means if means.account_is_iban), None),
        payment_reference=next((_text(means.reference) for means in invoice.payment_means if means.reference), None),
    )
    return directed(document)


def _with_statements(document: Document, statements: tuple[Statement, ...]) -> Document:
    """Makes one document of all statements in a file; its number gives the first and the last."""
    first, last = statements[0], statements[-1]
    numbers = [clean(statement.number) for statement in (first, last) if statement.number]
    number = "–".join(dict.fromkeys(numbers)) or None
    holder = _text(first.holder)
    return msgspec.structs.replace(
        document,
        number=number,
        statement_number=number,
        issue_date=_day(last) or document.issue_date,
        counterparty=Party(name=holder) if holder else None,
        currency=_text(first.currency),
        account=_text(first.account),
        iban=first.account if first.account_is_iban else None,
        opening_balance=first.opening_balance,
        closing_balance=last.closing_balance if last.account == first.account else None,
        movement_count=sum(len(statement.movements) for statement in statements),
    )


def _day(statement: Statement) -> date | None:
    booked = [movement.booking_date for movement in statement.movements if movement.booking_date]
    return statement.closing_date or statement.period_end or max(booked, default=None) or statement.opening_date


def _party(party: InvoiceParty) -> Party | None:
    name = _text(party.name or party.trade_name)
    vat_number = normalise_vat(party.vat_number, party.country) or _text(party.vat_number)
    enterprise_number = _text(party.enterprise_number)
    if not (name or vat_number or enterprise_number):
        return None
    return Party(name=name, vat_number=vat_number, enterprise_number=enterprise_number)


def _text(text: str) -> str | None:
    return clean(text)[:_LONGEST] or None
