"""Runs the connector host: `python -m banqup_tui.backend.connector_host FD`, where FD is its end of a socket pair."""

import asyncio
import os
import socket
import sys

from banqup_tui import kill_points
from banqup_tui.backend import process_setup
from banqup_tui.backend.connector_host.host import HostServer


async def _serve(end: socket.socket) -> None:
    await asyncio.get_running_loop().create_unix_connection(HostServer, sock=end)
    await asyncio.Event().wait()


def main() -> None:
    # Tests: a kill point reached in this process also kills the service, as if the connector ran there.
    kill_points.kill_also(os.getppid())
    process_setup.keep_memory()
    process_setup.rarely_collect()
    process_setup.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
