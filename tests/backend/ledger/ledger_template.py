"""The database of a practice: its tables and one space, copied from one that was made once."""

import tempfile
import uuid
from functools import cache
from pathlib import Path

from sqlalchemy import insert

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Database, sqlite_engine
from tests.support.databases import create_database, quick_engine

SPACE = str(uuid.UUID(int=1))
EPOCH = str(uuid.UUID(int=0xE))


def ledger_database(file: Path) -> Database:
    if not file.exists():
        file.write_bytes(_empty_ledger())
    return Database(quick_engine(file))


@cache
def _empty_ledger() -> bytes:
    """The file of a database with its tables and one space."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "empty.sqlite"
        create_database(file)
        engine = sqlite_engine(str(file))
        with engine.begin() as connection:
            row = {"id": SPACE, "name": "Practice", "epoch": EPOCH, "cursor_secret": b"-"}
            connection.execute(insert(tables.space), row)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return file.read_bytes()
