"""Rows of a list of documents, by position, as fast in the middle of a million as at the top.

By date, positions are found from the counts of months and from places seen before, and rows are read from the nearest
of them, forwards or backwards. With a filter, or in another order, the rowids that match are read once and kept.
"""

import bisect
import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.folder import ALL_FOLDERS
from banqup_tui.domain.listing import DocumentRow, Sent
from banqup_tui.store.codes import (
    APPROVED,
    ATTEMPTED,
    FOLDER_CODE,
    PROCESSED,
    PROCESSED_CODE,
    STATUS_CODE,
    STATUSES,
    date_of,
)
from banqup_tui.store.overlay import Moment, Overlay, draw
from banqup_tui.store.query import DocumentQuery, Field, Filter, SortColumn, Term, folded, minor_units, tokens
from banqup_tui.store.sqlite import reading

Key = tuple[int, int]
"""Day and rowid: the order of time."""

_LAST = 2**63 - 1
_SOME = 500
_PLACES_KEPT = 512
_ROW = (
    "d.n, d.id, d.client, d.folder, d.day, d.status, d.flags, d.currency, d.net, d.vat, d.gross, d.ver, d.gen,"
    " d.number, d.counterparty, d.file_name"
)
_ORDERS = {
    SortColumn.DATE: "d.day {0}, d.n {0}",
    SortColumn.CREATED: "d.n {0}",
    SortColumn.NUMBER: "d.number IS NULL, d.number COLLATE NOCASE {0}, d.day DESC, d.n DESC",
    SortColumn.COUNTERPARTY: "d.counterparty IS NULL, folded(d.counterparty) {0}, d.day DESC, d.n DESC",
    SortColumn.GROSS: "d.gross IS NULL, d.gross {0}, d.day DESC, d.n DESC",
    SortColumn.STATUS: "CASE d.status WHEN 4 THEN 4 WHEN 2 THEN 3 WHEN 1 THEN 2 WHEN 0 THEN 1 ELSE 0 END {0},"
    " d.day DESC, d.n DESC",
}


class DocumentRows:
    """The rows of one query. Any thread may ask; `refresh` after the copy or the outbox has changed.

    `connection` gives the calling thread's own reader, `overlay` what waits in the outbox now.
    """

    def __init__(
        self, connection: Callable[[], sqlite3.Connection], overlay: Callable[[], Overlay], query: DocumentQuery
    ) -> None:
        self.query = _simplified(query)
        self._connection = connection
        self._overlay = overlay
        self._lock = threading.RLock()
        self._step = -1
        self._places: _Places = _Places([], 0)
        self._listed: array[int] | None = None

    @property
    def is_listed(self) -> bool:
        """Counting reads every match once: worth a thread where there may be many."""
        query = self.query
        by_time = query.sort is SortColumn.DATE and not query.filter.terms
        return not by_time or len(query.statuses) > 1 or (bool(query.statuses) and query.client_id is None)

    def refresh(self) -> bool:
        """Look whether the copy has changed since the last look. True if so; positions may then be others."""
        with self._lock, reading(self._connection()) as connection:
            return self._look(connection)

    def count(self) -> int:
        with self._lock, reading(self._connection()) as connection:
            if self._step < 0:
                self._look(connection)
            return len(self._listed) if self._listed is not None else self._places.total

    def window(self, start: int, length: int) -> list[DocumentRow]:
        """Rows `start` to `start + length`, fewer at the end."""
        overlay = self._overlay()
        with self._lock, reading(self._connection()) as connection:
            self._look(connection)
            return rows_of(connection, overlay, self._raw(connection, max(start, 0), length))

    def ids(self, start: int = 0, length: int | None = None) -> list[str]:
        """Identifiers in the order of the rows; all of them without `length`."""
        with self._lock, reading(self._connection()) as connection:
            self._look(connection)
            wanted = self.count() - start if length is None else length
            return [row[1] for row in self._raw(connection, max(start, 0), wanted)]

    def position_of(self, document_id: str) -> int | None:
        """Where the document stands, `None` if it does not match."""
        with self._lock, reading(self._connection()) as connection:
            self._look(connection)
            found = connection.execute(
                "SELECT n, day, client, folder, status FROM document WHERE id = ?", (document_id,)
            ).fetchone()
            if found is None:
                return None
            if self._listed is not None:
                return self._listed.index(found[0]) if found[0] in self._listed else None
            return self._position_by_date(connection, (found[1], found[0]), found[2:])

    def _look(self, connection: sqlite3.Connection) -> bool:
        step = connection.execute("SELECT step FROM meta").fetchone()[0]
        if step == self._step:
            return False
        self._step = step
        self._scope = _Scope(connection, self.query)
        if self.is_listed:
            self._listed = _matches(connection, self.query, self._scope)
        else:
            self._places = self._scope.places(connection)
        return True

    def _raw(self, connection: sqlite3.Connection, start: int, length: int) -> list[tuple[Any, ...]]:
        if self._listed is not None:
            return by_number(connection, self._listed[start : start + length])
        if self.query.descending:
            return self._by_date(connection, start, length)
        after = max(self._places.total - start, 0)
        first = max(after - length, 0)
        return self._by_date(connection, first, after - first)[::-1]

    def _by_date(self, connection: sqlite3.Connection, start: int, length: int) -> list[tuple[Any, ...]]:
        """Positions count from the newest here."""
        length = min(length, self._places.total - start)
        if length <= 0:
            return []
        position, key = self._places.nearest(start)
        if position <= start:
            rows = self._scope.older(connection, key, start - position, length)
        else:
            back = position - start
            rows = self._scope.newer(connection, key, max(back - length, 0), min(length, back))[::-1]
            if len(rows) < length:
                rows += self._scope.older(connection, key, 0, length - len(rows))
        if rows:
            self._places.remember(start, (rows[0][4], rows[0][0]))
        return rows

    def _position_by_date(self, connection: sqlite3.Connection, key: Key, where: Sequence[int]) -> int | None:
        if not self._scope.takes(key[0], *where):
            return None
        position, place = self._places.month_of(key[0])
        position += self._scope.between(connection, place, key)
        return position if self.query.descending else self._places.total - 1 - position


