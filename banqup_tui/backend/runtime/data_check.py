"""What is looked at before the service opens its documents: that they are all here, and as new as this computer knows.

A database that is missing beside its documents is never taken for a first start: what is kept would be out of sight,
and would be sent once more.
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
    """There is no database, or an empty one, where there were documents before."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, database: Path, *, is_empty: bool, files: int, documents: int) -> None:
        state, known = ("empty" if is_empty else "missing"), ("files" if files else "copy")
        super().__init__(
            message(f"service.database-{state}-{known}-there", database=database, count=files or documents)
        )


class Known(Value, frozen=True, kw_only=True):
    """What a copy or an outbox has seen of a space: the highest number of the epoch, and how many documents."""

    epoch: str
    seq: int
    documents: int


def refuse_to_begin_anew(backend: Path, copies: Path) -> None:
    """Raises `DatabaseLost`. What SQLite itself cannot read is left to the opening, which says so."""
    database = backend / DATABASE_FILE
    if _holds_a_space(database):
        return
    files = sum(1 for _ in islice(content_files(backend / FILES), MOST_COUNTED))
    documents = max((known.documents for known in known_by_copies(copies)), default=0)
    if files or documents:
        raise DatabaseLost(database, is_empty=database.exists(), files=files, documents=documents)


def highest_seen(copies: Path, epoch: str) -> int:
    """The highest number of this epoch that a copy on this computer has seen; 0 where none has."""
    return max((known.seq for known in known_by_copies(copies) if known.epoch == epoch), default=0)


def content_files(files: Path) -> Iterator[Path]:
    for directory in sorted(files.glob("[0-9a-f][0-9a-f]")):
        for path in directory.iterdir():
            if _SHA256.fullmatch(path.name):
                yield path


def known_by_copies(copies: Path) -> Iterator[Known]:
    """Read as they lie there, by the names of their tables: the service imports nothing of the terminal's side."""
    for path in sorted(copies.glob("*/copy.sqlite")):
        known = _known_by(path)
        if known is not None:
            yield known
    for path in sorted(copies.glob("*/outbox.sqlite")):
        yield from _seen_by(path)


def _known_by(copy: Path) -> Known | None:
    with suppress(sqlite3.Error), closing(_read_only(copy)) as connection:
        row = connection.execute("SELECT epoch, seq, (SELECT count(*) FROM document) FROM meta").fetchone()
        if row and row[0]:
            return Known(epoch=row[0], seq=row[1], documents=row[2])
    return None


def _seen_by(outbox: Path) -> Iterator[Known]:
    """Of each epoch the highest number that a command was given at."""
    highest: dict[str, int] = {}
    with suppress(sqlite3.Error), closing(_read_only(outbox)) as connection:
        for (seen,) in connection.execute("SELECT DISTINCT seen FROM command"):
            epoch, _, number = str(seen).rpartition(".")
            if epoch and number.isdecimal():
                highest[epoch] = max(highest.get(epoch, 0), int(number))
    for epoch, seq in highest.items():
        yield Known(epoch=epoch, seq=seq, documents=0)


def _holds_a_space(database: Path) -> bool:
    """True also where it cannot be read as a database."""
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
