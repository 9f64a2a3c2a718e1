"""Withdraws documents and restores them, moves them to another client or folder, and corrects their values.

What was delivered stays at its receiver, and its proof in the ledger. What is queued is cancelled, and queued again
when the correction is taken back.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import delete, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import ClientRecord, DocumentRecord, IntegrationRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import client_of, document_of
from banqup_tui.backend.intake import text_values, twins
from banqup_tui.backend.intake.document_changes import change, existing
from banqup_tui.backend.intake.duplicates import earlier_with_same_key
from banqup_tui.backend.ledger import messages, stopped_documents
from banqup_tui.backend.ledger.enqueue import enqueue
from banqup_tui.backend.ledger.model import AT_ONCE, lock_integrations
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler
from banqup_tui.domain.document import Document, Duplicate, values_of
from banqup_tui.domain.duplicates import can_be_corrected
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CorrectDocument, MoveDocument, Restore, Withdraw
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.protocol.problems import ProblemType

DAYS_WITHDRAWN = 30
"""Days after which a withdrawn document is forgotten."""

Result = dict[str, object]


def withdraw(transaction: Transaction, body: Withdraw, context: CommandContext) -> Result:
    """Withdraws documents. Returns `{"withdrawn": n, "unchanged": n, "cancelled": n, "delivered": n}`."""
    rows = _rows(transaction, body.document_ids)
    wanted = [row for row in rows if row.withdrawn_at is None]
    cancelled = stopped_documents.stop(transaction, [row.id for row in wanted], messages.WITHDRAWN)
    for row in wanted:
        change(transaction, row, context.user_id, Message("history.withdrawn"), withdrawn_at=transaction.now)
    delivered = sum(bool(stopped_documents.sent(transaction, row.id)) for row in wanted)
    counts: Result = {"withdrawn": len(wanted), "unchanged": len(rows) - len(wanted)}
    return counts | {"cancelled": cancelled, "delivered": delivered}


def restore(transaction: Transaction, body: Restore, context: CommandContext) -> Result:
    """Restores withdrawn documents. Returns `{"restored": n, "unchanged": n, "undecided": n}`.

    A document is held again if another one with its business key counts by now: restored, both would be sent.
    """
    rows = _rows(transaction, body.document_ids)
    wanted = [row for row in rows if row.withdrawn_at is not None]
    undecided = 0
    for row in wanted:
        twins.separate(transaction, context.services, row)
        document = document_of(row)
        fields: dict[str, object] = {"withdrawn_at": None}
        if document.duplicate not in (Duplicate.NEWER_VERSION, Duplicate.TWO_DOCUMENTS):
            fields |= _as_duplicate(transaction, document)
        changed = change(transaction, row, context.user_id, Message("history.restored"), **fields)
        undecided += changed.is_undecided
    stopped_documents.start(transaction, [row.id for row in wanted], context.user_id)
    counts: Result = {"restored": len(wanted), "unchanged": len(rows) - len(wanted)}
    return counts | {"undecided": undecided}


def move(transaction: Transaction, body: MoveDocument, context: CommandContext) -> Result:
    """Moves a document to another client or folder.

    Integrations of another client take it as a new document; of the same client, those that take the new folder and
    were active when it came. With `back` nothing new is sent: the move is taken back.

    Returns:
        `{"moved": 0 or 1, "cancelled": n, "queued": n, "undecided": true or false}`

    Raises:
        CommandRefused: If it is not where the user saw it, or the other client has the same bytes already.
    """
    row = existing(transaction, body.document_id)
    if row.withdrawn_at is not None:
        raise CommandRefused(ProblemType.REFUSED, Message("document.withdrawn"))
    if (row.client_id, row.folder) != (body.from_client_id, body.from_folder):
        raise CommandRefused(ProblemType.REFUSED, Message("document.moved-already"))
    if (body.client_id, body.folder) == (row.client_id, row.folder):
        return {"moved": 0, "cancelled": 0, "queued": 0, "undecided": False}
    taking = _integrations_taking(transaction, body.client_id, body.folder)
    fields = _fields_of_move(transaction, document_of(row), body)
    elsewhere = [one.integration_id for one in stopped_documents.deliveries_of(transaction, row.id)]
    leaving = {one for one in elsewhere if one not in taking}
    cancelled = stopped_documents.stop(transaction, [row.id], messages.MOVED, at=leaving)
    document = change(transaction, row, context.user_id, _history_of_move(transaction, row, body), **fields)
    moved = existing(transaction, row.id)
    queued = stopped_documents.start(transaction, [row.id], context.user_id, at=taking)
    if not body.back and moved.ready_seq is not None:
        is_new = body.client_id != row.client_id
        new = [one for one in taking.values() if is_new or moved.created_seq > one.activated_seq]
        queued += _queue_at(transaction, new, moved)
    return {"moved": 1, "cancelled": cancelled, "queued": queued, "undecided": document.is_undecided}


def correct(transaction: Transaction, body: CorrectDocument, context: CommandContext) -> Result:
    """Sets values by hand. Returns `{"corrected": 0 or 1, "undecided": true or false}`.

    The document is held if another one has its business key now, and is no longer held if none has.

    Raises:
        CommandRefused: If the file itself has the values, or they have changed since the user saw them.
    """
    row = existing(transaction, body.document_id)
    document = document_of(row)
    if row.withdrawn_at is not None:
        raise CommandRefused(ProblemType.REFUSED, Message("document.withdrawn"))
    if not can_be_corrected(document):
        raise CommandRefused(ProblemType.REFUSED, Message("document.values-of-file"))
    if values_of(document) != body.before:
        raise CommandRefused(ProblemType.REFUSED, Message("document.corrected-already"))
    if body.values == body.before:
        return {"corrected": 0, "undecided": document.is_undecided}
    fields = text_values.corrected_fields(transaction, document, body.values)
    if document.duplicate in (None, Duplicate.UNDECIDED):
        fields |= _as_duplicate(transaction, msgspec.structs.replace(document, **fields))
    corrected = change(transaction, row, context.user_id, Message("history.corrected"), **fields)
    if corrected.is_undecided and not document.is_undecided:
        stopped_documents.stop(transaction, [row.id], messages.UNDECIDED)
    elif document.is_undecided and not corrected.is_undecided:
        stopped_documents.start(transaction, [row.id], context.user_id)
    return {"corrected": 1, "undecided": corrected.is_undecided}


def forget(transaction: Transaction) -> list[str]:
    """Deletes documents that were withdrawn too long ago, a portion of them, and returns the hashes of their files.

    Their deliveries stay: what was delivered is not sent again when the same bytes are imported once more.
    """
    table = tables.document
    long_ago: datetime = transaction.now - timedelta(days=DAYS_WITHDRAWN)
    mine = (table.c.space_id == transaction.space_id, table.c.withdrawn_at < long_ago)
    rows = transaction.execute(select(table.c.id, table.c.client_id, table.c.sha256).where(*mine).limit(AT_ONCE)).all()
    for row in rows:
        transaction.execute(delete(table).where(table.c.id == row.id))
        transaction.changed(EntityKind.DOCUMENT, row.id, client_id=row.client_id, op=Op.DELETE)
    return [row.sha256 for row in rows]


def _rows(transaction: Transaction, document_ids: Iterable[str]) -> list[DocumentRecord]:
    return [existing(transaction, one) for one in dict.fromkeys(document_ids)]


def _as_duplicate(transaction: Transaction, document: Document) -> dict[str, object]:
    """Returns the fields of a document that comes back, or comes to another client, beside those that count there."""
    same_as = earlier_with_same_key(transaction, document, settled=True)
    if same_as is not None:
        return {"duplicate": Duplicate.UNDECIDED, "same_as": same_as}
    return {"duplicate": None, "same_as": None}


def _fields_of_move(transaction: Transaction, document: Document, body: MoveDocument) -> dict[str, object]:
    selling = body.folder is Folder.SALES_INVOICES
    other = document.customer if selling else document.supplier
    fields: dict[str, object] = {"client_id": body.client_id, "folder": body.folder}
    if document.supplier is not None or document.customer is not None:
        fields["counterparty"] = other
    client = fetch_one(transaction, ClientRecord, select(tables.client).where(tables.client.c.id == body.client_id))
    if client is not None:
        moved = msgspec.structs.replace(document, **fields)
        read = text_values.fields_elsewhere(transaction, moved, client_of(client))
        fields |= read
        if read and document.duplicate is None:
            fields |= _as_duplicate(transaction, msgspec.structs.replace(document, **fields))
    if body.client_id == document.client_id:
        return fields
    table = tables.document
    same = (table.c.client_id == body.client_id, table.c.sha256 == document.sha256)
    if transaction.execute(select(table.c.id).where(table.c.space_id == transaction.space_id, *same)).first():
        raise CommandRefused(ProblemType.REFUSED, Message("document.there-already"))
    return fields | _as_duplicate(transaction, msgspec.structs.replace(document, **fields))


def _history_of_move(transaction: Transaction, row: DocumentRecord, body: MoveDocument) -> Message:
    if body.client_id == row.client_id:
        return message("history.moved-folder", folder=body.folder, before=row.folder)
    return message("history.moved-client", name=_client_name(transaction, row.client_id), folder=row.folder)


def _client_name(transaction: Transaction, client_id: str) -> str:
    found = fetch_one(transaction, ClientRecord, select(tables.client).where(tables.client.c.id == client_id))
    return client_of(found).name if found is not None else ""


def _integrations_taking(transaction: Transaction, client_id: str, folder: Folder) -> dict[str, IntegrationRecord]:
    """Returns the client's integrations that take the folder by themselves, by id. Refuses an unknown client."""
    client = tables.client
    mine = (client.c.id == client_id, client.c.space_id == transaction.space_id)
    if transaction.execute(select(client.c.id).where(*mine)).first() is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    table = tables.integration
    there = table.c.state != str(IntegrationState.REMOVED)
    rows = fetch_all(transaction, IntegrationRecord, select(table).where(table.c.client_id == client_id, there))
    return {row.id: row for row in rows if folder in row.folders.split()}


def _queue_at(transaction: Transaction, integrations: Iterable[IntegrationRecord], row: DocumentRecord) -> int:
    locked = lock_integrations(transaction, [one.id for one in integrations])
    results = [enqueue(transaction, one, [row], None, by_itself=True) for one in locked.values()]
    refresh(transaction, locked)
    return sum(len(result.delivery_ids) for result in results)


HANDLERS: Final[dict[type[Value], Handler]] = {
    Withdraw: withdraw,
    Restore: restore,
    MoveDocument: move,
    CorrectDocument: correct,
}
