"""Lists the files that an import takes: those named by the user, and those below the named folders."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import structs

from banqup_tui.domain.file_names import is_ignored, shown, stem_of
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.text import clean
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
from banqup_tui.presentation.words import _
from banqup_tui.sync.session import FileToImport

LARGEST_FILE = 50 * 1024 * 1024
"""The service takes no larger file (docs/protocol.md). Checked here too, so that none is copied in vain."""


_OWN = Message("import.own-directory")
_NO_FILE = Message("import.no-file")
_REASONS = {
    PassedReason.LINK: Message("import.link"),
    PassedReason.NOT_A_FILE: _NO_FILE,
    PassedReason.OWN: _OWN,
    PassedReason.TOO_DEEP: Message("import.too-deep"),
}


class ImportCandidate(Value, frozen=True, kw_only=True):
    """A file to import, or a path that cannot be, with its reason.

    Attributes:
        below: The folder named by the user, if the file was found in one.
        hint: The path below that folder, with `/`, whose folders may name client and folder of the document.
        beside: The XML of the same name beside a PDF, which may be its picture. It comes before the PDF.
        passed_over: Whether it was never meant as a document, such as a link.
    """

    path: Path
    below: Path | None = None
    hint: str = ""
    beside: Path | None = None
    reason: Message | None = None
    passed_over: bool = False


def files_below(paths: Iterable[Path]) -> Iterator[ImportCandidate]:
    """Yields the files in the order named, folders sorted by name, each file once; an XML before the PDF of its name.

    Files that a watched folder would not take are left out; links are passed over with a reason.
    """
    identities: set[tuple[int, int]] = set()
    for candidate, identity in _all_candidates(list(paths)):
        if identity is not None:
            if identity in identities:
                continue
            identities.add(identity)
        yield candidate


_Identified = tuple[ImportCandidate, tuple[int, int] | None]


def _all_candidates(paths: Sequence[Path]) -> Iterator[_Identified]:
    named: list[_Identified] = []
    for path in paths:
        if path.is_dir():
            yield from _paired(named)
            named = []
            yield from _folder_candidates(path)
        else:
            named.append(_named_candidate(path))
    yield from _paired(named)


def _paired(candidates: Sequence[_Identified]) -> list[_Identified]:
    """Returns the candidates, each PDF with the XML of its name and behind it."""
    stems = ((stem_of(str(candidate.path), ".xml"), candidate) for candidate, _ in candidates if not candidate.reason)
    xmls = {stem: candidate.path for stem, candidate in stems if stem is not None}
    found = [
        (structs.replace(candidate, beside=xmls.get(stem_of(str(candidate.path), ".pdf") or "")), identity)
        for candidate, identity in candidates
    ]
    return sorted(found, key=lambda one: one[0].beside is not None)


def _folder_candidates(root: Path) -> Iterator[_Identified]:
    """Yields the candidates of a folder, each with its device and inode, by which doubles are found."""
    try:
        for directory in walk(root, ignored=is_ignored, follow_root=True):
            yield from _paired(list(_directory_candidates(root, directory)))
    except OwnDirectory:
        yield ImportCandidate(path=root, reason=_OWN, passed_over=True), None
    except OSError as error:
        yield _unreadable_candidate("import.folder-cannot-be-read", root, error), None


def _directory_candidates(root: Path, directory: Directory) -> Iterator[_Identified]:
    for file in directory.files:
        candidate = _check_size(root / file.path, file.size)
        if candidate.reason is None:
            candidate = _check_open(structs.replace(candidate, below=root, hint=file.path))
        yield candidate, file.identity if candidate.reason is None else None
    for passed in directory.passed:
        yield _passed_candidate(root, passed), None


def _named_candidate(path: Path) -> _Identified:
    """Returns the candidate for a path that the user named. A named link is followed."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ImportCandidate(path=path, reason=Message("import.not-there")), None
    except OSError as error:
        return _unreadable_candidate("import.cannot-be-read", path, error), None
    if not stat.S_ISREG(status.st_mode):
        return ImportCandidate(path=path, reason=_NO_FILE), None
    candidate = _check_size(path, status.st_size)
    if candidate.reason is None:
        candidate = _check_open(structs.replace(candidate, hint=path.name))
    return candidate, (status.st_dev, status.st_ino) if candidate.reason is None else None


def _check_open(candidate: ImportCandidate) -> ImportCandidate:
    """Returns the candidate, with a reason if it cannot be opened."""
    try:
        opened = (
            open_below(candidate.below, candidate.hint, follow_root=True)
            if candidate.below
            else open_named(candidate.path)
        )
        opened.close()
    except OSError as error:
        return not_taken(candidate, error)
    return candidate


def to_import(candidate: ImportCandidate) -> FileToImport:
    """Returns the file as a session takes it."""
    return FileToImport(
        path=candidate.path,
        below=candidate.below,
        hint=candidate.hint,
        beside=candidate.beside,
        label=_("Import {name}").format(name=clean(shown(candidate.path.name))),
    )


def not_taken(candidate: ImportCandidate, error: OSError) -> ImportCandidate:
    """Returns the candidate with the reason why it cannot be opened, now or any more."""
    if isinstance(error, NotARegularFile):  # a link or pipe has taken its place
        return ImportCandidate(path=candidate.path, reason=_NO_FILE, passed_over=True)
    if isinstance(error, OwnDirectory):
        return ImportCandidate(path=candidate.path, reason=_OWN, passed_over=True)
    return _unreadable_candidate("import.cannot-be-read", candidate.path, error)


def _check_size(path: Path, size: int) -> ImportCandidate:
    if size == 0:
        return ImportCandidate(path=path, reason=Message("import.empty"))
    if size > LARGEST_FILE:
        return ImportCandidate(path=path, reason=message("import.too-large", limit=LARGEST_FILE // 2**20))
    return ImportCandidate(path=path)


def _passed_candidate(root: Path, passed: Passed) -> ImportCandidate:
    path = root / passed.path
    if passed.error is not None:
        return _unreadable_candidate("import.folder-cannot-be-read", path, passed.error)
    return ImportCandidate(path=path, reason=_REASONS[passed.reason], passed_over=True)


def _unreadable_candidate(code: str, path: Path, error: OSError) -> ImportCandidate:
    return ImportCandidate(path=path, reason=message(code, quote=error.strerror or str(error)))
