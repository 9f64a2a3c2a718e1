"""Entry point `python -m banqup_tui.backend.intake.drop_process FD`, with the process's end of a socket pair."""

import asyncio
import logging
import os
import socket
import sys

from banqup_tui import kill_points
from banqup_tui.backend import process_setup
from banqup_tui.backend.intake.drop_process.server import ServiceConnection, ServiceLog

_NICE = 5
"""Niceness, so that terminals have priority."""


async def _serve(end: socket.socket) -> None:
    _, connection = await asyncio.get_running_loop().create_unix_connection(ServiceConnection, sock=end)
    logging.getLogger().addHandler(ServiceLog(connection))
    await asyncio.Event().wait()


def main() -> None:
    kill_points.kill_also(os.getppid())
    os.nice(_NICE)
    process_setup.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
