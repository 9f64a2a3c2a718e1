"""The lock by which at most one local backend has the database, and the word a newer one leaves in it."""

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
    exit_code = EXIT_ALREADY_RUNNING

    def __init__(self, pid: str | None = None) -> None:
        """`pid`: the process to end where somebody waits for the documents to be at rest."""
        super().__init__(message("service.must-be-ended", pid=pid) if pid else message("service.runs-already"))


class LockNotSupported(BanqupError):
    exit_code = EXIT_CANNOT_START

    def __init__(self, path: Path) -> None:
        super().__init__(message("service.no-locks", directory=path.parent))


class BackendLock:
    """Held until the process ends: the kernel drops it, however it ends. The file itself is never deleted."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> "BackendLock":
        """Asks once and does not wait. Raises `AlreadyRunning`, `LockNotSupported`."""
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
        kill_point("lock.taken")
        return cls(handle)

    @property
    def min_protocol(self) -> int:
        """The oldest protocol that may still start here; 0 where nobody has said."""
        try:
            content = msgspec.json.decode(os.pread(self._handle, 4096, 0), type=dict[str, int])
        except msgspec.DecodeError:
            return 0
        return content.get("minProtocol", 0)

    def allow_from(self, protocol: int) -> None:
        """No program that speaks less than this starts here any more."""
        if protocol <= self.min_protocol:
            return
        content = msgspec.json.encode({"minProtocol": protocol})
        os.pwrite(self._handle, content, 0)
        os.ftruncate(self._handle, len(content))
        os.fsync(self._handle)
        kill_point("retire.marked")

    def release(self) -> None:
        """A backend just ends; whoever only needed the documents to be at rest lets go."""
        os.close(self._handle)
