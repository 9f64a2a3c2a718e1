"""Scanner of a watched folder. Nothing in it is ever moved, changed or deleted, as it may be mirrored elsewhere."""

import errno
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from banqup_tui.domain.file_names import is_ignored, key_of, shown, stem_of
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.text import clean
from banqup_tui.folder_walk import OwnDirectory, Passed, PassedReason, walk

Mark = tuple[int, int]
"""Size and modification time in nanoseconds. While they are unchanged, the file counts as unchanged."""


class FoundFile(msgspec.Struct, frozen=True):
    """A file in the folder.

    `path` is relative to the root, with `/`, as the system has it; `key` is the path as it is stored.
    `beside`: for a PDF, the XML of the same name beside it.
    """

    path: str
    mark: Mark
    beside: str | None = None

    @property
    def key(self) -> str:
        return key_of(self.path)


class FolderScan(msgspec.Struct, frozen=True):
    """Result of a scan: complete files, the number of files that still change, and problems.

    An XML comes before the PDF of its name, which may be its picture.

    If the folder itself cannot be read, there are no files and `problems` gives the reason.
    """

    ready: tuple[FoundFile, ...]
    waiting: int
    problems: tuple[Message, ...] = ()


class FolderScanner:
    """Scans one folder repeatedly. A file is ready once its size and time have not changed for `still_for` seconds.

    A lone PDF waits `wait_for_xml` seconds longer, as the XML of which it is the picture may come after it.
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

    def scan(self, known: Mapping[str, Mark]) -> FolderScan:
        """Scans the folder. Files whose mark equals that in `known`, by key, are left out."""
        skipped: list[Passed] = []
        try:
            found = list(self._files(skipped))
        except OSError as error:
            self._since.clear()
            return FolderScan((), 0, (_root_problem(self.root, error),))
        fresh = [file for file in found if known.get(file.key) != file.mark]
        still = {file.path: file for file in fresh if self._is_still(file)}
        self._forget_all_but({file.path for file in fresh})
        moving = {file.path for file in fresh} - still.keys()
        waiting = (file for file in still.values() if file.beside not in moving)
        ready = tuple(sorted(waiting, key=lambda file: file.beside is not None))
        return FolderScan(ready, len(fresh) - len(ready), tuple(_problems(skipped)))

    def _is_still(self, file: FoundFile) -> bool:
        now = self._clock()
        mark, since = self._since.get(file.path, (None, now))
        if mark != file.mark:
            self._since[file.path] = (file.mark, now)
            since = now
        lone_pdf = file.beside is None and file.path.lower().endswith(".pdf")
        return now - since >= self._still_for + (self._wait_for_xml if lone_pdf else 0)

    def _forget_all_but(self, paths: set[str]) -> None:
        self._since = {path: seen for path, seen in self._since.items() if path in paths}

    def _files(self, skipped: list[Passed]) -> Iterator[FoundFile]:
        """Yields the files of the folder. Raises `OSError` if the root cannot be read."""
        for directory in walk(self.root, ignored=is_ignored):
            skipped.extend(directory.passed)
            prefix = f"{directory.path}/" if directory.path else ""
            names = {file.path[len(prefix) :]: file for file in directory.files}
            xml_stems = {stem: name for name in names for stem in [stem_of(name, ".xml")] if stem is not None}
            for name, file in names.items():
                beside = xml_stems.get(stem_of(name, ".pdf") or "")
                mark = (file.size, file.mtime_ns)
                yield FoundFile(file.path, mark, prefix + beside if beside else None)


_WHY = {
    PassedReason.LINK: "source.links",
    PassedReason.NOT_A_FILE: "source.no-files",
    PassedReason.OWN: "source.own-directories",
    PassedReason.TOO_DEEP: "source.too-deep",
}
_NAMED = 3


def _problems(skipped: Sequence[Passed]) -> Iterator[Message]:
    """Yields a problem for each reason, with the first names."""
    for reason, code in _WHY.items():
        names = [clean(shown(one.path)) for one in skipped if one.reason is reason]
        if names:
            yield message(code, names=", ".join([*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])]))
    unreadable = [one for one in skipped if one.reason is PassedReason.UNREADABLE]
    for one in unreadable[:_NAMED]:
        assert one.error is not None
        yield _unreadable(one.path, one.error)


def _root_problem(root: Path, error: OSError) -> Message:
    if isinstance(error, OwnDirectory):
        return message("source.own-directory", path=root)
    if isinstance(error, FileNotFoundError):
        return message("source.not-there", path=root)
    if root.is_symlink():
        return message("source.is-link", path=root)
    if isinstance(error, NotADirectoryError):
        return message("source.no-folder", path=root)
    return _unreadable(str(root), error)


def _unreadable(path: str, error: OSError) -> Message:
    if error.errno in (errno.EACCES, errno.EPERM):
        return message("source.may-not-be-read", path=path)
    return message("source.cannot-be-read", quote=error.strerror or str(error), path=path)
