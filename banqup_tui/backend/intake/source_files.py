"""Files of a source: each is filed or recorded as unfiled, and counted at its source."""

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
    """State of a file of a source.

    PICTURE: a PDF whose XML is the document. WAITING_PICTURE (`HELD` in the database): a PDF that becomes a
    document if no XML of its name comes within some seconds.
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


class SourceRemoved(Exception):
    """The source was removed while it was being scanned."""


class SourceFile(Value, frozen=True, kw_only=True):
    """A row of `source_file`."""

    source_id: str
    path: str
    mark: Mark
    sha256: str | None


def read(services: Services, incoming: Incoming) -> Content | UnreadableDocument:
    """Returns the content of the file, or why it cannot be read. Call it outside of a transaction.

    Raises:
        ReaderNotAvailable: no fault of the file; a later attempt may succeed.
    """
    try:
        return read_file(services, incoming.sha256, incoming.file_name)
    except UnreadableDocument as error:
        return error


def file_or_record(
    transaction: Transaction, services: Services, incoming: Incoming, content: Content | UnreadableDocument
) -> FileOutcome:
    """Files the document, or records it as unfiled with the reason."""
    if isinstance(content, UnreadableDocument):
        unfiled.add(transaction, incoming, content.message, None)
        return FileOutcome.UNREADABLE
    taken = document_intake.take(transaction, services, incoming, content)
    if isinstance(taken, Unplaced):
        unfiled.add(transaction, incoming, taken.reason, content)
        return FileOutcome.UNPLACED
    return FileOutcome.TAKEN if taken.is_new else FileOutcome.KNOWN


def record(transaction: Transaction, file: SourceFile, outcome: FileOutcome, before: FileOutcome | None) -> None:
    """Records the file and updates its source's counts.

    Args:
        before: outcome of the file that was at this path before.

    Raises:
        SourceRemoved: the source no longer exists.
    """
    source = tables.source
    taken = (outcome is FileOutcome.TAKEN) * 1
    refused = (outcome in REFUSED) - (before in REFUSED)
    statement = (
        update(source)
        .where(source.c.id == file.source_id)
        .values(taken=source.c.taken + taken, refused=source.c.refused + refused, last_at=transaction.now)
    )
    if transaction.execute(statement).rowcount == 0:
        raise SourceRemoved
    _upsert(transaction, file, outcome)
    if outcome not in _UNSEEN:
        transaction.changed(EntityKind.SOURCE, file.source_id)


def outcome_at(transaction: Transaction, source_id: str, path: str) -> FileOutcome | None:
    table = tables.source_file
    statement = select(table.c.outcome).where(table.c.source_id == source_id, table.c.path == path)
    found = transaction.execute(statement).scalar()
    return FileOutcome(found) if found else None


def _upsert(transaction: Transaction, file: SourceFile, outcome: FileOutcome) -> None:
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
