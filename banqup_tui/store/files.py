"""Files on this computer by their SHA-256: the spool of files to upload, and the cache of downloaded files."""

import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import BinaryIO

from banqup_tui.domain.values import is_sha256
from banqup_tui.folder_walk import open_below, open_named
from banqup_tui.kill_points import kill_point
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.file_lock import exclusive_lock, shared_lock
from banqup_tui.whole_file import NewFiles, hashed, sync_directory

CHUNK = 1 << 20
CACHE_BYTES = 512 << 20
_YOUNG_SECONDS = 24 * 3600
_DROP_SECONDS = 0.2
"""How long the sync waits for programs that write a command, which takes some milliseconds."""


class Spool:
    """The bytes of files that commands in the outbox name.

    A file is whole and synced to the disk before its command is written: a command never names missing bytes.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = directory.with_name(f"{directory.name}.lock")

    @contextlib.contextmanager
    def taken(self, source: Path, *, below: Path | None = None) -> Iterator[str]:
        """Copies a regular file into the spool and gives its SHA-256; write its command inside the `with`.

        The shared lock is taken until the end, so that no program deletes the bytes before their command is written.
        Of a file that grows meanwhile, the size at the beginning is copied.

        Args:
            below: A folder below which no symbolic link is followed.

        Raises:
            NotARegularFile, OwnDirectory, OSError: The file cannot be taken.
        """
        with self.all_taken([(source, below)]) as (taken,):
            if isinstance(taken, OSError):
                raise taken
            yield taken

    @contextlib.contextmanager
    def all_taken(self, sources: Sequence[tuple[Path, Path | None]]) -> Iterator[list[str | OSError]]:
        """Copies files into the spool as `taken` does, and syncs them together.

        Args:
            sources: Each file, and the folder below which no symbolic link is followed.

        Returns:
            For each file its SHA-256, or the error for which it cannot be taken.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        halves: dict[Path, str] = {}
        found: list[str | OSError] = []
        try:
            with NewFiles() as new:
                for source, below in sources:
                    try:
                        half, sha256 = self._copied(new, source, below)
                    except OSError as error:
                        found.append(error)
                        continue
                    halves[half] = sha256
                    found.append(sha256)
                new.sync()
            # Killed here, the files have hidden names; `keep_only` deletes them after a day. No command names them yet.
            kill_point("spool.written")
            with shared_lock(self._lock):
                for half, sha256 in halves.items():
                    half.replace(self.path(sha256))
                sync_directory(self.directory)
                # Killed here, the files are whole without commands; `keep_only` deletes them after a day.
                kill_point("spool.renamed")
                yield found
        finally:
            for half in halves:
                half.unlink(missing_ok=True)

    def _copied(self, new: NewFiles, source: Path, below: Path | None) -> tuple[Path, str]:
        half = self.directory / f".{uuid.uuid4()}"
        digest = hashlib.sha256()
        with _opened(source, below) as file:
            new.write(half, hashed(_chunks(file, os.fstat(file.fileno()).st_size), digest))
        return half, digest.hexdigest()

    def hash_of(self, source: Path, *, below: Path | None = None) -> str:
        """Returns the SHA-256 of a file without copying it. Raises as `taken`."""
        digest = hashlib.sha256()
        with _opened(source, below) as file:
            for chunk in _chunks(file, os.fstat(file.fileno()).st_size):
                digest.update(chunk)
        return digest.hexdigest()

    def path(self, sha256: str) -> Path:
        return _path(self.directory, sha256)

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def keep_only(self, wanted: Iterable[str], now: float | None = None) -> None:
        """Deletes files that are not `wanted`, and those that a killed program left half written.

        Files younger than a day stay: their command may not be written yet.
        """
        if not self.directory.is_dir():
            return
        wanted_files = set(wanted)
        before = (time.time() if now is None else now) - _YOUNG_SECONDS
        for path in self.directory.iterdir():
            if path.name not in wanted_files and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)

    def drop_unless(self, needed: Callable[[Set[str]], Set[str]], files: Set[str]) -> None:
        """Deletes files, but for those that `needed` returns.

        If another program has the lock, it may be writing a command for the same bytes: then the files stay, and
        `keep_only` deletes them on a later day.
        """
        if not files:
            return
        try:
            with exclusive_lock(self._lock, wait=_DROP_SECONDS):
                for sha256 in files - needed(files):
                    self.path(sha256).unlink(missing_ok=True)
        except LocalFault as fault:
            if fault.code is not FaultCode.LOCKED:
                raise

    def whole(self) -> set[str]:
        """Returns the hashes of all files in the spool."""
        if not self.directory.is_dir():
            return set()
        return {path.name for path in self.directory.iterdir() if is_sha256(path.name)}


def _path(directory: Path, sha256: str) -> Path:
    """Returns the path of a hash. Raises `ValueError` for any other text, so that no text of a server names a path."""
    if not is_sha256(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return directory / sha256


def _opened(source: Path, below: Path | None) -> BinaryIO:
    if below is None:
        return open_named(source)
    return open_below(below, source.relative_to(below).as_posix(), follow_root=True)


def _chunks(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk


class FileCache:
    """Downloaded files. Over `cap` bytes, the least recently used are deleted first."""

    def __init__(self, directory: Path, cap: int = CACHE_BYTES) -> None:
        self.directory = directory
        self.cap = cap

    def get(self, sha256: str) -> Path | None:
        path = _path(self.directory, sha256)
        if not path.is_file():
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return path

    def half(self) -> Path:
        """Returns a new path to which a download is written."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.directory / f".{uuid.uuid4()}"

    def keep(self, half: Path, sha256: str) -> Path:
        """Moves a finished download into the cache. The caller has compared its hash."""
        target = _path(self.directory, sha256)
        half.replace(target)
        self.shrink(spare=target.name)
        return target

    def drop(self, sha256s: Iterable[str]) -> None:
        """Deletes files. Texts that are no hashes are ignored: copies of older versions may have some."""
        for sha256 in filter(is_sha256, sha256s):
            _path(self.directory, sha256).unlink(missing_ok=True)

    def shrink(self, spare: str = "") -> None:
        """Deletes the least recently used files until the cache is within `cap`, but never the file `spare`."""
        found = [(path.stat(), path) for path in self.directory.iterdir()]
        total = sum(status.st_size for status, _ in found)
        for status, path in sorted(found, key=lambda one: one[0].st_mtime_ns):
            if total <= self.cap:
                return
            if path.name != spare:
                path.unlink(missing_ok=True)
                total -= status.st_size
