"""Authentication and limits before every route: the user, the rate of requests, and the headers of each answer.

Each answer has a `Request-Id`. On the local socket the kernel has proved the user (`connections.py`). On TCP a request
needs the token and a `Host` of this service, which stops DNS rebinding.
"""

import asyncio
import hmac
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Container, MutableMapping
from typing import Any, Final, Protocol

from banqup_tui.backend.api.event_hub import Hub
from banqup_tui.backend.problems import RequestFailure, encoded, headers_of, status_of
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.problems import MEDIA_TYPE, Problem, ProblemType

REQUESTS_A_MINUTE = 600
REQUEST_ID_HEADER = "Request-Id"
SECONDS_FOR_A_PIECE: Final = 20.0
SECONDS_FOR_A_BODY: Final = 60.0
"""Seconds for a body, plus one second for each 16 KiB of it."""
_BYTES_A_SECOND: Final = 16 << 10
_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Auth(Protocol):
    """Interface of authentication."""

    def user_of(self, scope: Scope) -> str:
        """Returns the id of the user. Raises `RequestFailure`."""
        ...


class LocalAuth:
    """Authentication on the local socket: `connections.LocalConnection` admits only the service's own user."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id

    def user_of(self, scope: Scope) -> str:
        return self._user_id


class TokenAuth:
    """Authentication on TCP: one token of one user."""

    def __init__(self, token: str, user_id: str, hosts: Container[str]) -> None:
        self._token = token
        self._user_id = user_id
        self._hosts = hosts

    def user_of(self, scope: Scope) -> str:
        if (header(scope, "Host") or "") not in self._hosts:
            raise RequestFailure(ProblemType.WRONG_HOST, Message("request.wrong-host"))
        kind, _, token = (header(scope, "Authorization") or "").partition(" ")
        # Compared in constant time, so that response times do not reveal the token.
        right = hmac.compare_digest(token.strip().encode(), self._token.encode())
        if kind.lower() != "bearer" or not right:
            raise RequestFailure(ProblemType.UNAUTHORIZED, Message("request.not-signed-in"))
        connection = scope.get("state", {}).get("connection")
        if connection is not None:
            connection.has_token = True
        return self._user_id


class RateLimit:
    """Token bucket for each user: requests a minute, in bursts up to a whole minute's number."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, user_id: str) -> bool:
        now = self._clock()
        remaining, at = self._left.get(user_id, (float(self._a_minute), now))
        remaining = min(float(self._a_minute), remaining + (now - at) * self._a_minute / 60)
        self._left[user_id] = (max(remaining - 1, 0.0), now) if remaining >= 1 else (remaining, now)
        return remaining >= 1


class Access:
    """ASGI application that admits requests to the routes.

    Args:
        deadlines: limit the time for request bodies, for connections that come over a network.
    """

    def __init__(
        self,
        routes: Application,
        auth: Auth,
        hub: Hub,
        *,
        requests_a_minute: int = REQUESTS_A_MINUTE,
        deadlines: bool = False,
    ) -> None:
        self._routes = routes
        self._auth = auth
        self._hub = hub
        self._rate_limit = RateLimit(requests_a_minute)
        self._deadlines = deadlines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        marked = _with_headers(send, [(REQUEST_ID_HEADER.lower().encode(), request_id.encode())])
        try:
            self._admit(scope)
        except RequestFailure as failure:
            await refuse(marked, failure.problem)
            return
        with self._hub.request():
            await self._answer(scope, _within_deadlines(receive) if self._deadlines else receive, marked, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = time.monotonic()
        try:
            await self._routes(scope, receive, send)
        finally:
            took = (time.monotonic() - started) * 1000
            _log.debug("%s %s %.1f ms %s", scope["method"], scope["path"], took, request_id)

    def _admit(self, scope: Scope) -> None:
        user_id = self._auth.user_of(scope)
        if self._hub.closing:
            raise RequestFailure(ProblemType.STOPPING, Message("request.service-stopping"))
        if _counts(scope) and not self._rate_limit.allows(user_id):
            raise RequestFailure(ProblemType.TOO_MANY_REQUESTS, Message("request.too-many"))
        scope["user"] = user_id


def _within_deadlines(receive: Receive) -> Receive:
    """Wraps `receive`: a body that comes too slowly is a `RequestFailure`. After the body it waits without limit."""
    began = time.monotonic()
    size, whole = 0, False

    async def received() -> Scope:
        nonlocal size, whole
        if whole:
            return await receive()
        remaining = began + SECONDS_FOR_A_BODY + size / _BYTES_A_SECOND - time.monotonic()
        try:
            async with asyncio.timeout(min(remaining, SECONDS_FOR_A_PIECE)):
                message = await receive()
        except TimeoutError:
            raise RequestFailure(ProblemType.TOO_SLOW, Message("request.too-slow")) from None
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        return message

    return received


def _counts(scope: Scope) -> bool:
    """Tells whether the request counts. Files do not: an import of a thousand documents makes two thousand requests."""
    return "/files/" not in scope["path"]


def header(scope: Scope, name: str) -> str | None:
    wanted = name.lower().encode()
    for key, value in scope["headers"]:
        if key.lower() == wanted:
            return bytes(value).decode("latin-1")
    return None


_STRANGERS = (ProblemType.UNAUTHORIZED, ProblemType.WRONG_HOST)


async def refuse(send: Send, found: Problem) -> None:
    content = encoded(found)
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(content)), **headers_of(found)}
    if found.type == ProblemType.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if found.type in _STRANGERS:
        headers["connection"] = "close"  # h11 would otherwise read the rest of a stranger's body
    listed = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": status_of(found), "headers": listed})
    await send({"type": "http.response.body", "body": content})


def _with_headers(send: Send, marks: list[tuple[bytes, bytes]]) -> Send:
    async def marked(message: Scope) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *marks]
        await send(message)

    return marked
