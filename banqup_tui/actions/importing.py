"""Which files an import means: those named, and those below the folders named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import structs

from banqup_tui.domain.values import Value
from banqup_tui.written.words import _

LARGEST_FILE = 50 * 1024 * 1024
"""The service takes no larger one (docs/protocol.md); asked here too, so that nothing is copied in vain."""


class Found(Value, frozen=True, kw_only=True):
    """A file to take, or a path that cannot be taken with its reason and remedy.

    `hint` is its path below the folder that was named, with `/`: an export's folders say whose a file is.
    """

    path: Path
    hint: str = ""
    reason: str | None = None
    remedy: str = ""


def files_below(paths: Iterable[Path]) -> Iterator[Found]:
    """In the order named, folders by name. Hidden files and links out of a folder are left alone; nothing twice."""
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for found in _below(path):
            if found.reason is None:
                stat = found.path.stat()
                if (stat.st_dev, stat.st_ino) in seen:
                    continue
                seen.add((stat.st_dev, stat.st_ino))
                found = structs.replace(found, hint=_hint(found.path, path))
            yield found


def _hint(path: Path, named: Path) -> str:
    return path.name if path == named else path.relative_to(named).as_posix()


def _below(path: Path) -> Iterator[Found]:
    if not path.is_dir():
        yield _checked(path)
        return
    problems: list[OSError] = []
    for directory, names, files in os.walk(path, onerror=problems.append):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and not (Path(directory) / name).is_symlink():
                yield _checked(Path(directory) / name)
        yield from _unreadable(problems)
    yield from _unreadable(problems)


def _unreadable(problems: list[OSError]) -> Iterator[Found]:
    while problems:
        problem = problems.pop()
        yield Found(
            path=Path(os.fsdecode(problem.filename)),
            reason=_("The folder cannot be read: {reason}.").format(reason=problem.strerror),
            remedy=_("Give yourself the right to read it."),
        )


def _checked(path: Path) -> Found:
    try:
        stat = path.stat()
        regular = path.is_file()
        if regular:
            path.open("rb").close()
    except FileNotFoundError:
        return Found(path=path, reason=_("There is no such file."), remedy=_("Look at the path."))
    except OSError as error:
        return Found(
            path=path,
            reason=_("It cannot be read: {reason}.").format(reason=error.strerror),
            remedy=_("Give yourself the right to read it."),
        )
    if not regular:
        return Found(path=path, reason=_("It is no file."), remedy="")
    if stat.st_size == 0:
        return Found(path=path, reason=_("It is empty."), remedy=_("Copy it again from where it came."))
    if stat.st_size > LARGEST_FILE:
        return Found(path=path, reason=_("It is larger than 50 MiB."), remedy=_("Split it, or leave it out."))
    return Found(path=path)
