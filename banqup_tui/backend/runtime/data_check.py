"""Checks before the data is opened: the documents are there, and are as new as this computer has seen them.

A missing database beside stored files is no first start: the documents would be out of sight and sent again.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from banqup_tui.backend.paths import DATABASE_FILE, FILES
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.local import EXIT_CANNOT_START

MOST_COUNTED = 100_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DatabaseLost(BanqupError):
    """The database is missing or empty where there were documents before."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, database: Path, *, is_empty: bool, files: int, documents: int) -> None:
        state, known = ("empty" if is_empty else "missing"), ("files" if files else "copy")
        super().__init__(
            message(f"service.database-{state}-{known}-there", database=database, count=files or documents)
        )


class Known(Value, frozen=True, kw_only=True):
    """State of a space that a copy or an outbox has seen: the highest number of an epoch, and the document count."""

    epoch: str
    seq: int
    documents: int


def refuse_to_begin_anew(backend: Path, copies: Path) -> None:
    """Raises `DatabaseLost`. A database that SQLite cannot read is left to `open_services`, which reports it."""
    database = backend / DATABASE_FILE
    if _holds_a_space(database):
        return
    files = sum(1 for _ in islice(content_files(backend / FILES), MOST_COUNTED))
    documents = max((known.documents for known in known_by_copies(copies)), default=0)
    if files or documents:
        raise DatabaseLost(database, is_empty=database.exists(), files=files, documents=documents)


def highest_seen(copies: Path, epoch: str) -> int:
    """Returns the highest number of this epoch in the copies of this computer; 0 if there is none."""
    return max((known.seq for known in known_by_copies(copies) if known.epoch == epoch), default=0)


def content_files(files: Path) -> Iterator[Path]:
    for directory in sorted(files.glob("[0-9a-f][0-9a-f]")):
        for path in directory.iterdir():
            if _SHA256.fullmatch(path.name):
                yield path


def known_by_copies(copies: Path) -> Iterator[Known]:
    """Reads the copies by plain SQL, as the service must not import the terminal's packages."""
    for path in sorted(copies.glob("*/copy.sqlite")):
        known = _known_by(path)
        if known is not None:
            yield known
    for path in sorted(copies.glob("*/outbox.sqlite")):
        yield from _seen_by(path)


def _known_by(copy: Path) -> Known | None:
    with suppress(sqlite3.Error), closing(_read_only(copy)) as connection:
        row = connection.execute("SELECT epoch, seq, (SELECT count(*) FROM document) FROM meta").fetchone()
        epoch, seq, documents = row or ("", 0, 0)
        if epoch:
            return Known(epoch=epoch, seq=seq, documents=documents)
    return None


def _seen_by(outbox: Path) -> Iterator[Known]:
    """Yields, for each epoch, the highest number in the outbox's commands."""
    highest: dict[str, int] = {}
    with suppress(sqlite3.Error), closing(_read_only(outbox)) as connection:
        for (seen,) in connection.execute("SELECT DISTINCT seen FROM command"):
            epoch, _, number = str(seen).rpartition(".")
            if epoch and number.isdecimal():
                highest[epoch] = max(highest.get(epoch, 0), int(number))
    for epoch, seq in highest.items():
        yield Known(epoch=epoch, seq=seq, documents=0)


def _holds_a_space(database: Path) -> bool:
    """Tells whether the database has a space; true too if it cannot be read."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'space'").fetchone()[0]
            return bool(found and connection.execute("SELECT count(*) FROM space").fetchone()[0])
    except sqlite3.Error:
        return True


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
