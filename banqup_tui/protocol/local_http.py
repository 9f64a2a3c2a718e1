"""Blocking HTTP over the local backend's socket, without httpx, for the search for a running backend."""

import http.client

from banqup_tui.protocol.local_socket import connected, peer_process


class LocalConnection(http.client.HTTPConnection):
    """An HTTP connection to the socket of a process of this user. Raises `OSError` as its base class does.

    `peer` is the id of that process once connected, on Linux.
    """

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self._seconds = timeout
        self.peer: int | None = None

    def connect(self) -> None:
        self.sock = connected(self._path, self._seconds)
        self.peer = peer_process(self.sock)
