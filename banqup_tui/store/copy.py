"""The local copy: what the screen reads, and what pages and changes of the server are poured into.

It may be thrown away at any time and is made again from the server. Nothing of the user's is in it: that is in the
outbox. A copy that is corrupt or of a newer schema is set aside and begun again; an older one is brought up.
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

SCHEMA = 6
"""The same number as copy_schema.SCHEMA, here so that an existing copy opens without that module."""

_V = TypeVar("_V")

AGAIN_SECONDS = 30.0

NEWLY_ASSIGNED = ""
"""In place of a page's key."""


class Backfill(Value, frozen=True, kw_only=True):
    """What is still to be fetched: `scope` is a client's id, or empty for all; `before` the key of the next page."""

    scope: str
    before: str | None

    @property
    def is_new(self) -> bool:
        """A client just assigned: its integrations and rules are fetched before its documents."""
        return self.before == NEWLY_ASSIGNED


class CopyState(Value, frozen=True, kw_only=True):
    """`step` is read before the server is asked, and given back when the answer is applied.

    `expected` and `arrived` count the documents of the copy being made; `again`: older rows were there already.
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
    backfills: tuple[Backfill, ...]

    @property
    def is_complete(self) -> bool:
        """Equal to the server at `seq`."""
        return self.cursor is not None and not self.backfills

    @property
    def seen(self) -> str:
        """What a command says it has seen: `epoch.seq`."""
        return f"{self.epoch}.{self.seq}"


class Copy:
    """The file. Reading and applying are in windows, readers and applying; here it is opened, replaced, closed.

    Where it was replaced, by this program or another, the next call reads the new file. `was_damaged`: this program
    found it so, when it opened it or since.
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
    def open(cls, path: Path, *, in_background: bool = False) -> "Copy":
        """Make it if there is none. One that is damaged or of a newer schema is set aside and begun again.

        `in_background`: a large one is checked meanwhile, so that a screen need not wait. Raises `LocalFault` where
        the file cannot be used now; it is left as it is then.
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
        return healed(self, lambda: state_of(self.reader()))

    def put_aside(self) -> None:
        """Keep the file under another name and begin an empty copy in its place."""
        with exclusive_lock(self._lock_path):
            self._renew()

    def heal(self, fault: LocalFault) -> bool:
        """After damage that was met: the copy is set aside and begun again. False: the damage is not in the copy.

        Where the file at the path is not the one in which this thread met it, that has been done already. Also
        false where the copy was begun again a moment ago: on a bad disk that would go on for ever.
        """
        if not fault.is_damage or fault.path != self.path:
            return False
        with exclusive_lock(self._lock_path):
            if all(connections.is_current() for connections in (self._readers, self._writers)):
                if time.monotonic() - self._renewed_at < AGAIN_SECONDS:
                    return False
                self._renew_damaged()
        return True

    def heal_value(self) -> bool:
        """After a value that cannot be one. Only once: a mistake of the program in reading it looks the same."""
        if self._had_value:
            return False
        self._had_value = True
        return self.heal(LocalFault(FaultCode.DAMAGED, self.path))

    def close(self) -> None:
        """The last program to do so writes down what the whole file is."""
        if self._check is not None:
            self._check.stop()
        self._readers.close()
        self._writers.close()  # last: a connection that only reads leaves the log beside the file
        if self._check is not None:
            self._check.end()
        with suppress(OSError, LocalFault, sqlite3.Error):
            if self._use.enter_alone() and self.path.exists():
                self._put_seal()
        self._use.leave()

    def _put_seal(self) -> None:
        # A connection that only read leaves an empty log behind, beside which the next program takes no seal.
        clear_log(self.path)
        before = self._at_rest
        unchanged = before is not None and before[0] == stamp_of(self.path)
        seal = before[1] if before is not None and unchanged else seal_of(self.path)
        if seal is not None:
            put_seal(self.path, seal)

    def _look_at_rest(self, *, in_background: bool) -> None:
        """Nobody else has it open, nor can open it now."""
        sealed = take_seal(self.path)
        if not self.path.exists():
            return
        seal = sealed.seal if sealed is not None else None
        if self.path.stat().st_size > AT_ONCE_BYTES:
            if in_background:
                with suppress(LocalFault):  # what is wrong with it is seen when it is opened
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
            is_sound = passes_full_check(self.path)  # an older version has written here, which knows of no seals
        if not is_sound:
            with exclusive_lock(self._lock_path):
                self._renew_damaged()

    def _damage_was_found(self) -> None:
        with suppress(LocalFault, OSError), exclusive_lock(self._lock_path):
            self._renew_damaged()

    def _make_sure(self) -> None:
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
        """Of copies that were set aside only the last is kept: nothing of the user's is in them."""
        self._renewed_at = time.monotonic()
        for old in self.path.parent.glob(f"{self.path.name}.aside-*"):
            old.unlink()
        set_aside(self.path)
        kill_point("copy.setaside")
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
        """Not while the file is being replaced: its log is found by name."""
        with shared_lock(self._lock_path):
            if self.path.exists():
                return _opened(self.path, read_only=read_only)
        self._make_sure()
        with shared_lock(self._lock_path):
            return _opened(self.path, read_only=read_only)


def _copy_again(path: Path) -> None:
    """A bit that fell over in a value passes SQLite's check: without a seal all rows are fetched once more.

    They stay to be read until then. A large copy is not fetched for this: that would take minutes after each kill.
    """
    if path.stat().st_size <= AT_ONCE_BYTES:
        with contextlib.closing(connect(path, create=False)) as connection:
            connection.execute("UPDATE meta SET cursor = NULL, step = step + 1")


def healed(copy: Copy, read: Callable[[], _V]) -> _V:
    """What `read` gives; where the copy proves damaged, what it gives of the copy that is begun in its place."""
    try:
        return read()
    except LocalFault as fault:
        if not copy.heal(fault):
            raise
    return read()


def _opened(path: Path, *, read_only: bool) -> Connection:
    connection = connect(path, read_only=read_only, create=False)
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
        row = connection.execute(
            'SELECT epoch, cursor, seq, gen, step, role, space_id, space_name, expected, arrived, "before" FROM meta'
        ).fetchone()
        backfills = connection.execute('SELECT scope, "before" FROM backfill ORDER BY scope').fetchall()
    return CopyState(
        epoch=row[0], cursor=row[1], seq=row[2], gen=row[3], step=row[4], role=row[5], space_id=row[6],
        space_name=row[7], expected=row[8], arrived=row[9], again=bool(row[10]),
        backfills=tuple(Backfill(scope=scope, before=before) for scope, before in backfills),
    )  # fmt: skip


def schema_found(path: Path) -> int | None:
    """`None`: there is no file. -1: it is not a copy, or cannot be read."""
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
    return int(row[0]) if row else -1


def _brought_up(path: Path) -> int:
    """An older copy becomes one of this schema; one that cannot is begun anew."""
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
    """Made under another name and linked into place whole: a kill leaves no half schema, a second terminal no clash.

    `step` of a copy that takes another's place: readers that have seen that one must not take the two for the same.
    """
    from banqup_tui.store import copy_schema

    making = path.with_name(f"{path.name}.making-{os.getpid()}")
    with local_faults(path):
        for suffix in ("-wal", "-shm"):  # of a file that was renamed by a program that was killed then
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        making.unlink(missing_ok=True)
        copy_schema.make(making, step)
        with suppress(FileExistsError):
            os.link(making, path)
        making.unlink()
