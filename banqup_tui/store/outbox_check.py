"""Checks an outbox: SQLite's full check, and the checksum of every open command."""

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from banqup_tui.store import outbox_schema
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.outbox_entry import SELECT, entry_of
from banqup_tui.store.sqlite import connect


def is_in_order(path: Path) -> bool:
    """Returns True if the outbox can be used as it is: whole, of this schema, with no older files to merge into it.

    Raises `LocalFault` if the file cannot be read now.
    """
    return path.exists() and is_sound(path) and is_up_to_date(path) and not asides_to_take_up(path)


def is_sound(path: Path, *, every_row: bool = False) -> bool:
    """Returns False if the file is damaged.

    SQLite's full check covers the indexes too: a command that is missing in the index of open commands would never be
    sent. Rows are checked if they are sent or shown, or all with `every_row`.

    Raises:
        LocalFault: The file cannot be used now, which says nothing about its content.
    """
    try:
        with contextlib.closing(connect(path, create=False)) as connection:
            connection.execute("SELECT schema, version FROM meta").fetchone()[0]
            connection.execute("SELECT count(*) FROM lease").fetchone()
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return False
            if not outbox_schema.is_up_to_date(connection):
                return True
            chosen = "1" if every_row else "state NOT IN ('DONE', 'CANCELLED') OR effect IS NOT NULL"
            rows = connection.execute(f"{SELECT} NOT INDEXED WHERE {chosen}")
            return all(is_whole(row) for row in rows)
    except LocalFault as fault:
        if fault.is_damage:
            return False
        raise
    except (sqlite3.DatabaseError, TypeError):  # a database without our tables, columns or rows
        return False


def is_whole(row: Sequence[object]) -> bool:
    """Returns True if a row of `SELECT` can be decoded and matches its checksum; older versions wrote no checksums."""
    try:
        entry = entry_of(row)
        if entry.is_open and row[-1] is None:
            json.loads(entry.body)
    except (ValueError, TypeError):
        return False
    return True


def is_up_to_date(path: Path) -> bool:
    with contextlib.closing(connect(path, create=False)) as connection:
        return outbox_schema.is_up_to_date(connection)


def asides_to_take_up(path: Path) -> dict[str, str]:
    """Returns name and stamp of the renamed outboxes beside `path` that are not yet merged into it in that state."""
    asides = {file.name: stamp_of(file) for file in asides_of(path)}
    if not asides:
        return {}
    with contextlib.closing(connect(path, create=False)) as connection:
        taken = dict(connection.execute("SELECT name, stamp FROM aside").fetchall())
    return {name: stamp for name, stamp in asides.items() if taken.get(name) != stamp}


def asides_of(path: Path) -> list[Path]:
    found = (file for file in path.parent.glob(f"{path.name}.aside-*") if _number(file) is not None)
    return sorted(found, key=lambda file: _number(file) or 0)


def next_aside(path: Path) -> Path:
    """Returns the first free name for a renamed outbox. A name with only a log beside it is not free either."""
    number = 1
    while any(path.parent.glob(f"{path.name}.aside-{number}*")):
        number += 1
    return path.with_name(f"{path.name}.aside-{number}")


def stamp_of(file: Path) -> str:
    """Returns a text that changes with the file and its log.

    A running program of an older version may still write commands to a renamed outbox, which must be merged again.
    """
    stamps = []
    for part in (file, file.with_name(f"{file.name}-wal")):
        with contextlib.suppress(FileNotFoundError):
            status = part.stat()
            stamps.append(f"{status.st_ino}.{status.st_size}.{status.st_mtime_ns}")
    return " ".join(stamps)


def _number(file: Path) -> int | None:
    number = file.name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdecimal() else None
