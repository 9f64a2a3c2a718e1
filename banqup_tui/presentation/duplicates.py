"""Words for a document that is the same as an earlier one: which one it is, and what differs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.duplicates import Compared
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.listing import DocumentRow
from banqup_tui.domain.text import clean
from banqup_tui.presentation.folders import folder_name
from banqup_tui.presentation.formats import amount_with_currency, count, full_date, size
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import N_, _, inside_sentence

FIELD_NAMES = {
    "kind": N_("Kind"),
    "number": N_("Number"),
    "issue_date": N_("Date"),
    "due_date": N_("Due date"),
    "counterparty": N_("Counterparty"),
    "vat_number": N_("VAT number"),
    "gross_amount": N_("Gross"),
    "payable_amount": N_("To pay"),
    "net_amount": N_("Net"),
    "vat_amount": N_("VAT"),
    "currency": N_("Currency"),
    "line_count": N_("Lines"),
    "iban": N_("IBAN"),
    "payment_reference": N_("Reference"),
    "account": N_("Account"),
    "statement_number": N_("Number of the report"),
    "opening_balance": N_("Opening balance"),
    "closing_balance": N_("Closing balance"),
    "movement_count": N_("Movements"),
    "folder": N_("Folder"),
    "file_name": N_("File"),
    "media_type": N_("Format"),
    "size": N_("Size"),
}
"""The titles of the fields that `domain.duplicates.compared` compares, and of those that can be corrected."""

KIND_NAMES = {
    DocumentKind.INVOICE: N_("Invoice"),
    DocumentKind.CREDIT_NOTE: N_("Credit note"),
    DocumentKind.STATEMENT: N_("Bank report"),
    DocumentKind.OTHER: N_("Document"),
}


def title_with_date(document: Document | DocumentRow) -> str:
    """Returns `2026-00417 of 20/11/2026`; without a number the name of its file, without a date none."""
    name = document.title if isinstance(document, DocumentRow) else document.number or document.file_name
    if isinstance(document, DocumentRow):
        day = document.date if document.has_issue_date else None
    else:
        day = document.issue_date
    if day is None:
        return clean(name)
    return _("{number} of {date}").format(number=clean(name), date=full_date(day))


def same_as(earlier: Document | DocumentRow | None) -> str:
    """Returns `the same as 2026-00417 of 20/11/2026`, for the middle of a sentence."""
    if earlier is None:
        return _("the same as a document that is no longer there")
    return _("the same as {document}").format(document=title_with_date(earlier))


def value_of(document: Document, field: str) -> str:
    """Returns the value of a compared field as a person reads it; a dash where the document has none."""
    value = getattr(document, field)
    if value is None or value == "":
        return sign("none")
    show = _SHOWN.get(field)
    return clean(show(value, document) if show else str(value))


def same_words(compared: Compared) -> str:
    """Returns the titles of the fields in which both documents agree, for the middle of a sentence."""
    return ", ".join(inside_sentence(_(FIELD_NAMES[name])) for name in compared.same)


def _amount(value: int, document: Document) -> str:
    return amount_with_currency(value, document.currency)


def _day(value: date, _document: Document) -> str:
    return full_date(value)


def _count(value: int, _document: Document) -> str:
    return count(value)


def _party(value: Party, _document: Document) -> str:
    return value.name or value.vat_number or value.enterprise_number or ""


def _folder(value: Folder, _document: Document) -> str:
    return folder_name(value)


def _kind(value: DocumentKind, _document: Document) -> str:
    return _(KIND_NAMES[value])


def _size(value: int, _document: Document) -> str:
    return size(value)


_SHOWN: dict[str, Callable[[Any, Document], str]] = {
    **dict.fromkeys(("gross_amount", "payable_amount", "net_amount", "vat_amount"), _amount),
    **dict.fromkeys(("opening_balance", "closing_balance"), _amount),
    **dict.fromkeys(("line_count", "movement_count"), _count),
    **dict.fromkeys(("issue_date", "due_date"), _day),
    "counterparty": _party,
    "folder": _folder,
    "kind": _kind,
    "size": _size,
}
