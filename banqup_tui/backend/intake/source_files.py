"""What a source has brought, file by file: filed or laid aside, written down, and counted at the source."""

from enum import StrEnum
from typing import Final

from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import document_intake, unfiled
from banqup_tui.backend.intake.incoming import Incoming
from banqup_tui.backend.intake.parsed_files import read_file
from banqup_tui.backend.services import Services
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.values import Value
from banqup_tui.formats import Content
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.folder import Mark
from banqup_tui.sources.sorter import Unplaced


class FileOutcome(StrEnum):
    """What became of a file. PICTURE: the PDF of an XML beside it, which is the document.

    HELD: a PDF that is kept, and becomes a document if no XML of its name comes within some seconds.
    """

    TAKEN = "TAKEN"
    KNOWN = "KNOWN"
    PICTURE = "PICTURE"
    WAITING_PICTURE = "HELD"
    UNPLACED = "UNPLACED"
    UNREADABLE = "UNREADABLE"
    DISMISSED = "DISMISSED"


REFUSED: Final = frozenset({FileOutcome.UNPLACED, FileOutcome.UNREADABLE})
_UNSEEN: Final = frozenset({FileOutcome.PICTURE, FileOutcome.WAITING_PICTURE})


class SourceAway(Exception):
    """The source was removed while it was being looked at."""


class SourceFile(Value, frozen=True, kw_only=True):
    """A row of `source_file`."""

    source_id: str
    path: str
    mark: Mark
    sha256: str | None


def read(services: Services, incoming: Incoming) -> Content | UnreadableDocument:
    """What the file holds, or why it cannot be read. To be asked outside of a transaction.

    Raises ReaderNotAvailable, which is no fault of the file.
    """
    try:
        return read_file(services, incoming.sha256, incoming.file_name)
    except UnreadableDocument as error:
        return error


def filed(
    transaction: Transaction, services: Services, incoming: Incoming, content: Content | UnreadableDocument
) -> FileOutcome:
    """A document, or a place in the tray with the reason."""
    if isinstance(content, UnreadableDocument):
        unfiled.lay_aside(transaction, incoming, content.message, None)
        return FileOutcome.UNREADABLE
    taken = document_intake.take(transaction, services, incoming, content)
    if isinstance(taken, Unplaced):
        unfiled.lay_aside(transaction, incoming, taken.reason, content)
        return FileOutcome.UNPLACED
    return FileOutcome.TAKEN if taken.is_new else FileOutcome.KNOWN


def write_down(transaction: Transaction, file: SourceFile, outcome: FileOutcome, before: FileOutcome | None) -> None:
    """`before`: what had become of the file at this path. Raises `SourceAway`."""
    source = tables.source
    taken = (outcome is FileOutcome.TAKEN) * 1
    refused = (outcome in REFUSED) - (before in REFUSED)
    statement = (
        update(source)
        .where(source.c.id == file.source_id)
        .values(taken=source.c.taken + taken, refused=source.c.refused + refused, last_at=transaction.now)
    )
    if transaction.execute(statement).rowcount == 0:
        raise SourceAway
    _remember(transaction, file, outcome)
    if outcome not in _UNSEEN:
        transaction.changed(EntityKind.SOURCE, file.source_id)


def outcome_at(transaction: Transaction, source_id: str, path: str) -> FileOutcome | None:
    table = tables.source_file
    statement = select(table.c.outcome).where(table.c.source_id == source_id, table.c.path == path)
    found = transaction.execute(statement).scalar()
    return FileOutcome(found) if found else None


def _remember(transaction: Transaction, file: SourceFile, outcome: FileOutcome) -> None:
    row = {
        "source_id": file.source_id,
        "path": file.path,
        "size": file.mark[0],
        "mtime_ns": file.mark[1],
        "sha256": file.sha256,
        "outcome": str(outcome),
        "at": transaction.now,
    }
    insert = transaction.insert(tables.source_file)
    replaced = {name: insert.excluded[name] for name in ("size", "mtime_ns", "sha256", "outcome", "at")}
    transaction.execute(insert.on_conflict_do_update(index_elements=["source_id", "path"], set_=replaced), row)
