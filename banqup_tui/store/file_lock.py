"""Locks between programs by `flock`. The kernel releases the locks of a process that is killed.

Lock files are never deleted: two programs would else lock different files of the same name.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from banqup_tui.store.faults import FaultCode, LocalFault, local_faults

WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.01


@contextmanager
def shared_lock(path: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Takes the lock shared. Raises `LocalFault` (LOCKED) if a program has it alone for longer than `wait` seconds."""
    with _lock(path, fcntl.LOCK_SH, wait):
        yield


@contextmanager
def exclusive_lock(path: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Takes the lock alone. Raises `LocalFault` (LOCKED) after `wait` seconds.

    A thread that has the lock shared must not call this: it would wait for itself.
    """
    with _lock(path, fcntl.LOCK_EX, wait):
        yield


@contextmanager
def _lock(path: Path, kind: int, wait: float) -> Iterator[None]:
    # A `flock` lock belongs to the open file: with a descriptor for each use, threads exclude each other too.
    with local_faults(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, kind, path, time.monotonic() + wait)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, kind: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LocalFault(FaultCode.LOCKED, path) from None
            time.sleep(_LOOK_SECONDS)
        else:
            return


class UseLock:
    """Shows whether other programs have a file open; locked from `share` to `leave`, or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def enter_alone(self) -> bool:
        """Takes the lock alone, if no other program has it. Until `share` or `leave` no other program can take it.

        Returns False if another program has the file open.
        """
        if self._descriptor is None:
            with local_faults(self._path):
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Takes the lock shared, and waits for a program that has it alone: it checks or closes the file."""
        assert self._descriptor is not None
        _take(self._descriptor, fcntl.LOCK_SH, self._path, time.monotonic() + WAIT_SECONDS)

    def leave(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
