"""One transaction of the service, and the change numbers it takes (docs/protocol.md, numbers).

A writing transaction does its domain writes, says what changed with `Transaction.changed`, and as its last statements
takes numbers from its space and writes the changes. The lock on the space's row is held to the commit, and nothing is
locked after it: so numbers become visible in order, and no reader's cursor can pass one that is still to come.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Integer, String, Table, bindparam, or_, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.fair_lock import FairLock
from banqup_tui.backend.db.json_rows import ids_param, in_ids, row_field, rows_param
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind, Op

_ROWS: dict[EntityKind, Table] = {
    EntityKind.CLIENT: tables.client,
    EntityKind.DOCUMENT: tables.document,
    EntityKind.DELIVERY: tables.delivery,
    EntityKind.INSTALLATION: tables.installation,
    EntityKind.INTEGRATION: tables.integration,
    EntityKind.SOURCE: tables.source,
    EntityKind.UNFILED: tables.unfiled,
    EntityKind.RULE: tables.rule,
}


SECONDS_TO_WAIT = 30
"""For the writer before."""


class _Change(msgspec.Struct, frozen=True):
    op: Op
    client_id: str | None
    user_id: str | None


class Transaction:
    """A transaction under way in one space. Its numbers are known only at its end: see `after_numbers`."""

    def __init__(self, connection: Connection, space_id: str, now: datetime) -> None:
        self.connection = connection
        self.space_id = space_id
        self.now = now
        self.seq: int | None = None
        self.notes: dict[str, Any] = {}
        """For whoever gathers something over this transaction."""
        self._changes: dict[tuple[EntityKind, str], _Change] = {}
        self._with_numbers: list[Callable[[Connection, int], None]] = []

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self.connection.execute(statement, parameters)

    def insert(self, table: Table) -> Any:
        """An INSERT in the words of this database, which knows `ON CONFLICT`."""
        return _insert(self.connection.dialect.name, table)

    def changed(
        self,
        kind: EntityKind,
        entity_id: str,
        *,
        client_id: str | None = None,
        user_id: str | None = None,
        op: Op = Op.PUT,
    ) -> None:
        """The row of this entity has been written (or deleted) in this transaction; said twice it counts once."""
        self._changes.pop((kind, entity_id), None)
        self._changes[kind, entity_id] = _Change(op, client_id, user_id)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is raised inside undoes all that was written and said inside, and nothing else."""
        changes, writes = dict(self._changes), list(self._with_numbers)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self._changes, self._with_numbers = changes, writes
            raise

    def after_numbers(self, write: Callable[[Connection, int], None]) -> None:
        """`write(connection, highest number)` runs after the numbers are taken, before the commit.

        It may only touch rows that this transaction has locked already, or inserts. A transaction that has such a
        write takes a number even where no entity changed (a refusal is numbered too).
        """
        self._with_numbers.append(write)

    def _finish(self) -> None:
        wanted = len(self._changes) or (1 if self._with_numbers else 0)
        if not wanted:
            return
        highest = self._take(wanted)
        kill_point("numbers.taken")
        self.seq = highest
        self._write_changes(highest)
        for write in self._with_numbers:
            write(self.connection, highest)

    def _take(self, wanted: int) -> int:
        taken = {"space": self.space_id, "wanted": wanted}
        return int(self.connection.execute(_NUMBERS, taken).scalar_one())

    def _write_changes(self, highest: int) -> None:
        if not self._changes:
            return
        first = highest - len(self._changes) + 1
        rows = []
        numbered: dict[EntityKind, list[tuple[str, int]]] = {}
        for seq, ((kind, entity_id), change) in enumerate(self._changes.items(), first):
            rows.append((str(kind), entity_id, seq, str(change.op), change.client_id, change.user_id))
            if change.op is Op.PUT and kind in _ROWS:
                numbered.setdefault(kind, []).append((entity_id, seq))
        same = {"space": self.space_id, "now": self.now}
        self.connection.execute(_upsert(self.connection.dialect.name), rows_param(rows) | same)
        for kind, pairs in numbered.items():
            self.connection.execute(_NUMBERED[kind], rows_param(pairs))
        self._stamp_first_numbers(numbered.get(EntityKind.DOCUMENT, []))

    def _stamp_first_numbers(self, pairs: list[tuple[str, int]]) -> None:
        """A document inserted with `created_seq = 0` (and `ready_seq = 0` once ready) gets its number here."""
        fresh = set(self.connection.execute(_FRESH, ids_param(of for of, _ in pairs)).scalars()) if pairs else set()
        if fresh:
            own = rows_param(pair for pair in pairs if pair[0] in fresh)
            for statement in _FIRST_NUMBERS:
                self.connection.execute(statement, own)


