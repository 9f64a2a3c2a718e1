"""Starts the local backend (docs/protocol.md, start-up): lock, open, take over, listen, then say so.

stderr carries one message where it cannot start; the exit code says to a terminal what to do about it.
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import banqup_tui.protocol as protocol
from banqup_tui.app_dirs import AppDirs, dirs
from banqup_tui.backend.runtime import endpoint
from banqup_tui.backend.runtime.local_listener import LocalListener
from banqup_tui.backend.runtime.lock import AlreadyRunning, BackendLock
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, message
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import (
    AS_MESSAGES,
    ENDPOINT_FILE,
    EXIT_CANNOT_START,
    EXIT_NEWER_VERSION,
    LOCK_FILE,
    LOG_FILE,
    Endpoint,
)

if TYPE_CHECKING:
    from banqup_tui.backend.runtime.server import Tcp
    from banqup_tui.backend.services import Services

IDLE_SECONDS = 60.0


_LOGS_OF_OTHERS = ("httpx", "httpcore", "asyncssh", "uvicorn", "litestar", "alembic", "sqlalchemy", "asyncio")
"""Below a warning they write addresses and names: httpx the whole URL of every request, asyncssh who signs in."""


class NewerProgramWasHere(BanqupError):
    exit_code = EXIT_NEWER_VERSION

    def __init__(self) -> None:
        super().__init__(message("service.newer-was-here"))


class NewerProgramRuns(BanqupError):
    """What a terminal of an older version is told, which cannot find this one's backend."""

    exit_code = EXIT_NEWER_VERSION

    def __init__(self) -> None:
        super().__init__(message("service.newer-runs"))


class NotUnderstood(BanqupError):
    exit_code = 2

    def __init__(self) -> None:
        super().__init__(message("service.usage"))


@dataclass(frozen=True)
class Options:
    """`protocol`: of the terminal that starts it; before 2 they gave no arguments."""

    protocol: int = 1
    listen: str = ""
    names: tuple[str, ...] = ()


