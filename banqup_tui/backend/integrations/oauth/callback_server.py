"""Page on this computer to which the provider sends the browser back (RFC 8252 section 7.3).

The address is `http://localhost:PORT` without a path: some providers compare all but the port with the registered
address. The server listens on both addresses of `localhost`, so that no other program can listen on the other one and
take the code. It runs only while a sign-in is open.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from html import escape
from typing import Final

from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import languages
from banqup_tui.protocol.messages import SignIn, SignInState

SECONDS_AFTER_IT: Final = 30.0
"""Seconds after a sign-in, as a browser may load the page twice."""
SECONDS_FOR_A_REQUEST: Final = 10.0
_MOST_CONNECTIONS: Final = 16
_LONGEST_HEAD: Final = 16 << 10
_TRIES: Final = 20
_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
_log = logging.getLogger(__name__)

_HEADERS = (
    "Content-Type: text/html; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Connection: close\r\n"
)
_PAGE = '<!doctype html><html lang="{}"><meta charset="utf-8"><title>banqup</title><p>{}</p></html>'
_DONE = Message("sign-in.done")
_NOBODY = Message("sign-in.not-awaited")

Returned = Callable[[str], Awaitable[SignIn | None]]
"""`await returned(query)` returns the sign-in to which the browser comes back, or `None` if there is none."""


class ReturnListener:
    """The callback server of a service. Belongs to its event loop."""

    def __init__(self, returned: Returned) -> None:
        self._returned = returned
        self._servers: list[asyncio.Server] = []
        self._port = 0
        self._open: dict[str, asyncio.TimerHandle] = {}
        self._connections: dict[asyncio.StreamWriter, None] = {}
        self._opening = asyncio.Lock()

    async def port(self) -> int:
        """Starts listening and returns the port.

        Until `expect` is called it may close at any time. Raises `OSError`.
        """
        async with self._opening:
            if not self._servers:
                sockets = _both_of_localhost()
                self._port = sockets[0].getsockname()[1]
                for one in sockets:
                    server = await asyncio.start_server(self._answer, sock=one, limit=_LONGEST_HEAD)
                    self._servers.append(server)
            return self._port

    def expect(self, sign_in_id: str, seconds: float) -> None:
        """Listens so many seconds for this sign-in, or until `forget`."""
        self._cancel_timer(sign_in_id)
        loop = asyncio.get_running_loop()
        self._open[sign_in_id] = loop.call_later(seconds, self._ended, sign_in_id)

    def forget(self, sign_in_id: str) -> None:
        """Ends the wait for this sign-in."""
        if sign_in_id in self._open:
            self.expect(sign_in_id, SECONDS_AFTER_IT)

    def close(self) -> None:
        for sign_in_id in list(self._open):
            self._cancel_timer(sign_in_id)
        for server in self._servers:
            server.close()
        self._servers.clear()
        for writer in list(self._connections):
            writer.transport.abort()

    def _cancel_timer(self, sign_in_id: str) -> None:
        timer = self._open.pop(sign_in_id, None)
        if timer is not None:
            timer.cancel()

    def _ended(self, sign_in_id: str) -> None:
        self._cancel_timer(sign_in_id)
        if not self._open:
            self.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[writer] = None
        if len(self._connections) > _MOST_CONNECTIONS:
            next(iter(self._connections)).transport.abort()
        try:
            async with asyncio.timeout(SECONDS_FOR_A_REQUEST):
                head = await reader.readuntil(b"\r\n\r\n")
            status, page = await self._page(head.decode("latin-1").split("\r\n"))
            content = page.encode()
            writer.write(f"HTTP/1.1 {status}\r\n{_HEADERS}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            async with asyncio.timeout(SECONDS_FOR_A_REQUEST):
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            self._connections.pop(writer, None)
            writer.close()

    async def _page(self, lines: list[str]) -> tuple[str, str]:
        method, _, rest = lines[0].partition(" ")
        target, _, version = rest.partition(" ")
        headers: dict[str, str] = {}
        for name, _, value in (line.partition(":") for line in lines[1:]):
            headers[name.lower()] = ", ".join(filter(None, (headers.get(name.lower()), value.strip())))
        path, _, query = target.partition("?")
        asked = headers.get("accept-language", "").lower()[:2]
        language = asked if asked in languages() else "en"
        nobody = "404 Not Found", _page(language, _NOBODY)
        if method != "GET" or path != "/" or not version.startswith("HTTP/1."):
            return nobody
        # Stops DNS rebinding: a page of another site could otherwise call this server.
        if headers.get("host", "") not in {f"{name}:{self._port}" for name in ("localhost", "127.0.0.1", "[::1]")}:
            return nobody
        try:
            found = await self._returned(query)
        except Exception:
            _log.exception("a sign-in could not be finished")
            return "500 Internal Server Error", nobody[1]
        if found is None:
            return nobody
        self.forget(found.id)
        return "200 OK", _page(language, _DONE if found.state is SignInState.SIGNED_IN else found.reason or _NOBODY)


def _page(language: str, message: Message) -> str:
    """Returns the page in the browser's language, which may differ from the terminal's."""
    from banqup_tui.presentation.messages import words_of
    from banqup_tui.presentation.words import in_language

    with in_language(language):
        return _PAGE.format(language, escape(words_of(message)))


def _both_of_localhost() -> list[socket.socket]:
    """Returns sockets on 127.0.0.1 and, with IPv6, ::1 with the same port. Raises `OSError` if none is free."""
    for _ in range(_TRIES):
        first = socket.create_server(("127.0.0.1", 0), backlog=_MOST_CONNECTIONS)
        try:
            port = first.getsockname()[1]
            return [first, socket.create_server(("::1", port), family=socket.AF_INET6, backlog=_MOST_CONNECTIONS)]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [first]
            first.close()
    with suppress(OSError):
        return [socket.create_server(("127.0.0.1", 0), backlog=_MOST_CONNECTIONS)]
    raise OSError(errno.EADDRINUSE, "no port is free")
