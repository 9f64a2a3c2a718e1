"""Starts the local backend (docs/protocol.md, start-up): lock, open, take over, listen, then say where.

stderr carries one sentence where it cannot start; the exit code says to a terminal what to do about it.
"""

import errno
import gc
import logging
import math
import os
import secrets
import socket
import sys
import uuid
from collections.abc import Sequence
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

IDLE_SECONDS = 60.0
_BACKLOG = 128


class NewerProgramWasHere(BanqupError):
    exit_code = EXIT_NEWER_VERSION

    def __init__(self) -> None:
        super().__init__(
            "A newer version of this program has been used here.", "Restart this terminal with the newer version."
        )


class NotUnderstood(BanqupError):
    exit_code = 2

    def __init__(self) -> None:
        super().__init__("Use it without arguments, or with `backup FOLDER` or `restore FOLDER`.")


class WrongVariable(BanqupError):
    """An environment variable has a value that means nothing."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, name: str, value: str, example: str) -> None:
        super().__init__(f"{name} is set to {value!r}.", f"Set it to a value such as {example}, or take it away.")


def main(arguments: Sequence[str] = ()) -> int:
    """No arguments: serves. `backup DIR` and `restore DIR`: one folder with all there is. Returns the exit code."""
    found = homes()
    try:
        match list(arguments):
            case []:
                _run(found)
            case ["backup", target]:
                _back_up(found, Path(target).expanduser().absolute())
            case ["restore", backup]:
                _put_back(found, Path(backup).expanduser().absolute())
            case _:
                raise NotUnderstood
    except BanqupError as error:
        _say(str(error))
        return error.exit_code
    except OSError as error:
        from banqup_tui.backend.opening import CannotOpen, NoRoom

        where = f" ({error.filename})" if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        sentence = f"The local backend cannot use its files: {error.strerror or error}{where}."
        _say(str(NoRoom(found.data) if full else CannotOpen(sentence)))
        return EXIT_CANNOT_START
    return 0


def _run(found: Homes) -> None:
    found.made()
    found.runtime.chmod(0o700)
    os.chdir(found.runtime)  # a relative name that a library opens is not looked for in a folder of somebody else
    lock = BackendLock.take(found.runtime / LOCK_FILE)
    published = found.runtime / ENDPOINT_FILE
    endpoint.withdraw(published)
    kill_point("endpoint.removed")
    if lock.min_protocol > protocol.PROTOCOL:
        raise NewerProgramWasHere
    _log_to(found.log)
    gc.disable()  # what is loaded now stays: see `process.rarely_collect`
    from banqup_tui.backend.opening import open_services

    services = open_services(found.backend)
    kill_point("database.open")
    _serve(services, lock, published)


def _back_up(found: Homes, target: Path) -> None:
    from banqup_tui.backend.restoring import back_up

    back_up(found.backend, target)
    _say(f"The backup is in {target}.")


def _put_back(found: Homes, backup: Path) -> None:
    """Raises `AlreadyRunning` where a backend has the documents open."""
    found.made()
    lock = BackendLock.take(found.runtime / LOCK_FILE)
    from banqup_tui.backend.restoring import put_back

    before = put_back(backup, found.backend)
    lock.release()
    _say("The backup is in place. Integrations are paused: look at what is unknown, then resume them.")
    if before is not None:
        _say(f"What was there before is in {before}.")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201


def _serve(services: "Services", lock: BackendLock, published: Path) -> None:
    from banqup_tui.backend import process
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
            process.keep_memory()
            process.rarely_collect()
            process.run(serve())
        finally:
            endpoint.withdraw(published)
            kill_point("endpoint.unlinked")
            services.database.engine.dispose()


def _idle_seconds() -> float | None:
    """`BANQUP_STAY=1` keeps it up (`banqup serve` and a service of the system do)."""
    if os.environ.get("BANQUP_STAY"):
        return None
    value = os.environ.get("BANQUP_IDLE_SECONDS")
    if not value:
        return IDLE_SECONDS
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise WrongVariable("BANQUP_IDLE_SECONDS", value, "60")
    return seconds


def _log_level() -> int:
    value = os.environ.get("BANQUP_LOG_LEVEL", "INFO")
    level = logging.getLevelNamesMapping().get(value.upper())
    if level is None:
        raise WrongVariable("BANQUP_LOG_LEVEL", value, "INFO or WARNING")
    return level


def _log_to(directory: Path) -> None:
    """What happened, for whoever mends it: no secrets, no names of documents."""
    from logging.handlers import RotatingFileHandler

    handler = RotatingFileHandler(directory / LOG_FILE, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(_log_level())
