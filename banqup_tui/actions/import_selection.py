"""Which files an import means: those named, and those below the folders named."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import structs

from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.folder_walk import (
    Directory,
    NotARegularFile,
    OwnDirectory,
    Passed,
    PassedReason,
    open_below,
    open_named,
    walk,
)

LARGEST_FILE = 50 * 1024 * 1024
"""The service takes no larger one (docs/protocol.md); asked here too, so that nothing is copied in vain."""


_OWN = Message("import.own-directory")
_NO_FILE = Message("import.no-file")
_REASONS = {
    PassedReason.LINK: Message("import.link"),
    PassedReason.NOT_A_FILE: _NO_FILE,
    PassedReason.OWN: _OWN,
    PassedReason.TOO_DEEP: Message("import.too-deep"),
}


class PickedFile(Value, frozen=True, kw_only=True):
    """A file to take, or a path that cannot be taken with its reason.

    `below` is the folder that was named, where it was found there; `hint` is its path below it, with `/`: an export's
    folders say whose a file is. `passed_over`: it is no document that was meant, such as a link.
    """

    path: Path
    below: Path | None = None
    hint: str = ""
    reason: Message | None = None
    passed_over: bool = False


def files_below(paths: Iterable[Path]) -> Iterator[PickedFile]:
    """In the order named, folders by name. Hidden files are left alone, links passed over; nothing twice."""
    identities: set[tuple[int, int]] = set()
    for path in paths:
        for candidate, identity in _in_folder(path) if path.is_dir() else [_named(path)]:
            if identity is not None:
                if identity in identities:
                    continue
                identities.add(identity)
            yield candidate


_Identified = tuple[PickedFile, tuple[int, int] | None]


def _in_folder(root: Path) -> Iterator[_Identified]:
    try:
        for directory in walk(root, ignored=lambda name: name.startswith("."), follow_root=True):
            yield from _of_directory(root, directory)
    except OwnDirectory:
        yield PickedFile(path=root, reason=_OWN, passed_over=True), None
    except OSError as error:
        yield _unreadable("import.folder-cannot-be-read", root, error), None


def _of_directory(root: Path, directory: Directory) -> Iterator[_Identified]:
    for file in directory.files:
        candidate = _checked(root / file.path, file.size)
        if candidate.reason is None:
            candidate = _opened(structs.replace(candidate, below=root, hint=file.path))
        yield candidate, file.identity if candidate.reason is None else None
    for passed in directory.passed:
        yield _passed(root, passed), None


def _named(path: Path) -> _Identified:
    """A file that the user named: a link to one is followed."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return PickedFile(path=path, reason=Message("import.not-there")), None
    except OSError as error:
        return _unreadable("import.cannot-be-read", path, error), None
    if not stat.S_ISREG(status.st_mode):
        return PickedFile(path=path, reason=_NO_FILE), None
    candidate = _checked(path, status.st_size)
    if candidate.reason is None:
        candidate = _opened(structs.replace(candidate, hint=path.name))
    return candidate, (status.st_dev, status.st_ino) if candidate.reason is None else None


def _opened(candidate: PickedFile) -> PickedFile:
    """The same, or why it cannot be opened."""
    try:
        opened = (
            open_below(candidate.below, candidate.hint, follow_root=True)
            if candidate.below
            else open_named(candidate.path)
        )
        opened.close()
    except NotARegularFile:
        return not_a_file(candidate)
    except OwnDirectory:
        return PickedFile(path=candidate.path, reason=_OWN, passed_over=True)
    except OSError as error:
        return _unreadable("import.cannot-be-read", candidate.path, error)
    return candidate


def not_a_file(candidate: PickedFile) -> PickedFile:
    """The reason where a link or a pipe took the place of a file that was found."""
    return PickedFile(path=candidate.path, reason=_NO_FILE, passed_over=True)


def _checked(path: Path, size: int) -> PickedFile:
    if size == 0:
        return PickedFile(path=path, reason=Message("import.empty"))
    if size > LARGEST_FILE:
        return PickedFile(path=path, reason=message("import.too-large", limit=LARGEST_FILE // 2**20))
    return PickedFile(path=path)


def _passed(root: Path, passed: Passed) -> PickedFile:
    path = root / passed.path
    if passed.error is not None:
        return _unreadable("import.folder-cannot-be-read", path, passed.error)
    return PickedFile(path=path, reason=_REASONS[passed.reason], passed_over=True)


def _unreadable(code: str, path: Path, error: OSError) -> PickedFile:
    return PickedFile(path=path, reason=message(code, quote=error.strerror or str(error)))
