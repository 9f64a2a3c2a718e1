"""What `banqup doctor` looks at. Each check gives findings; each finding is a sentence and, if need be, what to do."""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from banqup_tui.cli.house import House
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.homes import Homes
from banqup_tui.protocol.local import content_path
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.sqlite import connect
from banqup_tui.written.messages import remedy_of, sentence_of, words_of
from banqup_tui.written.refusals import what_to_do, why_not
from banqup_tui.written.words import N_, _, ngettext

LEAST_ROOM = 200 * 1024 * 1024
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this day is wrong: the program is younger."""


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
    yield from _of_keys(homes)
    yield from _of_room(homes.data)


def _named(homes: Homes) -> tuple[tuple[str, Path], ...]:
    return (
        (N_("settings directory"), homes.config),
        (N_("data directory"), homes.data),
        (N_("cache directory"), homes.cache),
        (N_("runtime directory"), homes.runtime),
        (N_("log directory"), homes.log),
    )


def _of_directory(name: str, path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / f".doctor-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        remedy = _("Give yourself the right to it, or set BANQUP_HOME to a directory of your own.")
        return wrong(
            name, _("{path} cannot be written: {strerror}.").format(path=path, strerror=error.strerror), remedy
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return doubtful(name, _("Others may enter {path}.").format(path=path), f"chmod 700 {path}")
    return fine(name, str(path))


def _of_keys(homes: Homes) -> Iterator[Finding]:
    """What opens all the rest: nobody else may read it, wherever the directory lies."""
    for path in (homes.backend / "vault.key", homes.backend / "drop_host_key"):
        with suppress(OSError):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                sentence = _("Others may read {path}.").format(path=path)
                remedy = _("chmod 600 {path}, and replace the key: docs/service.md says how.").format(path=path)
                yield wrong("keys", sentence, remedy)


def _of_room(path: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(path).free
    except OSError:
        return
    megabytes = free // (1024 * 1024)
    if free < LEAST_ROOM:
        yield wrong(
            N_("disk"),
            _("{megabytes} MB are free.").format(megabytes=megabytes),
            _("Make room: nothing is lost, but nothing new can be kept."),
        )
    else:
        yield fine(N_("disk"), _("{megabytes} MB are free").format(megabytes=megabytes))


def of_lock(homes: Homes) -> Iterator[Finding]:
    """Whether the file system of the runtime directory knows locks; some network homes do not."""
    path = homes.runtime / f".doctor-lock-{os.getpid()}"
    try:
        import fcntl

        with path.open("wb") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield fine(N_("lock"), _("Files can be locked"))
    except ImportError:
        return
    except OSError as error:
        yield wrong(
            N_("lock"),
            _("Files in {runtime} cannot be locked: {strerror}.").format(
                runtime=homes.runtime, strerror=error.strerror
            ),
            _("Set BANQUP_HOME to a directory on a disk of this computer."),
        )
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def of_settings(homes: Homes) -> Iterator[Finding]:
    from banqup_tui.settings import FILE_NAME, WrongSettings, read_settings

    try:
        read_settings(homes.config)
    except WrongSettings as error:
        yield wrong(N_("settings"), sentence_of(error.message), remedy_of(error.message))
        return
    path = homes.config / FILE_NAME
    yield fine(
        N_("settings"),
        _("{path} is read").format(path=path) if path.exists() else _("The defaults: there is no config.toml"),
    )


def of_files(homes: Homes) -> Iterator[Finding]:
    """SQLite's own check of each database: short, and without changing anything."""
    found = [*sorted(homes.backend.glob("*.sqlite")), *sorted(homes.copies.glob("*/*.sqlite"))]
    for path in found:
        about = path.relative_to(homes.data).as_posix()
        try:
            with closing(connect(path, read_only=True)) as connection:
                is_sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        except LocalFault as fault:
            if not fault.is_damage:
                yield wrong(about, sentence_of(fault.message), remedy_of(fault.message))
                continue
            is_sound = False
        if is_sound:
            yield fine(about, _("The file is sound"))
        else:
            yield wrong(about, _("{path} is damaged.").format(path=path), _remedy_for(path))
    for path in sorted(homes.copies.glob("*/outbox.sqlite.aside-*")):
        if not path.name.endswith(("-wal", "-shm")):
            about = path.relative_to(homes.data).as_posix()
            yield doubtful(
                about,
                _("{path} is a damaged outbox of before.").format(path=path),
                _("What could be read of it was taken up. Delete it once nothing is missing."),
            )


def _remedy_for(path: Path) -> str:
    if path.name.startswith("copy"):
        return _("It is made again by itself at the next start.")
    if path.name.startswith("outbox"):
        return _("Keep it: at the next start what can be read of it is saved into a new one.")
    return _("Put the last backup back: banqup restore FOLDER. What is there now stays beside it.")


def of_clock(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Finding]:
    found = now()
    if found < EARLIEST:
        yield wrong(
            N_("clock"),
            _("The clock says {found}.").format(found=found),
            _("Set the clock: dates of what comes in would be wrong."),
        )
    else:
        yield fine(N_("clock"), f"{found.astimezone():%Y-%m-%d %H:%M %Z}")


