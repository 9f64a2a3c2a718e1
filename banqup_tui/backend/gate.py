"""The gate before every route: who asks, how often, and what every answer carries.

Each answer has a `Request-Id`; one to a request with a nonce also proves that it comes from who holds the token.
A request is let through only with a token, save two: the one by which a terminal recognises its backend, and the
browser's that comes back from signing in at a provider.
"""

import hmac
import logging
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

from banqup_tui.backend.failures import Failure, encoded, headers_of, status_of
from banqup_tui.backend.hub import Hub
from banqup_tui.protocol import paths
from banqup_tui.protocol.local import NONCE_HEADER, PROOF_HEADER, proof_of
from banqup_tui.protocol.problems import MEDIA_TYPE, Problem, ProblemType

REQUESTS_A_MINUTE = 600
REQUEST_ID_HEADER = "Request-Id"
_LONGEST_NONCE = 128
_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[MutableMapping[str, Any]], Any]
Application = Callable[[Scope, Receive, Send], Any]


class Doorkeeper:
    """The local backend has one token, and one user who holds it."""

    def __init__(self, token: str, user_id: str) -> None:
        self.token = token
        self._user_id = user_id

    def user_of(self, token: str) -> str | None:
        return self._user_id if hmac.compare_digest(token.encode(), self.token.encode()) else None


class Allowance:
    """So many requests a minute for each user, in bursts up to a minute's worth."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def takes(self, user_id: str) -> bool:
        now = self._clock()
        left, at = self._left.get(user_id, (float(self._a_minute), now))
        left = min(float(self._a_minute), left + (now - at) * self._a_minute / 60)
        self._left[user_id] = (max(left - 1, 0.0), now) if left >= 1 else (left, now)
        return left >= 1


class Gate:
    """An ASGI application around the routes."""

    def __init__(
        self, routes: Application, doorkeeper: Doorkeeper, hub: Hub, *, requests_a_minute: int = REQUESTS_A_MINUTE
    ) -> None:
        self._routes = routes
        self._doorkeeper = doorkeeper
        self._hub = hub
        self._allowance = Allowance(requests_a_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        marked = _with_headers(send, self._marks(scope, request_id))
        try:
            self._let_in(scope)
            self._hub.somebody_was_here()
        except Failure as failure:
            await refuse(marked, failure.problem)
            return
        await self._answer(scope, receive, marked, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = time.monotonic()
        try:
            await self._routes(scope, receive, send)
        finally:
            took = (time.monotonic() - started) * 1000
            _log.debug("%s %s %.1f ms %s", scope["method"], scope["path"], took, request_id)

    def _marks(self, scope: Scope, request_id: str) -> list[tuple[bytes, bytes]]:
        marks = [(REQUEST_ID_HEADER.lower().encode(), request_id.encode())]
        nonce = header(scope, NONCE_HEADER)
        if nonce and len(nonce) <= _LONGEST_NONCE:
            marks.append((PROOF_HEADER.lower().encode(), proof_of(self._doorkeeper.token, nonce).encode()))
        return marks

    def _let_in(self, scope: Scope) -> None:
        if self._hub.closing:
            raise Failure(ProblemType.STOPPING, "The service is stopping.", "Try again in a moment.")
        if scope["path"] in (paths.INSTANCE, paths.SIGNED_IN):
            return
        kind, _, token = (header(scope, "Authorization") or "").partition(" ")
        user_id = self._doorkeeper.user_of(token.strip()) if kind.lower() == "bearer" else None
        if user_id is None:
            raise Failure(ProblemType.UNAUTHORIZED, "You are not signed in.", "Sign in again.")
        if _counts(scope) and not self._allowance.takes(user_id):
            raise Failure(ProblemType.TOO_MANY_REQUESTS, "Too many requests in one minute.", "Wait a little.")
        scope["user"] = user_id


def _counts(scope: Scope) -> bool:
    """Files are not counted: an import of a thousand is two thousand requests, and all wanted."""
    return "/files/" not in scope["path"]


def header(scope: Scope, name: str) -> str | None:
    wanted = name.lower().encode()
    for key, value in scope["headers"]:
        if key.lower() == wanted:
            return bytes(value).decode("latin-1")
    return None


async def refuse(send: Send, found: Problem) -> None:
    content = encoded(found)
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(content)), **headers_of(found)}
    if found.type == ProblemType.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    listed = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": status_of(found), "headers": listed})
    await send({"type": "http.response.body", "body": content})


def _with_headers(send: Send, marks: list[tuple[bytes, bytes]]) -> Send:
    async def marked(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *marks]
        await send(message)

    return marked
