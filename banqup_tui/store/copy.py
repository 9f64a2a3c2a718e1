"""The local copy: what the screen reads, and what pages and changes of the server are poured into.

It may be thrown away at any time and is made again from the server. Nothing of the user's is in it: that is in the
outbox. A copy that is corrupt or of a newer schema is set aside and begun again; an older one is brought up.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.store.faults import LocalFault, fault_of
from banqup_tui.store.sqlite import Connection, Connections, connect, reading, set_aside

SCHEMA = 4
"""The same number as copy_schema.SCHEMA, here so that an existing copy opens without that module."""

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
    """The file. Reading and applying are in windows, readers and applying; here it is opened, replaced, closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writers = Connections(self._new_writer)
        self._readers = Connections(self._new_reader)

    @classmethod
    def open(cls, path: Path) -> "Copy":
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy = cls(path)
        copy._make_sure()
        return copy

    def writer(self) -> sqlite3.Connection:
        """This thread's connection for writing."""
        return self._writers.mine()

    def reader(self) -> sqlite3.Connection:
        """This thread's read-only connection."""
        return self._readers.mine()

    def state(self) -> CopyState:
        return state_of(self.reader())

    def put_aside(self) -> Path:
        """Keep the file under another name and begin an empty copy in its place."""
        self.close()
        kept = set_aside(self.path)
        kill_point("copy.setaside")
        self._make_sure()
        return kept

    def close(self) -> None:
        self._writers.close()
        self._readers.close()

    def _make_sure(self) -> None:
        found = schema_found(self.path)
        if found is not None and 0 < found < SCHEMA:
            found = _brought_up(self.path)
        if found is not None and found != SCHEMA:
            set_aside(self.path)
            kill_point("copy.setaside")
            found = None
        if found is None:
            _make_new(self.path)

    def _new_writer(self) -> Connection:
        connection = connect(self.path)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -32000")
        return connection

    def _new_reader(self) -> Connection:
        connection = connect(self.path, read_only=True)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA mmap_size = 268435456")
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


def _make_new(path: Path) -> None:
    """Made under another name and linked into place whole: a kill leaves no half schema, a second terminal no clash."""
    from banqup_tui.store import copy_schema

    making = path.with_name(f"{path.name}.making-{os.getpid()}")
    making.unlink(missing_ok=True)
    copy_schema.make(making)
    with contextlib.suppress(FileExistsError):
        os.link(making, path)
    making.unlink()
