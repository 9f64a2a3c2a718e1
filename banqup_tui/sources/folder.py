"""What is new in a watched folder. Nothing in it is ever moved, changed or deleted: it may be mirrored elsewhere."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from banqup_tui.domain.text import clean

TEMPORARY_SUFFIXES = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp")
IGNORED_NAMES = frozenset({"desktop.ini", "thumbs.db", ".ds_store"})

Mark = tuple[int, int]
"""Size and modification time in nanoseconds: while it is the same, the file is taken for the same."""


class FoundFile(msgspec.Struct, frozen=True):
    """`path` is relative to the root, with `/`. `picture_of` names the XML beside a PDF of the same stem."""

    path: str
    file: Path
    mark: Mark
    picture_of: str | None = None


class Look(msgspec.Struct, frozen=True):
    """What one look saw: files that are whole, how many still change, and what could not be read, as sentences.

    `root_problem` is set where nothing at all could be seen: the folder itself is away.
    """

    ready: tuple[FoundFile, ...]
    waiting: int
    problems: tuple[str, ...] = ()
    root_problem: str | None = None

    @property
    def problem(self) -> str | None:
        return self.root_problem or " ".join(self.problems[:3]) or None


class FolderEye:
    """Looks at one folder again and again. A file is ready once its size and time have stood still for `still_for`.

    A PDF waits `wait_for_xml` longer, since the XML of which it is the picture may come after it.
    """

    def __init__(
        self,
        root: Path,
        *,
        still_for: float = 3.0,
        wait_for_xml: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = root
        self._still_for = still_for
        self._wait_for_xml = wait_for_xml
        self._clock = clock
        self._since: dict[str, tuple[Mark, float]] = {}

    def look(self, known: Mapping[str, Mark]) -> Look:
        """`known`: the marks of the files that were looked at before, by relative path; the same is not told again."""
        problems: list[str] = []
        try:
            found = list(self._files(problems))
        except OSError as error:
            self._since.clear()
            return Look((), 0, (), _sentence(self.root, error, root=True))
        fresh = [file for file in found if known.get(file.path) != file.mark]
        ready = tuple(file for file in fresh if self._is_still(file))
        self._forget_all_but({file.path for file in fresh})
        return Look(ready, len(fresh) - len(ready), tuple(problems))

    def _is_still(self, file: FoundFile) -> bool:
        now = self._clock()
        mark, since = self._since.get(file.path, (None, now))
        if mark != file.mark:
            self._since[file.path] = (file.mark, now)
            since = now
        lone_pdf = file.picture_of is None and file.path.lower().endswith(".pdf")
        return now - since >= self._still_for + (self._wait_for_xml if lone_pdf else 0)

    def _forget_all_but(self, paths: set[str]) -> None:
        self._since = {path: seen for path, seen in self._since.items() if path in paths}

    def _files(self, problems: list[str]) -> Iterator[FoundFile]:
        """Raises OSError where the root cannot be read."""
        todo = [(self.root, "")]
        seen: set[tuple[int, int]] = set()
        while todo:
            directory, prefix = todo.pop()
            try:
                entries = self._entries(directory, seen)
            except OSError as error:
                if directory == self.root:
                    raise
                problems.append(_sentence(Path(prefix), error))
                continue
            xml_stems = {stem: name for name in entries for stem in [_stem(name, ".xml")] if stem is not None}
            for name, entry in entries.items():
                if is_ignored(name):
                    continue
                try:
                    if entry.is_dir():
                        todo.append((Path(entry.path), f"{prefix}{name}/"))
                        continue
                    status = entry.stat()
                    if not entry.is_file():
                        continue
                except OSError as error:
                    problems.append(_sentence(Path(prefix + name), error))
                    continue
                mark = (status.st_size, status.st_mtime_ns)
                picture_of = xml_stems.get(_stem(name, ".pdf") or "")
                yield FoundFile(prefix + name, Path(entry.path), mark, prefix + picture_of if picture_of else None)

    def _entries(self, directory: Path, seen: set[tuple[int, int]]) -> dict[str, "os.DirEntry[str]"]:
        """By name; empty where this directory was seen already, through another link."""
        status = directory.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            return {}
        seen.add(identity)
        with os.scandir(directory) as entries:
            return {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}


def is_ignored(name: str) -> bool:
    """Names of files that are not whole yet, or that systems and editors leave about."""
    lower = name.lower()
    return name.startswith((".", "~$")) or lower in IGNORED_NAMES or lower.endswith(TEMPORARY_SUFFIXES)


def _stem(name: str, suffix: str) -> str | None:
    return name[: -len(suffix)].casefold() if name.lower().endswith(suffix) else None


def _sentence(path: Path, error: OSError, *, root: bool = False) -> str:
    name = clean(str(path))
    if isinstance(error, FileNotFoundError) and root:
        return f"The folder {name} is not there."
    if isinstance(error, PermissionError):
        return f"{name} may not be read."
    if isinstance(error, NotADirectoryError):
        return f"{name} is not a folder."
    return f"{name} cannot be read: {clean(error.strerror or str(error))}."
