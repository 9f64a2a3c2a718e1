"""Connections to the program's own SQLite files, one for each thread, and their transactions."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from banqup_tui.store.faults import LocalFault, fault_of, local_faults

BUSY_MILLISECONDS = 10_000
_ROWS_AT_ONCE = 256


class Connection(sqlite3.Connection):
    """A connection whose statements raise `LocalFault` for faults of the file, the disk or the system.

    `path` and `inode` are those of the file when it was opened.
    """

    path: Path
    inode: int

    def is_at_its_path(self) -> bool:
        """Returns False if the file was renamed, so that its path has another file or none."""
        try:
            return os.stat(self.path).st_ino == self.inode
        except FileNotFoundError:
            return False

    def execute(self, *arguments: object) -> "_Cursor":
        return self.cursor(_Cursor).execute(*arguments)

    def executemany(self, *arguments: object) -> "_Cursor":
        return self.cursor(_Cursor).executemany(*arguments)


class _Cursor(sqlite3.Cursor):
    """A cursor that raises `LocalFault`.

    A `for` loop reads rows in groups: catching errors around each single row costs more than reading it.
    """

    def execute(self, *arguments: Any) -> "_Cursor":
        try:
            super().execute(*arguments)
        except (sqlite3.Error, MemoryError) as error:
            self._raise(error)
            raise
        return self

    def executemany(self, *arguments: Any) -> "_Cursor":
        try:
            super().executemany(*arguments)
        except (sqlite3.Error, MemoryError) as error:
            self._raise(error)
            raise
        return self

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except (sqlite3.Error, MemoryError) as error:
            self._raise(error)
            raise

    def fetchmany(self, size: int | None = 1) -> list[object]:
        try:
            return super().fetchmany(size)
        except (sqlite3.Error, MemoryError) as error:
            self._raise(error)
            raise

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except (sqlite3.Error, MemoryError) as error:
            self._raise(error)
            raise

    def __iter__(self) -> Any:
        while rows := self.fetchmany(_ROWS_AT_ONCE):
            yield from rows

    def _raise(self, error: BaseException) -> None:
        if (fault := fault_of(error, path_of(self.connection))) is not None:
            raise fault from error


def path_of(connection: sqlite3.Connection) -> Path | None:
    return connection.path if isinstance(connection, Connection) else None


def connect(path: Path, *, read_only: bool = False, create: bool = True) -> Connection:
    """Opens a connection in autocommit mode, for use with `writing` and `reading`. Raises `LocalFault`."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc' if create else 'rw'}"
    with local_faults(path):
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, factory=Connection)
        connection.path, connection.inode = path, os.stat(path).st_ino
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    return connection


class Connections:
    """One connection for each thread, made by `make` at the thread's first call of `mine`."""

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._make = make
        self._local = threading.local()
        self._all: list[Connection] = []
        self._lock = threading.Lock()

    def mine(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._make()
            with self._lock:
                self._all.append(connection)
        return connection

    def is_current(self) -> bool:
        """Returns False if this thread has a connection to a file that is not at its path any more."""
        connection: Connection | None = getattr(self._local, "connection", None)
        return connection is None or connection.is_at_its_path()

    def drop_mine(self) -> None:
        connection: Connection = self._local.connection
        with self._lock:
            self._all.remove(connection)
        del self._local.connection
        connection.close()

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._local = threading.local()


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A write transaction. It takes the write lock at its beginning, so it never fails halfway with SQLITE_BUSY."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # After some faults (full disk, I/O) SQLite has rolled back by itself, and ROLLBACK raises an error.
        with suppress(sqlite3.Error, LocalFault):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A read transaction: all statements inside it see the same moment. Inside another transaction it does nothing."""
    if connection.in_transaction:
        yield connection
        return
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        with suppress(sqlite3.Error, LocalFault):
            connection.execute("COMMIT")


def set_aside(path: Path) -> Path:
    """Renames a database, with its log, to the first free `NAME.aside-N`, and returns that path."""
    number = 1
    while (target := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    path.rename(target)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(target.with_name(target.name + suffix))
    return target
