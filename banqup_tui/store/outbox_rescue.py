"""Of a corrupt outbox, what can still be read is saved into a new one."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from banqup_tui.store import outbox_schema
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.sqlite import connect, set_aside


def save(path: Path) -> Path:
    """Returns where the old file is kept."""
    rows = _readable_rows(path)
    kept = set_aside(path)
    outbox_schema.make(path, rows)
    return kept


def _readable_rows(path: Path) -> list[dict[str, Any]]:
    """Forwards until the damage, then backwards until it."""
    rows: dict[int, dict[str, Any]] = {}
    for direction in ("ASC", "DESC"):
        try:
            with contextlib.closing(connect(path)) as connection:
                connection.row_factory = sqlite3.Row
                cursor = connection.execute(f"SELECT * FROM command ORDER BY n {direction}")  # noqa: S608
                for row in iter(cursor.fetchone, None):  # one at a time: those before the damage count
                    if row["n"] in rows:
                        break
                    rows[row["n"]] = dict(row)
        except LocalFault as fault:
            if not fault.is_damage:
                raise
        except sqlite3.OperationalError:  # a sound file without that table
            continue
    known = set(outbox_schema.COMMAND_COLUMNS)
    return [{name: value for name, value in rows[n].items() if name in known} for n in sorted(rows)]
