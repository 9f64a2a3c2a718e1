"""The Unix socket of the local backend, in a private directory of its user."""

import hashlib
import os
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import EXIT_CANNOT_START
from banqup_tui.protocol.local_socket import LONGEST_PATH, SOCKET_FILE


class NoPlaceForSocket(BanqupError):
    """No private directory has a path short enough for a socket."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, runtime: Path) -> None:
        super().__init__(message("service.no-place-for-socket", directory=runtime))


class LocalListener:
    """Creates and removes the socket.

    Use it only with the backend's lock: then an existing socket is that of a dead backend.
    """

    def __init__(self, runtime: Path) -> None:
        self._path = runtime / SOCKET_FILE
        self._place = self._path
        self._inode: tuple[int, int] | None = None

    @property
    def path(self) -> str:
        """Returns the bound path; outside of the runtime directory if that path would be too long for a socket."""
        return str(self._place)

    def bind(self) -> socket.socket:
        """Returns a bound socket with mode 0600 that does not listen yet. Raises `OSError`, `NoPlaceForSocket`."""
        self.withdraw()
        place = self._path if _is_short(self._path) else self._short_path()
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The socket must never exist with wider permissions, so the mask is set before it is bound.
        mask = os.umask(0o177)
        try:
            bound.bind(str(place))
        except BaseException:
            bound.close()
            raise
        finally:
            os.umask(mask)
        found = place.stat()
        self._place, self._inode = place, (found.st_dev, found.st_ino)
        if place != self._path:
            self._path.symlink_to(place)
        # Kill point: the socket exists and nothing listens; the next start removes it.
        kill_point("listening")
        return bound

    def is_there(self) -> bool:
        """Tells whether the socket still exists; the system may clean its directory of temporary files."""
        try:
            found = self._path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._inode

    def withdraw(self) -> None:
        with suppress(OSError):
            place = Path(os.readlink(self._path))
            if place.name == SOCKET_FILE and _is_private(place.parent):
                place.unlink()
                place.parent.rmdir()
        self._path.unlink(missing_ok=True)

    def _short_path(self) -> Path:
        """Returns a short path in a private directory for temporary files. Raises `NoPlaceForSocket`."""
        name = f"banqup-{os.geteuid()}-{hashlib.sha256(os.fsencode(self._path)).hexdigest()[:16]}"
        for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108
            if base and _is_short(place := Path(base, name, SOCKET_FILE)) and _was_made_private(place.parent):
                place.unlink(missing_ok=True)
                return place
        raise NoPlaceForSocket(self._path.parent)


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_PATH


def _is_private(directory: Path) -> bool:
    """Tells whether the directory belongs to this user with mode 0700.

    Another user may have created a directory of this name before.
    """
    found = directory.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _was_made_private(directory: Path) -> bool:
    try:
        with suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        return _is_private(directory)
    except OSError:
        return False
