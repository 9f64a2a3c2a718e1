"""Copies of documents for other programs: readable by their owner only, and removed at the end.

Each process has a directory of its own, which it removes at its end. Directories of killed processes are removed at the
next start: a lock, which the kernel releases with the process, says which are still in use.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import threading
import uuid
from pathlib import Path

from banqup_tui.actions.context import Context
from banqup_tui.actions.file_export import save_copy
from banqup_tui.app_dirs import dirs

_LOCK = "in-use"
_lock = threading.Lock()
_own: tuple[Path, int] | None = None


async def open_copy(context: Context, sha256: str, name: str) -> None:
    """Opens a copy in the program that this computer has for its content. Raises `CannotWrite` and `ServerDown`."""
    source = await context.session.download(sha256)
    await context.ask.open_outside(await asyncio.to_thread(_copy, source, name))


def remove_copies() -> None:
    """Removes the copies of this process, and those of processes that have ended."""
    global _own
    with _lock:
        if _own is not None:
            directory, handle = _own
            _own = None
            shutil.rmtree(directory, ignore_errors=True)
            os.close(handle)
    remove_old_copies()


def remove_old_copies() -> None:
    """Removes the copies of processes that have ended."""
    root = dirs().cache / "opened"
    for directory in root.iterdir() if root.is_dir() else ():
        if _own is not None and directory == _own[0]:
            continue
        try:
            handle = os.open(directory / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(handle)


def _copy(source: Path, name: str) -> Path:
    directory = _own_directory() / uuid.uuid4().hex
    directory.mkdir(mode=0o700)
    return save_copy(source, directory, name)


def _own_directory() -> Path:
    global _own
    with _lock:
        if _own is None or not _own[0].is_dir():
            root = dirs().cache / "opened"
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            root.chmod(0o700)
            directory = root / uuid.uuid4().hex
            directory.mkdir(mode=0o700)
            handle = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            _own = (directory, handle)
        return _own[0]
