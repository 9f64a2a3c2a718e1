"""Runs a connector host: `python -m banqup_tui.backend.connector_host FD FD`, with its ends of two sockets."""

import asyncio
import os
import signal
import socket
import sys
import threading

from banqup_tui import kill_points
from banqup_tui.backend import process_setup
from banqup_tui.backend.connector_host.host import Connectors, HostServer, answer_definition_questions


async def _serve(end: socket.socket, connectors: Connectors) -> None:
    await asyncio.get_running_loop().create_unix_connection(lambda: HostServer(connectors), sock=end)
    await asyncio.Event().wait()


def main() -> None:
    # A service manager signals every process of the service at once. The service ends its attempts first and then
    # closes the sockets, which ends this process. Processes that a package starts would inherit SIG_IGN.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    # Tests: a kill point reached in this process also kills the service, as if the connector ran there.
    kill_points.kill_also(os.getppid())
    process_setup.keep_memory()
    process_setup.rarely_collect()
    connectors = Connectors()
    channels, definitions = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    threading.Thread(target=answer_definition_questions, args=(definitions, connectors), daemon=True).start()
    process_setup.run(_serve(channels, connectors))


if __name__ == "__main__":
    main()
