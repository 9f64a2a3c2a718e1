"""Whether a local copy that nobody was using is still the one that was closed, down to the last bit.

SQLite keeps no checksums, so a bit that fell over in an amount would be shown. The last program that closes the copy
writes a seal beside it: the size and a checksum of the whole file. The first that opens it compares, and takes the
seal away before anything can be written. Without a seal (the last program was killed) SQLite's own full check is made,
and a copy that is not large is fetched again.

A large copy is not read whole by every command line: 680 MB, which is a million documents, take half a second. Where
the file system says that nobody has written to the file since its checksum was last measured or compared, and the
computer was not started anew since, it is taken as it is. A terminal compares it each time, in the background.
"""

import contextlib
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from banqup_tui.store.faults import LocalFault
from banqup_tui.store.sqlite import connect

AT_ONCE_BYTES = 16 << 20
"""A larger copy is checked in a thread where a screen is not to wait: this much takes 10 to 20 ms."""
_CHUNK = 1 << 20


class Seal(msgspec.Struct, frozen=True):
    size: int
    checksum: int


class SealedFile(msgspec.Struct, frozen=True):
    """What is written down. `stamp`: of the file when it was last measured or compared; empty in a seal of before."""

    size: int
    checksum: int
    stamp: tuple[int | str, ...] = ()

    @property
    def seal(self) -> Seal:
        return Seal(self.size, self.checksum)

    def is_untouched(self, path: Path) -> bool:
        """Since then, as far as the file system and this start of the computer know."""
        return bool(self.stamp and self.stamp[0]) and self.stamp == stamp_of(path)


_decoder = msgspec.json.Decoder(SealedFile)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def seal_path(path: Path) -> Path:
    return path.with_suffix(".seal")


def stamp_of(path: Path) -> tuple[int | str, ...]:
    """Another where the file was written to, replaced, or may have been while this system did not run.

    First the identity of this start of the system, empty where it has none. The time of the last change of an inode
    (ctime) cannot be set by a program, unlike that of its content.
    """
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot = ""
    status = path.stat()
    return boot, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def take_seal(path: Path) -> SealedFile | None:
    """The seal of a copy at rest, taken away. A log beside the file: it was not closed after the seal."""
    seal = seal_path(path)
    try:
        found = _decoder.decode(seal.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        found = None
    seal.unlink(missing_ok=True)
    return None if _log_of(path).exists() else found


def put_seal(path: Path, seal: Seal) -> None:
    """Whole or not at all. It need not outlive a power cut: without it there is the full check."""
    making = seal_path(path).with_suffix(".seal-making")
    making.write_bytes(msgspec.json.encode(SealedFile(seal.size, seal.checksum, stamp_of(path))))
    making.replace(seal_path(path))


def clear_log(path: Path) -> None:
    """Writes the log into the file and takes it away, where no other connection is open."""
    if _log_of(path).exists():
        with contextlib.closing(connect(path, create=False)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def seal_of(path: Path) -> Seal | None:
    """Of a copy that nobody uses; `None` where its log is still beside it."""
    clear_log(path)
    if _log_of(path).exists():
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return measured(descriptor, lambda: False)
    finally:
        os.close(descriptor)


def measured(descriptor: int, is_over: Callable[[], bool]) -> Seal | None:
    """Size and checksum of an open file; `None` if it is not wanted any more."""
    checksum = at = 0
    while chunk := os.pread(descriptor, _CHUNK, at):
        checksum = zlib.crc32(chunk, checksum)
        at += len(chunk)
        if is_over():
            return None
    return Seal(at, checksum)


def passes_full_check(path: Path) -> bool:
    """Pages and indexes. Values in columns without an index may be wrong all the same."""
    try:
        with contextlib.closing(connect(path, create=False)) as connection:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except LocalFault as fault:
        if fault.is_damage:
            return False
        raise


class BackgroundCheck:
    """The check of a large copy in a thread of its own. `damaged` is called in it.

    The file must not change while it is measured: a reader that began before anything was in the log keeps SQLite from
    writing the log into the file. The descriptor stays open until `end`: closing any descriptor of a file drops all of
    SQLite's locks on it in this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """

    def __init__(self, path: Path, seal: Seal | None, damaged: Callable[[], None]) -> None:
        self._seal = seal
        self._damaged = damaged
        self._is_over = threading.Event()
        self._descriptor = os.open(path, os.O_RDONLY)
        self._reader = connect(path, read_only=True)
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
        self._thread = threading.Thread(target=self._run, name="copy-check", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """After all connections to the file are closed."""
        self.stop()
        os.close(self._descriptor)

    def stop(self) -> None:
        self._is_over.set()
        with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed already
            self._reader.interrupt()
        self._thread.join()

    def _run(self) -> None:
        try:
            is_sound = self._compare()
        except LocalFault as fault:
            is_sound = not fault.is_damage
        except (sqlite3.Error, OSError):  # interrupted, or the disk cannot be read now
            is_sound = True
        finally:
            self._reader.close()
        if not is_sound and not self._is_over.is_set():
            self._damaged()

    def _compare(self) -> bool:
        if self._seal is None:
            return bool(self._reader.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
        found = measured(self._descriptor, self._is_over.is_set)
        return found is None or found == self._seal


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
