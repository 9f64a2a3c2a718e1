"""Backups of the local backend, and what has to be made of one that is put back (docs/guarantees.md).

What was done after a backup is not in it: so a restored space begins a new epoch. Copies begin anew, everything open
in the ledger is UNKNOWN, and integrations stay paused until an administrator has looked. Numbers are never given twice.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger.restore import begin_new_epoch
from banqup_tui.backend.paths import DATABASE_FILE, FILES, HOST_KEY_FILE, KEY_FILE
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point


class NoBackup(BanqupError):
    def __init__(self, where: Path) -> None:
        super().__init__(message("service.no-backup", path=where))


class InTheWay(BanqupError):
    def __init__(self, where: Path) -> None:
        super().__init__(message("service.in-the-way", path=where))


def back_up(home: Path, target: Path) -> None:
    """While a backend runs or not. The database first: every file that it knows is there by then."""
    if not (home / DATABASE_FILE).is_file():
        raise NoBackup(home)
    if target.exists():
        raise InTheWay(target)
    half = target.with_name(f".{target.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True, mode=0o700)
    with (
        closing(sqlite3.connect(home / DATABASE_FILE)) as source,
        closing(sqlite3.connect(half / DATABASE_FILE)) as copy,
    ):
        source.backup(copy)
    kill_point("backup.copy")
    _copy_beside(home, half)
    half.rename(target)


def _copy_beside(home: Path, target: Path) -> None:
    """Without uploads that are under way."""
    for name in (KEY_FILE, HOST_KEY_FILE):
        if (home / name).is_file():
            shutil.copy2(home / name, target / name)
    shutil.copytree(home / FILES, target / FILES, ignore=shutil.ignore_patterns(".*.part"), dirs_exist_ok=True)


def put_back(backup: Path, home: Path) -> Path | None:
    """Only while no backend runs. Returns where what was there before stands now.

    The new epoch is begun before the backup takes the place of what was there: so it is never served without.
    """
    from banqup_tui.backend.runtime.startup import open_services

    if not (backup / DATABASE_FILE).is_file():
        raise NoBackup(backup)
    known_seq = _highest_number(home)
    half = home.with_name(f".{home.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(backup, half)
    services = open_services(half)
    begin_new_epoch(services, known_seq if known_seq > _highest_number(half) else 0)
    services.database.engine.dispose()
    aside = _set_aside(home)
    half.rename(home)
    return aside


def start_empty(home: Path) -> Path | None:
    """A new space without documents. Returns where what was there before stands now. Only while no backend runs."""
    from banqup_tui.backend.runtime.startup import open_services

    half = home.with_name(f".{home.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    open_services(half).database.engine.dispose()
    aside = _set_aside(home)
    half.rename(home)
    return aside


def _set_aside(home: Path) -> Path | None:
    if not home.exists():
        return None
    aside = home.with_name(f"{home.name}-before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    home.rename(aside)
    return aside


def _highest_number(home: Path) -> int:
    """0 where there is no database, or none that can be read."""
    if not (home / DATABASE_FILE).is_file():
        return 0
    statement = select(func.coalesce(func.max(tables.space.c.seq), 0))
    try:
        with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
            return int(connection.execute(str(statement.compile(compile_kwargs={"literal_binds": True}))).fetchone()[0])
    except sqlite3.DatabaseError:
        return 0
