"""Fills the values of a plain PDF from its text, and takes what a person enters in their place."""

from datetime import date
from typing import Final

import msgspec
from sqlalchemy import select

from banqup_tui.backend.db import known_companies, tables
from banqup_tui.backend.db.records import ClientRecord, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import client_of
from banqup_tui.backend.intake import pdf_texts
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import OF_DOCUMENT, Document, DocumentValues, Party, values_of
from banqup_tui.domain.duplicates import can_be_corrected
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import belgian_number
from banqup_tui.domain.invoice_text import Believed, InvoiceText, TextParty, believed_values
from banqup_tui.domain.search_words import words_of_text
from banqup_tui.domain.suggestion import TextField
from banqup_tui.domain.twins import PDF
from banqup_tui.sources.keys import keys_of_client

_SALES: Final = (Folder.SALES_INVOICES,)
_PURCHASES: Final = (Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS)
_DATES: Final = (TextField.ISSUE_DATE, TextField.DUE_DATE)
_AMOUNTS: Final = (TextField.NET_AMOUNT, TextField.VAT_AMOUNT, TextField.GROSS_AMOUNT)
_OF_PARTY: Final = (TextField.COUNTERPARTY, TextField.VAT_NUMBER)
_NAMES: Final = {field.encode_name: field.name for field in msgspec.structs.fields(DocumentValues)}
"""The names of values by their names on the wire, which are those of `TextField`."""


def with_text_values(transaction: Transaction, document: Document, client: Client) -> Document:
    """Returns a new document with the values that are believed of its text, and with suggestions for the others."""
    if document.media_type != PDF or not can_be_corrected(document):
        return document
    text = pdf_texts.text_of(transaction, document.sha256)
    if not text:
        return document
    document = msgspec.structs.replace(document, text_words=words_of_text(text, [document.file_name]))
    if document.folder not in (*_SALES, *_PURCHASES):
        return document
    found = InvoiceText(text, document.created_at.date())
    believed = believed_values(
        found,
        own_keys=frozenset(keys_of_client(client)),
        own_name=client.name,
        sells=document.folder in _SALES,
        known=known_companies.names_of(transaction, [party.key for party in found.parties]),
    )
    return _filled(msgspec.structs.replace(document, suggestions=believed.suggestions), believed, client)


def _filled(document: Document, believed: Believed, client: Client) -> Document:
    values = {
        field: text
        for field, text in believed.values.items()
        # The path or the user may have said its day.
        if field is not TextField.ISSUE_DATE or document.issue_date is None
    }
    if not values:
        return document
    fields: dict[str, object] = {
        _NAMES[field]: _value(field, text) for field, text in values.items() if field not in _OF_PARTY
    }
    party = _party(believed.party, values.get(TextField.COUNTERPARTY))
    return msgspec.structs.replace(
        document, **fields, **_parties(document.folder, party, client), counterparty=party, from_text=tuple(values)
    )


def _value(field: TextField, text: str) -> object:
    if field in _AMOUNTS:
        return int(text)
    return date.fromisoformat(text) if field in _DATES else text


def _party(found: TextParty | None, name: str | None) -> Party | None:
    if found is None:
        return None
    return Party(name=name, vat_number=found.vat_number or None, enterprise_number=found.enterprise_number or None)


def _parties(folder: Folder, counterparty: Party | None, client: Client) -> dict[str, Party | None]:
    """Returns seller and buyer, as the folder says which of them the client is."""
    own = Party(name=client.name, vat_number=client.vat_number, enterprise_number=client.enterprise_number)
    if folder in _SALES:
        return {"supplier": own, "customer": counterparty}
    return {"supplier": counterparty, "customer": own} if folder in _PURCHASES else {}


def fields_elsewhere(transaction: Transaction, document: Document, client: Client) -> dict[str, object]:
    """Returns the fields of a PDF that was moved, so that its text is read for its new client and folder.

    Empty for a document with values that a person entered.
    """
    if document.media_type != PDF or not can_be_corrected(document):
        return {}
    bare = msgspec.structs.replace(document, **_without_text_values(document))
    if values_of(bare) != DocumentValues():
        return {}
    found = with_text_values(transaction, bare, client)
    return {name: getattr(found, name) for name in _READ}


_READ: Final = (*OF_DOCUMENT, "counterparty", "supplier", "customer", "from_text", "suggestions", "text_words")


def _without_text_values(document: Document) -> dict[str, object]:
    """Returns the fields that were read from the text as they are without it."""
    names = [_NAMES[field] for field in document.from_text if field not in _OF_PARTY]
    fields: dict[str, object] = {**dict.fromkeys(names), "from_text": (), "suggestions": ()}
    is_read = not {TextField.COUNTERPARTY, TextField.VAT_NUMBER}.isdisjoint(document.from_text)
    return fields | (dict.fromkeys(("counterparty", "supplier", "customer")) if is_read else {})


def corrected_fields(transaction: Transaction, document: Document, values: DocumentValues) -> dict[str, object]:
    """Returns the fields of a document with the values that a person entered.

    What was entered is no longer marked as read from the text, nor suggested.
    """
    before = values_of(document)
    entered = {field for field, name in _NAMES.items() if getattr(values, name) != getattr(before, name)}
    party = document.counterparty or Party()
    if party.name != values.counterparty or party.vat_number != values.vat_number:
        number = belgian_number(values.vat_number) if values.vat_number else None
        is_same = party.vat_number == values.vat_number and party.name is None
        number = party.enterprise_number if is_same else number
        party = Party(name=values.counterparty, vat_number=values.vat_number, enterprise_number=number)
    counterparty = party if party != Party() else None
    fields: dict[str, object] = {name: getattr(values, name) for name in OF_DOCUMENT}
    fields |= {
        "counterparty": counterparty,
        "from_text": tuple(field for field in document.from_text if field not in entered),
        "suggestions": tuple(one for one in document.suggestions if one.field not in entered),
    }
    table = tables.client
    row = fetch_one(transaction, ClientRecord, select(table).where(table.c.id == document.client_id))
    if row is not None:
        known = known_companies.with_number(transaction, counterparty)
        fields |= _parties(document.folder, known, client_of(row))
    return fields
