"""Kernel locks between programs, on files that stay: whoever is killed lets go of them by itself."""

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
    """Together with others that share it. Raises `LocalFault` (LOCKED) where somebody has it alone for longer."""
    with _lock(path, fcntl.LOCK_SH, wait):
        yield


@contextmanager
def exclusive_lock(path: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Alone. Never ask for it while the same thread shares it: it would wait for itself."""
    with _lock(path, fcntl.LOCK_EX, wait):
        yield


@contextmanager
def _lock(path: Path, kind: int, wait: float) -> Iterator[None]:
    """Each use has a descriptor of its own, so that threads of one program exclude each other as programs do."""
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
    """Says whether other programs have something open: held from `share` until `leave`, or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def enter_alone(self) -> bool:
        """False: others have it open. Else nobody else can enter before `share` or `leave`."""
        if self._descriptor is None:
            with local_faults(self._path):
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Waits for a program that is alone in it: it is looking at the file, or closing it."""
        assert self._descriptor is not None
        _take(self._descriptor, fcntl.LOCK_SH, self._path, time.monotonic() + WAIT_SECONDS)

    def leave(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
