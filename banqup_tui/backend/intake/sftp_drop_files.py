"""Import of a file from the SFTP drop: stored, read, filed and committed before its sender gets the confirmation.

A PDF may be the picture of an XML of the same name, which may come before or after it. So a lone PDF is committed as
HELD, and becomes a document of its own only if no XML comes within some seconds.
"""

import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DropAccountRecord, SourceFileRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import source_files
from banqup_tui.backend.intake.incoming import Incoming
from banqup_tui.backend.intake.source_files import FileOutcome, SourceFile
from banqup_tui.backend.services import Services
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.folder import Folder
from banqup_tui.formats import Content
from banqup_tui.kill_points import kill_point

PICTURE_WAIT_SECONDS: Final = 8.0
_ARRIVED: Final = (FileOutcome.TAKEN, FileOutcome.KNOWN, FileOutcome.UNPLACED, FileOutcome.UNREADABLE)


class AccountRemoved(Exception):
    """The account was removed meanwhile."""


def source_name(account_name: str) -> str:
    """Returns the source name of an account, as shown with its unfiled documents."""
    return f"sftp {account_name}"


def take(services: Services, account_id: str, path: str, file: Path) -> str:
    """Stores the file and imports it; returns its SHA-256.

    Args:
        path: relative to the account's root.

    Raises:
        AccountRemoved: the account no longer exists.
        OSError: the file cannot be stored.
    """
    with file.open("rb") as stream:
        sha256, _ = services.files.put(iter(lambda: stream.read(1 << 20), b""))
    # Kill point: the bytes are stored and no row exists; the sender has no confirmation and sends the file again.
    kill_point("drop.stored")
    take_accepted(services, account_id, path, sha256)
    return sha256


def take_accepted(services: Services, account_id: str, path: str, sha256: str) -> None:
    """Imports a stored file again under another path, after a rename by its sender."""
    account = _account(services, account_id)
    incoming = _incoming(account, path, sha256)
    content = source_files.read(services, incoming)
    size = services.files.path(sha256).stat().st_size
    place = SourceFile(
        source_id=account.source_id, path=f"{account.name}/{path}", mark=(size, time.time_ns()), sha256=sha256
    )
    with services.database.write(services.space_id) as transaction:
        before = source_files.outcome_at(transaction, place.source_id, place.path)
        outcome = _of_picture(transaction, place)
        if outcome is None:
            outcome = source_files.file_or_record(transaction, services, incoming, content)
            _take_pictures(transaction, place)
        source_files.record(transaction, place, outcome, before)
    # Kill point: the import is committed and not confirmed; the file that the sender repeats is recognized by its hash.
    kill_point("intake.committed")


def _account(services: Services, account_id: str) -> DropAccountRecord:
    table = tables.drop_account
    with services.database.read() as connection:
        found = fetch_one(connection, DropAccountRecord, select(table).where(table.c.id == account_id))
    if found is None:
        raise AccountRemoved
    return found


def _incoming(account: DropAccountRecord, path: str, sha256: str) -> Incoming:
    return Incoming(
        sha256=sha256,
        file_name=path.rpartition("/")[2],
        path=path,
        client_id=account.client_id,
        folder=Folder(account.folder) if account.folder else None,
        source=source_name(account.name),
        source_id=account.source_id,
        bound=True,
    )


# A PDF and the XML of its name


def _of_picture(transaction: Transaction, place: SourceFile) -> FileOutcome | None:
    """Returns PICTURE or WAITING_PICTURE for a PDF; `None` for a file that is filed at once."""
    if not place.path.lower().endswith(".pdf"):
        return None
    beside = [row for row in _of_stem(transaction, place) if row.path.lower().endswith(".xml")]
    return FileOutcome.PICTURE if any(row.outcome in _ARRIVED for row in beside) else FileOutcome.WAITING_PICTURE


def _take_pictures(transaction: Transaction, place: SourceFile) -> None:
    """Marks waiting PDFs of this XML's name as its pictures."""
    if not place.path.lower().endswith(".xml"):
        return
    for row in _of_stem(transaction, place):
        if row.outcome == FileOutcome.WAITING_PICTURE:
            source_files.record(transaction, _file_of(row), FileOutcome.PICTURE, FileOutcome.WAITING_PICTURE)


def _of_stem(transaction: Transaction, place: SourceFile) -> list[SourceFileRecord]:
    table = tables.source_file
    stem = place.path.rpartition(".")[0]
    names = [f"{stem}{suffix}".lower() for suffix in (".pdf", ".xml")]
    same = func.lower(table.c.path).in_(names)
    mine = select(table).where(table.c.source_id == place.source_id, same)
    return fetch_all(transaction, SourceFileRecord, mine)


def _file_of(row: SourceFileRecord) -> SourceFile:
    return SourceFile(source_id=row.source_id, path=row.path, mark=(row.size, row.mtime_ns), sha256=row.sha256)


def file_waiting_pictures(services: Services, *, older_than: float = PICTURE_WAIT_SECONDS) -> bool:
    """Files the PDFs whose XML did not come in time. Returns whether others still wait."""
    late = tables.utc_now() - timedelta(seconds=older_than)
    waiting = False
    for row in _waiting_pictures(services):
        if row.at > late:
            waiting = True
            continue
        content = _content_of(services, row)
        with services.database.write(services.space_id) as transaction:
            # Read again in the transaction: an XML may have come while the PDF was being read.
            if source_files.outcome_at(transaction, row.source_id, row.path) is FileOutcome.WAITING_PICTURE:
                _file_one(transaction, services, row, content)
    return waiting


def file_all_waiting(transaction: Transaction, services: Services, source_id: str) -> None:
    """Files all waiting PDFs of a source that is about to be removed."""
    table = tables.source_file
    waiting_query = select(table).where(
        table.c.source_id == source_id, table.c.outcome == str(FileOutcome.WAITING_PICTURE)
    )
    for row in fetch_all(transaction, SourceFileRecord, waiting_query):
        _file_one(transaction, services, row, _content_of(services, row))


def _waiting_pictures(services: Services) -> list[SourceFileRecord]:
    table = tables.source_file
    with services.database.read() as connection:
        waiting = select(table).where(table.c.outcome == str(FileOutcome.WAITING_PICTURE))
        return fetch_all(connection, SourceFileRecord, waiting)


def _sha256_of(row: SourceFileRecord) -> str:
    assert row.sha256 is not None, "the drop records a file once its bytes are stored"
    return row.sha256


def _content_of(services: Services, row: SourceFileRecord) -> Content | UnreadableDocument:
    incoming = Incoming(sha256=_sha256_of(row), file_name=row.path.rpartition("/")[2])
    return source_files.read(services, incoming)


def _file_one(
    transaction: Transaction, services: Services, row: SourceFileRecord, content: Content | UnreadableDocument
) -> None:
    name, _, path = row.path.partition("/")
    table = tables.drop_account
    mine = select(table).where(table.c.source_id == row.source_id, table.c.name == name)
    account = fetch_one(transaction, DropAccountRecord, mine)
    if account is not None:
        outcome = source_files.file_or_record(transaction, services, _incoming(account, path, _sha256_of(row)), content)
        source_files.record(transaction, _file_of(row), outcome, FileOutcome.WAITING_PICTURE)
