"""`python -m banqup_tui.backend.intake.drop_process FD`: started by the service, with its end of a pair of sockets."""

import asyncio
import logging
import os
import socket
import sys

from banqup_tui import kill_points
from banqup_tui.backend import process_setup
from banqup_tui.backend.intake.drop_process.server import FarSide, ServiceLog

_NICE = 5
"""Terminals come first."""


async def _serve(end: socket.socket) -> None:
    _, far_side = await asyncio.get_running_loop().create_unix_connection(FarSide, sock=end)
    logging.getLogger().addHandler(ServiceLog(far_side))
    await asyncio.Event().wait()


def main() -> None:
    kill_points.kill_also(os.getppid())
    os.nice(_NICE)
    process_setup.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
