"""Unfiled documents (*To place* on the screen): stored files whose client or folder is unknown, with the reason."""

import uuid

import msgspec
from sqlalchemy import ColumnElement, delete, false, or_, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import UnfiledRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake.clients import ClientDirectory
from banqup_tui.domain.messages import Message
from banqup_tui.domain.origin import BY_HAND, Arrival, Incoming
from banqup_tui.domain.text import clean
from banqup_tui.formats.content import Content
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.sources.layouts import read_path
from banqup_tui.sources.suggestions import suggest


def add(transaction: Transaction, incoming: Arrival, reason: Message, content: Content | None) -> None:
    """Records an unfiled document. It replaces an earlier record of the same file.

    That is a record of the same bytes in the same source; in a watched folder and in the drop, where a path holds one
    file at a time, also one of the same path. A file too large to be stored is recorded without its bytes.
    """
    table = tables.unfiled
    name = clean(incoming.path or incoming.file_name)
    row = _row(transaction, incoming, name, reason, content)
    same = or_(_same_path(incoming, name), table.c.sha256 == row["sha256"] if row["sha256"] else false())
    mine = (table.c.space_id == transaction.space_id, table.c.source == incoming.source)
    before = fetch_all(transaction, UnfiledRecord, select(table).where(*mine, same).order_by(table.c.at))
    for more in before[1:]:
        remove(transaction, more.id)
    unfiled_id = before[0].id if before else str(uuid.uuid4())
    if not before:
        transaction.execute(
            table.insert(), {"id": unfiled_id, "space_id": transaction.space_id, "at": transaction.now, "seq": 0, **row}
        )
    elif all(getattr(before[0], name) == value for name, value in row.items()):
        return
    else:
        transaction.execute(update(table).where(table.c.id == unfiled_id).values(row))
    transaction.changed(EntityKind.UNFILED, unfiled_id)


def _same_path(incoming: Arrival, name: str) -> ColumnElement[bool]:
    table = tables.unfiled
    if incoming.source == BY_HAND or incoming.container is not None:
        return false()
    return (table.c.file_name == name) & table.c.container.is_(None)


def _row(
    transaction: Transaction, incoming: Arrival, name: str, reason: Message, content: Content | None
) -> dict[str, object]:
    directory = ClientDirectory(transaction.connection, transaction.space_id)
    client = directory.by_id(incoming.client_id) if incoming.client_id else None
    path = read_path(incoming.path) if incoming.path else None
    likely = suggest(content, path, client, directory)
    folder = incoming.folder or likely.folder
    return {
        "source": incoming.source,
        "source_id": incoming.source_id,
        "file_name": name,
        "sha256": incoming.sha256 if isinstance(incoming, Incoming) else None,
        "reason": reason,
        "client_id": likely.client_id,
        "folder": str(folder) if folder else None,
        "seller_key": likely.seller_key,
        "buyer_key": likely.buyer_key,
        "account_key": likely.account_key,
        "container": incoming.container.name if incoming.container else None,
        "arrival": msgspec.json.encode(incoming).decode(),
    }


def remove_for(transaction: Transaction, incoming: Incoming) -> None:
    """Removes the records of these bytes, and of the same path in the same source."""
    table = tables.unfiled
    same_place = (table.c.source == incoming.source) & _same_path(incoming, clean(incoming.path or ""))
    same = or_(table.c.sha256 == incoming.sha256, same_place)
    for unfiled_id in (
        transaction.execute(select(table.c.id).where(table.c.space_id == transaction.space_id, same)).scalars().all()
    ):
        remove(transaction, unfiled_id)


def remove(transaction: Transaction, unfiled_id: str) -> None:
    transaction.execute(delete(tables.unfiled).where(tables.unfiled.c.id == unfiled_id))
    transaction.changed(EntityKind.UNFILED, unfiled_id, op=Op.DELETE)


def found(transaction: Transaction, unfiled_id: str) -> UnfiledRecord | None:
    table = tables.unfiled
    statement = select(table).where(table.c.id == unfiled_id, table.c.space_id == transaction.space_id)
    return fetch_one(transaction, UnfiledRecord, statement)
