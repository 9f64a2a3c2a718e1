"""The checks of `banqup doctor`. Each yields findings; each finding has a message."""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from banqup_tui.app_dirs import AppDirs
from banqup_tui.cli.runtime import CliRuntime
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.presentation.words import N_
from banqup_tui.protocol.local import content_path
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.sqlite import connect

LEAST_FREE_BYTES = 200 * 1024 * 1024
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this day is wrong, because the program is younger."""


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.OK: N_("ok"),
    Verdict.WARNING: N_("warning"),
    Verdict.WRONG: N_("wrong"),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A finding. `about` is a word of the program or a name from the user; `because` are reasons of others."""

    about: str
    verdict: Verdict
    message: Message
    because: Sequence[Message] = ()


def fine(about: str, code: str, **params: object) -> Finding:
    return Finding(about=about, verdict=Verdict.OK, message=message(code, "", **params))


def wrong(about: str, problem: Message, because: Sequence[Message] = ()) -> Finding:
    return Finding(about=about, verdict=Verdict.WRONG, message=problem, because=because)


def doubtful(about: str, problem: Message, because: Sequence[Message] = ()) -> Finding:
    return Finding(about=about, verdict=Verdict.WARNING, message=problem, because=because)


def check_dirs(dirs: AppDirs) -> Iterator[Finding]:
    """Checks the directories: there, ours, writable, not readable by others, with space."""
    for name, path in _named(dirs):
        yield _check_directory(name, path)
    yield from _check_keys(dirs)
    yield from _check_free_bytes(dirs.data)


def _named(dirs: AppDirs) -> tuple[tuple[str, Path], ...]:
    return (
        (N_("settings directory"), dirs.config),
        (N_("data directory"), dirs.data),
        (N_("cache directory"), dirs.cache),
        (N_("runtime directory"), dirs.runtime),
        (N_("log directory"), dirs.log),
    )