class _Places:
    """Positions whose key is known: a row at a position is the first that is not newer than its key."""

    def __init__(self, months: Iterable[tuple[int, int]], total: int, first_month: int = 0) -> None:
        self.total = total
        self._positions: list[int] = []
        self._keys: list[Key] = []
        self._months: dict[int, int] = {}
        position = 0
        for month, count in months:
            self._months[month] = position
            self._positions.append(position)
            self._keys.append((month * 100 + 99, _LAST))
            position += count
        self._positions.append(position)
        self._keys.append((first_month * 100, 0))
        self._kept = len(self._positions)

    def nearest(self, position: int) -> tuple[int, Key]:
        after = bisect.bisect_right(self._positions, position)
        candidates = [at for at in (after - 1, after) if 0 <= at < len(self._positions)]
        best = min(candidates, key=lambda at: abs(self._positions[at] - position))
        return self._positions[best], self._keys[best]

    def remember(self, position: int, key: Key) -> None:
        at = bisect.bisect_left(self._positions, position)
        if at < len(self._positions) and self._positions[at] == position:
            return
        if len(self._positions) < self._kept + _PLACES_KEPT:
            self._positions.insert(at, position)
            self._keys.insert(at, key)

    def month_of(self, day: int) -> tuple[int, Key]:
        month = day // 100
        return self._months.get(month, 0), (month * 100 + 99, _LAST)


