"""Counts documents by client, folder, month and status, with the effects of pending commands."""

import sqlite3
from collections.abc import Iterable

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.listing import COUNT_NAMES, Counts, FolderNode, MonthNode, YearNode
from banqup_tui.store.codes import STATUS_CODE, STATUSES, WITHDRAWN
from banqup_tui.store.copy import state_of
from banqup_tui.store.overlay import Overlay
from banqup_tui.store.rows import by_id, rows_of

Tally = dict[tuple[int, int, int, int], int]
"""Counts by client, folder, month (yyyymm) and status, each as its code in the copy."""

_DRAWN = 2_000
"""If pending commands name more documents than this, counts leave their effects out: drawing them would be too slow."""


class Tallies:
    """Counts documents; the effects of pending commands are computed once for each state of copy and outbox."""

    def __init__(self) -> None:
        self._last_shift: tuple[tuple[int, int], Tally] | None = None

    def by_client(self, connection: sqlite3.Connection, overlay: Overlay) -> dict[int, Counts]:
        sums: dict[int, dict[int, int]] = {}
        rows = connection.execute("SELECT client, status, count FROM client_tally")
        for client, status, count in rows:
            sums.setdefault(client, {})[status] = count
        for key, by in self._shift(connection, overlay).items():
            of_client = sums.setdefault(key[0], {})
            of_client[key[3]] = of_client.get(key[3], 0) + by
        return {client: _counts(of_client.items()) for client, of_client in sums.items()}

    def of(self, connection: sqlite3.Connection, client: int | None, overlay: Overlay) -> Tally:
        """Returns the counts of one client, or of all."""
        rows = connection.execute(
            f"SELECT client, folder, month, status, count FROM tally {'' if client is None else 'WHERE client = ?'}",  # noqa: S608
            () if client is None else (client,),
        )
        tally: Tally = {(of_client, folder, month, status): count for of_client, folder, month, status, count in rows}
        for key, by in self._shift(connection, overlay).items():
            if client is None or key[0] == client:
                tally[key] = tally.get(key, 0) + by
        return tally

    def _shift(self, connection: sqlite3.Connection, overlay: Overlay) -> Tally:
        """Returns the differences that pending commands make, cached until the copy or the outbox changes."""
        if not overlay.marks or len(overlay.marks) > _DRAWN:
            return {}
        version = (state_of(connection).step, overlay.version)
        if self._last_shift is None or self._last_shift[0] != version:
            self._last_shift = (version, _shifted(connection, overlay))
        return self._last_shift[1]


def counts_in(tally: Tally, folder: Folder | None, year: int | None, month: int | None) -> Counts:
    return _counts(
        (key[3], count)
        for key, count in tally.items()
        if (folder is None or ALL_FOLDERS[key[1]] is folder)
        and (year is None or key[2] // 100 == year)
        and (month is None or key[2] % 100 == month)
    )


def folder_nodes(tally: Tally) -> list[FolderNode]:
    """Returns the five folders, with their years and months, the newest first."""
    return [_folder_node(folder, tally) for folder in range(len(ALL_FOLDERS))]


def _folder_node(folder: int, tally: Tally) -> FolderNode:
    months: dict[int, dict[int, list[tuple[int, int]]]] = {}
    for (_, of_folder, month, status), count in tally.items():
        if of_folder == folder and count:
            months.setdefault(month // 100, {}).setdefault(month % 100, []).append((status, count))
    years = tuple(_year_node(year, months[year]) for year in sorted(months, reverse=True))
    every = [pair for year in months.values() for pairs in year.values() for pair in pairs]
    return FolderNode(folder=ALL_FOLDERS[folder], counts=_counts(every), years=years)


def _year_node(year: int, months: dict[int, list[tuple[int, int]]]) -> YearNode:
    return YearNode(
        year=year,
        counts=_counts(pair for pairs in months.values() for pair in pairs),
        months=tuple(MonthNode(month=month, counts=_counts(months[month])) for month in sorted(months, reverse=True)),
    )


def _counts(pairs: Iterable[tuple[int, int]]) -> Counts:
    sums = dict.fromkeys(COUNT_NAMES.values(), 0)
    for status, count in pairs:
        sums[COUNT_NAMES[STATUSES[status]]] += count
    return Counts(**sums)


def _shifted(connection: sqlite3.Connection, overlay: Overlay) -> Tally:
    shift: Tally = {}
    stored = by_id(connection, list(overlay.marks))
    for before, row in zip(stored, rows_of(connection, overlay, stored), strict=True):
        where = (before.client, before.folder, before.day // 100)
        if not before.flags & WITHDRAWN:
            shift[(*where, before.status)] = shift.get((*where, before.status), 0) - 1
        if not row.withdrawn:
            status = STATUS_CODE[row.status]
            shift[(*where, status)] = shift.get((*where, status), 0) + 1
    return shift
