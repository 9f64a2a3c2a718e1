"""Faults of this computer that SQLite or the operating system report: full disk, rights, locks, memory, damage.

Faults are classified by SQLite's result codes and by `errno`, never by the text of an error. Only SQLITE_CORRUPT and
SQLITE_NOTADB mean that a file is damaged; any other fault says nothing about the file and may be over at the next try.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, message


class FaultCode(StrEnum):
    DISK_FULL = "DISK_FULL"
    READ_ONLY = "READ_ONLY"
    NO_PERMISSION = "NO_PERMISSION"
    TOO_MANY_FILES = "TOO_MANY_FILES"
    NO_MEMORY = "NO_MEMORY"
    LOCKED = "LOCKED"
    IO_ERROR = "IO_ERROR"
    CANNOT_OPEN = "CANNOT_OPEN"
    DAMAGED = "DAMAGED"


class LocalFault(BanqupError):
    """A fault of this computer at `path`, which is `None` where no file is concerned.

    The exit codes are those of docs/cli.md: 75 for a file that another program is using, 73 for all others.
    """

    exit_code = 73

    def __init__(self, code: FaultCode, path: Path | None = None) -> None:
        super().__init__(_message(code, path))
        self.code = code
        self.path = path
        if code is FaultCode.LOCKED:
            self.exit_code = 75

    @property
    def is_damage(self) -> bool:
        return self.code is FaultCode.DAMAGED


def fault_of(error: BaseException, path: Path | None = None) -> LocalFault | None:
    """Returns `error` as a fault of this computer, or `None` if it is another kind of error.

    `path` is the file that was used; an `OSError` that names a file overrides it.
    """
    if isinstance(error, LocalFault):
        return error
    if isinstance(error, MemoryError):
        return LocalFault(FaultCode.NO_MEMORY, path)
    if isinstance(error, OSError):
        code = _OF_ERRNO.get(error.errno or 0)
        named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
        return None if code is None else LocalFault(code, named)
    if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
        # Python's sqlite3 raises this without a code of SQLite only for text that is not UTF-8 ("Could not decode to
        # UTF-8"). The program writes no such text, so the file is damaged.
        return LocalFault(FaultCode.DAMAGED, path)
    if isinstance(error, sqlite3.Error):
        code = _of_sqlite(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK), path)
        return None if code is None else LocalFault(code, path)
    return None


@contextmanager
def local_faults(path: Path) -> Iterator[None]:
    """Raises errors of SQLite and of the system inside it as `LocalFault`; other errors pass unchanged."""
    try:
        yield
    except (sqlite3.Error, OSError, MemoryError) as error:
        if (fault := fault_of(error, path)) is None:
            raise
        raise fault from error


def probe(directory: Path) -> None:
    """Writes a small file into the directory and deletes it. Raises `LocalFault` if that is not possible."""
    path = directory / f".banqup-probe-{os.getpid()}"
    try:
        with local_faults(directory):
            path.write_bytes(bytes(_PROBE_BYTES))
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


_PROBE_BYTES = 64 * 1024
"""The space that a command with its index pages and SQLite's `-shm` need."""


def _of_sqlite(code: int, path: Path | None) -> FaultCode | None:
    """Maps a result code; its low byte is the primary code (https://www.sqlite.org/rescode.html)."""
    primary = code & 0xFF
    if code == sqlite3.SQLITE_IOERR_NOMEM:
        return FaultCode.NO_MEMORY
    if primary in _OF_SYSTEM:
        return _asked_of_the_system(path) or _OF_SYSTEM[primary]
    return _OF_SQLITE.get(primary)


_OF_SQLITE: dict[int, FaultCode] = {
    sqlite3.SQLITE_CORRUPT: FaultCode.DAMAGED,
    sqlite3.SQLITE_NOTADB: FaultCode.DAMAGED,
    sqlite3.SQLITE_FULL: FaultCode.DISK_FULL,
    sqlite3.SQLITE_NOMEM: FaultCode.NO_MEMORY,
    sqlite3.SQLITE_BUSY: FaultCode.LOCKED,
    sqlite3.SQLITE_LOCKED: FaultCode.LOCKED,
    sqlite3.SQLITE_PROTOCOL: FaultCode.LOCKED,
}
_OF_SYSTEM: dict[int, FaultCode] = {
    sqlite3.SQLITE_PERM: FaultCode.NO_PERMISSION,
    sqlite3.SQLITE_READONLY: FaultCode.READ_ONLY,
    sqlite3.SQLITE_IOERR: FaultCode.IO_ERROR,
    sqlite3.SQLITE_CANTOPEN: FaultCode.CANNOT_OPEN,
}
"""Codes with several causes, used where `_asked_of_the_system` finds none: Python does not pass on SQLite's `errno`."""

_OF_ERRNO: dict[int, FaultCode] = {
    errno.ENOSPC: FaultCode.DISK_FULL,
    errno.EDQUOT: FaultCode.DISK_FULL,
    errno.EROFS: FaultCode.READ_ONLY,
    errno.EACCES: FaultCode.NO_PERMISSION,
    errno.EPERM: FaultCode.NO_PERMISSION,
    errno.EMFILE: FaultCode.TOO_MANY_FILES,
    errno.ENFILE: FaultCode.TOO_MANY_FILES,
    errno.ENOMEM: FaultCode.NO_MEMORY,
    errno.EBUSY: FaultCode.LOCKED,
    errno.EIO: FaultCode.IO_ERROR,
}


def _asked_of_the_system(path: Path | None) -> FaultCode | None:
    """Returns why a database and the files beside it cannot be used now; `None` if no cause is found.

    It looks for a full disk too: SQLite reports a `-shm` that cannot grow as SQLITE_IOERR_SHMSIZE or SQLITE_CANTOPEN.
    """
    if path is None:
        return None
    try:
        os.close(os.open(path.parent, os.O_RDONLY))
        space = os.statvfs(path.parent)
    except OSError as error:
        return _OF_ERRNO.get(error.errno or 0)
    if space.f_flag & os.ST_RDONLY:
        return FaultCode.READ_ONLY
    beside = (path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))
    files = [file for file in beside if file.exists()]
    wanted = [(path.parent, os.W_OK | os.X_OK), *((file, os.R_OK | os.W_OK) for file in files)]
    if not all(os.access(place, mode) for place, mode in wanted):
        return FaultCode.NO_PERMISSION
    return FaultCode.DISK_FULL if not space.f_bavail else None


def _message(code: FaultCode, path: Path | None) -> Message:
    slug = code.value.lower().replace("_", "-")
    return message(f"computer.{slug}") if path is None else message(f"computer.{slug}-at", path=path)
