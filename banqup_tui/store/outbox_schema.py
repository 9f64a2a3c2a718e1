"""Tables of the outbox. The schema only ever grows: new columns have a default, nothing is taken away."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banqup_tui.store.sqlite import connect, writing

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA = 1

COMMAND_COLUMNS: dict[str, type] = {
    "n": int, "key": str, "line": str, "kind": str, "body": bytes, "document_id": str, "documents": str, "effect": str,
    "file": str, "label": str, "seen": str, "state": str, "tries": int, "failures": int, "withdraw": int, "seq": int,
    "result": bytes, "problem": bytes, "at": str, "answered_at": str, "dismissed": int,
}  # fmt: skip
"""`line`: COMMANDS or IMPORTS. `effect`: what is drawn over `documents` (JSON list of ids); `document_id` if it is one.

`file`: SHA-256 of the bytes in the spool. `withdraw`: the user takes it back, or it failed too often. `problem` and
`result` are the server's JSON.
"""


def make(path: Path, rows: Sequence[dict[str, Any]] = ()) -> None:
    """A new outbox, with `rows` of commands in it; made under another name and linked into place whole."""
    making = path.with_name(f"{path.name}.making-{os.getpid()}")
    making.unlink(missing_ok=True)
    _make_tables(making)
    if rows:
        _fill(making, rows)
    with contextlib.suppress(FileExistsError):
        os.link(making, path)
    making.unlink()


def _make_tables(path: Path) -> None:
    from sqlite_utils import Database, Migrations

    steps = Migrations("outbox")
    steps(name="0001")(_first)
    database = Database(path)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        steps.apply(database)
    finally:
        database.close()


def _fill(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with contextlib.closing(connect(path)) as connection, writing(connection):
        for row in rows:
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT OR IGNORE INTO command ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608


def _first(database: Database) -> None:
    numbers = {name for name, kind in COMMAND_COLUMNS.items() if kind is int and name != "n"}
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
