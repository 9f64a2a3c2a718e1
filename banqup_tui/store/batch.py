"""Writes rows of the copy in one transaction, and keeps its counts and its search index in step with them."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple

from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.causes import cause_of
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.direction import directed
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.e_invoicing import came_over_peppol, is_to_ask_for
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import VersionedDelivery, VersionedDocument
from banqup_tui.store.codes import (
    APPROVED,
    ATTEMPTED,
    CREDIT_NOTE,
    FOLDER_CODE,
    PEPPOL,
    PROCESSED,
    REPLACED,
    STATUS_CODE,
    TO_ASK_FOR,
    UNDATED,
    UNDECIDED,
    WITHDRAWN,
    day_of,
)
from banqup_tui.store.files import FileCache
from banqup_tui.store.packed import REST_OF_DELIVERY, REST_OF_DOCUMENT, packed
from banqup_tui.store.rows import StoredRow, by_id
from banqup_tui.store.scope import number_of_client

FEW = 500
_TIES = 256
"""Rowids reserved for documents created in the same millisecond; more of them use the rowids of the next one."""

_TABLES: dict[type, str] = {
    Integration: "integration",
    Installation: "installation",
    Extension: "extension",
    Source: "source",
    Unfiled: "to_place",
    PlacingRule: "rule",
}
"""The tables that store a value whole, as JSON, by its class."""


class _WholeRow(StoredRow, frozen=True):
    """A row of the table `document`, with the rest of the document packed."""

    value: bytes


class CopyWriter:
    """Writes into the copy within the caller's transaction, in the current generation. Call `finish` before the commit.

    Values may come in any order: a document before its client, a delivery before its document.
    """

    def __init__(self, connection: sqlite3.Connection, files: FileCache | None = None) -> None:
        self.connection = connection
        self.files = files
        self.gen: int = connection.execute("SELECT gen FROM meta").fetchone()[0]
        self._counts: dict[tuple[int, int, int, int], int] = {}
        self._client_numbers: dict[str, int] = {}
        self._next_free: dict[int, int] = {}

    def put_documents(self, versioned: Sequence[VersionedDocument]) -> None:
        for some in in_batches(versioned, FEW):
            self._put_some(some)

    def _put_some(self, versioned: Sequence[VersionedDocument]) -> None:
        found = {row.id: row for row in by_id(self.connection, [one.value.id for one in versioned])}
        rows: dict[str, _WholeRow] = {}
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
                    before.append((row.n, old_words))
                after.append((row.n, new_words))
            rows[document.id] = row
        self._write_words(before, after)
        self._write_texts({rows[one.value.id].n: one.value.text_words for one in versioned})
        self.connection.executemany(_PUT_DOCUMENT, sorted(map(astuple, rows.values())))

    def _row(self, seq: int, document: Document, old: StoredRow | None) -> _WholeRow:
        flags = document.approved * APPROVED | document.processed * PROCESSED | document.attempted * ATTEMPTED
        flags |= (document.kind is DocumentKind.CREDIT_NOTE) * CREDIT_NOTE | document.is_undecided * UNDECIDED
        flags |= (document.replaced_by is not None) * REPLACED | document.is_withdrawn * WITHDRAWN
        flags |= (document.issue_date is None) * UNDATED
        flags |= came_over_peppol(document) * PEPPOL | is_to_ask_for(document) * TO_ASK_FOR
        document = directed(document)  # servers of older versions send credit notes with positive amounts
        return _WholeRow(
            old.n if old is not None else self._free_number(int(document.created_at.timestamp() * 1000)),
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
            packed(document, REST_OF_DOCUMENT),
        )

    def _free_number(self, millisecond: int) -> int:
        """Returns the first free rowid of the millisecond, or of those after it."""
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
        # The index is contentless: FTS5 can delete an entry only if it is passed exactly the text that was indexed
        # (https://www.sqlite.org/fts5.html, "The 'delete' Command").
        if before:
            self.connection.executemany("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", before)
        self.connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", after)

    def _write_texts(self, texts: Mapping[int, str]) -> None:
        """Makes the words of the texts of documents, by their rowids, those of the index; empty ones are deleted."""
        marks = ",".join("?" * len(texts))
        query = f"SELECT n, text FROM document_words WHERE n IN ({marks})"  # noqa: S608
        found = dict(self.connection.execute(query, list(texts)))
        gone = [(n, text) for n, text in found.items() if text != texts[n]]
        new = [(n, text) for n, text in texts.items() if text and text != found.get(n)]
        if gone:
            self.connection.executemany(
                "INSERT INTO text_words (text_words, rowid, text) VALUES ('delete', ?, ?)", gone
            )
            self.connection.executemany("DELETE FROM document_words WHERE n = ?", [(n,) for n, _ in gone])
        if new:
            self.connection.executemany("INSERT INTO text_words (rowid, text) VALUES (?, ?)", new)
            self.connection.executemany("INSERT INTO document_words (n, text) VALUES (?, ?)", new)

    def put_deliveries(self, versioned: Sequence[VersionedDelivery]) -> None:
        self.connection.executemany(
            _PUT_DELIVERY,
            [_delivery_row(one.seq, self.gen, one.value) for one in versioned],
        )

    def put_small(self, seq: int, value: Value) -> None:
        """Writes any value but a document or a delivery."""
        raw = msgspec.json.encode(value)
        match value:
            case Client(id=entity_id, name=name):
                self.client_number(entity_id)
                self.connection.execute(
                    "UPDATE client SET name = ?, ver = ?, gen = ?, value = ? WHERE id = ?",
                    (name, seq, self.gen, raw, entity_id),
                )
            case Integration(id=entity_id, client_id=client_id, label=label, state=state):
                self.connection.execute(
                    "INSERT OR REPLACE INTO integration (id, client_id, label, state, ver, gen, value)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (entity_id, client_id, label, state, seq, self.gen, raw),
                )
            case Space(name=name):
                self.connection.execute("UPDATE meta SET space_name = ?", (name,))
            case (
                Installation(id=entity_id)
                | Extension(id=entity_id)
                | Source(id=entity_id)
                | Unfiled(id=entity_id)
                | PlacingRule(id=entity_id)
            ):
                table = _TABLES[type(value)]
                self.connection.execute(
                    f"INSERT OR REPLACE INTO {table} (id, ver, gen, value) VALUES (?, ?, ?, ?)",  # noqa: S608
                    (entity_id, seq, self.gen, raw),
                )

    def client_number(self, client_id: str) -> int:
        """Returns the number of a client in the copy's columns, and adds a row with the number alone if there is none.

        A document may come before its client; readers leave out clients without a value.
        """
        number = self._client_numbers.get(client_id)
        if number is None:
            number = self._client_numbers[client_id] = self._found_or_new_client(client_id)
        return number

    def _found_or_new_client(self, client_id: str) -> int:
        number = number_of_client(self.connection, client_id)
        if number >= 0:
            return number
        insert = "INSERT INTO client (id, name, ver, gen) VALUES (?, '', 0, ?) RETURNING n"
        return int(self.connection.execute(insert, (client_id, self.gen)).fetchone()[0])

    def delete(self, kind: type, entity_id: str) -> None:
        """Deletes an entity with all that depends on it; an unknown id changes nothing."""
        if kind is Client:
            self.delete_client(entity_id)
        elif kind is Document:
            self.delete_documents([entity_id])
        elif kind is Delivery:
            self.connection.execute("DELETE FROM delivery WHERE id = ?", (entity_id,))
        elif kind in _TABLES:
            self.connection.execute(f"DELETE FROM {_TABLES[kind]} WHERE id = ?", (entity_id,))  # noqa: S608

    def delete_documents(self, ids: list[str]) -> None:
        found = by_id(self.connection, ids)
        for row in found:
            self._count(row, -1)
        self._write_words([(row.n, _words_of_row(row)) for row in found], [])
        self._write_texts({row.n: "" for row in found})
        self.connection.executemany("DELETE FROM delivery WHERE document_id = ?", [(entity_id,) for entity_id in ids])
        self.connection.executemany("DELETE FROM document WHERE n = ?", [(row.n,) for row in found])

    def delete_client(self, client_id: str) -> None:
        """Deletes everything of a client: documents and their files, deliveries, integrations, rules, backfills.

        Files are deleted before the transaction commits. If the program is killed in between, the rows that name the
        files are still there and the deletion runs again; the other order would leave files of a client that the
        user may not see any more.
        """
        row = self.connection.execute("SELECT n FROM client WHERE id = ?", (client_id,)).fetchone()
        if row is not None:
            query = (
                "SELECT id, json_extract(CAST(value AS TEXT), '$.sha256') FROM document"  # noqa: S608
                f" WHERE client = ? LIMIT {FEW}"
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

    def _count(self, row: StoredRow, by: int) -> None:
        if row.flags & WITHDRAWN:
            return
        key = (row.client, row.folder, row.day // 100, row.status)
        self._counts[key] = self._counts.get(key, 0) + by

    def finish(self) -> None:
        """Adds the changes of the counts to the tables of counts, once for the whole batch."""
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


_COLUMNS = _WholeRow.__struct_fields__
_PUT_DOCUMENT = f"INSERT OR REPLACE INTO document ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_PUT_DELIVERY = (
    "INSERT INTO delivery (id, document_id, integration_id, state, open, look, cause, ver, gen, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET document_id = excluded.document_id,"
    " integration_id = excluded.integration_id, state = excluded.state, open = excluded.open, look = excluded.look,"
    " cause = excluded.cause,"
    " ver = excluded.ver, gen = excluded.gen, value = excluded.value"
)


def _delivery_row(seq: int, gen: int, delivery: Delivery) -> tuple[object, ...]:
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
        packed(delivery, REST_OF_DELIVERY),
    )


def _words_of_row(row: StoredRow) -> str:
    """Returns the text that the search index has of a document.

    `client12x` is a word of the text, so that a search within one client is answered by the index alone.
    """
    return f"client{row.client}x {row.number or ''} {row.counterparty or ''} {row.file_name}"
