"""Writing a document's bytes where the user wants them: a safe name, and never over another file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import safe_file_name
from banqup_tui.whole_file import PRIVATE, write_new

MOST_SUFFIXES = 10_000


class CannotWrite(BanqupError):
    """A file or directory that cannot be written; `EX_CANTCREAT` of sysexits."""

    exit_code = 73


def name_for(document: Document) -> str:
    return safe_file_name(document.file_name, fallback=document.sha256[:16])


def save_copy(source: Path, directory: Path, name: str) -> Path:
    """Copies `source` into `directory` under `name`, or `name (2)` where that is taken; the path it got.

    The name gets the extension of what the file holds: a sender may have called a program an invoice.
    """
    from banqup_tui.formats.suffix import named_by_content

    try:
        name = named_by_content(name, source.read_bytes())
        return _written(directory, name, lambda: _blocks_of(source))
    except OSError as error:
        raise _cannot_write(directory, error) from error


def save_bytes(content: bytes, directory: Path, name: str) -> Path:
    """As `save_copy`, of what is in memory."""
    try:
        return _written(directory, name, lambda: [content])
    except OSError as error:
        raise _cannot_write(directory, error) from error


def _cannot_write(directory: Path, error: OSError) -> CannotWrite:
    return CannotWrite(message("computer.cannot-write", error.strerror or str(error), path=directory))


def _written(directory: Path, name: str, blocks: Callable[[], Iterable[bytes]]) -> Path:
    """Made only where nothing is, so that two savers never share a file."""
    directory.mkdir(parents=True, exist_ok=True)
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    for number in range(1, MOST_SUFFIXES):
        candidate = directory / (name if number == 1 else f"{stem} ({number}){dot}{extension}")
        try:
            write_new(candidate, blocks(), mode=PRIVATE)
        except FileExistsError:
            continue
        return candidate
    raise FileExistsError(17, os.strerror(17), str(directory / name))


def _blocks_of(source: Path) -> Iterator[bytes]:
    with source.open("rb") as reading:
        while block := reading.read(1 << 20):
            yield block