class WrongVariable(BanqupError):
    """An environment variable has a value that means nothing."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, name: str, value: str, example: str) -> None:
        super().__init__(message("service.wrong-variable", name=name, value=repr(value), example=example))


def main(arguments: Sequence[str] = ()) -> int:
    """Serves; or `backup DIR`, `restore DIR` (one folder with all there is), `rotate-key`. Returns the exit code."""
    found = dirs()
    try:
        match list(arguments):
            case ["backup", target]:
                _back_up(found, Path(target).expanduser().absolute())
            case ["restore", "--empty"]:
                _start_empty(found)
            case ["restore", backup]:
                _put_back(found, Path(backup).expanduser().absolute())
            case ["rotate-key"]:
                _rotate_key(found)
            case options:
                _run(found, _options(options))
    except BanqupError as error:
        _say(error.message)
        return error.exit_code
    except OSError as error:
        _say(_of_system(error, found))
        return EXIT_CANNOT_START
    return 0


def _of_system(error: OSError, found: AppDirs) -> Message:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return message("service.disk-full", directory=found.data)
    reason = error.strerror or str(error)
    if isinstance(error.filename, str | bytes):
        return message("service.cannot-use-file", reason, path=os.fsdecode(error.filename))
    return message("service.cannot-use-files", reason)


def _options(arguments: Sequence[str]) -> Options:
    """Raises `NotUnderstood`. `BANQUP_LISTEN` and `BANQUP_HOSTS` stand for the options of these names."""
    remaining = iter(arguments)
    options = Options(
        listen=os.environ.get("BANQUP_LISTEN", ""), names=tuple(os.environ.get("BANQUP_HOSTS", "").split())
    )
    for name in remaining:
        value = next(remaining, "")
        match name:
            case "--protocol" if value.isdigit():
                options = replace(options, protocol=int(value))
            case "--listen" if value:
                options = replace(options, listen=value)
            case "--host" if value:
                options = replace(options, names=(*options.names, value))
            case _:
                raise NotUnderstood
    return options


def _run(found: AppDirs, options: Options) -> None:
    found.made()
    found.runtime.chmod(0o700)
    os.chdir(found.runtime)  # a relative name that a library opens is not looked for in a folder of somebody else
    try:
        lock = BackendLock.take(found.runtime / LOCK_FILE)
    except AlreadyRunning:
        if options.protocol < protocol.MIN_PROTOCOL:
            raise NewerProgramRuns from None
        raise
    published = found.runtime / ENDPOINT_FILE
    local = LocalListener(found.runtime)
    endpoint.withdraw(published)
    local.withdraw()
    kill_point("endpoint.removed")
    if lock.min_protocol > protocol.PROTOCOL:
        raise NewerProgramWasHere
    _log_to(found.log)
    gc.disable()  # what is loaded now stays: see `process.rarely_collect`
    services = _opened(found)
    kill_point("database.open")
    _compare_with_copies(services, found)
    _serve(services, lock, local, published, options)


def _opened(found: AppDirs) -> "Services":
    """Raises `DatabaseLost` where this would begin without the documents that were here."""
    from banqup_tui.backend.runtime.data_check import refuse_to_begin_anew
    from banqup_tui.backend.runtime.startup import open_services

    refuse_to_begin_anew(found.backend, found.copies)
    return open_services(found.backend)


def _back_up(found: AppDirs, target: Path) -> None:
    from banqup_tui.backend.runtime.backup import back_up

    back_up(found.backend, target)
    _say(message("service.backup-made", path=target))


def _put_back(found: AppDirs, backup: Path) -> None:
    """Raises `AlreadyRunning` where a backend has the documents open."""
    lock = _lock_at_rest(found)
    from banqup_tui.backend.runtime.backup import put_back

    before = put_back(backup, found.backend)
    lock.release()
    _say(message("service.backup-in-place"))
    if before is not None:
        _say(message("service.before-is-in", path=before))


def _rotate_key(found: AppDirs) -> None:
    """Raises `AlreadyRunning` where a backend has the documents open."""
    lock = _lock_at_rest(found)
    from banqup_tui.backend.integrations.key_rotation import replace_key

    resealed = replace_key(_opened(found))
    lock.release()
    _say(message("service.key-replaced", count=resealed))


def _lock_at_rest(found: AppDirs) -> BackendLock:
    """Raises `AlreadyRunning`, with what to do about it."""
    found.made()
    try:
        return BackendLock.take(found.runtime / LOCK_FILE)
    except AlreadyRunning as error:
        raise AlreadyRunning(_running_pid(found)) from error


def _running_pid(found: AppDirs) -> str:
    try:
        return str(msgspec.json.decode((found.runtime / ENDPOINT_FILE).read_bytes(), type=Endpoint).pid)
    except (OSError, msgspec.DecodeError):
        return "PID"


def _start_empty(found: AppDirs) -> None:
    """Raises `AlreadyRunning` where a backend has the documents open."""
    lock = _lock_at_rest(found)
    from banqup_tui.backend.runtime.backup import start_empty

    before = start_empty(found.backend)
    lock.release()
    _say(message("service.begins-empty"))
    if before is not None:
        _say(message("service.before-is-in", path=before))


def _compare_with_copies(services: "Services", found: AppDirs) -> None:
    """A database older than what this computer has seen of it was put back: nothing of it is sent before a look."""
    from banqup_tui.backend.ledger.restore import begin_new_epoch, epoch_and_seq
    from banqup_tui.backend.runtime.data_check import highest_seen

    epoch, seq = epoch_and_seq(services)
    known = highest_seen(found.copies, epoch)
    if known > seq:
        begin_new_epoch(services, known)
        _say(message("service.database-older", seq=seq, seen=known))


def _say(one: Message) -> None:
    """As JSON to the program that started it; to a person as a sentence."""
    if os.environ.get(AS_MESSAGES):
        text = msgspec.json.encode(one).decode()
    else:
        from banqup_tui.presentation.messages import words_of

        _use_language()
        text = words_of(one)
    print(text, file=sys.stderr)  # noqa: T201


def _use_language() -> None:
    """The user's, or English where the settings cannot be read."""
    from banqup_tui.presentation.words import use_language
    from banqup_tui.settings import Settings, WrongSettings, language_of, read_settings

    try:
        settings = read_settings(dirs().config)
    except WrongSettings:
        settings = Settings()
    use_language(language_of(settings))


def _serve(services: "Services", lock: BackendLock, local: LocalListener, published: Path, options: Options) -> None:
    from banqup_tui.backend import process_setup
    from banqup_tui.backend.runtime.server import Backend, Plan

    plan = Plan(instance_id=str(uuid.uuid4()), idle_seconds=_idle_seconds())
    where = Endpoint(
        socket="",
        instance_id=plan.instance_id,
        protocol=protocol.PROTOCOL,
        space_id=services.space_id,
        pid=os.getpid(),
    )
    listening = _tcp(options) if options.listen else None
    if listening is not None:
        host, port = listening.socket.getsockname()[:2]
        where = msgspec.structs.replace(where, host=host, port=port, token=listening.token)

    def publish(bound: socket.socket) -> None:
        endpoint.publish(published, msgspec.structs.replace(where, socket=local.path), bound.listen)

    async def serve() -> None:
        backend = Backend(services, plan, local, listening, retire=lock.allow_from)
        await backend.run(publish)

    try:
        process_setup.keep_memory()
        process_setup.rarely_collect()
        process_setup.run(serve())
    finally:
        endpoint.withdraw(published)
        local.withdraw()
        kill_point("endpoint.unlinked")
        services.database.engine.dispose()


def _tcp(options: Options) -> "Tcp":
    """Raises `WrongAddress`, `AddressNotFree`."""
    from banqup_tui.backend.runtime import tcp_listener
    from banqup_tui.backend.runtime.server import Tcp

    host, port = tcp_listener.parsed(options.listen)
    return Tcp(
        tcp_listener.listening_on(host, port), secrets.token_urlsafe(32), tcp_listener.Hosts(host, options.names)
    )


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

    from banqup_tui.backend.redaction import RedactingFormatter

    handler = RotatingFileHandler(directory / LOG_FILE, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(_log_level())
    for name in _LOGS_OF_OTHERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # anybody can send it what is no HTTP