def of_terminal(environment: Mapping[str, str], *, is_terminal: bool) -> Iterator[Finding]:
    """Colours, signs and width; only warnings, as the program runs in less."""
    encoding = locale.getpreferredencoding(False)
    if "utf" in encoding.lower():
        yield fine(N_("signs"), _("The locale is {encoding}").format(encoding=encoding))
    else:
        yield doubtful(
            N_("signs"),
            _("The locale is {encoding}: signs are shown in ASCII.").format(encoding=encoding),
            _("Set LANG to a UTF-8 locale, as en_GB.UTF-8."),
        )
    if not is_terminal:
        yield fine(N_("terminal"), _("Not a terminal: nothing to look at"))
        return
    yield _of_colours(environment)
    size = shutil.get_terminal_size()
    if size.columns < 60 or size.lines < 16:
        yield doubtful(
            N_("size"),
            _("The window is {columns} × {lines}.").format(columns=size.columns, lines=size.lines),
            _("60 × 16 is needed: make it larger."),
        )
    else:
        yield fine(N_("size"), f"{size.columns} × {size.lines}")


def _of_colours(environment: Mapping[str, str]) -> Finding:
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return fine(N_("colours"), _("None, as NO_COLOR asks"))
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return fine(N_("colours"), _("16 million"))
    if "256color" in term:
        return fine(N_("colours"), "256")
    if term in ("", "dumb"):
        return doubtful(
            N_("colours"),
            _("TERM is {text}.").format(text=term or _("not set")),
            _("Set TERM to what the terminal is: xterm-256color."),
        )
    return fine(N_("colours"), f"16 ({term})")


IMPORT_AGAIN = N_("Import the same file again from where it came: it takes the place of the damaged one.")


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
            yield wrong(about, _("Its stored file {found}.").format(found=found), _(IMPORT_AGAIN))
    for waiting in house.to_place():
        if waiting.sha256:
            read += 1
            found = _flaw_of(content_path(backend, waiting.sha256), waiting.sha256)
            if found:
                yield wrong(
                    f"to place, {waiting.file_name}", _("Its stored file {found}.").format(found=found), _(IMPORT_AGAIN)
                )
    files = ngettext("{count} stored file was read", "{count} stored files were read", read)
    yield fine(N_("content"), files.format(count=read))


def _flaw_of(path: Path, sha256: str) -> str:
    try:
        with path.open("rb") as stream:
            whole = hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return _("is missing")
    except OSError as error:
        return _("cannot be read: {reason}").format(reason=error.strerror or error)
    return "" if whole else _("is damaged")


def of_house(house: House) -> Iterator[Finding]:
    """The copy, what waits, and the integrations."""
    counts = [row.counts.total for row in house.clients()]
    clients = ngettext("{count} client", "{count} clients", len(counts)).format(count=len(counts))
    documents = ngettext("{count} document", "{count} documents", sum(counts)).format(count=sum(counts))
    yield fine(N_("copy"), f"{clients}, {documents}")
    damaged = sum(document.damaged for document in house.documents())
    if damaged:
        remedy = f"{_('banqup doctor --deep names them.')} {_(IMPORT_AGAIN)}"
        yield wrong(
            N_("content"),
            ngettext(
                "The service found {count} document whose stored file is damaged.",
                "The service found {count} documents whose stored file is damaged.",
                damaged,
            ).format(count=damaged),
            remedy,
        )
    waiting = house.waiting()
    if waiting:
        yield doubtful(
            N_("outbox"),
            ngettext(
                "{count} change waits on this computer.", "{count} changes wait on this computer.", waiting
            ).format(count=waiting),
            _("banqup sync sends them."),
        )
    else:
        yield fine(N_("outbox"), _("Nothing waits"))
    for one in house.refused():
        remedy = f"{what_to_do(one)} {_('banqup changes lists it.')}"
        yield doubtful(N_("outbox"), _("Refused: {what}. {text}").format(what=one.what, text=why_not(one)), remedy)
    yield from _of_integrations(house)
    for source in house.sources():
        if source.problems:
            words = " ".join(map(words_of, source.problems))
            yield wrong(N_("source"), f"{source.path}: {words}", _("banqup sources list shows it."))
    for extension in house.extensions():
        if not extension.allowed:
            yield doubtful(
                "store",
                _("{extension} of the package {package} is not allowed, so nothing of it is run.").format(
                    extension=extension.id, package=extension.package
                ),
                _("banqup store allow {extension}, if you trust the package.").format(extension=extension.id),
            )
        elif extension.problem:
            yield wrong(
                N_("store"),
                _("{id} does not load: {problem}").format(id=extension.id, problem=sentence_of(extension.problem)),
                _("Install it again, or take it away."),
            )


def _of_integrations(house: House) -> Iterator[Finding]:
    clients = {row.client.id: row.client.reference for row in house.clients()}
    found = house.integrations()
    for one in found:
        about = f"{clients.get(one.client_id, '–')}, {one.label}"
        if one.state is IntegrationState.BROKEN:
            mend = _("Mend it, then banqup integrations resume {id}.").format(id=one.id)
            yield wrong(about, sentence_of(one.cause) or _("It needs attention."), remedy_of(one.cause) or mend)
        elif one.state is IntegrationState.PAUSED:
            why = _("It is paused: {cause}").format(cause=sentence_of(one.cause)) if one.cause else _("It is paused.")
            yield doubtful(about, why, f"banqup integrations resume {one.id}")
    active = sum(one.state is IntegrationState.ACTIVE for one in found)
    yield fine(N_("integrations"), _("{active} of {count} are active").format(active=active, count=len(found)))


def before_the_house(homes: Homes) -> Iterator[Finding]:
    """All that can be looked at without opening anything."""
    yield fine(N_("python"), sys.version.split()[0])
    yield from of_homes(homes)
    yield from of_lock(homes)
    yield from of_settings(homes)
    yield from of_clock()
    yield from of_terminal(os.environ, is_terminal=sys.stderr.isatty())
    yield from of_files(homes)
