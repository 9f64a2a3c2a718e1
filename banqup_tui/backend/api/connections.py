"""Connections of the service: the user's own on the local socket, and those of a network with limits on TCP."""

import asyncio
import ipaddress
import logging
from collections import Counter
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from banqup_tui.protocol.local_socket import is_own

SECONDS_FOR_A_HEAD: Final = 10.0
"""Seconds from the start of a connection, or the first byte of a further request, to the end of its headers."""
MOST_FROM_A_PEER: Final = 64
MOST_CONNECTIONS: Final = 256
_log = logging.getLogger(__name__)


class LocalServerConnection(H11Protocol):
    """A connection on the local socket, closed before a byte is read if another user (root too) opened it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if is_own(transport.get_extra_info("socket")):
            super().connection_made(transport)
            return
        _log.warning("a process of another user was turned away")
        self.transport = transport
        transport.abort()


class TcpConnections:
    """The open TCP connections, limited in total and for each peer.

    When a peer has reached its limit, its oldest connection without a valid token is closed. So idle connections do
    not lock out another user behind the same address.
    """

    def __init__(self, most: int = MOST_CONNECTIONS, from_a_peer: int = MOST_FROM_A_PEER) -> None:
        self._most = most
        self._from_a_peer = from_a_peer
        self._open: dict[TcpConnection, str] = {}
        self._of_peer: Counter[str] = Counter()

    def admit(self, connection: "TcpConnection", peer: str) -> bool:
        """Counts the connection, and may close an older one in its place. Returns false if it must be refused."""
        if self._of_peer[peer] >= self._from_a_peer and not self._close_oldest(peer):
            return False
        if len(self._open) >= self._most and not self._close_oldest(None):
            return False
        self._open[connection] = peer
        self._of_peer[peer] += 1
        return True

    def leave(self, connection: "TcpConnection") -> None:
        peer = self._open.pop(connection, None)
        if peer is not None:
            self._of_peer[peer] -= 1
            if not self._of_peer[peer]:
                del self._of_peer[peer]

    def _close_oldest(self, peer: str | None) -> bool:
        for connection, of in self._open.items():
            if not connection.has_token and peer in (of, None):
                self.leave(connection)
                connection.transport.abort()
                return True
        return False


class TcpConnection(H11Protocol):
    """A TCP connection. `has_token` is set by `auth.TokenAuth` after a request with a valid token."""

    def __init__(self, connections: TcpConnections, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._connections = connections
        self._deadline: asyncio.TimerHandle | None = None
        self.has_token = False
        self.app_state = {**self.app_state, "connection": self}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = transport.get_extra_info("peername")
        if not self._connections.admit(self, peer_of(str(peer[0]) if peer else "")):
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._head_received()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_received()
        self._connections.leave(self)
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(SECONDS_FOR_A_HEAD, self.transport.abort)

    def _head_received(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def peer_of(address: str) -> str:
    """Returns the peer that an address stands for: all loopback addresses are one, and so is an IPv6 /64 network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return "loopback"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
