"""Where an SFTP drop keeps what is not taken yet: one directory an account, with nothing of the service's in it.

`half/` holds what is being written, under names of our own, and is emptied at every start. `tree/` holds directories,
and files that are whole but have a temporary name, until they get their final one. Nothing else stands here: a file
with a final name is taken when it is closed.
"""

import os
import posixpath
import secrets
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from banqup_tui.domain.values import Value
from banqup_tui.sources.folder import IGNORED_NAMES, is_ignored

_MOST_REMEMBERED: Final = 2_000
_DEEPEST: Final = 32
_LONGEST_NAME: Final = 255
_HOUR: Final = 3600.0
_OLDEST: Final = 7 * 24 * _HOUR
_MOST_PIECES: Final = 256
"""Of a file that is being written. A sender that writes several at once leaves some tens of gaps for a moment."""
_SECONDS_BETWEEN_CLEARINGS: Final = 10.0


class DropLimits(Value, frozen=True, kw_only=True):
    """Of one account. Sizes in bytes; `waiting_*`: of what is half written or has a temporary name."""

    largest_file: int = 50 * 1024 * 1024
    waiting_files: int = 500
    waiting_bytes: int = 1024 * 1024 * 1024
    open_files: int = 64
    directories: int = 5_000
    files_an_hour: int = 6_000
    connections: int = 16


class Why(StrEnum):
    NOT_THERE = "NOT_THERE"
    DENIED = "DENIED"
    THERE = "THERE"
    FULL = "FULL"
    FAILED = "FAILED"


