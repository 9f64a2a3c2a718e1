"""Tables of the outbox.

The schema only grows: new columns have a default and no column is removed, so that programs of older versions can go
on writing, and no migration puts a command at risk.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from banqup_tui.store.faults import local_faults
from banqup_tui.store.sqlite import connect, writing
from banqup_tui.whole_file import sync_directory

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA = 1

COMMAND_COLUMNS: dict[str, type] = {
    "n": int, "key": str, "line": str, "kind": str, "body": bytes, "document_id": str, "documents": str, "effect": str,
    "file": str, "label": str, "seen": str, "state": str, "tries": int, "failures": int, "withdraw": int, "seq": int,
    "result": bytes, "problem": bytes, "at": str, "answered_at": str, "dismissed": int,
    "checksum": int,
}  # fmt: skip
"""The columns of a command.

`line` is COMMANDS or IMPORTS. `effect` is drawn over `documents` (a JSON list of ids); `document_id` is the only one of
them, or NULL. `file` is the SHA-256 of the bytes in the spool. `withdraw` is 1 if the user takes the command back or
the server failed at it too often. `result` and `problem` are the server's JSON. `checksum` is
outbox_entry.checksum_of; commands of older versions have none.
"""
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS rescue (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, saved INTEGER NOT NULL, lost INTEGER NOT NULL,
        aside TEXT NOT NULL, printed INTEGER NOT NULL DEFAULT 0, dismissed INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE TABLE IF NOT EXISTS aside (name TEXT PRIMARY KEY, stamp TEXT NOT NULL)",
)
"""`rescue` has the reports on damaged outboxes, `aside` the renamed outboxes that are merged, with their stamps."""


def make(path: Path) -> None:
    """Writes an empty outbox to `path`; it is whole and synced when this returns."""
    path.unlink(missing_ok=True)
    _make_tables(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sync_directory(path.parent)


def is_up_to_date(connection: sqlite3.Connection) -> bool:
    """Returns False if an older version of the program made the file: `bring_up` adds the missing columns."""
    columns = _columns(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return "checksum" in columns and tables >= {"rescue", "aside"}


def bring_up(path: Path) -> None:
    with contextlib.closing(connect(path)) as connection, writing(connection):
        if "checksum" not in _columns(connection):
            connection.execute("ALTER TABLE command ADD COLUMN checksum INTEGER")
        for statement in _TABLES:
            connection.execute(statement)


def insert(connection: sqlite3.Connection, rows: Sequence[dict[str, object]]) -> int:
    """Inserts commands whose keys are not there yet. Returns the number of inserted commands."""
    added = 0
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        statement = f"INSERT INTO command ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
        added += connection.execute(statement, list(row.values())).rowcount
    return added


def _make_tables(path: Path) -> None:
    from sqlite_utils import Database, Migrations

    steps = Migrations("outbox")
    steps(name="0001")(_first)
    with local_faults(path):
        database = Database(path)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            steps.apply(database)
            for statement in _TABLES:
                database.execute(statement)
            # Readers compare versions to see changes: a new file begins above any version of the file it replaces.
            database.execute("UPDATE meta SET version = ?", [time.time_ns() // 1_000_000])
            database.conn.commit()
        finally:
            database.close()


def _first(database: Database) -> None:
    numbers = {name for name, kind in COMMAND_COLUMNS.items() if kind is int and name not in ("n", "checksum")}
    database.table("command").create(
        COMMAND_COLUMNS,
        pk="n",
        not_null={"key", "line", "kind", "body", "state", "at", *numbers},
        defaults=dict.fromkeys(numbers, 0) | {"line": "COMMANDS", "state": "QUEUED"},
    )
    database.table("command").create_index(["key"], unique=True)
    database.execute(
        "CREATE INDEX command_open ON command (line, n) WHERE state IN ('QUEUED', 'SENDING')",
    )
    database.execute("CREATE INDEX command_drawn ON command (n) WHERE effect IS NOT NULL")
    database.table("lease").create({"id": int, "holder": str, "fence": int, "until": float}, pk="id")
    database.table("lease").insert({"id": 1, "holder": "", "fence": 0, "until": 0.0})
    database.table("meta").insert({"id": 1, "schema": SCHEMA, "version": 0, "last": 0}, pk="id")


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('command')")}
