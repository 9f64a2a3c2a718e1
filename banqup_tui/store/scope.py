"""Turns client, folder, period and statuses of a query into SQL conditions, and reads rows by date within them."""

import sqlite3

import msgspec

from banqup_tui.store.codes import FOLDER_CODE, PROCESSED_CODE, STATUS_CODE, WITHDRAWN
from banqup_tui.store.query import DocumentQuery, Filter, FilterField
from banqup_tui.store.rows import COLUMNS, StoredRow, read_rows

Key = tuple[int, int]
"""Day (yyyymmdd) and rowid: documents are ordered by date, then by the time at which they were created."""


def number_of_client(connection: sqlite3.Connection, client_id: str) -> int:
    """Returns the number of a client in the copy's columns; -1, which no row has, for an unknown one."""
    row = connection.execute("SELECT n FROM client WHERE id = ?", (client_id,)).fetchone()
    return -1 if row is None else int(*row)


class Scope:
    """The conditions of a query on the table of documents. `client` is -1 for an unknown client: nothing matches."""

    def __init__(self, connection: sqlite3.Connection, query: DocumentQuery) -> None:
        self.client: int | None = None
        if query.client_id is not None:
            self.client = number_of_client(connection, query.client_id)
        self.folder = None if query.folder is None else FOLDER_CODE[query.folder]
        self.first_month, self.last_month = _months_of(query)
        self.statuses = [STATUS_CODE[status] for status in query.statuses]
        self.withdrawn = query.with_withdrawn
        self._of_counts, self.values = self._compiled()
        # Withdrawn documents are in no tally, so the same documents are counted and read.
        self.conditions = self._of_counts if self.withdrawn else f"{self._of_counts} AND d.flags & {WITHDRAWN} = 0"

    def _compiled(self) -> tuple[str, list[object]]:
        conditions: list[str] = []
        values: list[object] = []
        if self.client is not None:
            conditions.append("d.client = ?")
            values.append(self.client)
        if self.folder is not None:
            conditions.append("d.folder = ?")
            values.append(self.folder)
        if len(self.statuses) == 1:
            conditions.append("d.status = ?")
            values.append(self.statuses[0])
        elif self.statuses:
            conditions.append(f"d.status IN ({','.join(map(str, self.statuses))})")
        if self.statuses and PROCESSED_CODE not in self.statuses:
            # SQLite uses a partial index only if its condition stands in the query (document_waiting).
            conditions.append(f"d.status <> {PROCESSED_CODE}")
        return " AND ".join(conditions) or "1", values

    def takes(self, day: int, client: int, folder: int, status: int, flags: int) -> bool:
        """Returns True if a document with these values is within the scope."""
        return (
            (self.client is None or self.client == client)
            and (self.folder is None or self.folder == folder)
            and (not self.statuses or status in self.statuses)
            and (self.withdrawn or not flags & WITHDRAWN)
            and self.first_month <= day // 100 <= self.last_month
        )

    def months(self, connection: sqlite3.Connection) -> list[tuple[int, int]]:
        """Returns the months (yyyymm) with their numbers of rows, the newest first."""
        conditions = self._of_counts.replace("d.", "")
        return connection.execute(
            f"SELECT month, sum(count) FROM tally WHERE {conditions} AND month BETWEEN ? AND ?"  # noqa: S608
            " GROUP BY month ORDER BY month DESC",
            (*self.values, self.first_month, self.last_month),
        ).fetchall()

    def older(self, connection: sqlite3.Connection, key: Key, skip: int, length: int) -> list[StoredRow]:
        """Returns rows from `key` backwards in time, its own row included, the newest first."""
        return read_rows(
            connection,
            f"SELECT {COLUMNS} FROM document d {self._index()} WHERE {self.conditions}"  # noqa: S608
            " AND d.day >= ? AND (d.day, d.n) <= (?, ?) ORDER BY d.day DESC, d.n DESC LIMIT ? OFFSET ?",
            (*self.values, self.first_month * 100, *key, length, skip),
        )

    def newer(self, connection: sqlite3.Connection, key: Key, skip: int, length: int) -> list[StoredRow]:
        """Returns rows that are newer than `key`, the oldest first."""
        return read_rows(
            connection,
            f"SELECT {COLUMNS} FROM document d {self._index()} WHERE {self.conditions}"  # noqa: S608
            " AND d.day <= ? AND (d.day, d.n) > (?, ?) ORDER BY d.day, d.n LIMIT ? OFFSET ?",
            (*self.values, self.last_month * 100 + 99, *key, length, skip),
        )

    def between(self, connection: sqlite3.Connection, place: Key, key: Key) -> int:
        """Returns the number of rows that are newer than `key`, up to the day of `place`."""
        (count,) = connection.execute(
            f"SELECT count(*) FROM document d {self._index()} WHERE {self.conditions}"  # noqa: S608
            " AND d.day <= ? AND (d.day, d.n) > (?, ?)",
            (*self.values, place[0], *key),
        ).fetchone()
        return int(count)

    def _index(self) -> str:
        # The planner has no statistics of the table and may choose an index that needs a sort of all rows.
        if self.client is None:
            return "INDEXED BY document_day"
        if self.statuses and PROCESSED_CODE not in self.statuses:
            return "INDEXED BY document_waiting"
        return "INDEXED BY document_newest" if self.folder is None else "INDEXED BY document_filed"


def simplified(query: DocumentQuery) -> DocumentQuery:
    """Returns the query with a filter on status alone as its statuses, which the counts answer without a scan."""
    terms = query.filter.terms
    if query.statuses or len(terms) != 1 or terms[0].field is not FilterField.STATUS or terms[0].negated:
        return query
    return msgspec.structs.replace(query, statuses=terms[0].statuses, filter=Filter(line=query.filter.line))


def _months_of(query: DocumentQuery) -> tuple[int, int]:
    if query.year is None:
        return 0, 999_999
    if query.month is None:
        return query.year * 100, query.year * 100 + 99
    return query.year * 100 + query.month, query.year * 100 + query.month
