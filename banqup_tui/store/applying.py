"""What the server sent, applied to the copy: the beginning, pages, changes (docs/protocol.md, sync down).

Every function takes the `step` that was read before the server was asked. Its transaction tests and raises it; where
it has moved on, nothing is applied and False comes back: so a late answer, or a second program that also pulls, can
not bring back a row that is gone.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from banqup_tui.domain.causes import cause_of
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.source import PlacingRule, Source, ToPlace
from banqup_tui.domain.space import Space
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.store.codes import APPROVED, ATTEMPTED, FOLDER_CODE, PROCESSED, STATUS_CODE, day_of
from banqup_tui.store.copy import NEWLY_ASSIGNED, Copy, state_of
from banqup_tui.store.files import FileCache
from banqup_tui.store.sqlite import writing

EVERYTHING = ""
"""The scope of the backfill that brings all documents."""

_FEW = 500
_TIES = 256
"""Rowids for documents of the same millisecond; more of them overflow into the next."""

_TABLES: dict[type, str] = {
    Integration: "integration",
    Installation: "installation",
    Extension: "extension",
    Source: "source",
    ToPlace: "to_place",
    PlacingRule: "rule",
}
"""Of what is kept whole."""

V_co = TypeVar("V_co", covariant=True)


class Versioned(Protocol[V_co]):
    """A value with the change number of its row."""

    @property
    def seq(self) -> int: ...
    @property
    def value(self) -> V_co: ...


class Beginning(Value, frozen=True, kw_only=True):
    """The first answer: everything small, and the cursor from which changes follow."""

    epoch: str
    cursor: str
    seq: int
    role: str
    space: Space
    clients: tuple[Client, ...]
    extensions: tuple[Extension, ...] = ()
    installations: tuple[Installation, ...] = ()
    integrations: tuple[Integration, ...] = ()
    sources: tuple[Source, ...] = ()
    to_place: tuple[ToPlace, ...] = ()
    rules: tuple[PlacingRule, ...] = ()
    document_count: int = 0


class Put(Value, frozen=True):
    """One entity at its newest."""

    seq: int
    value: Space | Client | Document | Delivery | Installation | Integration | Source | ToPlace | PlacingRule


class Gone(Value, frozen=True):
    """A deletion: `kind` is the class of what is gone."""

    seq: int
    kind: type
    id: str


class Granted(Value, frozen=True):
    """A client was assigned to the user. Its integrations and rules are older than the cursor: they are fetched."""

    seq: int
    client_id: str
    value: Client | None = None


class Revoked(Value, frozen=True):
    seq: int
    client_id: str


Changed = Put | Gone | Granted | Revoked


class Touched(msgspec.Struct):
    """What one transaction changed. `everything`: too much to name."""

    everything: bool = False
    clients: set[str] = msgspec.field(default_factory=set)
    documents: set[str] = msgspec.field(default_factory=set)
    kinds: set[str] = msgspec.field(default_factory=set)

    def add(self, other: "Touched") -> None:
        self.everything = self.everything or other.everything
        self.clients |= other.clients
        self.documents |= other.documents
        self.kinds |= other.kinds


def begin(copy: Copy, step: int, beginning: Beginning, files: FileCache | None = None) -> Touched | None:
    """Begin the copy, or begin it again: rows that may still be seen stay until a page has brought them anew.

    Of `files`, those of clients that are not there any more are dropped.
    """
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step):
            return None
        batch = _Batch(connection, files)
        batch.gen += 1
        _keep_only(connection, batch, {client.id for client in beginning.clients})
        rows = connection.execute("SELECT coalesce(sum(count), 0) FROM client_tally").fetchone()[0]
        _put_small(connection, batch, beginning)
        connection.execute(
            "UPDATE meta SET epoch = ?, cursor = ?, seq = ?, gen = ?, role = ?, space_id = ?, space_name = ?,"
            ' expected = ?, arrived = 0, "before" = ?',
            (beginning.epoch, beginning.cursor, beginning.seq, batch.gen, beginning.role, beginning.space.id,
             beginning.space.name, beginning.document_count, int(rows > 0)),
        )  # fmt: skip
        connection.execute("DELETE FROM backfill")
        connection.execute("INSERT INTO backfill VALUES (?, NULL)", (EVERYTHING,))
        batch.finish()
    kill_point("snapshot.begun")
    return batch.touched


def refresh(copy: Copy, step: int, beginning: Beginning) -> Touched | None:
    """Take the small things anew and leave the cursor where it is (after a client was assigned)."""
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step):
            return None
        batch = _Batch(connection)
        _put_small(connection, batch, beginning)
        connection.execute('UPDATE backfill SET "before" = NULL WHERE "before" = ?', (NEWLY_ASSIGNED,))
        batch.finish()
    return batch.touched


def page(
    copy: Copy,
    step: int,
    scope: str,
    documents: Sequence[Versioned[Document]],
    deliveries: Sequence[Versioned[Delivery]],
    following: str | None,
) -> Touched | None:
    """Documents of a backfill, newest first; `following` is the key of the next page. `None`: it came too late."""
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step) or not _is_open(connection, scope):
            return None
        batch = _Batch(connection)
        batch.put_documents(documents)
        batch.put_deliveries(deliveries)
        connection.execute("UPDATE meta SET arrived = arrived + ?", (len(documents),))
        _move(connection, scope, following)
        if following is None and scope == EVERYTHING:
            _sweep(connection, batch)
        batch.finish()
        kill_point("snapshot.page")
    if following is None and scope == EVERYTHING:
        kill_point("snapshot.swept")
    return batch.touched


def changes(
    copy: Copy,
    step: int,
    changed: Iterable[Changed],
    cursor: str,
    seq: int,
    more: bool,
    files: FileCache | None = None,
) -> Touched | None:
    """In the order of their numbers. `None`: it came too late. Of `files`, those of clients taken away are dropped."""
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step):
            return None
        batch = _Batch(connection, files)
        revoked = _apply_in_order(connection, batch, changed)
        connection.execute("UPDATE meta SET cursor = ?, seq = ?", (cursor, seq))
        if not more:
            _drop_orphans(connection)
        batch.finish()
        kill_point("pull.applying")
    kill_point("access.revoked" if revoked else "pull.applied")
    return batch.touched


def put_extensions(copy: Copy, extensions: Sequence[Extension]) -> bool:
    """What stands in the store, asked for at every connection. True if anything differs."""
    wanted = {extension.id: msgspec.json.encode(extension) for extension in extensions}
    connection = copy.writer()
    found = {row[0]: row[1] for row in connection.execute("SELECT id, value FROM extension")}
    if wanted == found:
        return False
    with writing(connection):
        connection.execute("DELETE FROM extension")
        connection.executemany("INSERT INTO extension VALUES (?, 0, 0, ?)", wanted.items())
    return True


def _step_taken(connection: sqlite3.Connection, step: int) -> bool:
    return connection.execute("UPDATE meta SET step = step + 1 WHERE step = ?", (step,)).rowcount == 1


def _is_open(connection: sqlite3.Connection, scope: str) -> bool:
    return connection.execute("SELECT 1 FROM backfill WHERE scope = ?", (scope,)).fetchone() is not None


def _move(connection: sqlite3.Connection, scope: str, following: str | None) -> None:
    if following is None:
        connection.execute("DELETE FROM backfill WHERE scope = ?", (scope,))
    else:
        connection.execute('UPDATE backfill SET "before" = ? WHERE scope = ?', (following, scope))


def _apply_in_order(connection: sqlite3.Connection, batch: "_Batch", changed: Iterable[Changed]) -> bool:
    """Runs of documents and of deliveries are written together. True if a client was taken away."""
    revoked = False
    for run in _runs(changed):
        first = run[0]
        if isinstance(first, Put) and isinstance(first.value, Document):
            batch.put_documents(run)
        elif isinstance(first, Put) and isinstance(first.value, Delivery):
            batch.put_deliveries(run)
        else:
            revoked = isinstance(first, Revoked) or revoked
            _apply_one(connection, batch, first)
    return revoked


def _runs(changed: Iterable[Changed]) -> Iterator[list[Any]]:
    run: list[Any] = []
    for change in changed:
        kind = type(change.value) if isinstance(change, Put) else None
        if run and kind in (Document, Delivery) and isinstance(run[0], Put) and type(run[0].value) is kind:
            run.append(change)
        else:
            if run:
                yield run
            run = [change]
    if run:
        yield run


def _apply_one(connection: sqlite3.Connection, batch: "_Batch", change: Changed) -> None:
    match change:
        case Put(seq=seq, value=value):
            batch.put_small(seq, value)
        case Gone(kind=kind, id=entity_id):
            batch.delete(kind, entity_id)
        case Granted(seq=seq, client_id=client_id, value=value):
            if value is not None:
                batch.put_small(seq, value)
            connection.execute("INSERT OR REPLACE INTO backfill VALUES (?, ?)", (client_id, NEWLY_ASSIGNED))
            batch.touched.clients.add(client_id)
        case Revoked(client_id=client_id):
            batch.delete_client(client_id)


def _keep_only(connection: sqlite3.Connection, batch: "_Batch", client_ids: set[str]) -> None:
    for (client_id,) in connection.execute("SELECT id FROM client").fetchall():
        if client_id not in client_ids:
            batch.delete_client(client_id)


def _put_small(connection: sqlite3.Connection, batch: "_Batch", beginning: Beginning) -> None:
    """The small tables become exactly what the answer has."""
    for name, values in (
        ("installation", beginning.installations),
        ("integration", beginning.integrations),
        ("source", beginning.sources),
        ("to_place", beginning.to_place),
        ("rule", beginning.rules),
        ("extension", beginning.extensions),
    ):
        connection.execute(f"DELETE FROM {name}")  # noqa: S608
        for value in values:
            batch.put_small(beginning.seq, value)
    for client in beginning.clients:
        batch.put_small(beginning.seq, client)
    batch.touched.everything = True


def _sweep(connection: sqlite3.Connection, batch: "_Batch") -> None:
    """What no page has brought again is not there any more."""
    old = connection.execute("SELECT id FROM document WHERE gen < ?", (batch.gen,)).fetchall()
    for start in range(0, len(old), _FEW):
        batch.delete_documents([row[0] for row in old[start : start + _FEW]])
    connection.execute("DELETE FROM delivery WHERE gen < ?", (batch.gen,))
    batch.touched.everything = True


def _drop_orphans(connection: sqlite3.Connection) -> None:
    """Clients known by number only, and with no document left."""
    if state_of(connection).backfills:
        return
    connection.execute("DELETE FROM client WHERE value IS NULL AND NOT EXISTS (SELECT 1 FROM tally WHERE client = n)")


class _Batch:
    """Rows written in one transaction, and what they do to the counts."""

    def __init__(self, connection: sqlite3.Connection, files: FileCache | None = None) -> None:
        self.connection = connection
        self.files = files
        self.gen: int = connection.execute("SELECT gen FROM meta").fetchone()[0]
        self.touched = Touched()
        self._counts: dict[tuple[int, int, int, int], int] = {}
        self._client_numbers: dict[str, int] = {}
        self._next_free: dict[int, int] = {}

    def put_documents(self, versioned: Sequence[Versioned[Document]]) -> None:
        for start in range(0, len(versioned), _FEW):
            self._put_some(versioned[start : start + _FEW])

    def _put_some(self, versioned: Sequence[Versioned[Document]]) -> None:
        found = self._found([one.value.id for one in versioned])
        rows: dict[str, tuple[Any, ...]] = {}
        before: list[tuple[int, str]] = []
        after: list[tuple[int, str]] = []
        for one in versioned:
            document = one.value
            old = rows.get(document.id) or found.get(document.id)
            row = self._row(one.seq, document, old)
            if old is not None:
                self._count(old, -1)
            self._count(row, +1)
            old_words = None if old is None else _words_of_row(old)
            new_words = _words_of_row(row)
            if old_words != new_words:
                if old_words is not None:
                    before.append((row[0], old_words))
                after.append((row[0], new_words))
            rows[document.id] = row
        self._write_words(before, after)
        self.connection.executemany(_PUT_DOCUMENT, sorted(rows.values()))
        self.touched.documents.update(rows)
        self.touched.clients.update({one.value.client_id for one in versioned})

    def _found(self, ids: list[str]) -> dict[str, tuple[Any, ...]]:
        marks = ",".join("?" * len(ids))
        rows = self.connection.execute(f"SELECT {_COLUMNS} FROM document WHERE id IN ({marks})", ids)  # noqa: S608
        return {row[1]: row for row in rows}

    def _row(self, seq: int, document: Document, old: tuple[Any, ...] | None) -> tuple[Any, ...]:
        flags = document.approved * APPROVED | document.processed * PROCESSED | document.attempted * ATTEMPTED
        return (
            old[0] if old is not None else self._free_number(int(document.created_at.timestamp() * 1000)),
            document.id,
            self.client_number(document.client_id),
            FOLDER_CODE[document.folder],
            day_of(document.sort_date),
            STATUS_CODE[document.accounting_status],
            flags,
            document.currency,
            document.net_amount,
            document.vat_amount,
            document.gross_amount,
            seq,
            self.gen,
            document.number,
            document.counterparty.name if document.counterparty else None,
            document.file_name,
            packed(document, _REST_OF_DOCUMENT),
        )

    def _free_number(self, millisecond: int) -> int:
        """The first rowid of that millisecond, or of the next ones, that no document has."""
        base = millisecond * _TIES
        free = self._next_free.get(base)
        if free is None:
            free = self._first_free(base)
        self._next_free[base] = free + 1
        return free

    def _first_free(self, base: int) -> int:
        step = _TIES
        while True:
            highest = self.connection.execute(
                "SELECT max(n) FROM document WHERE n >= ? AND n < ?", (base, base + step)
            ).fetchone()[0]
            if highest is None:
                return base
            if highest < base + step - 1:
                return int(highest) + 1
            base, step = base + step, step * 2

    def _write_words(self, before: list[tuple[int, str]], after: list[tuple[int, str]]) -> None:
        if before:
            self.connection.executemany("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", before)
        self.connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", after)

    def put_deliveries(self, versioned: Sequence[Versioned[Delivery]]) -> None:
        self.connection.executemany(
            _PUT_DELIVERY,
            [_delivery_row(one.seq, self.gen, one.value) for one in versioned],
        )
        self.touched.documents.update({one.value.document_id for one in versioned})

    def put_small(self, seq: int, value: Value) -> None:
        self.touched.kinds.add(type(value).__name__)
        raw = msgspec.json.encode(value)
        match value:
            case Client(id=entity_id, name=name):
                self.client_number(entity_id)
                self.connection.execute(
                    "UPDATE client SET name = ?, ver = ?, gen = ?, value = ? WHERE id = ?",
                    (name, seq, self.gen, raw, entity_id),
                )
                self.touched.clients.add(entity_id)
            case Integration(id=entity_id, client_id=client_id, label=label, state=state):
                self.connection.execute(
                    "INSERT OR REPLACE INTO integration (id, client_id, label, state, ver, gen, value)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (entity_id, client_id, label, state, seq, self.gen, raw),
                )
                self.touched.clients.add(client_id)
            case Space(name=name):
                self.connection.execute("UPDATE meta SET space_name = ?", (name,))
            case (
                Installation(id=entity_id)
                | Extension(id=entity_id)
                | Source(id=entity_id)
                | ToPlace(id=entity_id)
                | PlacingRule(id=entity_id)
            ):
                table = _TABLES[type(value)]
                self.connection.execute(
                    f"INSERT OR REPLACE INTO {table} (id, ver, gen, value) VALUES (?, ?, ?, ?)",  # noqa: S608
                    (entity_id, seq, self.gen, raw),
                )

    def client_number(self, client_id: str) -> int:
        """A document may come before its client: then only the number is there, and no reader shows it."""
        number = self._client_numbers.get(client_id)
        if number is None:
            number = self._client_numbers[client_id] = self._found_or_new_client(client_id)
        return number

    def _found_or_new_client(self, client_id: str) -> int:
        row = self.connection.execute("SELECT n FROM client WHERE id = ?", (client_id,)).fetchone()
        if row is not None:
            return int(row[0])
        insert = "INSERT INTO client (id, name, ver, gen) VALUES (?, '', 0, ?) RETURNING n"
        return int(self.connection.execute(insert, (client_id, self.gen)).fetchone()[0])

    def delete(self, kind: type, entity_id: str) -> None:
        self.touched.kinds.add(kind.__name__)
        if kind is Client:
            self.delete_client(entity_id)
        elif kind is Document:
            self.delete_documents([entity_id])
        elif kind is Delivery:
            self._delete_delivery(entity_id)
        elif kind in _TABLES:
            self.connection.execute(f"DELETE FROM {_TABLES[kind]} WHERE id = ?", (entity_id,))  # noqa: S608

    def _delete_delivery(self, delivery_id: str) -> None:
        row = self.connection.execute("DELETE FROM delivery WHERE id = ? RETURNING document_id", (delivery_id,))
        self.touched.documents.update(document_id for (document_id,) in row.fetchall())

    def delete_documents(self, ids: list[str]) -> None:
        found = self._found(ids)
        for row in found.values():
            self._count(row, -1)
        self._write_words([(row[0], _words_of_row(row)) for row in found.values()], [])
        self.connection.executemany("DELETE FROM delivery WHERE document_id = ?", [(entity_id,) for entity_id in ids])
        self.connection.executemany("DELETE FROM document WHERE n = ?", [(row[0],) for row in found.values()])
        self.touched.documents.update(ids)
        self.touched.everything = self.touched.everything or len(self.touched.documents) > 5_000

    def delete_client(self, client_id: str) -> None:
        """Everything of the client: documents and their files, deliveries, integrations, rules, open backfills.

        A file goes before the row that names it is gone for good: cut off in between, all of this is done again.
        """
        row = self.connection.execute("SELECT n FROM client WHERE id = ?", (client_id,)).fetchone()
        if row is not None:
            query = (
                "SELECT id, json_extract(CAST(value AS TEXT), '$.sha256') FROM document"  # noqa: S608
                f" WHERE client = ? LIMIT {_FEW}"
            )
            while found := self.connection.execute(query, row).fetchall():
                if self.files is not None:
                    self.files.drop(sha256 for _, sha256 in found)
                self.delete_documents([document_id for document_id, _ in found])
        self.connection.execute(
            "DELETE FROM delivery WHERE integration_id IN (SELECT id FROM integration WHERE client_id = ?)",
            (client_id,),
        )
        self.connection.execute("DELETE FROM integration WHERE client_id = ?", (client_id,))
        self.connection.execute(
            "DELETE FROM rule WHERE json_extract(CAST(value AS TEXT), '$.clientId') = ?", (client_id,)
        )
        self.connection.execute("DELETE FROM client WHERE id = ?", (client_id,))
        self.connection.execute("DELETE FROM backfill WHERE scope = ?", (client_id,))
        self._client_numbers.pop(client_id, None)
        self.touched.clients.add(client_id)

    def _count(self, row: tuple[Any, ...], by: int) -> None:
        key = (row[2], row[3], row[4] // 100, row[5])
        self._counts[key] = self._counts.get(key, 0) + by

    def finish(self) -> None:
        """Write what the rows did to the counts."""
        of_clients: dict[tuple[int, int], int] = {}
        for (client, _, _, status), by in self._counts.items():
            of_clients[(client, status)] = of_clients.get((client, status), 0) + by
        self._add_up("tally", "client, folder, month, status", self._counts)
        self._add_up("client_tally", "client, status", of_clients)
        self._counts.clear()

    def _add_up(self, table: str, names: str, deltas: Mapping[Any, int]) -> None:
        marks = ", ".join("?" * (names.count(",") + 1))
        self.connection.executemany(
            f"INSERT INTO {table} ({names}, count) VALUES ({marks}, ?)"  # noqa: S608
            f" ON CONFLICT ({names}) DO UPDATE SET count = count + excluded.count",
            [(*key, by) for key, by in deltas.items() if by],
        )
        self.connection.executemany(
            f"DELETE FROM {table} WHERE ({names}) = ({marks}) AND count = 0",  # noqa: S608
            [key for key, by in deltas.items() if by < 0],
        )


_COLUMNS = (
    "n, id, client, folder, day, status, flags, currency, net, vat, gross, ver, gen,"
    " number, counterparty, file_name, value"
)
_PUT_DOCUMENT = f"INSERT OR REPLACE INTO document ({_COLUMNS}) VALUES ({','.join('?' * 17)})"  # noqa: S608
_PUT_DELIVERY = (
    "INSERT INTO delivery (id, document_id, integration_id, state, open, look, cause, ver, gen, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET document_id = excluded.document_id,"
    " integration_id = excluded.integration_id, state = excluded.state, open = excluded.open, look = excluded.look,"
    " cause = excluded.cause,"
    " ver = excluded.ver, gen = excluded.gen, value = excluded.value"
)

_encoder = msgspec.json.Encoder()
_IN_COLUMNS = frozenset(
    {"id", "client_id", "folder", "accounting_status", "approved", "processed", "attempted", "currency", "number"}
    | {"net_amount", "vat_amount", "gross_amount", "file_name"}
)


def _rest_of(kind: type[Value], in_columns: frozenset[str]) -> list[tuple[str, str, Any]]:
    """Name, name on the wire and default of each field that no column holds."""
    return [
        (field.name, field.encode_name, None if field.default is msgspec.NODEFAULT else field.default)
        for field in msgspec.structs.fields(kind)
        if field.name not in in_columns
    ]


_REST_OF_DOCUMENT = _rest_of(Document, _IN_COLUMNS)
_REST_OF_DELIVERY = _rest_of(Delivery, frozenset({"id", "document_id", "integration_id", "state"}))


def packed(value: Value, rest: list[tuple[str, str, Any]]) -> bytes:
    """As on the wire, without what has its default and what stands in a column."""
    filled = {}
    for name, wire_name, default in rest:
        found = getattr(value, name)
        if found is not None and found != default:
            filled[wire_name] = found
    return _encoder.encode(filled)


def _delivery_row(seq: int, gen: int, delivery: Delivery) -> tuple[Any, ...]:
    return (
        delivery.id,
        delivery.document_id,
        delivery.integration_id,
        delivery.state.value,
        delivery.is_open,
        delivery.needs_a_look,
        cause_of(delivery.reason) if delivery.needs_a_look else None,
        seq,
        gen,
        packed(delivery, _REST_OF_DELIVERY),
    )


def _words_of_row(row: tuple[Any, ...]) -> str:
    """What the search finds a document by. The client stands in it as a word of its own."""
    client, number, counterparty, file_name = row[2], row[13], row[14], row[15]
    return f"client{client}x {number or ''} {counterparty or ''} {file_name}"
