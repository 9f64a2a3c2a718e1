"""Checks that a local copy has not changed on the disk since it was closed.

SQLite has no checksums of pages, so a changed bit in an amount would be shown. The last program that closes the copy
writes a seal beside it: the size and a checksum of the whole file. The first program that opens the copy deletes the
seal before anything can be written, and compares. Without a seal (the last program was killed) SQLite's own full check
runs, and a copy that is not large is fetched again.

A command line does not read a large copy whole: 680 MB, a million documents, take half a second. It trusts the copy if
the file's inode, size and times are those of the last comparison and the computer has not been restarted since. A
terminal compares each time, in the background.
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
"""A copy up to this size is checked before it is opened, in 10 to 20 ms; a terminal checks larger ones in a thread."""
_CHUNK = 1 << 20


class Seal(msgspec.Struct, frozen=True):
    """The size in bytes and the CRC-32 of a whole file."""

    size: int
    checksum: int


class SealedFile(msgspec.Struct, frozen=True):
    """The content of a seal's file. `stamp` is `stamp_of` the copy at the last comparison; older seals have none."""

    size: int
    checksum: int
    stamp: tuple[int | str, ...] = ()

    @property
    def seal(self) -> Seal:
        return Seal(self.size, self.checksum)

    def is_untouched(self, path: Path) -> bool:
        """Returns True if the file has not been written to since, by its stamp.

        False where the system has no identity for its start: a stamp proves nothing over a restart.
        """
        return bool(self.stamp and self.stamp[0]) and self.stamp == stamp_of(path)


_decoder = msgspec.json.Decoder(SealedFile)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def seal_path(path: Path) -> Path:
    return path.with_suffix(".seal")


def stamp_of(path: Path) -> tuple[int | str, ...]:
    """Returns a value that differs once the file was written to or replaced, or the computer was restarted.

    It begins with the id of the computer's start, empty on systems without such an id. It has the inode's time of
    change (ctime) because programs can set the time of the content (mtime), but not that one.
    """
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot = ""
    status = path.stat()
    return boot, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def take_seal(path: Path) -> SealedFile | None:
    """Deletes the seal of a copy and returns it; `None` if there is none that can be trusted.

    A log beside the file shows that a program wrote to the copy after the seal and was killed.
    """
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
    """Writes the seal whole, by renaming. It is not synced to the disk: without a seal the full check runs."""
    making = seal_path(path).with_suffix(".seal-making")
    making.write_bytes(msgspec.json.encode(SealedFile(seal.size, seal.checksum, stamp_of(path))))
    making.replace(seal_path(path))


def clear_log(path: Path) -> None:
    """Writes the log into the file and deletes it, unless another connection is open."""
    if _log_of(path).exists():
        with contextlib.closing(connect(path, create=False)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def seal_of(path: Path) -> Seal | None:
    """Returns the seal of a copy that no program uses; `None` if its log could not be written into the file."""
    clear_log(path)
    if _log_of(path).exists():
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return measured(descriptor, lambda: False)
    finally:
        os.close(descriptor)


def measured(descriptor: int, is_over: Callable[[], bool]) -> Seal | None:
    """Returns size and checksum of an open file; `None` as soon as `is_over` returns True."""
    checksum = at = 0
    while chunk := os.pread(descriptor, _CHUNK, at):
        checksum = zlib.crc32(chunk, checksum)
        at += len(chunk)
        if is_over():
            return None
    return Seal(at, checksum)


def passes_full_check(path: Path) -> bool:
    """Runs SQLite's check of pages and indexes. It does not notice changed values in columns without an index.

    Raises `LocalFault` if the file cannot be read now.
    """
    try:
        with contextlib.closing(connect(path, create=False)) as connection:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except LocalFault as fault:
        if fault.is_damage:
            return False
        raise


class BackgroundCheck:
    """Checks a large copy in a thread of its own, and calls `damaged` in that thread if the copy is damaged.

    The file must not change while it is read: an open read transaction, begun while the log was empty, keeps SQLite
    from writing the log into the file. The descriptor stays open until `end`, because closing any descriptor of a file
    drops all of SQLite's locks on it in this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
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
        """Stops the check and closes the descriptor. Call it after all connections to the file are closed."""
        self.stop()
        os.close(self._descriptor)

    def stop(self) -> None:
        self._is_over.set()
        with contextlib.suppress(sqlite3.ProgrammingError):  # the thread has closed the connection
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
