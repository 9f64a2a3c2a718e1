"""What `banqup doctor` looks at. Each check gives findings; each finding is a sentence and, if need be, what to do."""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from banqup_tui.cli.house import House
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.homes import Homes
from banqup_tui.protocol.local import content_path
from banqup_tui.written.refusals import what_to_do, why_not

LEAST_ROOM = 200 * 1024 * 1024
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this day is wrong: the program is younger."""


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Finding:
    about: str
    verdict: Verdict
    sentence: str
    remedy: str = ""


def fine(about: str, sentence: str) -> Finding:
    return Finding(about=about, verdict=Verdict.OK, sentence=sentence)


def wrong(about: str, sentence: str, remedy: str) -> Finding:
    return Finding(about=about, verdict=Verdict.WRONG, sentence=sentence, remedy=remedy)


def doubtful(about: str, sentence: str, remedy: str) -> Finding:
    return Finding(about=about, verdict=Verdict.WARNING, sentence=sentence, remedy=remedy)


def of_homes(homes: Homes) -> Iterator[Finding]:
    """Directories: there, ours, writable, not readable by others, with room."""
    for name, path in _named(homes):
        yield _of_directory(name, path)
    yield from _of_room(homes.data)


def _named(homes: Homes) -> tuple[tuple[str, Path], ...]:
    return (
        ("settings directory", homes.config),
        ("data directory", homes.data),
        ("cache directory", homes.cache),
        ("runtime directory", homes.runtime),
        ("log directory", homes.log),
    )


def _of_directory(name: str, path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / f".doctor-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        remedy = "Give yourself the right to it, or set BANQUP_HOME to a directory of your own."
        return wrong(name, f"{path} cannot be written: {error.strerror}.", remedy)
    if stat.S_IMODE(path.stat().st_mode) & 0o022:
        return doubtful(name, f"Others may write to {path}.", f"chmod 700 {path}")
    return fine(name, str(path))


def _of_room(path: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(path).free
    except OSError:
        return
    megabytes = free // (1024 * 1024)
    if free < LEAST_ROOM:
        yield wrong("disk", f"{megabytes} MB are free.", "Make room: nothing is lost, but nothing new can be kept.")
    else:
        yield fine("disk", f"{megabytes} MB are free")


def of_lock(homes: Homes) -> Iterator[Finding]:
    """Whether the file system of the runtime directory knows locks; some network homes do not."""
    path = homes.runtime / f".doctor-lock-{os.getpid()}"
    try:
        import fcntl

        with path.open("wb") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield fine("lock", "Files can be locked")
    except ImportError:
        return
    except OSError as error:
        yield wrong(
            "lock",
            f"Files in {homes.runtime} cannot be locked: {error.strerror}.",
            "Set BANQUP_HOME to a directory on a disk of this computer.",
        )
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def of_settings(homes: Homes) -> Iterator[Finding]:
    from banqup_tui.settings import FILE_NAME, WrongSettings, read_settings

    try:
        read_settings(homes.config)
    except WrongSettings as error:
        yield wrong("settings", error.sentence, error.remedy)
        return
    path = homes.config / FILE_NAME
    yield fine("settings", f"{path} is read" if path.exists() else "The defaults: there is no config.toml")


def of_files(homes: Homes) -> Iterator[Finding]:
    """SQLite's own check of each database: short, and without changing anything."""
    found = [*sorted(homes.backend.glob("*.sqlite")), *sorted(homes.copies.glob("*/*.sqlite"))]
    for path in found:
        about = path.relative_to(homes.data).as_posix()
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2)
            try:
                answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            finally:
                connection.close()
        except sqlite3.Error as error:
            answer = str(error)
        if answer == "ok":
            yield fine(about, "The file is sound")
        else:
            yield wrong(about, f"{path} is damaged: {answer}.", _remedy_for(path))


def _remedy_for(path: Path) -> str:
    if path.name.startswith("copy"):
        return "Delete it: the copy is made again by itself."
    if path.name.startswith("outbox"):
        return "Keep it: at the next start what can be read of it is saved into a new one."
    return "Keep it, and put the last backup of the backend directory back."


def of_clock(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Finding]:
    found = now()
    if found < EARLIEST:
        yield wrong(
            "clock", f"The clock says {found:%Y-%m-%d}.", "Set the clock: dates of what comes in would be wrong."
        )
    else:
        yield fine("clock", f"{found.astimezone():%Y-%m-%d %H:%M %Z}")


