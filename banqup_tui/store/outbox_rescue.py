"""Repairs an outbox: makes a missing one, saves readable commands of a damaged one, merges outboxes renamed earlier.

The caller has the outbox's lock alone. The new file is whole and synced before it replaces the old one, which is
renamed and stays. If the program is killed at any step, every command is in the file that is opened next or in a
renamed one, and the next start merges the missing commands from there. Each step has a kill point.
"""

import contextlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from banqup_tui.kill_points import kill_point
from banqup_tui.store import outbox_schema
from banqup_tui.store.faults import LocalFault, local_faults
from banqup_tui.store.outbox_check import (
    asides_of,
    asides_to_take_up,
    is_sound,
    is_up_to_date,
    is_whole,
    next_aside,
    stamp_of,
)
from banqup_tui.store.outbox_entry import COLUMNS, CommandState, OutboxQueue, RescueKind
from banqup_tui.store.sqlite import connect, writing
from banqup_tui.store.sqlite_pages import Pages, Values
from banqup_tui.whole_file import sync_directory

Row = dict[str, Any]

TAKEN_UP_WITHIN = timedelta(days=30)
"""Older commands of a renamed outbox are not sent: they are listed as expired, and the user decides."""

_NAMES = tuple(outbox_schema.COMMAND_COLUMNS)
_FEWEST = len(_NAMES) - 1
"""The fewest columns of a row: outboxes of older versions have no checksum."""
_OPEN = (CommandState.QUEUED, CommandState.SENDING)
_SETTLED = (CommandState.DONE, CommandState.CANCELLED)
_DAMAGED = {"type": "damaged", "title": "Damaged", "code": "outbox.change-damaged"}
_TOO_OLD = {"type": "key-expired", "title": "Too old", "code": "outbox.change-too-old"}


class Salvage(NamedTuple):
    """The commands that were read from a damaged outbox, by their place in the line.

    `damaged` of the rows are damaged and listed as refused; `missing` commands could not be read at all.
    """

    rows: list[Row]
    damaged: int
    missing: int

    @property
    def open_count(self) -> int:
        return sum(row["state"] in _OPEN for row in self.rows)


def put_in_order(path: Path, now: Callable[[], datetime]) -> None:
    """Makes, repairs or migrates the outbox, and merges renamed ones into it. The caller has the lock alone.

    Raises `LocalFault` if a file cannot be written; no command is lost then.
    """
    with local_faults(path):
        _finish_moving(path)
        if not path.exists():
            _put_in_place(_made(path), path)
        elif _is_newer(path):
            return
        elif not is_sound(path, every_row=True):
            _save(path, now())
        if not is_up_to_date(path):
            outbox_schema.bring_up(path)
        for name, stamp in asides_to_take_up(path).items():
            # A file that cannot be read or merged now is merged by a later start: the outbox itself can be used.
            with contextlib.suppress(LocalFault, OSError):
                _take_up(path, path.with_name(name), stamp, now())


def _is_newer(path: Path) -> bool:
    """Returns True if a newer version has written the outbox: repairing it would lose columns that are unknown here."""
    try:
        with contextlib.closing(connect(path, create=False)) as connection:
            return bool(connection.execute("SELECT schema > ? FROM meta", (outbox_schema.SCHEMA,)).fetchone()[0])
    except (LocalFault, sqlite3.DatabaseError, TypeError):
        return False


def salvage(path: Path, now: datetime) -> Salvage:
    """Reads every readable command of an outbox in any state, page by page."""
    pages = Pages(path)
    read: dict[int, Row] = {}
    for n, values in pages.table_rows():
        if _FEWEST <= len(values) <= len(_NAMES) + 20 and _may_be_command(values):
            row = dict(zip(_NAMES, (n, *values[1:], None), strict=False))
            if n not in read or not _is_whole(read[n]):
                read[n] = row
    rows, damaged = [], 0
    for _n, row in sorted(read.items()):
        if _is_whole(row):
            rows.append(row)
        elif row["state"] not in _SETTLED:
            damaged += 1
            rows.append(_refused(row, now))
    return Salvage(rows, damaged, len(_missing(pages, read)))


def _missing(pages: Pages, read: Mapping[int, Row]) -> set[int]:
    """Returns the numbers of open commands that cannot be read, found in the indexes, which are on other pages."""
    waiting: set[int] = set()
    known: set[int] = set()
    for values in pages.index_rows():
        if len(values) == 3 and values[0] in tuple(OutboxQueue) and isinstance(values[1], int):
            waiting.add(values[1])
        elif len(values) == 2 and isinstance(values[0], str) and len(values[0]) == 36 and isinstance(values[1], int):
            known.add(values[1])
    # The index of open commands is whole if it has every open command that was read; else all known numbers count,
    # because a settled command that is reported as lost harms less than a lost one that is not reported.
    if {n for n, row in read.items() if row["state"] in _OPEN} <= waiting:
        return waiting - set(read)
    return (waiting | known) - set(read)


