"""`endpoint.json`: where the running backend listens, for the eyes of its owner only. Whole, or not there."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import Endpoint
from banqup_tui.whole_file import PRIVATE, write_new


def publish(path: Path, endpoint: Endpoint, listen: Callable[[], None]) -> None:
    """Writes the file, calls `listen`, and gives the file its name. Raises `OSError`.

    Nobody is answered before this is done: a terminal would take a service for up that then ends on a full disk. And
    the socket listens by the time the file has its name: a script that waits for it can connect.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.unlink(missing_ok=True)  # of a service that was killed here
        write_new(temporary, [msgspec.json.encode(endpoint)], mode=PRIVATE)
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
