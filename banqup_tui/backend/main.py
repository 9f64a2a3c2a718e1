"""Starts the local backend (docs/protocol.md, start-up): lock, open, take over, listen, then say where.

stderr carries one sentence where it cannot start; the exit code says to a terminal what to do about it.
"""

import errno
import os
import secrets
import socket
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import banqup_tui.protocol as protocol
from banqup_tui.backend import endpoint
from banqup_tui.backend.lock import BackendLock
from banqup_tui.domain.errors import BanqupError
from banqup_tui.homes import Homes, homes
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import (
    ENDPOINT_FILE,
    EXIT_CANNOT_START,
    EXIT_NEWER_VERSION,
    LOCK_FILE,
    LOG_FILE,
    Endpoint,
)

if TYPE_CHECKING:
    from banqup_tui.backend.context import Services

DATABASE_FILE = "banqup.sqlite"
DEFAULT_SPACE_NAME = "My firm"
IDLE_SECONDS = 60.0
_BACKLOG = 128


class NewerProgramWasHere(BanqupError):
    exit_code = EXIT_NEWER_VERSION

    def __init__(self) -> None:
        super().__init__(
            "A newer version of this program has been used here.", "Restart this terminal with the newer version."
        )


class NoRoom(BanqupError):
    exit_code = EXIT_CANNOT_START

    def __init__(self, where: Path) -> None:
        super().__init__(f"The disk that holds {where} is full.", "Make room, and start again.")


class CannotOpen(BanqupError):
    exit_code = EXIT_CANNOT_START


def main() -> int:
    """The process's exit code."""
    found = homes()
    try:
        _run(found)
    except BanqupError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    except OSError as error:
        print(_of_disk(error, found), file=sys.stderr)  # noqa: T201
        return EXIT_CANNOT_START
    return 0


def _run(found: Homes) -> None:
    found.made()
    found.runtime.chmod(0o700)
    lock = BackendLock.take(found.runtime / LOCK_FILE)
    published = found.runtime / ENDPOINT_FILE
    endpoint.withdraw(published)
    kill_point("endpoint.removed")
    if lock.min_protocol > protocol.PROTOCOL:
        raise NewerProgramWasHere
    _log_to(found.log)
    services = _opened(found)
    kill_point("database.open")
    _serve(services, lock, published)


def _opened(found: Homes) -> "Services":
    from sqlalchemy.exc import DatabaseError

    from banqup_tui.backend.context import Services
    from banqup_tui.backend.extensions import Extensions
    from banqup_tui.backend.files import FileStore
    from banqup_tui.backend.migrations import bring_up_to_date, the_space
    from banqup_tui.backend.vault import Vault
    from banqup_tui.backend.work import Database, sqlite_engine

    home = found.backend
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(sqlite_engine(str(home / DATABASE_FILE)))
    try:
        bring_up_to_date(database)
        space_id = the_space(database, os.environ.get("BANQUP_SPACE_NAME", DEFAULT_SPACE_NAME))
    except DatabaseError as error:
        raise _of_database(error, home) from error
    files = FileStore(home / "files")
    files.sweep()
    return Services(
        space_id=space_id,
        database=database,
        files=files,
        extensions=Extensions(),
        vault=Vault(home / "vault.key"),
    )


def _serve(services: "Services", lock: BackendLock, published: Path) -> None:
    import asyncio

    from banqup_tui.backend.serving import Backend, Plan

    plan = Plan(instance_id=str(uuid.uuid4()), token=secrets.token_urlsafe(32), idle_seconds=_idle_seconds())
    with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listening:
        kill_point("listening")
        where = Endpoint(
            port=listening.getsockname()[1],
            token=plan.token,
            instance_id=plan.instance_id,
            protocol=protocol.PROTOCOL,
            space_id=services.space_id,
            pid=os.getpid(),
        )

        async def serve() -> None:
            backend = Backend(services, plan, listening, retire=lock.allow_from)
            await backend.run(lambda: endpoint.publish(published, where))

        try:
            asyncio.run(serve())
        finally:
            endpoint.withdraw(published)
            kill_point("endpoint.unlinked")
            services.database.engine.dispose()


def _idle_seconds() -> float | None:
    """`BANQUP_STAY=1` keeps it up (`banqup serve` and a service of the system do)."""
    if os.environ.get("BANQUP_STAY"):
        return None
    given = os.environ.get("BANQUP_IDLE_SECONDS")
    return float(given) if given else IDLE_SECONDS


def _log_to(directory: Path) -> None:
    """What happened, for whoever mends it: no secrets, no names of documents."""
    import logging
    from logging.handlers import RotatingFileHandler

    handler = RotatingFileHandler(directory / LOG_FILE, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(os.environ.get("BANQUP_LOG_LEVEL", "INFO").upper())


def _of_disk(error: OSError, found: Homes) -> BanqupError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoRoom(found.data)
    where = f" ({error.filename})" if error.filename else ""
    return CannotOpen(f"The local backend cannot use its files: {error.strerror or error}{where}.")


def _of_database(error: Exception, home: Path) -> BanqupError:
    text = str(getattr(error, "orig", error))
    if "full" in text:
        return NoRoom(home)
    return CannotOpen(
        f"The documents in {home} cannot be opened: {text}.", "Put a backup in their place, or ask for help."
    )
