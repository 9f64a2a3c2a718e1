"""Start of the local backend (docs/protocol.md, start-up): lock, open, take over, listen, publish.

If it cannot start, stderr has one message, and the exit code tells the terminal what to do.
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
"""Loggers of libraries that write addresses and names below WARNING: httpx each URL, asyncssh each user."""


class NewerProgramWasHere(BanqupError):
    """A newer program has stored a protocol above that of this program."""

    exit_code = EXIT_NEWER_VERSION

    def __init__(self) -> None:
        super().__init__(message("service.newer-was-here"))


class NewerProgramRuns(BanqupError):
    """The answer to an older terminal, which cannot find the newer version's backend."""

    exit_code = EXIT_NEWER_VERSION

    def __init__(self) -> None:
        super().__init__(message("service.newer-runs"))


class WrongUsage(BanqupError):
    """The arguments are invalid."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__(message("service.usage"))


@dataclass(frozen=True)
class Options:
    """Options of `serve`.

    `protocol`: that of the terminal that starts the backend; before protocol 2 it was not passed.
    """

    protocol: int = 1
    listen: str = ""
    names: tuple[str, ...] = ()


class WrongVariable(BanqupError):
    """An environment variable has an invalid value."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, name: str, value: str, example: str) -> None:
        super().__init__(message("service.wrong-variable", name=name, value=repr(value), example=example))


def main(arguments: Sequence[str] = ()) -> int:
    """Serves, or runs `backup DIR`, `restore DIR`, `restore --empty` or `rotate-key`. Returns the exit code."""
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
        _print_message(error.message)
        return error.exit_code
    except OSError as error:
        _print_message(_of_system(error, found))
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
    """Parses the options. `BANQUP_LISTEN` and `BANQUP_HOSTS` are the defaults. Raises `WrongUsage`."""
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
                raise WrongUsage
    return options


def _run(found: AppDirs, options: Options) -> None:
    found.made()
    found.runtime.chmod(0o700)
    os.chdir(found.runtime)  # a library that opens a relative name must not find a file of another user
    try:
        lock = BackendLock.take(found.runtime / LOCK_FILE)
    except AlreadyRunning:
        if options.protocol < protocol.MIN_PROTOCOL:
            raise NewerProgramRuns from None
        raise
    published = found.runtime / ENDPOINT_FILE
    local = LocalListener(found.runtime)
    # A file of a dead process would send terminals to a socket that nobody serves.
    endpoint.withdraw(published)
    local.withdraw()
    # Kill point: no endpoint is published; a terminal starts a service again.
    kill_point("endpoint.removed")
    # A newer program has asked older ones to stay away (docs/protocol.md, start-up): its schema may be unknown here.
    if lock.min_protocol > protocol.PROTOCOL:
        raise NewerProgramWasHere
    _log_to(found.log)
    gc.disable()  # loaded modules stay in memory; see `process_setup.rarely_collect`
    services = _opened(found)
    # Kill point: the database may be migrated; the next start finds the schema up to date.
    kill_point("database.open")
    _compare_with_copies(services, found)
    _serve(services, lock, local, published, options)


def _opened(found: AppDirs) -> "Services":
    """Raises `DatabaseLost` if the documents that were here before are gone."""
    from banqup_tui.backend.runtime.data_check import refuse_to_begin_anew
    from banqup_tui.backend.runtime.startup import open_services

    refuse_to_begin_anew(found.backend, found.copies)
    return open_services(found.backend)


def _back_up(found: AppDirs, target: Path) -> None:
    from banqup_tui.backend.runtime.backup import back_up

    back_up(found.backend, target)
    _print_message(message("service.backup-made", path=target))


def _put_back(found: AppDirs, backup: Path) -> None:
    """Raises `AlreadyRunning` if a backend is running."""
    lock = _exclusive_lock(found)
    from banqup_tui.backend.runtime.backup import restore

    before = restore(backup, found.backend)
    lock.release()
    _print_message(message("service.backup-in-place"))
    if before is not None:
        _print_message(message("service.before-is-in", path=before))


