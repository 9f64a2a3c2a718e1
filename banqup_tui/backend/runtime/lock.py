"""Lock that allows at most one local backend, and the minimum protocol that a newer program leaves in it."""

import errno
import fcntl
import os
from pathlib import Path

import msgspec

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import EXIT_ALREADY_RUNNING, EXIT_CANNOT_START

_NOT_SUPPORTED = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


class AlreadyRunning(BanqupError):
    """Another process has the lock."""

    exit_code = EXIT_ALREADY_RUNNING

    def __init__(self, pid: str | None = None) -> None:
        """`pid`: the process that the user must end before the data can be changed."""
        super().__init__(message("service.must-be-ended", pid=pid) if pid else message("service.runs-already"))


class LockNotSupported(BanqupError):
    """The file system has no locks, as some network drives."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, path: Path) -> None:
        super().__init__(message("service.no-locks", directory=path.parent))


class BackendLock:
    """The lock (`flock`).

    The kernel releases it however the process ends. The file is never deleted, or two processes could lock different
    files of the same name.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> "BackendLock":
        """Takes the lock without waiting. Raises `AlreadyRunning`, `LockNotSupported`."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in _NOT_SUPPORTED:
                raise LockNotSupported(path) from None
            if not isinstance(error, BlockingIOError):
                raise
            raise AlreadyRunning from None
        # Kill point: the kernel has released the lock, and the next start continues.
        kill_point("lock.taken")
        return cls(handle)

    @property
    def min_protocol(self) -> int:
        """Returns the lowest protocol that may start here; 0 if there is none."""
        try:
            content = msgspec.json.decode(os.pread(self._handle, 4096, 0), type=dict[str, int])
        except msgspec.DecodeError:
            return 0
        return content.get("minProtocol", 0)

    def allow_from(self, protocol: int) -> None:
        """Keeps programs with a lower protocol from starting here."""
        if protocol <= self.min_protocol:
            return
        content = msgspec.json.encode({"minProtocol": protocol})
        os.pwrite(self._handle, content, 0)
        os.ftruncate(self._handle, len(content))
        os.fsync(self._handle)
        # Kill point: older programs no longer start, and the newer one takes over.
        kill_point("retire.marked")

    def release(self) -> None:
        """Releases the lock, for commands that needed the data unused. A backend releases it by its end."""
        os.close(self._handle)