def of_terminal(environment: Mapping[str, str], *, is_terminal: bool) -> Iterator[Finding]:
    """Colours, signs and width; only warnings, as the program runs in less."""
    encoding = locale.getpreferredencoding(False)
    if "utf" in encoding.lower():
        yield fine("signs", f"The locale is {encoding}")
    else:
        yield doubtful(
            "signs",
            f"The locale is {encoding}: signs are shown in ASCII.",
            "Set LANG to a UTF-8 locale, as en_GB.UTF-8.",
        )
    if not is_terminal:
        yield fine("terminal", "Not a terminal: nothing to look at")
        return
    yield _of_colours(environment)
    size = shutil.get_terminal_size()
    if size.columns < 60 or size.lines < 16:
        yield doubtful("size", f"The window is {size.columns} × {size.lines}.", "60 × 16 is needed: make it larger.")
    else:
        yield fine("size", f"{size.columns} × {size.lines}")


def _of_colours(environment: Mapping[str, str]) -> Finding:
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return fine("colours", "None, as NO_COLOR asks")
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return fine("colours", "16 million")
    if "256color" in term:
        return fine("colours", "256")
    if term in ("", "dumb"):
        return doubtful("colours", f"TERM is {term or 'not set'}.", "Set TERM to what the terminal is: xterm-256color.")
    return fine("colours", f"16 ({term})")


IMPORT_AGAIN = "Import the same file again from where it came: it takes the place of the damaged one."


def of_content(house: House, backend: Path) -> Iterator[Finding]:
    """Reads the stored file of each document, and compares it with the hash that it came in with."""
    clients = {row.client.id: row.client.reference for row in house.clients()}
    read = 0
    for document in house.documents():
        read += 1
        found = _flaw_of(content_path(backend, document.sha256), document.sha256)
        if found:
            what = f"{document.number or document.id} ({document.file_name})"
            about = f"{clients.get(document.client_id, '–')}, {what}"
            yield wrong(about, f"Its stored file {found}.", IMPORT_AGAIN)
    for waiting in house.to_place():
        if waiting.sha256:
            read += 1
            found = _flaw_of(content_path(backend, waiting.sha256), waiting.sha256)
            if found:
                yield wrong(f"to place, {waiting.file_name}", f"Its stored file {found}.", IMPORT_AGAIN)
    yield fine("content", f"{read} stored files were read")


def _flaw_of(path: Path, sha256: str) -> str:
    try:
        with path.open("rb") as stream:
            whole = hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return "" if whole else "is damaged"


def of_house(house: House) -> Iterator[Finding]:
    """The copy, what waits, and the integrations."""
    counts = [row.counts.total for row in house.clients()]
    yield fine("copy", f"{len(counts)} clients, {sum(counts)} documents")
    damaged = sum(document.damaged for document in house.documents())
    if damaged:
        remedy = f"banqup doctor --deep names them. {IMPORT_AGAIN}"
        yield wrong("content", f"The service found {damaged} documents whose stored file is damaged.", remedy)
    waiting = house.waiting()
    if waiting:
        yield doubtful("outbox", f"{waiting} changes wait on this computer.", "banqup sync sends them.")
    else:
        yield fine("outbox", "Nothing waits")
    for one in house.refused():
        remedy = f"{what_to_do(one)} banqup changes lists it."
        yield doubtful("outbox", f"Refused: {one.what}. {why_not(one)}", remedy)
    yield from _of_integrations(house)
    for source in house.sources():
        if source.problem:
            yield wrong("source", f"{source.path}: {source.problem}", "banqup sources list shows it.")
    for extension in house.extensions():
        if not extension.allowed:
            yield doubtful(
                "store",
                f"{extension.id} of the package {extension.package} is not allowed, so nothing of it is run.",
                f"banqup store allow {extension.id}, if you trust the package; otherwise take it away.",
            )
        elif extension.problem:
            yield wrong(
                "store", f"{extension.id} does not load: {extension.problem}", "Install it again, or take it away."
            )


def _of_integrations(house: House) -> Iterator[Finding]:
    clients = {row.client.id: row.client.reference for row in house.clients()}
    found = house.integrations()
    for one in found:
        about = f"{clients.get(one.client_id, '–')}, {one.label}"
        if one.state is IntegrationState.BROKEN:
            remedy = one.remedy or f"Mend it, then banqup integrations resume {one.id}."
            yield wrong(about, one.cause or "It needs attention.", remedy)
        elif one.state is IntegrationState.PAUSED:
            why = f"It is paused: {one.cause}" if one.cause else "It is paused."
            yield doubtful(about, why, f"banqup integrations resume {one.id}")
    active = sum(one.state is IntegrationState.ACTIVE for one in found)
    yield fine("integrations", f"{active} of {len(found)} are active")


def before_the_house(homes: Homes) -> Iterator[Finding]:
    """All that can be looked at without opening anything."""
    yield fine("python", sys.version.split()[0])
    yield from of_homes(homes)
    yield from of_lock(homes)
    yield from of_settings(homes)
    yield from of_clock()
    yield from of_terminal(os.environ, is_terminal=sys.stderr.isatty())
    yield from of_files(homes)