def _save(path: Path, now: datetime) -> None:
    """Replaces a damaged outbox by a new one with its readable commands, and renames the old file."""
    found = salvage(path, now)
    aside = next_aside(path)
    making = _made(path)
    with contextlib.closing(connect(making)) as connection:
        with writing(connection):
            outbox_schema.insert(connection, found.rows)
            _note(connection, RescueKind.SAVED, found.open_count, found.damaged + found.missing, aside, now)
            # Renaming does not change the stamp, so the next start sees that the commands of the old file are here.
            connection.execute("INSERT INTO aside (name, stamp) VALUES (?, ?)", (aside.name, stamp_of(path)))
        _write_down(connection)
    # Killed here, the damaged outbox is still in its place, and the next start repeats the rescue.
    kill_point("rescue.written")
    path.rename(aside)
    # Killed here, the log has the old name; `_finish_moving` renames it at the next start.
    kill_point("rescue.moved")
    _move_log(path, aside)
    sync_directory(path.parent)
    # Killed here, there is no outbox; the next start makes an empty one and merges the renamed file into it.
    kill_point("rescue.log_moved")
    _put_in_place(making, path)


def _take_up(path: Path, aside: Path, stamp: str, now: datetime) -> None:
    """Adds the commands of a renamed outbox whose keys are not in the outbox, in one transaction with its stamp."""
    found = salvage(aside, now)
    wanted = [_taken(row, now) for row in found.rows if row["state"] not in _SETTLED and not row["dismissed"]]
    with contextlib.closing(connect(path)) as connection:
        with writing(connection):
            added = outbox_schema.insert(connection, wanted)
            if added or found.missing:
                _note(connection, RescueKind.FOUND, added, found.missing, aside, now)
            statement = "INSERT INTO aside (name, stamp) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET stamp = ?"
            connection.execute(statement, (aside.name, stamp, stamp))
            connection.execute("UPDATE meta SET version = version + 1")
        _write_down(connection)
    # Killed here, the merged commands and the stamp are committed together: nothing is merged twice.
    kill_point("rescue.taken_up")


def _note(connection: sqlite3.Connection, kind: RescueKind, saved: int, lost: int, aside: Path, now: datetime) -> None:
    connection.execute(
        "INSERT INTO rescue (at, kind, saved, lost, aside) VALUES (?, ?, ?, ?, ?)",
        (now.isoformat(timespec="microseconds"), kind, saved, lost, str(aside)),
    )


def _made(path: Path) -> Path:
    """Makes an empty outbox under another name. The name is fixed: only the owner of the lock makes such a file."""
    making = path.with_name(f"{path.name}.making")
    for file in path.parent.glob(f"{making.name}*"):
        file.unlink()
    outbox_schema.make(making)
    return making


def _write_down(connection: sqlite3.Connection) -> None:
    """Writes the log into the file and syncs it. Closing does that too, but reports no error if it fails."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _put_in_place(making: Path, path: Path) -> None:
    making.rename(path)
    # Killed here, or after a power cut before the sync, the next start finds the new file or merges the renamed one.
    kill_point("rescue.swapped")
    sync_directory(path.parent)


def _move_log(path: Path, aside: Path) -> None:
    """Renames the log with its file. SQLite would apply a log that is left behind to the new file of that name."""
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))


def _finish_moving(path: Path) -> None:
    """Renames a log whose outbox was renamed before the program was killed."""
    if not path.exists() and any(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-shm")):
        without = (file for file in asides_of(path) if not file.with_name(f"{file.name}-wal").exists())
        _move_log(path, next(reversed([*without]), next_aside(path)))
        sync_directory(path.parent)


def _may_be_command(values: Values) -> bool:
    return values[0] is None and all(isinstance(values[at], str) for at in (1, 2, 3)) and isinstance(values[4], bytes)


def _is_whole(row: Row) -> bool:
    return is_whole(tuple(row[name] for name in COLUMNS))


def _refused(row: Row, now: datetime) -> Row:
    """Returns a damaged command as a refused one, with its kind and label, so that the user sees which it was."""
    stamp = now.isoformat(timespec="microseconds")
    label = row["label"] if isinstance(row["label"], str) else ""
    return {
        "n": row["n"], "key": str(uuid.uuid4()), "line": OutboxQueue.COMMANDS, "kind": row["kind"], "body": b"{}",
        "documents": "[]", "label": label, "seen": "", "state": CommandState.REFUSED, "at": stamp,
        "answered_at": stamp, "problem": json.dumps(_DAMAGED).encode(),
    }  # fmt: skip


def _taken(row: Row, now: datetime) -> Row:
    """Returns a command without its number, so that it goes to the end of its line; a too old one as expired."""
    taken = {name: value for name, value in row.items() if name != "n"}
    if row["state"] in _OPEN and datetime.fromisoformat(row["at"]) < now - TAKEN_UP_WITHIN:
        problem = json.dumps(_TOO_OLD).encode()
        taken |= {"state": CommandState.EXPIRED, "answered_at": now.isoformat(timespec="microseconds")}
        taken |= {"problem": problem, "body": b"{}", "effect": None}
    return taken