def _rotate_key(found: AppDirs) -> None:
    """Raises `AlreadyRunning` if a backend is running."""
    lock = _exclusive_lock(found)
    from banqup_tui.backend.integrations.key_rotation import replace_key

    resealed = replace_key(_opened(found))
    lock.release()
    _print_message(message("service.key-replaced", count=resealed))


def _exclusive_lock(found: AppDirs) -> BackendLock:
    """Takes the lock. Raises `AlreadyRunning` with the process to end."""
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
    """Raises `AlreadyRunning` if a backend is running."""
    lock = _exclusive_lock(found)
    from banqup_tui.backend.runtime.backup import start_empty

    before = start_empty(found.backend)
    lock.release()
    _print_message(message("service.begins-empty"))
    if before is not None:
        _print_message(message("service.before-is-in", path=before))


def _compare_with_copies(services: "Services", found: AppDirs) -> None:
    """Begins a new epoch if this computer has seen a newer state of the database.

    An older state was restored then, and its deliveries may have been sent since.
    """
    from banqup_tui.backend.ledger.restore import begin_new_epoch, epoch_and_seq
    from banqup_tui.backend.runtime.data_check import highest_seen

    epoch, seq = epoch_and_seq(services)
    known = highest_seen(found.copies, epoch)
    if known > seq:
        begin_new_epoch(services, known)
        _print_message(message("service.database-older", seq=seq, seen=known))


def _print_message(one: Message) -> None:
    """Prints a message: as JSON to the program that started this one, else as a sentence."""
    if os.environ.get(AS_MESSAGES):
        text = msgspec.json.encode(one).decode()
    else:
        from banqup_tui.presentation.messages import words_of

        _use_language()
        text = words_of(one)
    print(text, file=sys.stderr)  # noqa: T201


def _use_language() -> None:
    """Sets the user's language, or English if the settings cannot be read."""
    from banqup_tui.presentation.words import use_language
    from banqup_tui.settings import UserSettings, WrongSettings, language_of, read_settings

    try:
        settings = read_settings(dirs().config)
    except WrongSettings:
        settings = UserSettings()
    use_language(language_of(settings))


def _serve(services: "Services", lock: BackendLock, local: LocalListener, published: Path, options: Options) -> None:
    from banqup_tui.backend import process_setup
    from banqup_tui.backend.runtime.server import Backend, BackendOptions

    plan = BackendOptions(instance_id=str(uuid.uuid4()), idle_seconds=_idle_seconds())
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
        # The file goes while the lock still belongs to this process: later it could be that of the next service.
        endpoint.withdraw(published)
        local.withdraw()
        # Kill point: nothing is published, and the kernel releases the lock.
        kill_point("endpoint.unlinked")
        services.database.engine.dispose()


def _tcp(options: Options) -> "Tcp":
    """Returns the TCP listener. Raises `WrongAddress`, `AddressNotFree`."""
    from banqup_tui.backend.runtime import tcp_listener
    from banqup_tui.backend.runtime.server import Tcp

    host, port = tcp_listener.parsed(options.listen)
    return Tcp(
        tcp_listener.listening_on(host, port), secrets.token_urlsafe(32), tcp_listener.Hosts(host, options.names)
    )


def _idle_seconds() -> float | None:
    """Returns the idle time. `BANQUP_STAY=1` disables it, as `banqup serve` and system services do."""
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
    """Writes the log to a file, without secrets and names of documents."""
    from logging.handlers import RotatingFileHandler

    from banqup_tui.backend.redaction import RedactingFormatter

    handler = RotatingFileHandler(directory / LOG_FILE, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(_log_level())
    for name in _LOGS_OF_OTHERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # strangers can send it bytes that are not HTTP