class _Scope:
    """A query as conditions on the table: client, folder, days, one status."""

    def __init__(self, connection: sqlite3.Connection, query: DocumentQuery) -> None:
        self.client: int | None = None
        if query.client_id is not None:
            row = connection.execute("SELECT n FROM client WHERE id = ?", (query.client_id,)).fetchone()
            self.client = row[0] if row else -1
        self.folder = None if query.folder is None else FOLDER_CODE[query.folder]
        self.first_month, self.last_month = _months(query)
        self.statuses = [STATUS_CODE[status] for status in query.statuses]
        self.conditions, self.values = self._compiled()

    def _compiled(self) -> tuple[str, list[Any]]:
        conditions: list[str] = []
        values: list[Any] = []
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
            conditions.append(f"d.status <> {PROCESSED_CODE}")
        return " AND ".join(conditions) or "1", values

    def takes(self, day: int, client: int, folder: int, status: int) -> bool:
        return (
            (self.client is None or self.client == client)
            and (self.folder is None or self.folder == folder)
            and (not self.statuses or status in self.statuses)
            and self.first_month <= day // 100 <= self.last_month
        )

    def places(self, connection: sqlite3.Connection) -> _Places:
        conditions = self.conditions.replace("d.", "")
        months = connection.execute(
            f"SELECT month, sum(count) FROM tally WHERE {conditions} AND month BETWEEN ? AND ?"  # noqa: S608
            " GROUP BY month ORDER BY month DESC",
            (*self.values, self.first_month, self.last_month),
        ).fetchall()
        return _Places(months, sum(count for _, count in months), self.first_month)

    def older(self, connection: sqlite3.Connection, key: Key, skip: int, length: int) -> list[tuple[Any, ...]]:
        """From the key on, newest first."""
        return connection.execute(
            f"SELECT {_ROW} FROM document d {self._index()} WHERE {self.conditions}"  # noqa: S608
            " AND d.day >= ? AND (d.day, d.n) <= (?, ?) ORDER BY d.day DESC, d.n DESC LIMIT ? OFFSET ?",
            (*self.values, self.first_month * 100, *key, length, skip),
        ).fetchall()

    def newer(self, connection: sqlite3.Connection, key: Key, skip: int, length: int) -> list[tuple[Any, ...]]:
        """Before the key, oldest first."""
        return connection.execute(
            f"SELECT {_ROW} FROM document d {self._index()} WHERE {self.conditions}"  # noqa: S608
            " AND d.day <= ? AND (d.day, d.n) > (?, ?) ORDER BY d.day, d.n LIMIT ? OFFSET ?",
            (*self.values, self.last_month * 100 + 99, *key, length, skip),
        ).fetchall()

    def between(self, connection: sqlite3.Connection, place: Key, key: Key) -> int:
        row = connection.execute(
            f"SELECT count(*) FROM document d {self._index()} WHERE {self.conditions}"  # noqa: S608
            " AND d.day <= ? AND (d.day, d.n) > (?, ?)",
            (*self.values, place[0], *key),
        ).fetchone()
        return int(row[0])

    def _index(self) -> str:
        if self.client is None:
            return "INDEXED BY document_day"
        if self.statuses and PROCESSED_CODE not in self.statuses:
            return "INDEXED BY document_waiting"
        return "INDEXED BY document_newest" if self.folder is None else "INDEXED BY document_filed"


def _simplified(query: DocumentQuery) -> DocumentQuery:
    """A filter on status alone needs no reading of every row: it is the query's own statuses."""
    terms = query.filter.terms
    if query.statuses or len(terms) != 1 or terms[0].field is not Field.STATUS or terms[0].negated:
        return query
    return msgspec.structs.replace(query, statuses=terms[0].statuses, filter=Filter(line=query.filter.line))


def _months(query: DocumentQuery) -> tuple[int, int]:
    if query.year is None:
        return 0, 999_999
    if query.month is None:
        return query.year * 100, query.year * 100 + 99
    return query.year * 100 + query.month, query.year * 100 + query.month


def _matches(connection: sqlite3.Connection, query: DocumentQuery, scope: _Scope) -> "array[int]":
    connection.create_function("folded", 1, folded, deterministic=True)
    conditions, values = [scope.conditions], list(scope.values)
    if query.year is not None:
        conditions.append("d.day BETWEEN ? AND ?")
        values += [scope.first_month * 100, scope.last_month * 100 + 99]
    for term in query.filter.terms:
        condition, its_values = _compiled(term, scope.client)
        conditions.append(f"NOT coalesce(({condition}), 0)" if term.negated else condition)
        values += its_values
    order = _ORDERS[query.sort].format("DESC" if query.descending else "ASC")
    rows = connection.execute(
        f"SELECT d.n FROM document d WHERE {' AND '.join(f'({one})' for one in conditions)} ORDER BY {order}",  # noqa: S608
        values,
    )
    return array("q", [row[0] for row in rows])


def _compiled(term: Term, client: int | None) -> tuple[str, list[Any]]:
    column = {Field.GROSS: "d.gross", Field.NET: "d.net", Field.VAT: "d.vat", Field.DATE: "d.day"}.get(term.field)
    if column is not None:
        return _between(column, term)
    match term.field:
        case Field.STATUS:
            return f"d.status IN ({','.join(str(STATUS_CODE[status]) for status in term.statuses)})", []
        case Field.CURRENCY:
            return "d.currency = ?", [term.text.upper()]
        case Field.TEXT:
            return _found_by_words(term.text, client)
    column = {Field.FROM: "d.counterparty", Field.NUMBER: "d.number", Field.FILE: "d.file_name"}[term.field]
    words, values = _in_index(term.text, client)
    return f"{words} AND instr(folded({column}), ?) > 0", [*values, folded(term.text)]


