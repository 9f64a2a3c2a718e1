"""Reads rows of a list of documents by position, as fast in the middle of a million rows as at the top.

In the order of dates, a position is found from the counts of months and from positions read before; rows are read from
the nearest of them, in either direction. With a filter or in another order, all matching rowids are read once and
stored.
"""

import bisect
import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterable

from banqup_tui.domain.listing import DocumentRow
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.matching import matches
from banqup_tui.store.overlay import Overlay
from banqup_tui.store.query import DocumentQuery, SortColumn
from banqup_tui.store.repair import retry_all_after_repair
from banqup_tui.store.rows import StoredRow, by_id, by_number, rows_of
from banqup_tui.store.scope import Key, Scope, simplified
from banqup_tui.store.sqlite import reading

_LAST = 2**63 - 1
_MOST_POSITIONS = 512


@retry_all_after_repair
class DocumentRows:
    """The rows of one query. Any thread may call; call `refresh` after the copy or the outbox has changed.

    `overlay` returns the effects of pending commands; it is called before the copy is read.
    """

    def __init__(self, copy: LocalCopy, overlay: Callable[[], Overlay], query: DocumentQuery) -> None:
        self.query = query
        self._simply = simplified(query)
        self._copy = copy
        self._overlay = overlay
        self._lock = threading.RLock()
        self._step = -1
        self._places = _Places([])
        self._listed: array[int] | None = None

    @property
    def is_listed(self) -> bool:
        """True if the rowids of all matches are read at the first call, which should then run in a thread."""
        query = self._simply
        by_time = query.sort is SortColumn.DATE and not query.filter.terms
        return not by_time or len(query.statuses) > 1 or (bool(query.statuses) and query.client_id is None)

    def refresh(self) -> bool:
        """Returns True if the copy has changed since the last call; positions of rows may have changed then."""
        with self._lock, reading(self._copy.reader()) as connection:
            return self._look(connection)

    def count(self) -> int:
        with self._lock, reading(self._copy.reader()) as connection:
            if self._step < 0:
                self._look(connection)
            return len(self._listed) if self._listed is not None else self._places.total

    def window(self, start: int, length: int) -> list[DocumentRow]:
        """Returns the rows from position `start`, at most `length`."""
        overlay = self._overlay()
        with self._lock, reading(self._copy.reader()) as connection:
            self._look(connection)
            return rows_of(connection, overlay, self._raw(connection, max(start, 0), length))

    def ids(self, start: int = 0, length: int | None = None) -> list[str]:
        """Returns the ids of the rows from position `start`; all of them without `length`."""
        with self._lock, reading(self._copy.reader()) as connection:
            self._look(connection)
            wanted = self.count() - start if length is None else length
            return [row.id for row in self._raw(connection, max(start, 0), wanted)]

    def position_of(self, document_id: str) -> int | None:
        """Returns the position of a document, `None` if it does not match the query."""
        with self._lock, reading(self._copy.reader()) as connection:
            self._look(connection)
            found = next(iter(by_id(connection, [document_id])), None)
            if found is None:
                return None
            if self._listed is not None:
                return self._listed.index(found.n) if found.n in self._listed else None
            return self._position_by_date(connection, found)

    def _look(self, connection: sqlite3.Connection) -> bool:
        step = connection.execute("SELECT step FROM meta").fetchone()[0]
        if step == self._step:
            return False
        self._step = step
        self._scope = Scope(connection, self._simply)
        if self.is_listed:
            self._listed = matches(connection, self._simply, self._scope)
        else:
            self._places = _Places(self._scope.months(connection), self._scope.first_month)
        return True

    def _raw(self, connection: sqlite3.Connection, start: int, length: int) -> list[StoredRow]:
        if self._listed is not None:
            return by_number(connection, self._listed[start : start + length])
        if self._simply.descending:
            return self._by_date(connection, start, length)
        after = max(self._places.total - start, 0)
        first = max(after - length, 0)
        return self._by_date(connection, first, after - first)[::-1]

    def _by_date(self, connection: sqlite3.Connection, start: int, length: int) -> list[StoredRow]:
        """Returns rows by a position that counts from the newest."""
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
            self._places.remember(start, (rows[0].day, rows[0].n))
        return rows

    def _position_by_date(self, connection: sqlite3.Connection, row: StoredRow) -> int | None:
        if not self._scope.takes(row.day, row.client, row.folder, row.status, row.flags):
            return None
        position, place = self._places.month_of(row.day)
        position += self._scope.between(connection, place, (row.day, row.n))
        return position if self._simply.descending else self._places.total - 1 - position


class _Places:
    """Known pairs of position and key: the row at the position is the first that is not newer than the key."""

    def __init__(self, months: Iterable[tuple[int, int]], first_month: int = 0) -> None:
        self._positions: list[int] = []
        self._keys: list[Key] = []
        self._months: dict[int, int] = {}
        position = 0
        for month, count in months:
            self._months[month] = position
            self._positions.append(position)
            self._keys.append((month * 100 + 99, _LAST))
            position += count
        self.total = position
        self._positions.append(position)
        self._keys.append((first_month * 100, 0))
        self._position_count = len(self._positions)

    def nearest(self, position: int) -> tuple[int, Key]:
        after = bisect.bisect_right(self._positions, position)
        candidates = [at for at in (after - 1, after) if 0 <= at < len(self._positions)]
        best = min(candidates, key=lambda at: abs(self._positions[at] - position))
        return self._positions[best], self._keys[best]

    def remember(self, position: int, key: Key) -> None:
        at = bisect.bisect_left(self._positions, position)
        if at < len(self._positions) and self._positions[at] == position:
            return
        if len(self._positions) < self._position_count + _MOST_POSITIONS:
            self._positions.insert(at, position)
            self._keys.insert(at, key)

    def month_of(self, day: int) -> tuple[int, Key]:
        month = day // 100
        return self._months.get(month, 0), (month * 100 + 99, _LAST)
