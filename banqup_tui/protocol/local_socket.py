"""The Unix socket of the local backend: where it is, and which user is at the other end of a connection."""

import os
import socket
import struct
import sys
from pathlib import Path

SOCKET_FILE = "backend.sock"
LONGEST_PATH = 100
"""Bytes of a path that every system takes: `sun_path` has 108 on Linux and 104 on macOS, the final NUL included."""
_LOCAL_PEERCRED = 1
_XUCRED = struct.Struct("@Ii")
"""The beginning of `struct xucred` of macOS and the BSDs: its version, and the user."""
_UCRED = struct.Struct("@3i")
"""`struct ucred` of Linux: process, user, group."""


class AnotherUser(OSError):
    """At the other end of the socket is a process of another user: it is sent nothing, and nothing is taken from it."""


def socket_path(runtime: Path) -> str:
    """Where to connect. In a directory whose path is too long for a socket there is a link to the socket."""
    path = runtime / SOCKET_FILE
    try:
        return os.readlink(path)
    except OSError:
        return str(path)


def peer_user(connection: socket.socket) -> int:
    """The user that the kernel has noted for the other end. Raises `OSError`."""
    if sys.platform == "linux":
        content = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return int(_UCRED.unpack(content)[1])
    content = connection.getsockopt(0, _LOCAL_PEERCRED, 128)
    return int(_XUCRED.unpack_from(content)[1])


def peer_process(connection: socket.socket) -> int | None:
    """The process that made the other end, where the kernel says so: on Linux."""
    if sys.platform != "linux":
        return None
    content = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(content)[0]) or None


def is_own(connection: socket.socket) -> bool:
    """Whether the other end is of this process's user. Root is another user: it needs no socket to read the files."""
    try:
        return peer_user(connection) == os.geteuid()
    except OSError:
        return False


def connected(path: str, seconds: float) -> socket.socket:
    """A connection to a process of this user. Raises `OSError`, `AnotherUser` among them."""
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