def _between(column: str, term: Term) -> tuple[str, list[Any]]:
    conditions = [
        (f"{column} {sign} ?", edge) for sign, edge in ((">=", term.low), ("<=", term.high)) if edge is not None
    ]
    if not conditions:
        return f"{column} IS NOT NULL", []
    return " AND ".join(condition for condition, _ in conditions), [edge for _, edge in conditions]


def _found_by_words(text: str, client: int | None) -> tuple[str, list[Any]]:
    words, values = _in_index(text, client)
    amount = minor_units(text)
    if amount is None:
        return words, values
    return f"({words} OR abs(d.gross) = ?)", [*values, abs(amount)]


def _in_index(text: str, client: int | None) -> tuple[str, list[Any]]:
    """All words of the text, the last as the beginning of one."""
    words = tokens(text)
    if not words:
        return "1", []
    wanted = [f'"{word}"' for word in words]
    wanted[-1] += "*"
    if client is not None:
        wanted.insert(0, f'"client{client}x"')
    return "d.n IN (SELECT rowid FROM words WHERE words MATCH ?)", [" AND ".join(wanted)]


def by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    """Raw rows in the order of the numbers."""
    found: dict[int, tuple[Any, ...]] = {}
    for start in range(0, len(numbers), _SOME):
        some = numbers[start : start + _SOME]
        marks = ",".join("?" * len(some))
        rows = connection.execute(f"SELECT {_ROW} FROM document d WHERE d.n IN ({marks})", list(some))  # noqa: S608
        found.update({row[0]: row for row in rows})
    return [found[number] for number in numbers if number in found]


def by_id(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Raw rows in the order of the ids; what is not there is left out."""
    found: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        marks = ",".join("?" * len(some))
        rows = connection.execute(f"SELECT {_ROW} FROM document d WHERE d.id IN ({marks})", some)  # noqa: S608
        found.update({row[1]: row for row in rows})
    return [found[one] for one in ids if one in found]


def rows_of(connection: sqlite3.Connection, overlay: Overlay, raw: Sequence[tuple[Any, ...]]) -> list[DocumentRow]:
    """Raw rows as lists show them, with where they were sent and what waits drawn over them."""
    sent = _sent(connection, [row[1] for row in raw])
    clients = _clients(connection, {row[2] for row in raw})
    gen, seq = connection.execute("SELECT gen, seq FROM meta").fetchone()
    now = Moment(gen=gen, seq=seq)
    return [_row(row, clients[row[2]], sent.get(row[1], ()), overlay, now) for row in raw]


def _row(row: tuple[Any, ...], client_id: str, sent: tuple[Sent, ...], overlay: Overlay, now: Moment) -> DocumentRow:
    flags = row[6]
    drawn = draw(
        overlay.over(row[1], row[11], row[12], now),
        status=STATUSES[row[5]],
        approved=bool(flags & APPROVED),
        processed=bool(flags & PROCESSED),
        attempted=bool(flags & ATTEMPTED),
        is_open=any(one.is_open for one in sent),
        needs_a_look=any(one.needs_a_look for one in sent),
    )
    return DocumentRow(
        id=row[1], client_id=client_id, folder=ALL_FOLDERS[row[3]], date=date_of(row[4]), status=drawn.status,
        number=row[13], counterparty=row[14], currency=row[7], net_amount=row[8], vat_amount=row[9],
        gross_amount=row[10], approved=bool(flags & APPROVED), processed=drawn.processed, attempted=drawn.attempted,
        pending=drawn.pending, file_name=row[15], sent=sent,
    )  # fmt: skip


def _clients(connection: sqlite3.Connection, numbers: set[int]) -> dict[int, str]:
    marks = ",".join(map(str, numbers))
    return dict(connection.execute(f"SELECT n, id FROM client WHERE n IN ({marks})"))  # noqa: S608


def _sent(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[Sent, ...]]:
    found: dict[str, list[Sent]] = {}
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        marks = ",".join("?" * len(some))
        rows = connection.execute(
            "SELECT v.document_id, v.integration_id, coalesce(i.label, ''), v.state, v.look, v.open FROM delivery v"  # noqa: S608
            f" LEFT JOIN integration i ON i.id = v.integration_id WHERE v.document_id IN ({marks})",
            some,
        )
        for document_id, integration_id, label, state, look, is_open in rows:
            if state == "CANCELLED":
                continue
            one = Sent(
                integration_id=integration_id,
                label=label,
                state=DeliveryState(state),
                needs_a_look=bool(look),
                is_open=bool(is_open),
            )
            found.setdefault(document_id, []).append(one)
    return {key: tuple(sorted(value, key=lambda one: one.label)) for key, value in found.items()}
