"""HTTP over the local backend's socket, for callers that do not wait for several answers at once."""

import http.client

from banqup_tui.protocol.local_socket import connected, peer_process


class LocalConnection(http.client.HTTPConnection):
    """Connects to the socket, and only to a process of this user. Raises `OSError` as its base class does."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self._seconds = timeout
        self.peer: int | None = None

    def connect(self) -> None:
        self.sock = connected(self._path, self._seconds)
        self.peer = peer_process(self.sock)
