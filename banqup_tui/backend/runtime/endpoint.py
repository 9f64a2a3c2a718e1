"""The file `endpoint.json`, which tells the owner's terminals where the backend listens. It is written atomically."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import Endpoint
from banqup_tui.whole_file import PRIVATE, write_new


def publish(path: Path, endpoint: Endpoint, listen: Callable[[], None]) -> None:
    """Writes the file under a temporary name, calls `listen`, and renames the file. Raises `OSError`.

    No request is answered earlier: a terminal would connect to a service that then ends on a full disk. The socket
    listens before the rename, so that a script that waits for the file can connect.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.unlink(missing_ok=True)  # left by a service that was killed at this point
        write_new(temporary, [msgspec.json.encode(endpoint)], mode=PRIVATE)
        # Kill point: there is a temporary file and no endpoint; the next start deletes it.
        kill_point("endpoint.temp")
        listen()
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    # Kill point: the file names a dead process; terminals see that nothing answers and start a service.
    kill_point("endpoint.published")


def withdraw(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f".{path.name}.part").unlink(missing_ok=True)
