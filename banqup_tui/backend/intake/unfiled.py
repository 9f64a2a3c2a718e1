"""Unfiled documents (*To place* on the screen): stored files whose client or folder is unknown, with the reason."""

import uuid
from typing import Final

import msgspec
from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, false, or_, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import UnfiledRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import pdf_texts
from banqup_tui.backend.intake.clients import ClientDirectory
from banqup_tui.domain.invoice_text import InvoiceText
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
    same_path = _same_path(name) if _is_alone_at_its_path(incoming) else false()
    same = or_(same_path, table.c.sha256 == row["sha256"] if row["sha256"] else false())
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


def _is_alone_at_its_path(incoming: Arrival) -> bool:
    return incoming.source != BY_HAND and incoming.container is None


def _same_path(name: str | BindParameter[str]) -> ColumnElement[bool]:
    return (tables.unfiled.c.file_name == name) & tables.unfiled.c.container.is_(None)


_OF_SPACE: Final = select(tables.unfiled.c.id).where(tables.unfiled.c.space_id == bindparam("space"))
_HAS_BYTES: Final = tables.unfiled.c.sha256 == bindparam("sha256")
_WITH_BYTES: Final = _OF_SPACE.where(_HAS_BYTES)
_WITH_BYTES_OR_PATH: Final = _OF_SPACE.where(
    or_(_HAS_BYTES, (tables.unfiled.c.source == bindparam("source")) & _same_path(bindparam("name")))
)


def _row(
    transaction: Transaction, incoming: Arrival, name: str, reason: Message, content: Content | None
) -> dict[str, object]:
    directory = ClientDirectory(transaction.connection, transaction.space_id)
    client = directory.by_id(incoming.client_id) if incoming.client_id else None
    path = read_path(incoming.path) if incoming.path else None
    likely = suggest(content, path, client, directory, _text_of(transaction, incoming))
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


def _text_of(transaction: Transaction, incoming: Arrival) -> InvoiceText | None:
    text = pdf_texts.text_of(transaction, incoming.sha256) if isinstance(incoming, Incoming) else ""
    return InvoiceText(text, transaction.now.date()) if text else None


def remove_for(transaction: Transaction, incoming: Incoming) -> None:
    """Removes the records of these bytes, and of the same path in the same source."""
    values = {"space": transaction.space_id, "sha256": incoming.sha256}
    if _is_alone_at_its_path(incoming):
        values |= {"source": incoming.source, "name": clean(incoming.path or "")}
        found = transaction.execute(_WITH_BYTES_OR_PATH, values).scalars().all()
    else:
        found = transaction.execute(_WITH_BYTES, values).scalars().all()
    for unfiled_id in found:
        remove(transaction, unfiled_id)


def remove(transaction: Transaction, unfiled_id: str) -> None:
    transaction.execute(delete(tables.unfiled).where(tables.unfiled.c.id == unfiled_id))
    transaction.changed(EntityKind.UNFILED, unfiled_id, op=Op.DELETE)


def found(transaction: Transaction, unfiled_id: str) -> UnfiledRecord | None:
    table = tables.unfiled
    statement = select(table).where(table.c.id == unfiled_id, table.c.space_id == transaction.space_id)
    return fetch_one(transaction, UnfiledRecord, statement)
