"""Transactions of the service and the change numbers that they take (docs/protocol.md, "Sync, down").

A writing transaction writes its rows, names the changed entities with `Transaction.changed`, and as its last statements
takes numbers from its space and writes the table `change`. The `UPDATE` of the space's row locks it until the commit,
so numbers become visible in their order: otherwise the cursor of a reader could pass a number that is committed later,
and that change would never reach its copy. Nothing is locked after the space's row, so this lock is in no deadlock.
"""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, Engine, Executable, Integer, String, Table, bindparam, or_, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.fair_lock import FairLock
from banqup_tui.backend.db.json_rows import ids_param, in_ids, row_field, rows_param
from banqup_tui.backend.db.records import Parameters, Result
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind, Op

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Insert = sqlite.Insert | postgresql.Insert

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


SECONDS_LOCKED = 0.04
"""Seconds after which a transaction takes no further command or file: other writers wait, such as a key press."""
MOST_GROUPED = 16
"""The most commands or files in one transaction."""
SECONDS_TO_WAIT = 30
"""Longest wait of a writer for the writers before it."""


class _Change(msgspec.Struct, frozen=True):
    op: Op
    client_id: str | None
    user_id: str | None


class Transaction:
    """A running transaction in one space, used in one thread.

    Attributes:
        now: The time of the transaction (UTC), the same for all its rows.
        seq: Highest change number that it took, set at its end. See `after_numbers`.
        notes: Data that functions gather over the transaction, by a key of their own.
    """

    def __init__(self, connection: Connection, space_id: str, now: datetime) -> None:
        self.connection = connection
        self.space_id = space_id
        self.now = now
        self.seq: int | None = None
        self.notes: dict[str, Any] = {}
        self._changes: dict[tuple[EntityKind, str], _Change] = {}
        self._with_numbers: list[Callable[[Connection, int], None]] = []

    def execute(self, statement: Executable, parameters: Parameters | None = None) -> Result:
        """Runs a statement and returns SQLAlchemy's result."""
        return self.connection.execute(statement, parameters)

    def insert(self, table: Table) -> "Insert":
        """Returns the dialect's INSERT statement, which has `on_conflict_do_update`."""
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
        """Notes that this transaction has written or deleted an entity, so that it gets a change number.

        A second call for the same entity replaces the first.

        Args:
            client_id: The client that the entity belongs to, by which the change is shown to its accountants.
            user_id: For a change of access, the user whose access changes.
        """
        self._changes.pop((kind, entity_id), None)
        self._changes[kind, entity_id] = _Change(op, client_id, user_id)

    @property
    def changed_kinds(self) -> frozenset[EntityKind]:
        """The kinds of the entities that were changed so far."""
        return frozenset(kind for kind, _ in self._changes)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes the writes and noted changes of the block if it raises; those made before stay."""
        changes, writes = dict(self._changes), list(self._with_numbers)
        # Not by `begin_nested`, which costs more than the statements of a small command.
        self.connection.exec_driver_sql("SAVEPOINT of_command")
        try:
            yield
        except BaseException as error:
            self._changes, self._with_numbers = changes, writes
            # After some faults, such as a full disk, SQLite has rolled back the whole transaction by itself, and knows
            # no savepoint: then the first error is the one to raise.
            with suppress(DBAPIError) if isinstance(error, DBAPIError) else nullcontext():
                self.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT of_command")
            raise
        self.connection.exec_driver_sql("RELEASE SAVEPOINT of_command")

    def after_numbers(self, write: Callable[[Connection, int], None]) -> None:
        """Calls `write(connection, number)` with the highest number of this transaction, just before the commit.

        `write` may insert rows, and update only rows that this transaction has locked already, because nothing may be
        locked after the space. The transaction takes a number even if no entity has changed: a refused command is
        numbered too, so that a copy can tell when it includes the refusal.
        """
        self._with_numbers.append(write)

    def _finish(self) -> None:
        wanted = len(self._changes) or (1 if self._with_numbers else 0)
        if not wanted:
            return
        highest = self._take(wanted)
        # A kill here rolls the numbers back; nobody has seen them.
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
        """Sets `created_seq` and `ready_seq` of documents where they are 0, to the number of this transaction."""
        fresh = set(self.connection.execute(_FRESH, ids_param(of for of, _ in pairs)).scalars()) if pairs else set()
        if fresh:
            own = rows_param(pair for pair in pairs if pair[0] in fresh)
            for statement in _FIRST_NUMBERS:
                self.connection.execute(statement, own)


def moved_document(document_id: str, client_id: str) -> str:
    """Returns the `entity_id` of the change by which a document has left a client; the document has its own besides."""
    return f"{document_id}@{client_id}"


def document_named(entity_id: str) -> str:
    """Returns the id of the document whose change has this `entity_id`."""
    return entity_id.partition("@")[0]


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
def _upsert(dialect: str) -> Executable:
    """Returns the statement that writes the changes.

    SQLite needs a WHERE in `INSERT … SELECT` before `ON CONFLICT`, or it parses `ON` as part of a join
    (https://www.sqlite.org/lang_upsert.html, "Parsing Ambiguity").
    """
    own = {"kind": String, "entity_id": String, "seq": Integer, "op": String, "client_id": String, "user_id": String}
    same = [bindparam("space"), bindparam("now", type_=tables.change.c.at.type)]
    every = select(*(row_field(at, kind) for at, kind in enumerate(own.values())), *same)
    insert = _insert(dialect, tables.change).from_select([*own, "space_id", "at"], every.where(text("1 = 1")))
    return insert.on_conflict_do_update(
        index_elements=["space_id", "kind", "entity_id"],
        set_={name: insert.excluded[name] for name in ("seq", "op", "client_id", "user_id", "at")},
    )


def _insert(dialect: str, table: Table) -> "Insert":
    """Returns the dialect's INSERT.

    PostgreSQL's dialect is imported only when it is used: the import takes as long as that of SQLite's.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


class Database:
    """The engine and its transactions; its methods may be called from any thread.

    On SQLite a writing transaction begins with BEGIN IMMEDIATE: a transaction that read first and then wrote could fail
    with SQLITE_BUSY, and its reads could be older than another writer's commit.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._committed: list[tuple[Callable[[int], None], frozenset[EntityKind] | None]] = []
        self._writers = FairLock() if engine.dialect.name == "sqlite" else None
        self._thread = threading.local()

    def on_commit(self, notify: Callable[[int], None], kinds: Collection[EntityKind] | None = None) -> None:
        """Registers `notify(seq)`, which is called in the committing thread after each commit that took numbers.

        Args:
            kinds: Only after commits that changed an entity of these kinds; by default after each.
        """
        self._committed.append((notify, None if kinds is None else frozenset(kinds)))

    @property
    def is_writing(self) -> bool:
        """Whether this thread is within `write`. A second `write` in it would wait for the first until it fails."""
        return getattr(self._thread, "is_writing", False)

    @contextmanager
    def write(self, space_id: str, now: datetime | None = None) -> Iterator[Transaction]:
        """Runs the block in one writing transaction, which is rolled back if the block raises.

        Args:
            now: The time of the transaction; by default that of its beginning.
        """
        with self._fair_lock(), self._thread_marked(), self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with connection.begin() if not connection.in_transaction() else _committed_at_end(connection):
                transaction = Transaction(connection, space_id, now or tables.utc_now())
                yield transaction
                transaction._finish()
        if transaction.seq is not None:
            # A kill here loses only the hint to waiting terminals; they ask again all the same.
            kill_point("change.committed")
            changed = transaction.changed_kinds
            for notify, kinds in self._committed:
                if kinds is None or kinds & changed:
                    notify(transaction.seq)

    @contextmanager
    def _thread_marked(self) -> Iterator[None]:
        self._thread.is_writing = True
        try:
            yield
        finally:
            self._thread.is_writing = False

    @contextmanager
    def _fair_lock(self) -> Iterator[None]:
        """Lets the writers of this process wait in order.

        SQLite's busy handler polls with growing pauses, without order, so a writer could wait for many seconds.
        """
        taken = self._writers is not None and self._writers.acquire(timeout=SECONDS_TO_WAIT)
        try:
            yield
        finally:
            if taken and self._writers is not None:
                self._writers.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Gives a connection on which all statements of the block see one snapshot of the database."""
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
def _committed_at_end(connection: Connection) -> Iterator[None]:
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
"""Settings of each SQLite connection.

`synchronous=FULL`: a committed transaction survives a power failure. `wal_autocheckpoint=8000`: checkpoint at 32 MB and
not 4 MB, because many small transactions change the same pages again and again.
"""


def sqlite_code(error: DBAPIError) -> int:
    """Returns SQLite's primary result code of an error (https://www.sqlite.org/rescode.html), or 0 if it has none."""
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def sqlite_engine(path: str) -> Engine:
    """Returns an engine for the SQLite file at `path`, whose transactions are begun explicitly."""
    from sqlalchemy import create_engine, event

    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": SECONDS_TO_WAIT, "isolation_level": None},
        # More connections than the routes have threads, so that no request waits for one.
        pool_size=16,
        max_overflow=48,
        # Errors and logs must not contain parameters, which include names and secrets.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def space_seq(connection: Connection, space_id: str) -> int:
    """Returns the highest change number of the space."""
    return int(connection.execute(text("SELECT seq FROM space WHERE id = :s"), {"s": space_id}).scalar_one())
