"""Import of a file from the SFTP drop: stored, read, filed and committed before its sender gets the confirmation.

A PDF may be the picture of an e-invoice of the same name, which may come before or after it. So a lone PDF is committed
as HELD, and becomes a document of its own only if no such XML comes within some seconds.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DropAccountRecord, SourceFileRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import MOST_GROUPED, SECONDS_LOCKED, Transaction
from banqup_tui.backend.intake import arrivals, source_files
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.backend.intake.source_files import FileOutcome, SourceFile
from banqup_tui.backend.services import Services
from banqup_tui.domain.file_names import shown, stem_of
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.origin import Incoming
from banqup_tui.domain.values import Value
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
    path = shown(path)
    account = _account(services, account_id)
    size = services.files.path(sha256).stat().st_size
    place = SourceFile(
        source_id=account.source_id, path=f"{account.name}/{path}", mark=(size, time.time_ns()), sha256=sha256
    )
    xml = _xml_beside(services, place)
    parts = arrivals.opened(services, _incoming(account, path, sha256, xml.sha256 if xml else None))
    pictures = _pictures_of(services, account, place, parts)
    with services.database.write(services.space_id) as transaction:
        before = source_files.file_at(transaction, place.source_id, place.path)
        if xml is None and _may_be_picture(place, parts):
            outcome = FileOutcome.WAITING_PICTURE
        else:
            outcome = source_files.take_or_record(transaction, services, parts, before)
        for picture in pictures:
            _take_picture(transaction, services, picture)
        source_files.record(transaction, place, outcome, source_files.outcome_of(before))
    # Kill point: the import is committed and not confirmed; the file that the sender repeats is recognized by its hash.
    kill_point("intake.committed")


def _account(services: Services, account_id: str) -> DropAccountRecord:
    table = tables.drop_account
    with services.database.read() as connection:
        found = fetch_one(connection, DropAccountRecord, select(table).where(table.c.id == account_id))
    if found is None:
        raise AccountRemoved
    return found


def _incoming(account: DropAccountRecord, path: str, sha256: str, beside: str | None) -> Incoming:
    return Incoming(
        sha256=sha256,
        file_name=path.rpartition("/")[2],
        path=path,
        client_id=account.client_id,
        folder=Folder(account.folder) if account.folder else None,
        source=source_name(account.name),
        source_id=account.source_id,
        bound=True,
        beside=beside,
    )


# A PDF and the XML of its name


class _WaitingPicture(Value, frozen=True, kw_only=True):
    """A PDF that waited for its XML, opened."""

    row: SourceFileRecord
    parts: tuple[ArrivedPart, ...]


def _xml_beside(services: Services, place: SourceFile) -> SourceFileRecord | None:
    """Returns the XML of a PDF's name, if it has come."""
    if stem_of(place.path, ".pdf") is None:
        return None
    rows = _of_stem(services, place, ".xml")
    return next((row for row in rows if row.outcome in _ARRIVED and row.sha256), None)


def _may_be_picture(place: SourceFile, parts: tuple[ArrivedPart, ...]) -> bool:
    return stem_of(place.path, ".pdf") is not None and all(arrivals.may_be_picture(part) for part in parts)


def _pictures_of(
    services: Services, account: DropAccountRecord, place: SourceFile, parts: tuple[ArrivedPart, ...]
) -> list[_WaitingPicture]:
    """Returns the PDFs of an XML's name that wait, if the XML is an invoice. Call it outside of a transaction."""
    if stem_of(place.path, ".xml") is None or not any(arrivals.is_invoice(part.content) for part in parts):
        return []
    pictures = []
    for row in _of_stem(services, place, ".pdf"):
        if row.outcome == FileOutcome.WAITING_PICTURE:
            incoming = _incoming(account, row.path.partition("/")[2], _sha256_of(row), place.sha256)
            pictures.append(_WaitingPicture(row=row, parts=arrivals.opened(services, incoming)))
    return pictures


