"""Spool of an SFTP drop: files that are not yet imported, in one directory for each account.

`half/` has files being written, under random names; it is emptied at every start. `tree/` has directories, and complete
files with a temporary name until their rename. A file with a final name is imported when it is closed, so it never
stands here.
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

from banqup_tui.domain.file_names import LEFT_BEHIND, is_ignored
from banqup_tui.domain.values import Value

_MOST_REMEMBERED: Final = 2_000
_DEEPEST: Final = 32
_LONGEST_NAME: Final = 255
_HOUR: Final = 3600.0
_OLDEST: Final = 7 * 24 * _HOUR
_MOST_PIECES: Final = 256
"""Pieces of a file being written. A sender with several parallel writes leaves some tens of gaps for a moment."""
_SECONDS_BETWEEN_CLEARINGS: Final = 10.0


class DropLimits(Value, frozen=True, kw_only=True):
    """Limits of one account. Sizes in bytes; `waiting_*` count incomplete files and files with a temporary name."""

    largest_file: int = 50 * 1024 * 1024
    waiting_files: int = 500
    waiting_bytes: int = 1024 * 1024 * 1024
    open_files: int = 64
    directories: int = 5_000
    files_an_hour: int = 6_000
    connections: int = 16


class RefusalReason(StrEnum):
    """The kind of a refusal, which decides the SFTP error."""

    NOT_THERE = "NOT_THERE"
    DENIED = "DENIED"
    THERE = "THERE"
    FULL = "FULL"
    FAILED = "FAILED"


class SpoolRefusal(Exception):
    """A request that the spool refuses. `sentence`: shown to the sender."""

    def __init__(self, why: RefusalReason, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why
        self.sentence = sentence


class AcceptedFile(Value, frozen=True, kw_only=True):
    """An imported file, remembered for a sender that looks at it again. `at`: Unix time."""

    size: int
    at: int
    sha256: str


class PartialFile(msgspec.Struct, eq=False):
    """A file being written. `spans`: byte ranges received, sorted; `spoiled`: why it can never be complete."""

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
    """Spool of one account, shared by its connections. Paths are absolute, as `normalized_path` returns them.

    Not safe for use from several threads at once.

    Raises:
        SpoolRefusal: a limit or a wrong path.
        OSError: the disk fails.
    """

    def __init__(self, root: Path, limits: DropLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tree = root / "tree"
        self._partial_files = root / "half"
        self._limits = limits
        self._clock = clock
        self._open: set[PartialFile] = set()
        self._open_bytes = 0
        self._cleared_at = -_SECONDS_BETWEEN_CLEARINGS + clock()
        self._accepted: OrderedDict[str, AcceptedFile] = OrderedDict()
        self._counted_since = clock()
        self._counted = 0
        shutil.rmtree(self._partial_files, ignore_errors=True)
        for directory in (self._tree, self._partial_files):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear_old()
        self._waiting_files, self._waiting_bytes, self._directories = self._count()

    # Files

    def begin(self, path: str, *, truncate: bool) -> PartialFile:
        """Begins a file. `anew`: existing content is replaced; otherwise a waiting file is continued."""
        if path == "/" or self._on_disk(path).is_dir():
            raise SpoolRefusal(RefusalReason.DENIED, "This is a directory.")
        if not truncate and path in self._accepted:
            raise SpoolRefusal(
                RefusalReason.FAILED, "This file was taken already: send it whole, or under another name."
            )
        self._check_free_bytes()
        file = self._partial_files / secrets.token_hex(16)
        waiting = self._on_disk(path)
        partial = PartialFile(path=path, file=file, stream=file.open("xb+"))
        self._open.add(partial)
        if not truncate and waiting.is_file():
            self.write(partial, 0, waiting.read_bytes())
        return partial

    def write(self, partial: PartialFile, offset: int, data: bytes) -> None:
        """Writes data. A refusal spoils the file, which is then never imported."""
        if partial.spoiled is not None:
            raise partial.spoiled
        if offset + len(data) > self._limits.largest_file:
            partial.spoiled = SpoolRefusal(
                RefusalReason.FULL, f"A file may have at most {self._limits.largest_file // (1024 * 1024)} MiB."
            )
            raise partial.spoiled
        growth = offset + len(data) - partial.size
        if growth > 0 and self._waiting_bytes + self._open_bytes + growth > self._limits.waiting_bytes:
            partial.spoiled = _too_much()
            raise partial.spoiled
        # Bounds memory and time: the spans are merged at each write.
        if len(partial.spans) >= _MOST_PIECES:
            partial.spoiled = SpoolRefusal(RefusalReason.FAILED, "This file comes in too many pieces at once.")
            raise partial.spoiled
        try:
            partial.stream.seek(offset)
            partial.stream.write(data)
        except OSError:
            partial.spoiled = SpoolRefusal(RefusalReason.FAILED, "A part of this file could not be written.")
            raise
        before = partial.size
        partial.spans = _merged(partial.spans, (offset, offset + len(data)))
        self._open_bytes += partial.size - before

    def truncate(self, partial: PartialFile, size: int) -> None:
        if size > partial.size:
            raise SpoolRefusal(RefusalReason.FAILED, "A file is not made longer without its bytes.")
        partial.stream.truncate(size)
        self._open_bytes -= partial.size - size
        partial.spans = [(start, min(end, size)) for start, end in partial.spans if start < size]

    def finish(self, partial: PartialFile) -> Path | None:
        """Closes the file.

        Returns it if it is to be imported and then dropped; `None` if it has a temporary name and waits.
        """
        self._closed(partial)
        if not partial.is_whole:
            partial.file.unlink(missing_ok=True)
            raise partial.spoiled or SpoolRefusal(RefusalReason.FAILED, "A part of this file is missing.")
        if not has_temporary_name(partial.path):
            return partial.file
        self._keep_waiting(partial)
        return None

    def _keep_waiting(self, partial: PartialFile) -> None:
        if posixpath.basename(partial.path).lower() in LEFT_BEHIND:
            partial.file.unlink(missing_ok=True)
            return
        place = self._on_disk(partial.path)
        try:
            self._make_all(place.parent)
        except BaseException:
            partial.file.unlink(missing_ok=True)
            raise
        self._uncount(place)
        partial.file.replace(place)
        self._waiting_files += 1
        self._waiting_bytes += partial.size

    def drop(self, partial: PartialFile) -> None:
        """Deletes a file that was cut off or has been imported."""
        self._closed(partial)
        partial.file.unlink(missing_ok=True)

    def _closed(self, partial: PartialFile) -> None:
        if partial in self._open:
            self._open.remove(partial)
            self._open_bytes -= partial.size
        partial.stream.close()

    def waiting(self, path: str) -> Path | None:
        """Returns the file that waits under this temporary name, or `None`."""
        found = self._on_disk(path)
        return found if found.is_file() else None

    def move(self, old: str, new: str) -> None:
        """Renames a waiting file to another temporary name, or renames a directory."""
        source, target = self._on_disk(old), self._on_disk(new)
        if source.is_dir() and (target.exists() or new == "/" or new.startswith(old.rstrip("/") + "/")):
            raise SpoolRefusal(RefusalReason.THERE, "There is something of this name.")
        if target.is_dir():
            raise SpoolRefusal(RefusalReason.THERE, "There is a directory of this name.")
        self._make_all(target.parent)
        if source.is_file():
            self._uncount(target)
        source.replace(target)

    def remove(self, path: str) -> None:
        """Deletes a waiting file, or the memory of an imported file."""
        if self._accepted.pop(path, None) is not None:
            return
        waiting = self.waiting(path)
        if waiting is None:
            raise SpoolRefusal(RefusalReason.NOT_THERE, "There is no such file.")
        self._uncount(waiting)
        waiting.unlink(missing_ok=True)

    # Imported files

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
        """Counts a file that is about to be imported. Raises `SpoolRefusal` above the limit of an hour."""
        if self._clock() - self._counted_since >= _HOUR:
            self._counted_since, self._counted = self._clock(), 0
        if self._counted >= self._limits.files_an_hour:
            raise SpoolRefusal(RefusalReason.FULL, "Too many files within an hour: go on in the next one.")
        self._counted += 1

    # Directories

    def make_directory(self, path: str) -> None:
        place = self._on_disk(path)
        if place.exists():
            raise SpoolRefusal(RefusalReason.THERE, "It is there already.")
        self._make_all(place)

    def remove_directory(self, path: str) -> None:
        place = self._on_disk(path)
        if path == "/" or not place.is_dir():
            raise SpoolRefusal(RefusalReason.NOT_THERE, "There is no such directory.")
        place.rmdir()
        self._directories -= 1

    def is_directory(self, path: str) -> bool:
        return self._on_disk(path).is_dir()

    def entries(self, path: str) -> list[Path]:
        """Returns directories and waiting files. Raises `SpoolRefusal` if the path is no directory."""
        place = self._on_disk(path)
        if not place.is_dir():
            raise SpoolRefusal(RefusalReason.NOT_THERE, "There is no such directory.")
        return sorted(place.iterdir())

    def _make_all(self, place: Path) -> None:
        """Creates and counts a directory and its parents. Raises `SpoolRefusal` above the limit."""
        missing = _missing(place)
        most = self._limits.directories
        if missing and self._directories + len(missing) > most and self._may_clear():
            self._clear_directories()
            missing = _missing(place)
        if missing and self._directories + len(missing) > most:
            raise SpoolRefusal(RefusalReason.FULL, "There are too many directories here.")
        for one in reversed(missing):
            one.mkdir(mode=0o700)
            self._directories += 1

    def _may_clear(self) -> bool:
        """Tells whether enough time has passed since the last clearing, which reads all directories."""
        now = self._clock()
        if now - self._cleared_at < _SECONDS_BETWEEN_CLEARINGS:
            return False
        self._cleared_at = now
        return True

    def _clear_directories(self) -> None:
        """Removes empty directories; a file may be written even if its directory is gone."""
        for directory, _, _ in os.walk(self._tree, topdown=False):
            if Path(directory) != self._tree and not os.listdir(directory):
                os.rmdir(directory)
        _, _, self._directories = self._count()

    def _clear_old(self) -> None:
        """Deletes abandoned files with temporary names."""
        for file in self._tree.rglob("*"):
            if file.is_file() and time.time() - file.stat().st_mtime > _OLDEST:
                file.unlink(missing_ok=True)

    def _count(self) -> tuple[int, int, int]:
        found = list(self._tree.rglob("*"))
        sizes = [file.stat().st_size for file in found if file.is_file()]
        return len(sizes), sum(sizes), len(found) - len(sizes)

    def _uncount(self, file: Path) -> None:
        """Subtracts a file that is about to be removed from the counts."""
        if file.is_file():
            self._waiting_files -= 1
            self._waiting_bytes -= file.stat().st_size

    def _check_free_bytes(self) -> None:
        if len(self._open) >= self._limits.open_files:
            raise SpoolRefusal(RefusalReason.FULL, "Too many files are open at once.")
        files = self._waiting_files + len(self._open)
        if files >= self._limits.waiting_files or self._waiting_bytes + self._open_bytes >= self._limits.waiting_bytes:
            raise _too_much()

    def _on_disk(self, path: str) -> Path:
        return self._tree.joinpath(*path.split("/")) if path != "/" else self._tree


def _missing(place: Path) -> list[Path]:
    """Returns missing directories, the deepest first."""
    missing: list[Path] = []
    while not place.is_dir():
        missing.append(place)
        place = place.parent
    return missing


def _too_much() -> SpoolRefusal:
    return SpoolRefusal(RefusalReason.FULL, "Too much waits here under temporary names: rename it, or take it away.")


def normalized_path(path: bytes) -> str:
    """Returns the sender's path as an absolute path without `..`. Raises `SpoolRefusal`.

    The tree has no symbolic links, so without `..` no path leads outside.
    """
    whole = posixpath.normpath(posixpath.join("/", os.fsdecode(path)))
    whole = "/" + whole.lstrip("/")
    parts = whole.strip("/").split("/")
    if "\0" in whole or len(parts) > _DEEPEST or any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
        raise SpoolRefusal(RefusalReason.DENIED, "Such a name cannot be used here.")
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