def _check_directory(name: str, path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / f".doctor-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return wrong(name, message("doctor.directory-not-writable", _reason(error), path=path))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return doubtful(name, message("doctor.directory-open-to-others", path=path))
    return fine(name, "doctor.value", value=path)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _check_keys(dirs: AppDirs) -> Iterator[Finding]:
    """Checks the files that open everything else: nobody else may read them, wherever the directory is."""
    for path in (dirs.backend / "vault.key", dirs.backend / "drop_host_key"):
        with suppress(OSError):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                yield wrong("keys", message("doctor.key-open-to-others", path=path))


def _check_free_bytes(path: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(path).free
    except OSError:
        return
    megabytes = free // (1024 * 1024)
    if free < LEAST_FREE_BYTES:
        yield wrong(N_("disk"), message("doctor.disk-nearly-full", megabytes=megabytes))
    else:
        yield fine(N_("disk"), "doctor.disk-has-room", megabytes=megabytes)


def check_lock(dirs: AppDirs) -> Iterator[Finding]:
    """Checks whether the file system of the runtime directory has locks; some network file systems do not."""
    path = dirs.runtime / f".doctor-lock-{os.getpid()}"
    try:
        import fcntl

        with path.open("wb") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield fine(N_("lock"), "doctor.locks")
    except ImportError:
        return
    except OSError as error:
        yield wrong(N_("lock"), message("doctor.no-locks", _reason(error), directory=dirs.runtime))
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def check_settings(dirs: AppDirs) -> Iterator[Finding]:
    from banqup_tui.settings import FILE_NAME, WrongSettings, read_settings

    try:
        read_settings(dirs.config)
    except WrongSettings as error:
        yield wrong(N_("settings"), error.message)
        return
    path = dirs.config / FILE_NAME
    if path.exists():
        yield fine(N_("settings"), "doctor.settings-read", path=path)
    else:
        yield fine(N_("settings"), "doctor.settings-default")


def check_files(dirs: AppDirs) -> Iterator[Finding]:
    """Runs SQLite's own quick check on each database, which changes nothing."""
    databases = [*sorted(dirs.backend.glob("*.sqlite")), *sorted(dirs.copies.glob("*/*.sqlite"))]
    for path in databases:
        about = path.relative_to(dirs.data).as_posix()
        try:
            with closing(connect(path, read_only=True)) as connection:
                is_sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        except LocalFault as fault:
            if not fault.is_damage:
                yield wrong(about, fault.message)
                continue
            is_sound = False
        if is_sound:
            yield fine(about, "doctor.file-sound")
        else:
            yield wrong(about, _damaged(path))
    for path in sorted(dirs.copies.glob("*/outbox.sqlite.aside-*")):
        if not path.name.endswith(("-wal", "-shm")):
            about = path.relative_to(dirs.data).as_posix()
            yield doubtful(about, message("doctor.outbox-aside", path=path))


def _damaged(path: Path) -> Message:
    kind = next((kind for kind in ("copy", "outbox") if path.stem == kind), "database")
    return message(f"doctor.{kind}-damaged", path=path)


def check_clock(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Finding]:
    answer = now()
    if answer < EARLIEST:
        yield wrong(N_("clock"), message("doctor.clock-wrong", found=answer))
    else:
        yield fine(N_("clock"), "doctor.value", value=f"{answer.astimezone():%Y-%m-%d %H:%M %Z}")


def check_terminal(environment: Mapping[str, str], *, is_terminal: bool) -> Iterator[Finding]:
    """Checks colours, signs and width; these are only warnings, as the program runs with less."""
    encoding = locale.getpreferredencoding(False)
    if "utf" in encoding.lower():
        yield fine(N_("signs"), "doctor.locale", encoding=encoding)
    else:
        yield doubtful(N_("signs"), message("doctor.locale-not-utf", encoding=encoding))
    if not is_terminal:
        yield fine(N_("terminal"), "doctor.no-terminal")
        return
    yield _check_colours(environment)
    size = shutil.get_terminal_size()
    if size.columns < 60 or size.lines < 16:
        yield doubtful(N_("size"), message("doctor.window-small", columns=size.columns, lines=size.lines))
    else:
        yield fine(N_("size"), "doctor.window", columns=size.columns, lines=size.lines)


def _check_colours(environment: Mapping[str, str]) -> Finding:
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return fine(N_("colours"), "doctor.no-colours")
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return fine(N_("colours"), "doctor.many-colours")
    if "256color" in term:
        return fine(N_("colours"), "doctor.value", value="256")
    if term in ("", "dumb"):
        unknown = message("doctor.term-unknown", term=term) if term else message("doctor.term-not-set")
        return doubtful(N_("colours"), unknown)
    return fine(N_("colours"), "doctor.value", value=f"16 ({term})")


def check_content(runtime: CliRuntime, backend: Path) -> Iterator[Finding]:
    """Reads the stored file of each document, and compares it with its hash."""
    clients = {row.client.id: row.client.reference for row in runtime.clients()}
    read = 0
    for document in runtime.documents():
        read += 1
        fault = _fault_of(content_path(backend, document.sha256), document.sha256)
        if fault is not None:
            description = f"{document.number or document.id} ({document.file_name})"
            yield wrong(f"{clients.get(document.client_id, '–')}, {description}", fault)
    for waiting in runtime.unfiled():
        if waiting.sha256:
            read += 1
            fault = _fault_of(content_path(backend, waiting.sha256), waiting.sha256)
            if fault is not None:
                yield wrong(f"to place, {waiting.file_name}", fault)
    yield fine(N_("content"), "doctor.stored-files-read", count=read)


def _fault_of(path: Path, sha256: str) -> Message | None:
    try:
        with path.open("rb") as stream:
            whole = hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return message("doctor.stored-file-missing")
    except OSError as error:
        return message("doctor.stored-file-unreadable", _reason(error))
    return None if whole else message("doctor.stored-file-damaged")


def check_runtime(runtime: CliRuntime) -> Iterator[Finding]:
    """Checks the copy, waiting changes and integrations."""
    counts = [row.counts.total for row in runtime.clients()]
    yield fine(N_("copy"), "doctor.copy", clients=len(counts), documents=sum(counts))
    damaged = sum(document.damaged for document in runtime.documents())
    if damaged:
        yield wrong(N_("content"), message("doctor.stored-files-damaged", count=damaged))
    waiting = runtime.waiting()
    if waiting:
        yield doubtful(N_("outbox"), message("doctor.changes-wait", count=waiting))
    else:
        yield fine(N_("outbox"), "doctor.nothing-waits")
    for change in runtime.refused():
        because = (change.reason,) if change.reason is not None else ()
        yield doubtful(N_("outbox"), message("doctor.change-refused", what=change.what), because)
    yield from _check_integrations(runtime)
    for source in runtime.sources():
        if source.problems:
            yield wrong(N_("source"), message("doctor.source-fails", path=source.path), source.problems)
    for extension in runtime.extensions():
        if not extension.allowed:
            problem = message("doctor.extension-not-allowed", id=extension.id, package=extension.package)
            yield doubtful(N_("store"), problem)
        elif extension.problem:
            yield wrong(N_("store"), message("doctor.extension-fails", id=extension.id), (extension.problem,))


def _check_integrations(runtime: CliRuntime) -> Iterator[Finding]:
    clients = {row.client.id: row.client.reference for row in runtime.clients()}
    integrations = runtime.integrations()
    for integration in integrations:
        about = f"{clients.get(integration.client_id, '–')}, {integration.label}"
        because = (integration.cause,) if integration.cause is not None else ()
        if integration.state is IntegrationState.BROKEN:
            yield wrong(about, message("doctor.integration-broken", id=integration.id), because)
        elif integration.state is IntegrationState.PAUSED:
            yield doubtful(about, message("doctor.integration-paused", id=integration.id), because)
    active = sum(integration.state is IntegrationState.ACTIVE for integration in integrations)
    yield fine(N_("integrations"), "doctor.integrations", active=active, count=len(integrations))


def check_without_runtime(dirs: AppDirs) -> Iterator[Finding]:
    """Yields what can be checked without opening anything."""
    yield fine(N_("python"), "doctor.value", value=sys.version.split()[0])
    yield from check_dirs(dirs)
    yield from check_lock(dirs)
    yield from check_settings(dirs)
    yield from check_clock()
    yield from check_terminal(os.environ, is_terminal=sys.stderr.isatty())
    yield from check_files(dirs)
