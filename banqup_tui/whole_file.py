"""Writes files so that they are whole or missing after a crash or a power cut. All functions raise `OSError`."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

PRIVATE = 0o600


def write_new(path: Path, chunks: Iterable[bytes], *, mode: int = 0o666) -> None:
    """Writes a new file and syncs its content. An error leaves no file; call `sync_directory` for its name.

    Raises `FileExistsError` if the file exists.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


class NewFiles:
    """New files that are synced together: the file system then writes its journal once, and not once for each.

    Use it as a context; the files are closed at its end. An error of one file leaves the others as they are.
    """

    def __init__(self) -> None:
        self._handles: list[int] = []

    def __enter__(self) -> "NewFiles":
        return self

    def __exit__(self, _kind: object, _error: object, _trace: object) -> None:
        for handle in self._handles:
            os.close(handle)

    def write(self, path: Path, chunks: Iterable[bytes | memoryview], *, mode: int = 0o666) -> None:
        """Writes a new file. An error leaves no file. Raises `FileExistsError` if the file exists."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        self._handles.append(handle)
        try:
            with os.fdopen(handle, "wb", closefd=False) as stream:
                for chunk in chunks:
                    stream.write(chunk)
        except BaseException:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise

    def sync(self) -> None:
        """Syncs the content of all files; call `sync_directory` for their names."""
        for handle in self._handles:
            os.fsync(handle)


def replace(path: Path, content: bytes) -> None:
    """Writes a file of mode 0600 in place of an older one. After a crash the file is the old one or the new one."""
    temporary = _written_beside(path, content)
    try:
        temporary.replace(path)
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def create(path: Path, content: bytes) -> None:
    """Writes a file of mode 0600 if none exists. If two processes create it at once, the first file stays."""
    temporary = _written_beside(path, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:
        temporary.rename(path)  # the file system has no hard links
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def hashed(chunks: Iterable[bytes], digest: "_Hash") -> Iterator[bytes]:
    """Yields the chunks unchanged, and updates `digest` with each."""
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def sync_directory(directory: Path) -> None:
    """Syncs a directory, so that a new or changed name in it survives a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written_beside(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    write_new(temporary, [content], mode=PRIVATE)
    return temporary