_NUMBERS = (
    update(tables.space)
    .where(tables.space.c.id == bindparam("space"))
    .values(seq=tables.space.c.seq + bindparam("wanted"))
    .returning(tables.space.c.seq)
)
_NUMBERED = {
    kind: update(table).where(table.c.id == row_field(0, String)).values(seq=row_field(1, Integer))
    for kind, table in _ROWS.items()
}
_FRESH = select(tables.document.c.id).where(
    in_ids(tables.document.c.id), or_(tables.document.c.created_seq == 0, tables.document.c.ready_seq == 0)
)
_FIRST_NUMBERS = [
    update(tables.document)
    .where(tables.document.c.id == row_field(0, String), column == 0)
    .values({column: row_field(1, Integer)})
    for column in (tables.document.c.created_seq, tables.document.c.ready_seq)
]


@cache
def _upsert(dialect: str) -> Any:
    """SQLite wants a condition before `ON CONFLICT`."""
    own = {"kind": String, "entity_id": String, "seq": Integer, "op": String, "client_id": String, "user_id": String}
    same = [bindparam("space"), bindparam("now", type_=tables.change.c.at.type)]
    every = select(*(row_field(at, kind) for at, kind in enumerate(own.values())), *same)
    insert = _insert(dialect, tables.change).from_select([*own, "space_id", "at"], every.where(text("1 = 1")))
    return insert.on_conflict_do_update(
        index_elements=["space_id", "kind", "entity_id"],
        set_={name: insert.excluded[name] for name in ("seq", "op", "client_id", "user_id", "at")},
    )


def _insert(dialect: str, table: Table) -> Any:
    """PostgreSQL's words are imported only where it is spoken: they take as long as all of SQLite's."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


class Database:
    """The engine and its transactions. On SQLite a writing one begins IMMEDIATE: one writer at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._committed: list[Callable[[int], None]] = []
        self._writers = FairLock() if engine.dialect.name == "sqlite" else None
        self._thread = threading.local()

    def on_commit(self, tell: Callable[[int], None]) -> None:
        """`tell(seq)` is called in the committing thread after each commit that took numbers."""
        self._committed.append(tell)

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside of `write`: another one in it would wait for itself."""
        return getattr(self._thread, "is_writing", False)

    @contextmanager
    def write(self, space_id: str, now: datetime | None = None) -> Iterator[Transaction]:
        with self._fair_lock(), self._marked(), self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with connection.begin() if not connection.in_transaction() else _adopted(connection):
                transaction = Transaction(connection, space_id, now or tables.utc_now())
                yield transaction
                transaction._finish()
        if transaction.seq is not None:
            kill_point("change.committed")
            for tell in self._committed:
                tell(transaction.seq)

    @contextmanager
    def _marked(self) -> Iterator[None]:
        self._thread.is_writing = True
        try:
            yield
        finally:
            self._thread.is_writing = False

    @contextmanager
    def _fair_lock(self) -> Iterator[None]:
        """The writers of this process queue here: SQLite itself lets them sleep and look again, ever longer."""
        taken = self._writers is not None and self._writers.acquire(timeout=SECONDS_TO_WAIT)
        try:
            yield
        finally:
            if taken and self._writers is not None:
                self._writers.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot of the database for all statements inside."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            try:
                yield connection
            finally:
                connection.rollback()


@contextmanager
def _adopted(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "wal_autocheckpoint=8000",
    "cache_size=-8000",
)
"""The log is written back when it has 32 MB, not 4: many small transactions change the same pages again and again."""


def sqlite_code(error: DBAPIError) -> int:
    """The primary result code of SQLite (https://www.sqlite.org/rescode.html); 0 where it has none."""
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def sqlite_engine(path: str) -> Engine:
    """WAL, `synchronous=FULL` (what was committed stays), transactions begun by hand, waits 30 s for the writer.

    More connections than the routes have threads; what goes wrong is told without the values (names, secrets).
    """
    from sqlalchemy import create_engine, event

    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": SECONDS_TO_WAIT, "isolation_level": None},
        pool_size=16,
        max_overflow=48,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def space_seq(connection: Connection, space_id: str) -> int:
    return int(connection.execute(text("SELECT seq FROM space WHERE id = :s"), {"s": space_id}).scalar_one())
