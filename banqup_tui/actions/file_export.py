"""Writes files for the user under a safe name, and never over another file."""

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
    """A file or directory cannot be written. The exit code is `EX_CANTCREAT` of sysexits.h."""

    exit_code = 73


def name_for(document: Document) -> str:
    return safe_file_name(document.file_name, fallback=document.sha256[:16])


def files_of(document: Document) -> list[tuple[str, str]]:
    """Returns SHA-256 and name of the document's file, and of the PDF that came with an e-invoice."""
    name = name_for(document)
    files = [(document.sha256, name)]
    if document.picture is not None:
        files.append((document.picture.sha256, f"{name.rpartition('.')[0] or name}.pdf"))
    return files


def save_copy(source: Path, directory: Path, name: str) -> Path:
    """Copies `source` into `directory` and returns the path of the copy.

    A taken name gets a number, such as `name (2)`. The name gets the ending of the content's format, because a sender
    may have given a program the name of an invoice. Raises `CannotWrite`.
    """
    from banqup_tui.formats.suffix import named_by_content

    try:
        name = named_by_content(name, source.read_bytes())
        return _write_to_free_name(directory, name, lambda: _blocks_of(source))
    except OSError as error:
        raise _cannot_write(directory, error) from error


def save_bytes(content: bytes, directory: Path, name: str) -> Path:
    """Writes `content` into `directory` as `save_copy` does, without changing the ending. Raises `CannotWrite`."""
    try:
        return _write_to_free_name(directory, name, lambda: [content])
    except OSError as error:
        raise _cannot_write(directory, error) from error


def _cannot_write(directory: Path, error: OSError) -> CannotWrite:
    return CannotWrite(message("computer.cannot-write", error.strerror or str(error), path=directory))


def _write_to_free_name(directory: Path, name: str, blocks: Callable[[], Iterable[bytes]]) -> Path:
    """Writes to the first free name. Each name is created exclusively, so that two savers never share a file."""
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
