"""The Unix socket of the local backend: its path, and the user and process at the other end of a connection."""

import os
import socket
import struct
import sys
from pathlib import Path

SOCKET_FILE = "backend.sock"
LONGEST_PATH = 100
"""The longest path in bytes that every system takes: `sun_path` has 108 on Linux and 104 on macOS, NUL included."""
_LOCAL_PEERCRED = 1
_XUCRED = struct.Struct("@Ii")
"""The beginning of `struct xucred` on macOS and the BSDs: its version, and the user."""
_UCRED = struct.Struct("@3i")
"""`struct ucred` on Linux: process, user, group."""


class AnotherUser(OSError):
    """The process at the other end of the socket belongs to another user: nothing is sent to it or read from it."""


def socket_path(runtime: Path) -> str:
    """Returns the path to connect to.

    If the path in `runtime` is too long for a socket, the backend has put a symbolic link to a shorter path there.
    """
    path = runtime / SOCKET_FILE
    try:
        return os.readlink(path)
    except OSError:
        return str(path)


def peer_user(connection: socket.socket) -> int:
    """Returns the user id that the kernel has noted for the other end. Raises `OSError`."""
    if sys.platform == "linux":
        content = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return int(_UCRED.unpack(content)[1])
    content = connection.getsockopt(0, _LOCAL_PEERCRED, 128)
    return int(_XUCRED.unpack_from(content)[1])


def peer_process(connection: socket.socket) -> int | None:
    """Returns the id of the process that made the other end; `None` on systems other than Linux."""
    if sys.platform != "linux":
        return None
    content = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(content)[0]) or None


def is_own(connection: socket.socket) -> bool:
    """Returns True if the other end belongs to the user of this process.

    Root counts as another user: it can read the files without the socket.
    """
    try:
        return peer_user(connection) == os.geteuid()
    except OSError:
        return False


def connected(path: str, seconds: float) -> socket.socket:
    """Connects to a process of this user. Raises `OSError`; `AnotherUser` if the process is of another user."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        made.connect(path)
        if not is_own(made):
            raise AnotherUser("the socket belongs to a process of another user")
    except BaseException:
        made.close()
        raise
    return made
