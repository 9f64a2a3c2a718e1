"""Joins a PDF to the e-invoice that its text shows, whichever comes first (`domain.twins`).

Where the text of a PDF shows several e-invoices, or several PDFs show one, nothing is joined: a wrong twin is worse
than none.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.json_rows import ids_param, in_ids
from banqup_tui.backend.db.records import BaseRecord, DocumentRecord, fetch_all
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import document_of
from banqup_tui.backend.intake import related_files
from banqup_tui.backend.intake.document_changes import change
from banqup_tui.backend.services import Services
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.messages import message
from banqup_tui.domain.origin import Incoming
from banqup_tui.domain.twins import DAYS_BETWEEN, PictureText, digits_of, marks_of_document, number_key
from banqup_tui.domain.values import Sha256

_BY_ITSELF = ""
_document = msgspec.json.Decoder(Document)
_MOST_COMPARED = 200
"""E-invoices, or PDFs, that are compared by text, some tenths of a second in all. Where more have the number, such as
`1`, nothing is joined.
"""

_DIGITS = ("first", "second", "third")
"""Names of the rows of digits by which the texts are searched; the comparison looks at the whole number."""

_table, _of = tables.document, tables.document_text
_RECENT = (
    _table.c.space_id == bindparam("space"),
    _table.c.created_at >= bindparam("since"),
    _table.c.withdrawn_at.is_(None),
    _table.c.replaced_by.is_(None),
)
_INVOICES: Final = select(_table).where(*_RECENT, in_ids(_table.c.number_key)).limit(_MOST_COMPARED + 1)
_INVOICES_OF_CLIENT: Final = _INVOICES.where(_table.c.client_id == bindparam("client"))
_TEXTS_WITH_DIGITS: Final = (
    select(_table.c.sha256, _of.c.text)
    .join(_of, _of.c.sha256 == _table.c.sha256)
    .where(*_RECENT, _table.c.client_id == bindparam("client"), _table.c.number_key == "", _table.c.duplicate.is_(None))
    .where(*(_of.c.text.contains(bindparam(name)) for name in _DIGITS))
    .limit(_MOST_COMPARED + 1)
)


def invoice_shown(transaction: Transaction, text: str, client_id: str | None) -> Document | None:
    """Returns the one e-invoice that a text shows; `None` if it shows several.

    Args:
        client_id: Only those of this client; of `None`, those of all clients.
    """
    shown = _invoices_shown(transaction, text, client_id)
    return shown[0] if len(shown) == 1 else None


def _invoices_shown(transaction: Transaction, text: str, client_id: str | None) -> list[Document]:
    picture = PictureText(text)
    if not picture.number_keys:
        return []
    values = _values(transaction) | ids_param(picture.number_keys)
    if client_id is None:
        rows = fetch_all(transaction, DocumentRecord, _INVOICES, values)
    else:
        rows = fetch_all(transaction, DocumentRecord, _INVOICES_OF_CLIENT, values | {"client": client_id})
    if len(rows) > _MOST_COMPARED:
        return []
    documents = (document_of(row) for row in rows)
    return [one for one in documents if not one.is_undecided and picture.shows(marks_of_document(one))]


def may_be_picture(transaction: Transaction, services: Services, invoice: Document, sha256: Sha256, text: str) -> bool:
    """Tells whether a PDF that shows an e-invoice may become its picture: it has none, or one with the same text.

    What is a document of the client already stays one: a person may have wanted that.
    """
    has = related_files.picture_of(transaction, services, invoice.sha256)
    if has is not None and has.sha256 == sha256:
        return True
    table = tables.document
    same = (table.c.client_id == invoice.client_id, table.c.sha256 == sha256)
    if transaction.execute(select(table.c.id).where(*same)).first() is not None:
        return False
    if has is None:
        return True
    of = select(tables.document_text.c.text).where(tables.document_text.c.sha256 == has.sha256)
    return transaction.execute(of).scalar() == text


class _Text(BaseRecord, frozen=True):
    sha256: str
    text: str


def earlier_picture(transaction: Transaction, invoice: Document) -> DocumentRecord | None:
    """Returns the one PDF of the client that shows a new e-invoice, which is not stored yet, and no other e-invoice."""
    if not number_key(invoice):
        return None
    marks = marks_of_document(invoice)
    table = tables.document
    digits = dict(zip(_DIGITS, [*digits_of(marks.number), *[""] * len(_DIGITS)], strict=False))
    values = _values(transaction) | {"client": invoice.client_id} | digits
    candidates = fetch_all(transaction, _Text, _TEXTS_WITH_DIGITS, values)
    if len(candidates) > _MOST_COMPARED:
        return None
    shown = [one for one in candidates if PictureText(one.text).shows(marks)]
    if len(shown) != 1 or _invoices_shown(transaction, shown[0].text, invoice.client_id):
        return None
    same = (table.c.client_id == invoice.client_id, table.c.sha256 == shown[0].sha256)
    (row,) = fetch_all(transaction, DocumentRecord, select(table).where(*same).with_for_update())
    return row


def is_in_use(transaction: Transaction, row: DocumentRecord) -> bool:
    """Tells whether something was done with a document: sent or queued, or a person has processed it."""
    delivery = tables.delivery
    of = (delivery.c.document_id == row.id, delivery.c.state != str(DeliveryState.CANCELLED))
    return row.processed or row.attempted or transaction.execute(select(delivery.c.id).where(*of)).first() is not None


def make_picture(transaction: Transaction, services: Services, row: DocumentRecord, invoice: Document) -> None:
    """Makes a PDF that is a document the picture of an e-invoice; the document is withdrawn, and can be restored."""
    document = document_of(row)
    picture = Incoming(sha256=row.sha256, file_name=document.file_name)
    related_files.add_picture(transaction, services, invoice.sha256, picture)
    what = message("history.picture-of", number=invoice.number or invoice.file_name)
    withdrawn = {"withdrawn_at": transaction.now, "duplicate": Duplicate.ONE_DOCUMENT, "same_as": invoice.id}
    change(transaction, row, _BY_ITSELF, what, **withdrawn)


def separate(transaction: Transaction, services: Services, row: DocumentRecord) -> None:
    """Takes a PDF that comes back from the e-invoice that it was one document with."""
    document = document_of(row)
    if row.number_key != "" or document.duplicate is not Duplicate.ONE_DOCUMENT:
        return
    table = tables.related_file
    mine = (table.c.space_id == transaction.space_id, table.c.sha256 == row.sha256)
    pictures = select(table.c.of_sha256).where(*mine, table.c.kind == str(related_files.RelatedKind.PICTURE))
    for invoice in transaction.execute(pictures).scalars().all():
        related_files.remove_picture(transaction, services, invoice, row.sha256)


def waiting_for(connection: Connection, space_id: str, since: datetime) -> set[str]:
    """Returns the ids of the unfiled PDFs that may show an e-invoice that came since then."""
    table, of, waiting = tables.document, tables.document_text, tables.unfiled
    joined = select(waiting.c.id, of.c.text).join(of, of.c.sha256 == waiting.c.sha256)
    texts = connection.execute(joined.where(waiting.c.space_id == space_id, of.c.text != "")).all()
    if not texts:
        return set()
    new = select(table.c.value).where(
        table.c.space_id == space_id, table.c.created_at >= since, table.c.number_key > ""
    )
    found: set[str] = set()
    for value in connection.execute(new).scalars():
        marks = marks_of_document(_document.decode(value))
        digits = digits_of(marks.number)
        alike = (row for row in texts if all(one in row.text for one in digits))
        found |= {row.id for row in alike if PictureText(row.text).shows(marks)}
    return found


def _values(transaction: Transaction) -> dict[str, object]:
    """Returns the parameters that all statements over recent documents share."""
    return {"space": transaction.space_id, "since": transaction.now - timedelta(days=DAYS_BETWEEN)}
