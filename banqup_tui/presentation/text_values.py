"""Words for values that were read from the text of a PDF, and for those that it only suggests."""

from __future__ import annotations

from datetime import date

import msgspec

from banqup_tui.domain.document import Document, DocumentValues
from banqup_tui.domain.identifiers import pretty_account, pretty_communication, pretty_vat
from banqup_tui.domain.suggestion import TextField, ValueCandidates
from banqup_tui.domain.text import clean
from banqup_tui.presentation.duplicates import FIELD_NAMES
from banqup_tui.presentation.formats import amount_with_currency, full_date
from banqup_tui.presentation.words import _

_NAMES = {field.encode_name: field.name for field in msgspec.structs.fields(DocumentValues)}
_AMOUNTS = (TextField.NET_AMOUNT, TextField.VAT_AMOUNT, TextField.GROSS_AMOUNT)
_DATES = (TextField.ISSUE_DATE, TextField.DUE_DATE)
_PRETTY = {
    TextField.VAT_NUMBER: pretty_vat,
    TextField.IBAN: pretty_account,
    TextField.PAYMENT_REFERENCE: pretty_communication,
}


def marked(document: Document, field: TextField, text: str) -> str:
    """Returns a value as it is shown, with a note if it was read from the text of the file."""
    return _("{value} (from its text)").format(value=text) if field in document.from_text else text


def name_of_value(field: TextField) -> str:
    """Returns the name of a value in `DocumentValues`."""
    return _NAMES[field]


def title_of(field: TextField) -> str:
    return _(FIELD_NAMES[_NAMES[field]])


def candidates_of(document: Document, suggestion: ValueCandidates) -> str:
    """Returns the candidates as a person reads them: `2026-00417 or 2026-00418`."""
    shown = [_shown(document, suggestion.field, text) for text in suggestion.candidates]
    return _("{first} or {second}").format(first=", ".join(shown[:-1]), second=shown[-1]) if shown[1:] else shown[0]


def _shown(document: Document, field: TextField, text: str) -> str:
    if field in _AMOUNTS:
        return amount_with_currency(int(text), document.currency or "EUR")
    if field in _DATES:
        return full_date(date.fromisoformat(text))
    return clean(_PRETTY[field](text) if field in _PRETTY else text)
