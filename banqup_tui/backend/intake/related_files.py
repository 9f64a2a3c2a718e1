"""Files that are kept with a document: the picture of an e-invoice, and the container in which a file came.

They belong to the bytes of the document, not to its row: a picture may come before its e-invoice is placed.
"""

from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import RelatedFileRecord, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import pdf_texts
from banqup_tui.backend.services import Services
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import Document, HistoryEntry
from banqup_tui.domain.messages import message
from banqup_tui.domain.origin import Incoming, Picture
from banqup_tui.domain.search_words import words_of_text
from banqup_tui.domain.text import safe_file_name
from banqup_tui.protocol.messages import EntityKind

_BY_ITSELF = ""
_document = msgspec.json.Decoder(Document)


class RelatedKind(StrEnum):
    PICTURE = "PICTURE"
    CONTAINER = "CONTAINER"


_table = tables.related_file
_NEWEST_PICTURE: Final = (
    select(_table)
    .where(
        _table.c.space_id == bindparam("space"),
        _table.c.of_sha256 == bindparam("of"),
        _table.c.kind == str(RelatedKind.PICTURE),
    )
    .order_by(_table.c.at.desc())
    .limit(1)
)


def add_picture(transaction: Transaction, services: Services, invoice: str, picture: Incoming) -> None:
    """Keeps a PDF as the picture of the e-invoice with these bytes, in place of an earlier one."""
    _put(transaction, invoice, picture.sha256, RelatedKind.PICTURE, safe_file_name(picture.file_name))
    _show_picture(transaction, services, invoice)


def _show_picture(transaction: Transaction, services: Services, invoice: str) -> None:
    """Writes the picture of an e-invoice into its documents."""
    table = tables.document
    same = (table.c.space_id == transaction.space_id, table.c.sha256 == invoice)
    rows = transaction.execute(select(table.c.id, table.c.client_id, table.c.value).where(*same)).all()
    value = picture_of(transaction, services, invoice)
    for row in rows:
        before = _document.decode(row.value)
        document = with_picture(transaction, before, value)
        if value is not None and before.picture is None and _has_arrived(transaction, row.id):
            late = message("history.pdf-after-delivery", name=value.file_name)
            entry = HistoryEntry(at=transaction.now, by=_BY_ITSELF, what=late)
            document = msgspec.structs.replace(document, history=(*document.history, entry))
        transaction.execute(update(table).where(table.c.id == row.id).values(value=msgspec.json.encode(document)))
        transaction.changed(EntityKind.DOCUMENT, row.id, client_id=row.client_id)


def _has_arrived(transaction: Transaction, document_id: str) -> bool:
    """Tells whether a document was delivered, so that a picture that comes now was not sent along."""
    table = tables.delivery
    mine = (table.c.document_id == document_id, table.c.state == str(DeliveryState.DELIVERED))
    return transaction.execute(select(table.c.id).where(*mine).limit(1)).first() is not None


def with_picture(transaction: Transaction, document: Document, picture: Picture | None) -> Document:
    """Returns an e-invoice with its picture, by whose words it is found; without one it is found by its values only."""
    text = pdf_texts.text_of(transaction, picture.sha256) if picture else ""
    words = words_of_text(text, [document.file_name, document.number or ""])
    return msgspec.structs.replace(document, picture=picture, text_words=words)


def remove_picture(transaction: Transaction, services: Services, invoice: str, sha256: str) -> None:
    """Takes a PDF from the e-invoice with these bytes; an earlier picture is shown again."""
    table = tables.related_file
    mine = (table.c.space_id == transaction.space_id, table.c.of_sha256 == invoice, table.c.sha256 == sha256)
    transaction.execute(delete(table).where(*mine, table.c.kind == str(RelatedKind.PICTURE)))
    _show_picture(transaction, services, invoice)


def picture_of(transaction: Transaction, services: Services, invoice: str) -> Picture | None:
    """Returns the picture of the e-invoice with these bytes, if one has come."""
    row = fetch_one(transaction, RelatedFileRecord, _NEWEST_PICTURE, {"space": transaction.space_id, "of": invoice})
    if row is None:
        return None
    size = services.files.path(row.sha256).stat().st_size
    return Picture(sha256=row.sha256, file_name=row.file_name, size=size)


def add_container(transaction: Transaction, part: Incoming) -> None:
    """Keeps the container in which a file came."""
    if part.container is not None:
        _put(transaction, part.sha256, part.container.sha256, RelatedKind.CONTAINER, part.container.name)


def _put(transaction: Transaction, of_sha256: str, sha256: str, kind: RelatedKind, file_name: str) -> None:
    row = {
        "space_id": transaction.space_id,
        "of_sha256": of_sha256,
        "sha256": sha256,
        "kind": str(kind),
        "file_name": file_name,
        "at": transaction.now,
    }
    insert = transaction.insert(tables.related_file)
    key = ["space_id", "of_sha256", "sha256", "kind"]
    transaction.execute(insert.on_conflict_do_update(index_elements=key, set_={"at": insert.excluded.at}), row)
