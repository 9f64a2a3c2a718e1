"""Opens the parts of a local backend that stand in one directory."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from banqup_tui.backend import allowed_packages, renewing, resealing
from banqup_tui.backend.context import Services
from banqup_tui.backend.directory import DATABASE_FILE, FILES, KEY_FILE
from banqup_tui.backend.extensions import Extensions
from banqup_tui.backend.files import FileStore
from banqup_tui.backend.ledger.quarantine import Quarantine
from banqup_tui.backend.migrations import bring_up_to_date, the_space
from banqup_tui.backend.parsed_files import ParsedFiles
from banqup_tui.backend.sign_in.renewing import Renewing
from banqup_tui.backend.vault import Vault
from banqup_tui.backend.work import Database, sqlite_code, sqlite_engine
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.protocol.local import EXIT_CANNOT_START

DEFAULT_SPACE_NAME = "My firm"


class CannotOpen(BanqupError):
    exit_code = EXIT_CANNOT_START


class NoRoom(BanqupError):
    exit_code = EXIT_CANNOT_START

    def __init__(self, where: Path) -> None:
        super().__init__(message("service.disk-full", directory=where))


def open_services(home: Path) -> Services:
    """Brings the schema up to date, and makes the one space at the first start. Raises `BanqupError`."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(sqlite_engine(str(home / DATABASE_FILE)))
    try:
        bring_up_to_date(database)
        space_id = the_space(database, os.environ.get("BANQUP_SPACE_NAME", DEFAULT_SPACE_NAME))
    except DatabaseError as error:
        raise _of_database(error, home) from error
    files = FileStore(home / FILES)
    files.sweep()
    services = make_services(space_id, database, files, Extensions(), Vault(home / KEY_FILE))
    allowed_packages.load(services)
    resealing.finish(services)
    return services


def make_services(
    space_id: str,
    database: Database,
    files: FileStore,
    extensions: Extensions,
    vault: Vault,
    quarantine: Quarantine | None = None,
) -> Services:
    """The parts of a service over an open database, file store and vault."""
    return Services(
        space_id=space_id,
        database=database,
        files=files,
        extensions=extensions,
        vault=vault,
        quarantine=quarantine or Quarantine(),
        renewing=Renewing(),
        parsed=ParsedFiles(),
        jobs={renewing.KIND: renewing.portion},
    )


def _of_database(error: DatabaseError, home: Path) -> BanqupError:
    if sqlite_code(error) == sqlite3.SQLITE_FULL:
        return NoRoom(home)
    return CannotOpen(message("service.cannot-open", str(error.orig), directory=home))
