"""What is new in a watched folder. Nothing in it is ever moved, changed or deleted: it may be mirrored elsewhere."""

import errno
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from banqup_tui.domain.text import clean
from banqup_tui.folder_walk import OwnDirectory, Passed, PassedReason, walk

TEMPORARY_SUFFIXES = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp")
IGNORED_NAMES = frozenset({"desktop.ini", "thumbs.db", ".ds_store"})

Mark = tuple[int, int]
"""Size and modification time in nanoseconds: while it is the same, the file is taken for the same."""


class FoundFile(msgspec.Struct, frozen=True):
    """`path` is relative to the root, with `/`. `picture_of` names the XML beside a PDF of the same stem."""

    path: str
    mark: Mark
    picture_of: str | None = None


class Look(msgspec.Struct, frozen=True):
    """What one look saw: files that are whole, how many still change, and what was passed over, as sentences.

    `root_problem` is set where nothing at all could be seen: the folder itself is away.
    """

    ready: tuple[FoundFile, ...]
    waiting: int
    problems: tuple[str, ...] = ()
    root_problem: str | None = None

    @property
    def problem(self) -> str | None:
        return self.root_problem or " ".join(self.problems) or None


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
        passed: list[Passed] = []
        try:
            found = list(self._files(passed))
        except OSError as error:
            self._since.clear()
            return Look((), 0, (), _root_sentence(self.root, error))
        fresh = [file for file in found if known.get(file.path) != file.mark]
        ready = tuple(file for file in fresh if self._is_still(file))
        self._forget_all_but({file.path for file in fresh})
        return Look(ready, len(fresh) - len(ready), tuple(_sentences(passed)))

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

    def _files(self, passed: list[Passed]) -> Iterator[FoundFile]:
        """Raises OSError where the root cannot be read."""
        for directory in walk(self.root, ignored=is_ignored):
            passed.extend(directory.passed)
            prefix = f"{directory.path}/" if directory.path else ""
            names = {file.path[len(prefix) :]: file for file in directory.files}
            xml_stems = {stem: name for name in names for stem in [_stem(name, ".xml")] if stem is not None}
            for name, file in names.items():
                picture_of = xml_stems.get(_stem(name, ".pdf") or "")
                mark = (file.size, file.mtime_ns)
                yield FoundFile(file.path, mark, prefix + picture_of if picture_of else None)


def is_ignored(name: str) -> bool:
    """Names of files that are not whole yet, or that systems and editors leave about."""
    lower = name.lower()
    return name.startswith((".", "~$")) or lower in IGNORED_NAMES or lower.endswith(TEMPORARY_SUFFIXES)


def _stem(name: str, suffix: str) -> str | None:
    return name[: -len(suffix)].casefold() if name.lower().endswith(suffix) else None


_WHY = {
    PassedReason.LINK: "Links are not followed: {names}.",
    PassedReason.NOT_A_FILE: "Pipes, devices and sockets are not read: {names}.",
    PassedReason.OWN: "This program's own directories are not taken in: {names}.",
    PassedReason.TOO_DEEP: "Folders that lie so deep are not looked at: {names}.",
}
_NAMED = 3


def _sentences(passed: Sequence[Passed]) -> Iterator[str]:
    """One for each reason, with the first names."""
    for reason, sentence in _WHY.items():
        names = [clean(one.path) for one in passed if one.reason is reason]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield sentence.format(names=", ".join(names[:_NAMED]) + more)
    unreadable = [one for one in passed if one.reason is PassedReason.UNREADABLE]
    for one in unreadable[:_NAMED]:
        assert one.error is not None
        yield _unreadable(clean(one.path), one.error)


def _root_sentence(root: Path, error: OSError) -> str:
    name = clean(str(root))
    if isinstance(error, OwnDirectory):
        return f"The folder {name} is one of this program's own directories."
    if isinstance(error, FileNotFoundError):
        return f"The folder {name} is not there."
    if root.is_symlink():
        return f"{name} is a link, which is not followed. Watch the folder to which it leads."
    if isinstance(error, NotADirectoryError):
        return f"{name} is not a folder."
    return _unreadable(name, error)


def _unreadable(name: str, error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{name} may not be read."
    return f"{name} cannot be read: {clean(error.strerror or str(error))}."
