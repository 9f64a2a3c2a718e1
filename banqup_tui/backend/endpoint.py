"""`endpoint.json`: where the running backend listens, for the eyes of its owner only. Whole, or not there."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import Endpoint


def publish(path: Path, endpoint: Endpoint, listen: Callable[[], None]) -> None:
    """Writes the file, calls `listen`, and gives the file its name. Raises `OSError`.

    Nobody is answered before this is done: a terminal would take a service for up that then ends on a full disk. And
    the socket listens by the time the file has its name: a script that waits for it can connect.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(msgspec.json.encode(endpoint))
            stream.flush()
            os.fsync(stream.fileno())
        kill_point("endpoint.temp")
        listen()
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    kill_point("endpoint.published")


def withdraw(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f".{path.name}.part").unlink(missing_ok=True)
