"""Databases of the service: empty ones, copied from a file that was made once, and quick engines."""

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import sqlite_engine


def create_database(file: Path) -> None:
    """A database with its tables, and no row. To create them in SQLite takes 30 ms of CPU."""
    file.write_bytes(_empty())


_statements: dict[object, object] = {}


def quick_engine(file: Path) -> Engine:
    """An engine like that of the service, but for two things.

    No test cuts the power, so nothing is synchronised to the disk. And what was compiled to SQL for one database is
    not compiled again for the next: a statement is compiled for a dialect, so the engines have the same.
    """
    engine = sqlite_engine(str(file))
    engine.dialect = _dialect()

    @event.listens_for(engine, "connect")
    def _relax(connection: DBAPIConnection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return engine.execution_options(compiled_cache=_statements)


@cache
def _dialect() -> Dialect:
    """It knows the version of SQLite once it has been connected."""
    with tempfile.TemporaryDirectory() as directory:
        engine = sqlite_engine(str(Path(directory) / "empty.sqlite"))
        engine.connect().close()
        engine.dispose()
    return engine.dialect


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "empty.sqlite"
        engine = sqlite_engine(str(file))
        tables.metadata.create_all(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return file.read_bytes()
