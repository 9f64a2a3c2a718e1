"""Writes what a user changes about a document, with a line in its history."""

import msgspec
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DocumentRecord, fetch_one
from banqup_tui.backend.db.transaction import Transaction, moved_document
from banqup_tui.backend.db.values import document_of
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.backend.services import CommandRefused
from banqup_tui.domain.document import Document, Duplicate, HistoryEntry
from banqup_tui.domain.duplicates import business_key
from banqup_tui.domain.messages import Message
from banqup_tui.domain.twins import number_key
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.protocol.problems import ProblemType


def found(transaction: Transaction, document_id: str | None) -> DocumentRecord | None:
    """Returns the row of a document of this space, or `None`."""
    table = tables.document
    mine = select(table).where(table.c.id == document_id, table.c.space_id == transaction.space_id)
    return fetch_one(transaction, DocumentRecord, mine.with_for_update())


def existing(transaction: Transaction, document_id: str) -> DocumentRecord:
    """Returns the row of a document. Raises `CommandRefused` if there is none."""
    row = found(transaction, document_id)
    if row is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("document.deleted"))
    return row


def change(transaction: Transaction, row: DocumentRecord, by: str, what: Message, **fields: object) -> Document:
    """Changes fields of a document, adds to its history, and returns it as it is now.

    A document that may be sent now, and could not before, gets the change number of this transaction as its
    `ready_seq`, so that the planner takes it; one that may not be sent any more loses it.
    """
    entry = HistoryEntry(at=transaction.now, by=by, what=what)
    document = document_of(row)
    document = msgspec.structs.replace(document, **fields, history=(*document.history, entry))
    before = row.ready_seq
    values: dict[str, object] = {
        "client_id": document.client_id,
        "folder": str(document.folder),
        "filed_year": document.sort_date.year,
        "filed_month": document.sort_date.month,
        "business_key": business_key(document),
        "number_key": number_key(document),
        "duplicate": str(document.duplicate) if document.duplicate else None,
        "replaced_by": document.replaced_by,
        "withdrawn_at": document.withdrawn_at,
        # Zero stands for the number to come (`Transaction`).
        "ready_seq": (0 if before is None else before) if may_be_sent(document) else None,
        "value": msgspec.json.encode(document),
    }
    transaction.execute(update(tables.document).where(tables.document.c.id == row.id).values(values))
    if document.client_id != row.client_id:
        _moved(transaction, row, document.client_id)
    transaction.changed(EntityKind.DOCUMENT, row.id, client_id=document.client_id)
    update_status(transaction, [row.id])
    return document


def _moved(transaction: Transaction, row: DocumentRecord, client_id: str) -> None:
    """Notes that a document has left its client, for users who do not see the other one.

    Their copies delete it, and what they had of its deliveries. So the deliveries at the client to which it comes, or
    comes back, are sent once more.
    """
    left = moved_document(row.id, row.client_id)
    # Before the document's own change: a copy that takes both has the document in the end.
    transaction.changed(EntityKind.DOCUMENT, left, client_id=row.client_id, op=Op.DELETE)
    delivery = tables.delivery
    there = select(delivery.c.id).where(delivery.c.document_id == row.id, delivery.c.client_id == client_id)
    for delivery_id in transaction.execute(there).scalars().all():
        transaction.changed(EntityKind.DELIVERY, delivery_id, client_id=client_id)


def may_be_sent(document: Document) -> bool:
    """Returns whether a document is ready: approved, and neither held nor replaced nor withdrawn."""
    stopped = document.duplicate is Duplicate.UNDECIDED or document.replaced_by or document.withdrawn_at
    return document.approved and not stopped
