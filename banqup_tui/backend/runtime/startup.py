"""Opens the parts of a local backend from one directory."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from banqup_tui.backend.db.file_store import FileStore
from banqup_tui.backend.db.migrations import bring_up_to_date, the_space
from banqup_tui.backend.db.transaction import Database, sqlite_code, sqlite_engine
from banqup_tui.backend.db.vault import Vault
from banqup_tui.backend.intake import business_keys
from banqup_tui.backend.intake.parsed_files import ParsedFiles
from banqup_tui.backend.integrations import allowed_packages, key_rotation, settings_rollout
from banqup_tui.backend.integrations.oauth.refresh_locks import Renewing
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.ledger.grace_period import GracePeriod
from banqup_tui.backend.paths import DATABASE_FILE, FILES, KEY_FILE, PRESETS_DIRECTORY
from banqup_tui.backend.services import Services
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.protocol.local import EXIT_CANNOT_START

DEFAULT_SPACE_NAME = "My firm"


class CannotOpen(BanqupError):
    """SQLite cannot open the database."""

    exit_code = EXIT_CANNOT_START


class DiskFull(BanqupError):
    """There is no space to migrate the database."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, where: Path) -> None:
        super().__init__(message("service.disk-full", directory=where))


def open_services(home: Path) -> Services:
    """Opens the data, migrates the schema, and creates the space at the first start. Raises `BanqupError`."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(sqlite_engine(str(home / DATABASE_FILE)))
    try:
        bring_up_to_date(database)
        space_id = the_space(database, os.environ.get("BANQUP_SPACE_NAME", DEFAULT_SPACE_NAME))
    except DatabaseError as error:
        raise _of_database(error, home) from error
    files = FileStore(home / FILES)
    files.sweep()
    extensions = Extensions(presets=home / PRESETS_DIRECTORY)
    services = make_services(space_id, database, files, extensions, Vault(home / KEY_FILE))
    allowed_packages.load(services)
    key_rotation.finish(services)
    return services


def make_services(
    space_id: str,
    database: Database,
    files: FileStore,
    extensions: Extensions,
    vault: Vault,
    grace_period: GracePeriod | None = None,
) -> Services:
    """Returns the parts of a service over an open database, file store and vault."""
    return Services(
        space_id=space_id,
        database=database,
        files=files,
        extensions=extensions,
        vault=vault,
        grace_period=grace_period or GracePeriod(),
        renewing=Renewing(),
        parsed=ParsedFiles(),
        jobs={settings_rollout.KIND: settings_rollout.portion, business_keys.KIND: business_keys.portion},
    )


def _of_database(error: DatabaseError, home: Path) -> BanqupError:
    if sqlite_code(error) == sqlite3.SQLITE_FULL:
        return DiskFull(home)
    return CannotOpen(message("service.cannot-open", str(error.orig), directory=home))
