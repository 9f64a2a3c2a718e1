"""Many small files in one body: a manifest after its length, then the bytes of the files in its order."""

from collections.abc import Iterator, Sequence
from struct import Struct

import msgspec

from banqup_tui.domain.values import Value, is_sha256
from banqup_tui.protocol.problems import Problem

MEDIA_TYPE = "application/vnd.banqup.files"
MOST_FILES = 100
MOST_BYTES = 8 * 2**20
"""The most bytes of a body; a batch is held in memory. A larger file goes by itself."""

_LENGTH = Struct(">I")
_MOST_MANIFEST = 64 * 2**10


class FileEntry(Value, frozen=True, kw_only=True):
    """A file of a batch."""

    sha256: str
    size: int


class FileManifest(Value, frozen=True, kw_only=True):
    files: tuple[FileEntry, ...]


class StoredFile(Value, frozen=True, kw_only=True):
    """The outcome for a file of a batch. It is stored unless there is a problem, which concerns this file only."""

    sha256: str
    is_new: bool = False
    problem: Problem | None = None


class StoredFiles(Value, frozen=True, kw_only=True):
    """The outcomes for the files of a batch, in its order."""

    files: tuple[StoredFile, ...]


class MalformedBatch(Exception):
    """A body is no batch of files."""


def joined(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Returns the body for files, each with its SHA-256."""
    entries = tuple(FileEntry(sha256=sha256, size=len(data)) for sha256, data in files)
    manifest = msgspec.json.encode(FileManifest(files=entries))
    return b"".join((_LENGTH.pack(len(manifest)), manifest, *(data for _, data in files)))


def separated(body: bytes) -> Iterator[tuple[str, memoryview]]:
    """Yields the files of a body, each with the SHA-256 that its sender says.

    Raises:
        MalformedBatch: Before the first file, if the body does not hold what its manifest says.
    """
    if len(body) < _LENGTH.size:
        raise MalformedBatch
    (length,) = _LENGTH.unpack_from(body)
    start = _LENGTH.size + length
    if length > _MOST_MANIFEST or start > len(body):
        raise MalformedBatch
    try:
        entries = msgspec.json.decode(body[_LENGTH.size : start], type=FileManifest).files
    except msgspec.DecodeError as error:
        raise MalformedBatch from error
    sizes = [entry.size for entry in entries]
    if len(entries) > MOST_FILES or any(size < 0 for size in sizes) or sum(sizes) != len(body) - start:
        raise MalformedBatch
    if not all(is_sha256(entry.sha256) for entry in entries):
        raise MalformedBatch
    view = memoryview(body)
    for entry in entries:
        yield entry.sha256, view[start : start + entry.size]
        start += entry.size
