"""`python -m banqup_tui.backend.host FD`: started by the service, with its end of a pair of sockets."""

import asyncio
import os
import socket
import sys

from banqup_tui import kill_points
from banqup_tui.backend import process_setup
from banqup_tui.backend.connector_host.host import FarSide


async def _serve(end: socket.socket) -> None:
    await asyncio.get_running_loop().create_unix_connection(FarSide, sock=end)
    await asyncio.Event().wait()


def main() -> None:
    kill_points.kill_also(os.getppid())
    process_setup.keep_memory()
    process_setup.rarely_collect()
    process_setup.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