class SpoolRefusal(Exception):
    def __init__(self, why: Why, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why
        self.sentence = sentence


class AcceptedFile(Value, frozen=True, kw_only=True):
    """A file that was taken: what a sender that looks again is told of it. `at`: seconds since 1970."""

    size: int
    at: int
    sha256: str


class Half(msgspec.Struct, eq=False):
    """A file being written. `spans`: which bytes have come, in order; `spoiled`: why it can never be whole."""

    path: str
    file: Path
    stream: BinaryIO
    spans: list[tuple[int, int]] = []
    spoiled: SpoolRefusal | None = None

    @property
    def size(self) -> int:
        return self.spans[-1][1] if self.spans else 0

    @property
    def is_whole(self) -> bool:
        return self.spoiled is None and (not self.spans or (len(self.spans) == 1 and self.spans[0][0] == 0))


class AccountSpool:
    """The corner of one account, shared by its connections. Paths are absolute, as `tidy` gives them.

    Every method raises `SpoolRefusal`, and `OSError` where the disk does.
    """

    def __init__(self, root: Path, limits: DropLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tree = root / "tree"
        self._halves = root / "half"
        self._limits = limits
        self._clock = clock
        self._open: set[Half] = set()
        self._open_bytes = 0
        self._cleared_at = -_SECONDS_BETWEEN_CLEARINGS + clock()
        self._accepted: OrderedDict[str, AcceptedFile] = OrderedDict()
        self._counted_since = clock()
        self._counted = 0
        shutil.rmtree(self._halves, ignore_errors=True)
        for directory in (self._tree, self._halves):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear_old()
        self._waiting_files, self._waiting_bytes, self._directories = self._counted_anew()

    # files

    def begin(self, path: str, *, anew: bool) -> Half:
        """`anew`: what was there is written over; else a waiting file is gone on with, where there is one."""
        if path == "/" or self._on_disk(path).is_dir():
            raise SpoolRefusal(Why.DENIED, "This is a directory.")
        if not anew and path in self._accepted:
            raise SpoolRefusal(Why.FAILED, "This file was taken already: send it whole, or under another name.")
        self._check_free_bytes()
        file = self._halves / secrets.token_hex(16)
        waiting = self._on_disk(path)
        half = Half(path=path, file=file, stream=file.open("xb+"))
        self._open.add(half)
        if not anew and waiting.is_file():
            self.write(half, 0, waiting.read_bytes())
        return half

    def write(self, half: Half, offset: int, data: bytes) -> None:
        """What is refused here spoils the file: it is never taken."""
        if half.spoiled is not None:
            raise half.spoiled
        if offset + len(data) > self._limits.largest_file:
            half.spoiled = SpoolRefusal(
                Why.FULL, f"A file may have at most {self._limits.largest_file // (1024 * 1024)} MiB."
            )
            raise half.spoiled
        growth = offset + len(data) - half.size
        if growth > 0 and self._waiting_bytes + self._open_bytes + growth > self._limits.waiting_bytes:
            half.spoiled = _too_much()
            raise half.spoiled
        if len(half.spans) >= _MOST_PIECES:
            half.spoiled = SpoolRefusal(Why.FAILED, "This file comes in too many pieces at once.")
            raise half.spoiled
        try:
            half.stream.seek(offset)
            half.stream.write(data)
        except OSError:
            half.spoiled = SpoolRefusal(Why.FAILED, "A part of this file could not be written.")
            raise
        before = half.size
        half.spans = _merged(half.spans, (offset, offset + len(data)))
        self._open_bytes += half.size - before

    def truncate(self, half: Half, size: int) -> None:
        if size > half.size:
            raise SpoolRefusal(Why.FAILED, "A file is not made longer without its bytes.")
        half.stream.truncate(size)
        self._open_bytes -= half.size - size
        half.spans = [(start, min(end, size)) for start, end in half.spans if start < size]

    def finish(self, half: Half) -> Path | None:
        """The whole file, to be taken and then dropped; `None` where it has a temporary name, and waits."""
        self._closed(half)
        if not half.is_whole:
            half.file.unlink(missing_ok=True)
            raise half.spoiled or SpoolRefusal(Why.FAILED, "A part of this file is missing.")
        if not has_temporary_name(half.path):
            return half.file
        self._put_by(half)
        return None

    def _put_by(self, half: Half) -> None:
        if posixpath.basename(half.path).lower() in IGNORED_NAMES:
            half.file.unlink(missing_ok=True)
            return
        place = self._on_disk(half.path)
        try:
            self._make_all(place.parent)
        except BaseException:
            half.file.unlink(missing_ok=True)
            raise
        self._uncount(place)
        half.file.replace(place)
        self._waiting_files += 1
        self._waiting_bytes += half.size

    def drop(self, half: Half) -> None:
        """It was cut off, or has been taken."""
        self._closed(half)
        half.file.unlink(missing_ok=True)

    def _closed(self, half: Half) -> None:
        if half in self._open:
            self._open.remove(half)
            self._open_bytes -= half.size
        half.stream.close()

    def waiting(self, path: str) -> Path | None:
        """The file that waits there under a temporary name."""
        found = self._on_disk(path)
        return found if found.is_file() else None

    def move(self, old: str, new: str) -> None:
        """A waiting file to another temporary name, or a directory."""
        source, target = self._on_disk(old), self._on_disk(new)
        if source.is_dir() and (target.exists() or new == "/" or new.startswith(old.rstrip("/") + "/")):
            raise SpoolRefusal(Why.THERE, "There is something of this name.")
        if target.is_dir():
            raise SpoolRefusal(Why.THERE, "There is a directory of this name.")
        self._make_all(target.parent)
        if source.is_file():
            self._uncount(target)
        source.replace(target)

    def remove(self, path: str) -> None:
        """A waiting file; of one that was taken only the memory."""
        if self._accepted.pop(path, None) is not None:
            return
        waiting = self.waiting(path)
        if waiting is None:
            raise SpoolRefusal(Why.NOT_THERE, "There is no such file.")
        self._uncount(waiting)
        waiting.unlink(missing_ok=True)

    # what was taken

    def remember(self, path: str, accepted: AcceptedFile) -> None:
        self._accepted[path] = accepted
        self._accepted.move_to_end(path)
        while len(self._accepted) > _MOST_REMEMBERED:
            self._accepted.popitem(last=False)

    def accepted(self, path: str) -> AcceptedFile | None:
        return self._accepted.get(path)

    def forget(self, path: str) -> None:
        self._accepted.pop(path, None)

    def count(self) -> None:
        """One file more is about to be taken. Refused where too many were within the hour."""
        if self._clock() - self._counted_since >= _HOUR:
            self._counted_since, self._counted = self._clock(), 0
        if self._counted >= self._limits.files_an_hour:
            raise SpoolRefusal(Why.FULL, "Too many files within an hour: go on in the next one.")
        self._counted += 1

    # directories

    def make_directory(self, path: str) -> None:
        place = self._on_disk(path)
        if place.exists():
            raise SpoolRefusal(Why.THERE, "It is there already.")
        self._make_all(place)

    def remove_directory(self, path: str) -> None:
        place = self._on_disk(path)
        if path == "/" or not place.is_dir():
            raise SpoolRefusal(Why.NOT_THERE, "There is no such directory.")
        place.rmdir()
        self._directories -= 1

    def is_directory(self, path: str) -> bool:
        return self._on_disk(path).is_dir()

    def entries(self, path: str) -> list[Path]:
        """Directories and waiting files. Raises `SpoolRefusal` where it is no directory."""
        place = self._on_disk(path)
        if not place.is_dir():
            raise SpoolRefusal(Why.NOT_THERE, "There is no such directory.")
        return sorted(place.iterdir())

    def _make_all(self, place: Path) -> None:
        """A directory and those above it, each of them counted. Raises `SpoolRefusal` where there are too many."""
        missing = _missing(place)
        most = self._limits.directories
        if missing and self._directories + len(missing) > most and self._may_clear():
            self._clear_directories()
            missing = _missing(place)
        if missing and self._directories + len(missing) > most:
            raise SpoolRefusal(Why.FULL, "There are too many directories here.")
        for one in reversed(missing):
            one.mkdir(mode=0o700)
            self._directories += 1

    def _may_clear(self) -> bool:
        """Not at every request: it looks through all directories."""
        now = self._clock()
        if now - self._cleared_at < _SECONDS_BETWEEN_CLEARINGS:
            return False
        self._cleared_at = now
        return True

    def _clear_directories(self) -> None:
        """Those that are empty: a file may be written where its directory is not there."""
        for directory, _, _ in os.walk(self._tree, topdown=False):
            if Path(directory) != self._tree and not os.listdir(directory):
                os.rmdir(directory)
        _, _, self._directories = self._counted_anew()

    def _clear_old(self) -> None:
        """Files under temporary names that nobody came back for."""
        for file in self._tree.rglob("*"):
            if file.is_file() and time.time() - file.stat().st_mtime > _OLDEST:
                file.unlink(missing_ok=True)

    def _counted_anew(self) -> tuple[int, int, int]:
        found = list(self._tree.rglob("*"))
        sizes = [file.stat().st_size for file in found if file.is_file()]
        return len(sizes), sum(sizes), len(found) - len(sizes)

    def _uncount(self, file: Path) -> None:
        """It is about to go."""
        if file.is_file():
            self._waiting_files -= 1
            self._waiting_bytes -= file.stat().st_size

    def _check_free_bytes(self) -> None:
        if len(self._open) >= self._limits.open_files:
            raise SpoolRefusal(Why.FULL, "Too many files are open at once.")
        files = self._waiting_files + len(self._open)
        if files >= self._limits.waiting_files or self._waiting_bytes + self._open_bytes >= self._limits.waiting_bytes:
            raise _too_much()

    def _on_disk(self, path: str) -> Path:
        return self._tree.joinpath(*path.split("/")) if path != "/" else self._tree


def _missing(place: Path) -> list[Path]:
    """The directory itself first, then those above it."""
    missing: list[Path] = []
    while not place.is_dir():
        missing.append(place)
        place = place.parent
    return missing


def _too_much() -> SpoolRefusal:
    return SpoolRefusal(Why.FULL, "Too much waits here under temporary names: rename it, or take it away.")


def tidy(path: bytes) -> str:
    """`/a/b` of what a sender wrote: absolute, without `..`. Raises `SpoolRefusal`.

    There are no links below the tree, and `..` is gone: so nothing outside can be named.
    """
    whole = posixpath.normpath(posixpath.join("/", os.fsdecode(path)))
    whole = "/" + whole.lstrip("/")
    parts = whole.strip("/").split("/")
    if "\0" in whole or len(parts) > _DEEPEST or any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
        raise SpoolRefusal(Why.DENIED, "Such a name cannot be used here.")
    return whole


def has_temporary_name(path: str) -> bool:
    return is_ignored(posixpath.basename(path))


def _merged(spans: list[tuple[int, int]], new: tuple[int, int]) -> list[tuple[int, int]]:
    if spans and spans[-1][0] <= new[0] <= spans[-1][1]:
        return [*spans[:-1], (spans[-1][0], max(spans[-1][1], new[1]))]
    merged: list[tuple[int, int]] = []
    for start, end in sorted([*spans, new]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