def _take_picture(transaction: Transaction, services: Services, picture: _WaitingPicture) -> None:
    # Read again in the transaction: the PDF may have been filed by itself meanwhile.
    row = picture.row
    if source_files.outcome_at(transaction, row.source_id, row.path) is FileOutcome.WAITING_PICTURE:
        outcome = source_files.take_or_record(transaction, services, picture.parts, None)
        source_files.record(transaction, _file_of(row), outcome, FileOutcome.WAITING_PICTURE)


def _of_stem(services: Services, place: SourceFile, suffix: str) -> list[SourceFileRecord]:
    table = tables.source_file
    name = f"{place.path.rpartition('.')[0]}{suffix}".lower()
    mine = select(table).where(table.c.source_id == place.source_id, func.lower(table.c.path) == name)
    with services.database.read() as connection:
        return fetch_all(connection, SourceFileRecord, mine)


def _file_of(row: SourceFileRecord) -> SourceFile:
    return SourceFile(source_id=row.source_id, path=row.path, mark=(row.size, row.mtime_ns), sha256=row.sha256)


def file_waiting_pictures(services: Services, *, older_than: float = PICTURE_WAIT_SECONDS) -> bool:
    """Files the PDFs whose XML did not come in time. Returns whether others still wait."""
    late = tables.utc_now() - timedelta(seconds=older_than)
    waiting = _waiting_pictures(services)
    due = [row for row in waiting if row.at <= late]
    filed = 0
    while filed < len(due):
        some = due[filed : filed + MOST_GROUPED]
        pictures = [_WaitingPicture(row=row, parts=_parts_of(services, row)) for row in some]
        try:
            filed += _take_pictures(services, pictures)
        except Exception:
            # All of them are undone. Alone, the first is filed, or is the one that fails.
            if len(pictures) == 1:
                raise
            filed += _take_pictures(services, pictures[:1])
    return len(due) < len(waiting)


def _take_pictures(services: Services, pictures: Sequence[_WaitingPicture]) -> int:
    """Files PDFs in one transaction. Returns the number of those that were filed, at least one."""
    with services.database.write(services.space_id) as transaction:
        late = time.monotonic() + SECONDS_LOCKED
        for filed, picture in enumerate(pictures):
            if filed and time.monotonic() > late:
                return filed
            _take_picture(transaction, services, picture)
    return len(pictures)


def file_all_waiting(transaction: Transaction, services: Services, source_id: str) -> None:
    """Files all waiting PDFs of a source that is about to be removed."""
    table = tables.source_file
    waiting_query = select(table).where(
        table.c.source_id == source_id, table.c.outcome == str(FileOutcome.WAITING_PICTURE)
    )
    for row in fetch_all(transaction, SourceFileRecord, waiting_query):
        _take_picture(transaction, services, _WaitingPicture(row=row, parts=_parts_of(services, row)))


def _waiting_pictures(services: Services) -> list[SourceFileRecord]:
    table = tables.source_file
    with services.database.read() as connection:
        waiting = select(table).where(table.c.outcome == str(FileOutcome.WAITING_PICTURE))
        return fetch_all(connection, SourceFileRecord, waiting)


def _sha256_of(row: SourceFileRecord) -> str:
    assert row.sha256 is not None, "the drop records a file once its bytes are stored"
    return row.sha256


def _parts_of(services: Services, row: SourceFileRecord) -> tuple[ArrivedPart, ...]:
    """Opens a PDF whose XML did not come. Without its account it waits as unfiled."""
    name, _, path = row.path.partition("/")
    table = tables.drop_account
    with services.database.read() as connection:
        mine = select(table).where(table.c.source_id == row.source_id, table.c.name == name)
        account = fetch_one(connection, DropAccountRecord, mine)
    if account is not None:
        return arrivals.opened(services, _incoming(account, path, _sha256_of(row), None))
    incoming = Incoming(
        sha256=_sha256_of(row),
        file_name=path.rpartition("/")[2],
        path=path,
        source=source_name(name),
        source_id=row.source_id,
        bound=True,
    )
    return arrivals.opened(services, incoming)
