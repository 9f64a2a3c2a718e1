"""The local copy of the server's data, a SQLite file: screens read it, the sync writes it.

The copy may be deleted at any time and is then fetched again. It contains nothing that the user has entered: that is
in the outbox. A copy that is corrupt or of a newer schema is renamed and begun again; an older one is migrated.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.store.copy_check import (
    AT_ONCE_BYTES,
    BackgroundCheck,
    Seal,
    clear_log,
    passes_full_check,
    put_seal,
    seal_of,
    stamp_of,
    take_seal,
)
from banqup_tui.store.faults import FaultCode, LocalFault, fault_of, local_faults
from banqup_tui.store.file_lock import UseLock, exclusive_lock, shared_lock
from banqup_tui.store.sqlite import Connection, Connections, connect, reading, set_aside

SCHEMA = 10
"""The same number as copy_schema.SCHEMA, here so that an existing copy opens without that module."""

_V = TypeVar("_V")

AGAIN_SECONDS = 30.0
"""A copy is begun again at most once in this time."""

NEWLY_ASSIGNED = ""
"""Stands in place of the key of a page: the backfill of a client has not begun."""


class MissingPart(Value, frozen=True, kw_only=True):
    """A part of the documents that is still to be fetched.

    `scope` is the id of a client, or empty for all clients; `before` is the key of the next page, `None` for the first.
    """

    scope: str
    before: str | None

    @property
    def is_new(self) -> bool:
        """True for a client that was just assigned: its integrations and rules are fetched before its documents."""
        return self.before == NEWLY_ASSIGNED


class CopyState(Value, frozen=True, kw_only=True):
    """The position of the copy in the server's history, at one moment.

    `step` is read before a request is sent and passed to the function that applies the answer (store.copy_updates).
    `expected` and `arrived` count the documents of the current generation. `again` is True if the copy had rows before
    this generation began.
    """

    epoch: str
    cursor: str | None
    seq: int
    gen: int
    step: int
    role: str | None
    space_id: str
    space_name: str
    expected: int
    arrived: int
    again: bool
    backfills: tuple[MissingPart, ...]

    @property
    def is_complete(self) -> bool:
        """True if the copy equals the server at `seq`, restricted to what the user may see."""
        return self.cursor is not None and not self.backfills

    @property
    def seen(self) -> str:
        """`epoch.seq`, as commands carry it: the state on which the user has decided."""
        return f"{self.epoch}.{self.seq}"


class LocalCopy:
    """The file of the copy: opens, replaces and closes it, and gives each thread its connections.

    Any thread may call. After the file was replaced, by this program or another, the next call uses the new file.
    `was_damaged` is True once this program has found the copy damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_damaged = False
        self._renewed_at = -AGAIN_SECONDS
        self._had_value = False
        self._is_unsealed = False
        self._writers = Connections(self._new_writer)
        self._readers = Connections(self._new_reader)
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._use = UseLock(path.with_suffix(".use"))
        self._at_rest: tuple[tuple[int | str, ...], Seal] | None = None
        self._check: BackgroundCheck | None = None

    @classmethod
    def open(cls, path: Path, *, in_background: bool = False) -> "LocalCopy":
        """Opens the copy, or makes an empty one. A copy that is damaged or of a newer schema is begun again.

        Args:
            in_background: Check a large copy in a thread, so that a screen need not wait for it.

        Raises:
            LocalFault: The file cannot be used now (rights, full disk, locks). It is left as it is.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy = cls(path)
        try:
            if copy._use.enter_alone():
                with local_faults(path):
                    copy._look_at_rest(in_background=in_background)
            copy._use.share()
            copy._make_sure()
        except BaseException:
            copy.close()
            raise
        return copy

    def writer(self) -> sqlite3.Connection:
        """This thread's connection for writing."""
        return _current(self._writers)

    def reader(self) -> sqlite3.Connection:
        """This thread's read-only connection."""
        return _current(self._readers)

    def state(self) -> CopyState:
        return read_with_repair(self, lambda: state_of(self.reader()))

    def put_aside(self) -> None:
        """Renames the file and begins an empty copy in its place."""
        with exclusive_lock(self._lock_path):
            self._renew()

    def repair(self, fault: LocalFault) -> bool:
        """Begins the copy again if `fault` says that it is damaged.

        Where another file stands at the path than the one in which this thread met the damage, another thread or
        program has begun the copy again, and nothing is left to do.

        Returns:
            True if the caller can read again. False if the damage is not in the copy, or the copy was begun again less
            than `AGAIN_SECONDS` ago: on a failing disk that would go on for ever.
        """
        if not fault.is_damage or fault.path != self.path:
            return False
        with exclusive_lock(self._lock_path):
            if all(connections.is_current() for connections in (self._readers, self._writers)):
                if time.monotonic() - self._renewed_at < AGAIN_SECONDS:
                    return False
                self._renew_damaged()
        return True

    def repair_value(self) -> bool:
        """Begins the copy again after a value that cannot be decoded. Returns False if that was tried before.

        It is done once a run, because a fault in the program's own decoding looks the same as a damaged file.
        """
        if self._had_value:
            return False
        self._had_value = True
        return self.repair(LocalFault(FaultCode.DAMAGED, self.path))

    def close(self) -> None:
        """Closes all connections. The last program that closes the copy writes its seal (store.copy_check)."""
        if self._check is not None:
            self._check.stop()
        self._readers.close()
        # After the readers: SQLite deletes the log when the last connection closes, but only if that one can write.
        self._writers.close()
        if self._check is not None:
            self._check.end()
        with suppress(OSError, LocalFault, sqlite3.Error):
            if self._use.enter_alone() and self.path.exists():
                self._put_seal()
        self._use.leave()

    def _put_seal(self) -> None:
        # A read-only connection leaves an empty log, and `take_seal` trusts no file that has a log beside it.
        clear_log(self.path)
        before = self._at_rest
        unchanged = before is not None and before[0] == stamp_of(self.path)
        seal = before[1] if before is not None and unchanged else seal_of(self.path)
        if seal is not None:
            put_seal(self.path, seal)

    def _look_at_rest(self, *, in_background: bool) -> None:
        """Checks the file. The caller has the use lock alone, so no other program can open the copy meanwhile."""
        sealed = take_seal(self.path)
        if not self.path.exists():
            return
        seal = sealed.seal if sealed is not None else None
        if self.path.stat().st_size > AT_ONCE_BYTES:
            if in_background:
                with suppress(LocalFault):  # opening the copy, right after this, reports the same fault
                    self._check = BackgroundCheck(self.path, seal, self._damage_was_found)
                return
            if sealed is not None and sealed.is_untouched(self.path):
                self._at_rest = (sealed.stamp, sealed.seal)
                return
        if seal is None:
            is_sound = passes_full_check(self.path)
            self._is_unsealed = is_sound
        elif is_sound := seal_of(self.path) == seal:
            self._at_rest = (stamp_of(self.path), seal)
        elif 0 < (schema_found(self.path) or -1) < SCHEMA:
            # Versions before seals open the copy without deleting the seal, so it says nothing about their writes.
            is_sound = passes_full_check(self.path)
        if not is_sound:
            with exclusive_lock(self._lock_path):
                self._renew_damaged()

    def _damage_was_found(self) -> None:
        with suppress(LocalFault, OSError), exclusive_lock(self._lock_path):
            self._renew_damaged()

    def _make_sure(self) -> None:
        """Makes the file if there is none, and brings it to `SCHEMA`."""
        with exclusive_lock(self._lock_path):
            found = schema_found(self.path)
            if found is not None and 0 < found < SCHEMA:
                found = _brought_up(self.path)
            if found is None:
                _make_new(self.path)
            elif found != SCHEMA:
                self._renew()
            elif self._is_unsealed:
                _copy_again(self.path)

    def _renew_damaged(self) -> None:
        self.was_damaged = True
        self._renew()

    def _renew(self) -> None:
        """Renames the copy and begins another. Older renamed copies are deleted: nothing of the user's is in them."""
        self._renewed_at = time.monotonic()
        for old in self.path.parent.glob(f"{self.path.name}.aside-*"):
            old.unlink()
        set_aside(self.path)
        # Killed here, there is no copy; the next start makes an empty one.
        kill_point("copy.setaside")
        # The step of the new copy is higher than any of the old: answers that were requested for the old are dropped.
        _make_new(self.path, step=time.time_ns() // 1_000_000)

    def _new_writer(self) -> Connection:
        connection = self._connected()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -32000")
        return connection

    def _new_reader(self) -> Connection:
        connection = self._connected(read_only=True)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    def _connected(self, *, read_only: bool = False) -> Connection:
        """Opens a connection under the shared lock, so that no program replaces the file meanwhile.

        SQLite finds the log by the name of the file: between two renames it would find the log of another file.
        """
        with shared_lock(self._lock_path):
            if self.path.exists():
                return _opened(self.path, read_only=read_only)
        self._make_sure()
        with shared_lock(self._lock_path):
            return _opened(self.path, read_only=read_only)


def _copy_again(path: Path) -> None:
    """Has all rows fetched once more, because without a seal a changed bit in a value is not noticed.

    SQLite's own check looks at pages and indexes only. The rows stay readable until new ones have come. A large copy
    is left as it is: fetching it would take minutes after each kill of the program.
    """
    if path.stat().st_size <= AT_ONCE_BYTES:
        with contextlib.closing(connect(path, create=False)) as connection:
            connection.execute("UPDATE meta SET cursor = NULL, step = step + 1")


def read_with_repair(copy: LocalCopy, read: Callable[[], _V]) -> _V:
    """Returns the result of `read`; if the copy proves damaged, begins it again and reads once more."""
    try:
        return read()
    except LocalFault as fault:
        if not copy.repair(fault):
            raise
    return read()


def _opened(path: Path, *, read_only: bool) -> Connection:
    connection = connect(path, read_only=read_only, create=False)
    # The first statement makes SQLite open the log, which it finds by name: it must run before the lock is released.
    connection.execute("SELECT 1 FROM meta").fetchone()
    return connection


def _current(connections: Connections) -> Connection:
    connection = connections.mine()
    if not connection.in_transaction and not connection.is_at_its_path():
        connections.drop_mine()
        connection = connections.mine()
    return connection


def state_of(connection: sqlite3.Connection) -> CopyState:
    with reading(connection):
        epoch, cursor, seq, gen, step, role, space_id, space_name, expected, arrived, again = connection.execute(
            'SELECT epoch, cursor, seq, gen, step, role, space_id, space_name, expected, arrived, "before" FROM meta'
        ).fetchone()
        backfills = connection.execute('SELECT scope, "before" FROM backfill ORDER BY scope').fetchall()
    return CopyState(
        epoch=epoch, cursor=cursor, seq=seq, gen=gen, step=step, role=role, space_id=space_id,
        space_name=space_name, expected=expected, arrived=arrived, again=bool(again),
        backfills=tuple(MissingPart(scope=scope, before=before) for scope, before in backfills),
    )  # fmt: skip


def schema_found(path: Path) -> int | None:
    """Returns the schema number of a copy; `None` without a file, -1 if the file is damaged or not a copy."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(connect(path)) as connection:
            row = connection.execute("SELECT schema FROM meta WHERE id = 1").fetchone()
    except LocalFault as fault:
        if not fault.is_damage:
            raise
        return -1
    except sqlite3.OperationalError:  # a sound file without our tables
        return -1
    return -1 if row is None else int(*row)


def _brought_up(path: Path) -> int:
    """Migrates an older copy. Returns its schema then, or -1 if it is too damaged to be migrated."""
    from banqup_tui.store import copy_schema

    try:
        copy_schema.make(path)
    except sqlite3.DatabaseError as error:
        fault = fault_of(error, path)
        if fault is not None and not fault.is_damage:
            raise fault from error
        return -1
    return SCHEMA


def _make_new(path: Path, step: int | None = None) -> None:
    """Makes an empty copy under another name and links it into place.

    So a killed program leaves no half-made schema, and of two programs that do this at once the first wins. `step` is
    the first step of a copy that replaces another: readers compare steps to see whether anything has changed.
    """
    from banqup_tui.store import copy_schema

    making = path.with_name(f"{path.name}.making-{os.getpid()}")
    with local_faults(path):
        # A program that was killed after it renamed the file has left the log, which SQLite would apply to the new one.
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        making.unlink(missing_ok=True)
        copy_schema.make(making, step)
        with suppress(FileExistsError):
            os.link(making, path)
        making.unlink()
