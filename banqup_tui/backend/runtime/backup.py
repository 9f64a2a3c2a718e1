"""Backup and restore of the local backend (docs/guarantees.md).

Work after a backup is not in it, so a restored space begins a new epoch: copies start anew, open deliveries become
UNKNOWN, and integrations stay paused until an administrator has looked. Change numbers are never used twice.
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
    """The folder has no database."""

    def __init__(self, where: Path) -> None:
        super().__init__(message("service.no-backup", path=where))


class InTheWay(BanqupError):
    """The target of a backup exists already."""

    def __init__(self, where: Path) -> None:
        super().__init__(message("service.in-the-way", path=where))


def back_up(home: Path, target: Path) -> None:
    """Writes a backup, also while a backend runs.

    The database is copied before the files: files are only added, so every file that the copy knows is there.

    Raises:
        NoBackup: there is no database to copy.
        InTheWay: `target` exists.
    """
    if not (home / DATABASE_FILE).is_file():
        raise NoBackup(home)
    if target.exists():
        raise InTheWay(target)
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    with (
        closing(sqlite3.connect(home / DATABASE_FILE)) as source,
        closing(sqlite3.connect(partial / DATABASE_FILE)) as copy,
    ):
        source.backup(copy)
    # Kill point: the backup is incomplete and has a hidden name; the next backup deletes it.
    kill_point("backup.copy")
    _copy_beside(home, partial)
    partial.rename(target)


def _copy_beside(home: Path, target: Path) -> None:
    """Copies key files and stored files, without uploads in progress."""
    for name in (KEY_FILE, HOST_KEY_FILE):
        if (home / name).is_file():
            shutil.copy2(home / name, target / name)
    shutil.copytree(home / FILES, target / FILES, ignore=shutil.ignore_patterns(".*.part"), dirs_exist_ok=True)


def restore(backup: Path, home: Path) -> Path | None:
    """Replaces the data by a backup. Only while no backend runs.

    The new epoch is written before the backup gets its final place, so the restored data is never served without
    it.

    Returns:
        The new path of the data that was there before, or `None`.

    Raises:
        NoBackup: `backup` has no database.
    """
    from banqup_tui.backend.runtime.startup import open_services

    if not (backup / DATABASE_FILE).is_file():
        raise NoBackup(backup)
    known_seq = _highest_number(home)
    partial = home.with_name(f".{home.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(backup, partial)
    services = open_services(partial)
    begin_new_epoch(services, known_seq if known_seq > _highest_number(partial) else 0)
    services.database.engine.dispose()
    aside = _set_aside(home)
    partial.rename(home)
    return aside


def start_empty(home: Path) -> Path | None:
    """Replaces the data by a new, empty space. Only while no backend runs. Returns the new path of the earlier data."""
    from banqup_tui.backend.runtime.startup import open_services

    partial = home.with_name(f".{home.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    open_services(partial).database.engine.dispose()
    aside = _set_aside(home)
    partial.rename(home)
    return aside


def _set_aside(home: Path) -> Path | None:
    if not home.exists():
        return None
    aside = home.with_name(f"{home.name}-before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    home.rename(aside)
    return aside


def _highest_number(home: Path) -> int:
    """Returns the highest change number; 0 if the database is missing or unreadable."""
    if not (home / DATABASE_FILE).is_file():
        return 0
    statement = select(func.coalesce(func.max(tables.space.c.seq), 0))
    try:
        with closing(sqlite3.connect(home / DATABASE_FILE)) as connection:
            return int(connection.execute(str(statement.compile(compile_kwargs={"literal_binds": True}))).fetchone()[0])
    except sqlite3.DatabaseError:
        return 0
