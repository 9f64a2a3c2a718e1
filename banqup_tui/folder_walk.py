"""Walks a folder into which others may write: regular files only, no links, no directory of the program's own.

A directory below the folder is opened component by component, relative to the folder and without following links, so
that a directory that is exchanged for a link during the walk leads nowhere else (a TOCTOU race). Every open is
non-blocking: a pipe without a writer would block the walk.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import msgspec

from banqup_tui.app_dirs import dirs

MOST_LEVELS = 100
"""The most directories within directories: a deeper tree was made to keep the walk busy without end."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

Identity = tuple[int, int]
"""The device and inode of a file or directory."""


class PassedReason(StrEnum):
    """Why an entry of a folder was left out. NOT_A_FILE: a pipe, a device or a socket."""

    LINK = "LINK"
    NOT_A_FILE = "NOT_A_FILE"
    OWN = "OWN"
    TOO_DEEP = "TOO_DEEP"
    UNREADABLE = "UNREADABLE"


class Passed(msgspec.Struct, frozen=True):
    """An entry that was left out. `error` is set for UNREADABLE."""

    path: str
    reason: PassedReason
    error: OSError | None = None


class FolderFile(msgspec.Struct, frozen=True):
    """A regular file. `path` is relative to the folder, with `/`."""

    path: str
    size: int
    mtime_ns: int
    identity: Identity


class Directory(msgspec.Struct, frozen=True):
    """A directory of a walk; `path` is relative to the folder and empty for the folder itself."""

    path: str
    files: tuple[FolderFile, ...]
    passed: tuple[Passed, ...]


class NotARegularFile(OSError):
    """A path leads to a link, a directory, a pipe, a device or a socket, and not to a regular file."""


class OwnDirectory(OSError):
    """A path leads into a directory of this program."""


def walk(root: Path, *, ignored: Callable[[str], bool], follow_root: bool = False) -> Iterator[Directory]:
    """Yields the root and every directory below it, by name; each has its files and the entries that were left out.

    Args:
        ignored: Returns True for names that are left out without being listed in `Directory.passed`.
        follow_root: The root may be a link, because the user named it.

    Raises:
        OwnDirectory: The root is a directory of the program, or in one.
        OSError: The root cannot be read. Unreadable directories below it are listed in `Directory.passed`.
    """
    own = own_identities()
    handle = _open_root(root, follow_root)
    try:
        if _is_below(handle, own):
            raise OwnDirectory
        todo = [""]
        while todo:
            path = todo.pop()
            try:
                directory, below = _read(handle, path, own, ignored)
            except OSError as error:
                if not path:
                    raise
                yield Directory(path, (), (Passed(path, _reason_of(error), error),))
                continue
            yield directory
            todo.extend(reversed(below))
    finally:
        os.close(handle)


def _read(
    root: int, path: str, own: frozenset[Identity], ignored: Callable[[str], bool]
) -> tuple[Directory, list[str]]:
    """Returns a directory, and the paths of the directories in it."""
    handle = _open_directory(root, path)
    files: list[FolderFile] = []
    passed: list[Passed] = []
    below: list[str] = []
    try:
        with os.scandir(handle) as entries:
            listed = sorted((entry for entry in entries if not ignored(entry.name)), key=lambda entry: entry.name)
            for entry in listed:
                full = f"{path}/{entry.name}" if path else entry.name
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    passed.append(Passed(full, PassedReason.UNREADABLE, error))
                    continue
                identity = (status.st_dev, status.st_ino)
                if stat.S_ISREG(status.st_mode):
                    files.append(FolderFile(full, status.st_size, status.st_mtime_ns, identity))
                elif reason := _why_not_a_directory(status.st_mode, identity, own, full):
                    passed.append(Passed(full, reason))
                else:
                    below.append(full)
    finally:
        os.close(handle)
    return Directory(path, tuple(files), tuple(passed)), below


def _why_not_a_directory(mode: int, identity: Identity, own: frozenset[Identity], path: str) -> PassedReason | None:
    if stat.S_ISLNK(mode):
        return PassedReason.LINK
    if not stat.S_ISDIR(mode):
        return PassedReason.NOT_A_FILE
    if identity in own:
        return PassedReason.OWN
    return PassedReason.TOO_DEEP if path.count("/") + 1 >= MOST_LEVELS else None


def open_below(root: Path, path: str, *, follow_root: bool = False) -> BinaryIO:
    """Opens a regular file by its path in the folder, without following a link.

    Raises `NotARegularFile` if it is another kind of entry now, and `OSError` if it cannot be opened.
    """
    handle = _open_root(root, follow_root)
    try:
        parent, _, name = path.rpartition("/")
        directory = _open_directory(handle, parent)
    finally:
        os.close(handle)
    try:
        return _regular(name, _FILE | os.O_NOFOLLOW, directory)
    finally:
        os.close(directory)


def open_named(path: Path) -> BinaryIO:
    """Opens a regular file that the user named, which may be a link.

    Raises as `open_below`, and `OwnDirectory` if it is in a directory of the program.
    """
    stream = _regular(os.fspath(path), _FILE, None)
    try:
        parent = os.open(os.path.dirname(os.path.realpath(path)), _DIRECTORY)
        try:
            if _is_below(parent, own_identities()):
                raise OwnDirectory
        finally:
            os.close(parent)
    except BaseException:
        stream.close()
        raise
    return stream


def own_identities() -> frozenset[Identity]:
    """Returns device and inode of each existing directory of the program."""
    own = dirs()
    identities = set()
    for directory in (*own.directories, *([own.root] if own.root else [])):
        try:
            status = os.stat(directory)
        except OSError:
            continue
        identities.add((status.st_dev, status.st_ino))
    return frozenset(identities)


def is_own(directory: Path) -> bool:
    """Returns True if a directory is a directory of the program or in one, by whatever path it is named."""
    handle = os.open(directory, _DIRECTORY)
    try:
        return _is_below(handle, own_identities())
    finally:
        os.close(handle)


def _regular(path: str, flags: int, directory: int | None) -> BinaryIO:
    try:
        handle = os.open(path, flags, dir_fd=directory)
    except OSError as error:
        if _reason_of(error) is PassedReason.UNREADABLE:
            raise
        raise NotARegularFile(error.errno, error.strerror) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotARegularFile
    return open(handle, "rb")


def _reason_of(error: OSError) -> PassedReason:
    """Returns why an open failed: with O_NOFOLLOW, Linux reports ELOOP for a link to a file and ENOTDIR for a link in
    place of a directory; ENXIO for a socket.
    """
    if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR):
        return PassedReason.LINK
    return PassedReason.NOT_A_FILE if error.errno in (errno.ENXIO, errno.ENODEV) else PassedReason.UNREADABLE


def _open_root(root: Path, follow: bool) -> int:
    return os.open(root, _DIRECTORY if follow else _DIRECTORY | os.O_NOFOLLOW)


def _open_directory(root: int, path: str) -> int:
    """Opens a directory component by component, without following a link. At most two handles are open at a time."""
    handle = os.dup(root)
    for name in path.split("/") if path else ():
        try:
            following = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
        finally:
            os.close(handle)
        handle = following
    return handle


def _is_below(handle: int, own: frozenset[Identity]) -> bool:
    """Returns True if an open directory, or a directory above it, is one of `own`.

    It goes up by `..` from the handle, because a path may have been exchanged since.
    """
    up: str = "."
    before: Identity | None = None
    while True:
        status = os.stat(up, dir_fd=handle)
        identity = (status.st_dev, status.st_ino)
        if identity in own:
            return True
        if identity == before:
            return False
        up, before = f"../{up}", identity
