"""Files of a source: each is filed or recorded as unfiled, and counted at its source."""

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import Executor, SourceFileRecord, fetch_one
from banqup_tui.backend.db.transaction import SECONDS_LOCKED, Transaction
from banqup_tui.backend.intake import arrivals, newer_versions
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.backend.services import Outdated, Services
from banqup_tui.domain.values import Value
from banqup_tui.protocol.imports import Outcome
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.folder import Mark


class FileOutcome(StrEnum):
    """State of a file of a source. A container is UNPLACED or UNREADABLE while one of its files waits.

    PICTURE: a PDF whose XML is the document. WAITING_PICTURE (`HELD` in the database): a PDF that becomes a
    document if no XML of its name comes within some seconds. LETTER: a mail without a document.
    """

    TAKEN = "TAKEN"
    KNOWN = "KNOWN"
    PICTURE = "PICTURE"
    WAITING_PICTURE = "HELD"
    UNPLACED = "UNPLACED"
    UNREADABLE = "UNREADABLE"
    DISMISSED = "DISMISSED"
    LETTER = "LETTER"


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


def file_together(services: Services, files: Sequence[tuple[SourceFile, tuple[ArrivedPart, ...]]]) -> int:
    """Files opened files in one transaction, in their order. Returns the number of those that were filed, at least one.

    Any exception undoes all of them.

    Raises:
        Outdated: the first is a bank file that would be separated otherwise by now; open it again.
        SourceRemoved: the source no longer exists.
    """
    with services.database.write(services.space_id) as transaction:
        late = time.monotonic() + SECONDS_LOCKED
        for filed, (file, parts) in enumerate(files):
            if filed and time.monotonic() > late:
                return filed
            try:
                arrivals.check_separation(transaction, parts)
            except Outdated:
                # An account of it was learned from a file before it, perhaps one of this transaction.
                if not filed:
                    raise
                return filed
            before = file_at(transaction, file.source_id, file.path)
            outcome = take_or_record(transaction, services, parts, before)
            record(transaction, file, outcome, outcome_of(before))
    return len(files)


def take_or_record(
    transaction: Transaction,
    services: Services,
    parts: tuple[ArrivedPart, ...],
    before: SourceFileRecord | None,
) -> FileOutcome:
    """Files the parts of a file, or records them as unfiled. Returns the outcome for the whole file.

    Args:
        before: the file that was at this path before.
    """
    taken = arrivals.take(transaction, services, parts)
    is_alone = len(parts) == 1 and parts[0].arrival.container is None
    if before is not None and before.sha256 and is_alone:
        for document in taken.documents:
            if document.outcome is Outcome.NEW:
                newer_versions.follow(transaction, before.sha256, document.document_id)
    if not taken.documents and not taken.waiting:
        return FileOutcome.PICTURE
    if taken.waiting:
        unread = all(part.content is None for part in parts)
        return FileOutcome.UNREADABLE if unread else FileOutcome.UNPLACED
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
    return outcome_of(file_at(transaction, source_id, path))


def outcome_of(file: SourceFileRecord | None) -> FileOutcome | None:
    return FileOutcome(file.outcome) if file else None


def file_at(transaction: Executor, source_id: str, path: str) -> SourceFileRecord | None:
    table = tables.source_file
    statement = select(table).where(table.c.source_id == source_id, table.c.path == path)
    return fetch_one(transaction, SourceFileRecord, statement)


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
