"""The HTTP client of the server, and the only module that imports httpx; import it when a connection is needed.

Answers are read up to a size, and decoded only as JSON of the expected type. A connection to the local server is used
only if the kernel reports that the process at its other end belongs to the same user.
"""

import errno
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol import file_batch, paths
from banqup_tui.protocol.answers import harmless
from banqup_tui.protocol.file_batch import StoredFiles
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.local_socket import is_own
from banqup_tui.protocol.messages import (
    BackfillCount,
    Changes,
    Command,
    CommandResult,
    CommandResults,
    Commands,
    DocumentsPage,
    MailboxPassword,
    MailboxProvider,
    ReturnedTo,
    SignIn,
    SignInRequest,
    Snapshot,
    TestRequest,
    TestResult,
)
from banqup_tui.protocol.problems import MEDIA_TYPE, Problem, ProblemType
from banqup_tui.store.faults import LocalFault, fault_of
from banqup_tui.store.files import CHUNK, FileCache
from banqup_tui.sync.errors import (
    Busy,
    CopyTooOld,
    NoNetwork,
    RequestRefused,
    ServerDown,
    ServerFault,
    SignedOut,
    is_too_old,
)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
SILENCE_SECONDS = 40.0
LARGEST_ANSWER = 64 << 20
LARGEST_FILE = 512 << 20
LARGEST_LINE = 64 << 10

_V = TypeVar("_V")


class _LocalTransport(httpx.AsyncBaseTransport):
    """Checks the user at the other end of each new connection before anything is sent over it."""

    def __init__(self, path: str) -> None:
        # Without a context of its own httpx loads the certificates of all authorities, a tenth of the start of a
        # command. This one trusts none, and a socket needs none.
        self._inner = httpx.AsyncHTTPTransport(uds=path, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["trace"] = _check_peer
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _SilenceTransport(httpx.AsyncBaseTransport):
    """Measures for how long the server has sent nothing while requests or streams are open."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._open_requests = 0
        self._last_activity = 0.0

    def silence(self) -> float:
        return time.monotonic() - self._last_activity if self._open_requests else 0.0

    def note_activity(self) -> None:
        self._last_activity = time.monotonic()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._open_requests:
            self.note_activity()
        self._open_requests += 1
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException:
            self._open_requests -= 1
            raise
        self.note_activity()
        response.stream = _WatchedStream(response.stream, self)
        return response

    def end_request(self) -> None:
        self._open_requests -= 1

    async def aclose(self) -> None:
        await self._inner.aclose()


class _WatchedStream(httpx.AsyncByteStream):
    """The body of an answer, each piece of which counts as activity of the server."""

    def __init__(self, inner: httpx.SyncByteStream | httpx.AsyncByteStream, transport: _SilenceTransport) -> None:
        assert isinstance(inner, httpx.AsyncByteStream), "the client is asynchronous"
        self._inner = inner
        self._transport = transport
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._transport.note_activity()
            yield piece

    async def aclose(self) -> None:
        # httpx may close a body more than once; the request ends once.
        if not self._is_closed:
            self._is_closed = True
            self._transport.end_request()
        await self._inner.aclose()


async def _check_peer(event: str, details: Mapping[str, Any]) -> None:
    """Closes a new connection whose other end is not a process of this user; raises `ServerDown`.

    It is a hook of httpx's `trace` request extension, the only public place between connecting and sending. An
    exception in it ends the request.
    """
    if event != "connection.connect_unix_socket.complete":
        return
    stream = details["return_value"]
    connection = stream.get_extra_info("socket")
    if connection is None or not is_own(connection):
        await stream.aclose()
        raise ServerDown(message("sync.not-the-server"))


class Server:
    """The client of one space. Use it in one event loop, and close it there. Calls raise errors of sync.errors."""

    def __init__(self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.space_id = endpoint.space_id
        self._transport = _SilenceTransport(transport or _LocalTransport(endpoint.socket))
        self._client = httpx.AsyncClient(
            base_url="http://localhost",
            headers={"Accept": "application/json"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            transport=self._transport,
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    def silence(self) -> float:
        return self._transport.silence()

    # down

    async def snapshot(self) -> Snapshot:
        return await self._get(paths.SNAPSHOT, Snapshot)

    async def documents(
        self, before: str | None, client_id: str | None, at_least: str, limit: int = 1000
    ) -> DocumentsPage:
        wanted = {"before": before, "clientId": client_id, "atLeast": at_least, "limit": str(limit)}
        return await self._get(paths.DOCUMENTS, DocumentsPage, wanted)

    async def changes(self, cursor: str, limit: int = 500) -> Changes:
        return await self._get(paths.CHANGES, Changes, {"cursor": cursor, "limit": str(limit)})

    async def extensions(self) -> list[Extension]:
        return await self._get(paths.EXTENSIONS, list[Extension])

    async def attempts(self, delivery_id: str) -> list[Attempt]:
        return await self._get(self._path(paths.ATTEMPTS, delivery_id=delivery_id), list[Attempt])

    async def backfill(
        self, client_id: str, folders: Sequence[Folder] | None, since: date | None = None
    ) -> BackfillCount:
        wanted: dict[str, str | list[str] | None] = {"clientId": client_id}
        if since is not None:
            wanted["since"] = since.isoformat()
        if folders:
            wanted["folders"] = [folder.value for folder in folders]
        return await self._get(paths.BACKFILL, BackfillCount, wanted)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[str]]:
        """Gives the lines of the event stream. Raises `ServerDown` after 40 s without a byte."""
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, read=SILENCE_SECONDS)
        headers = {"Accept": "text/event-stream"}
        with _as_unreachable(self._client):
            async with self._client.stream(
                "GET", self._path(paths.EVENTS), headers=headers, timeout=timeout
            ) as response:
                if response.status_code != 200:
                    raise _failure(response, await _content(response))
                if _media_type(response) != "text/event-stream":
                    raise ServerDown(message("sync.not-the-server"))
                yield _lines(response)

    # up

    async def commands(self, commands: Sequence[Command]) -> CommandResults:
        body = msgspec.json.encode(Commands(commands=tuple(commands)))
        return await self._ask("POST", paths.COMMANDS, CommandResults, content=body)

    async def withdraw(self, key: str, seen: str) -> CommandResult:
        path = self._path(paths.COMMAND, key=key)
        return await self._ask("DELETE", path, CommandResult, headers={"If-Seen": seen})

    async def put_file(self, sha256: str, path: Path) -> None:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(_size(path))}
        with _as_unreachable(self._client):
            async with self._client.stream(
                "PUT", self._path(paths.FILE, sha256=sha256), content=_chunks(path, self._transport), headers=headers
            ) as response:
                if response.status_code not in (200, 201, 204):
                    raise _failure(response, await _content(response))

    async def put_files(self, files: Sequence[tuple[str, bytes]]) -> StoredFiles:
        headers = {"Content-Type": file_batch.MEDIA_TYPE}
        return await self._ask("POST", paths.FILES, StoredFiles, content=file_batch.joined(files), headers=headers)

    async def download(self, sha256: str, cache: FileCache) -> Path:
        """Downloads a file into the cache, if its content has the hash. Returns its path."""
        headers = {"Accept": "*/*"}
        half = cache.half()
        try:
            with _as_unreachable(self._client):
                async with self._client.stream(
                    "GET", self._path(paths.FILE, sha256=sha256), headers=headers
                ) as response:
                    if response.status_code != 200:
                        raise _failure(response, await _content(response))
                    found = await _written(response, half)
            if found != sha256:
                raise ServerDown(message("sync.file-not-whole"))
            return cache.keep(half, sha256)
        finally:
            half.unlink(missing_ok=True)

    async def test(self, request: TestRequest) -> TestResult:
        body = msgspec.json.encode(request)
        return await self._ask("POST", paths.TESTS, TestResult, content=body, seconds=120.0)

    async def begin_sign_in(self, request: SignInRequest) -> SignIn:
        return await self._ask("POST", paths.SIGN_INS, SignIn, content=msgspec.json.encode(request))

    async def sign_in(self, sign_in_id: str) -> SignIn:
        return await self._get(self._path(paths.SIGN_IN, sign_in_id=sign_in_id), SignIn)

    async def return_to(self, sign_in_id: str, address: str) -> SignIn:
        body = msgspec.json.encode(ReturnedTo(address=address))
        path = self._path(paths.SIGN_IN, sign_in_id=sign_in_id)
        return await self._ask("PUT", path, SignIn, content=body, seconds=120.0)

    async def begin_mailbox_sign_in(self, provider: MailboxProvider) -> SignIn:
        path = self._path(paths.MAILBOX_SIGN_INS)
        return await self._ask("POST", path, SignIn, content=msgspec.json.encode(provider), seconds=60.0)

    async def set_mailbox_sign_in(self, source_id: str, sign_in: str, provider: MailboxProvider) -> TestResult:
        body = msgspec.json.encode(MailboxPassword(sign_in=sign_in, provider=provider))
        path = self._path(paths.MAILBOX_PASSWORD, source_id=source_id)
        return await self._ask("PUT", path, TestResult, content=body, seconds=120.0)

    async def test_source(self, source_id: str) -> TestResult:
        path = self._path(paths.SOURCE_TEST, source_id=source_id)
        return await self._ask("POST", path, TestResult, seconds=120.0)

    async def set_mailbox_password(self, source_id: str, password: Secret) -> TestResult:
        body = msgspec.json.encode(MailboxPassword(password=password.reveal()))
        path = self._path(paths.MAILBOX_PASSWORD, source_id=source_id)
        return await self._ask("PUT", path, TestResult, content=body, seconds=120.0)

    # inside

    def _path(self, path: str, **parts: str) -> str:
        return paths.filled(path, self.space_id, **parts)

    async def _get(self, path: str, kind: type[_V], params: Mapping[str, str | list[str] | None] | None = None) -> _V:
        wanted = {name: value for name, value in (params or {}).items() if value is not None}
        return await self._ask("GET", path, kind, params=wanted)

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[_V],
        *,
        params: Mapping[str, str | list[str]] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> _V:
        sent = dict(headers or {})
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        with _as_unreachable(self._client):
            async with self._client.stream(
                method,
                paths.filled(path, self.space_id) if "{s}" in path else path,
                params=params,
                content=content,
                headers=sent,
                timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            ) as response:
                body = await _content(response)
        if response.status_code not in (200, 201, 202):
            raise _failure(response, body)
        return _decoded(response, body, kind)


_NO_WAY_THERE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


def _errno_of(error: BaseException | None) -> int | None:
    """Returns the `errno` of the system's error that caused httpx's error."""
    while error is not None:
        if isinstance(error, OSError):
            return error.errno
        error = error.__cause__ or error.__context__
    return None


class _as_unreachable:
    """Raises httpx's errors as errors of sync.errors, without their text: it may contain parts of a request."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, httpx.TransportError) and (fault := _fault_below(error)) is not None:
            raise fault from None
        if isinstance(error, httpx.ConnectError):
            raise (NoNetwork if _errno_of(error) in _NO_WAY_THERE else ServerDown) from None
        if isinstance(error, httpx.TimeoutException):
            raise ServerDown(message("sync.too-slow")) from None
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL | httpx.StreamError):
            raise ServerDown(message("sync.cut-off")) from None
        is_ours = error is None or isinstance(error, BanqupError) or not isinstance(error, Exception)
        if not is_ours and self._client is not None and self._client.is_closed:
            # httpx 0.28 raises a bare RuntimeError for a client that another task has closed meanwhile.
            raise ServerDown(message("sync.cut-off")) from None


def _fault_below(error: BaseException) -> LocalFault | None:
    """Returns the fault if this computer had no file descriptor or memory for a connection.

    Only these: other codes of a socket do not mean what they mean of a file.
    """
    number = _errno_of(error)
    return fault_of(OSError(number, "")) if number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM) else None


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


async def _content(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise ServerDown(message("sync.answer-too-large"))
        parts.append(part)
    return b"".join(parts)


def _decoded(response: httpx.Response, body: bytes, kind: type[_V]) -> _V:
    if _media_type(response) != "application/json":
        raise ServerDown(message("sync.not-the-server"))
    try:
        return msgspec.json.decode(harmless(body), type=kind)
    except msgspec.MsgspecError:
        raise ServerDown(message("sync.answer-unreadable")) from None


def _failure(response: httpx.Response, body: bytes) -> Exception:
    problem = _problem(response, body)
    status = response.status_code
    if status == 401:
        return SignedOut()
    if status == 410 and is_too_old(problem):
        return CopyTooOld()
    if status in (408, 429, 503):
        return Busy(_message(status, problem), _retry_after(response))
    if status == 500:
        return ServerFault(_message(status, problem))
    if status > 500 or status < 400:
        return ServerDown(_message(status, problem))
    return RequestRefused(status, problem)


_CODES: dict[str, str] = {
    ProblemType.BUSY: "sync.server-busy",
    ProblemType.BEHIND_CURSOR: "sync.server-busy",
    ProblemType.TOO_MANY_REQUESTS: "sync.server-busy",
    ProblemType.TOO_SLOW: "sync.too-slow",
    ProblemType.STOPPING: "sync.server-stopping",
    ProblemType.DISK_FULL: "sync.server-disk-full",
    ProblemType.INTERNAL: "sync.server-failed",
}


def _message(status: int, problem: Problem) -> Message:
    """Returns the message for a server that cannot do a request now, by the type of its problem."""
    code = _CODES.get(problem.type)
    return message("sync.server-answered", status=status) if code is None else message(code)


def _problem(response: httpx.Response, body: bytes) -> Problem:
    if _media_type(response) in (MEDIA_TYPE, "application/json"):
        try:
            return msgspec.json.decode(harmless(body), type=Problem)
        except msgspec.MsgspecError:
            pass
    return Problem(type="unknown", title="", code="sync.server-answered", params={"status": response.status_code})


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() else None


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Yields lines of a stream; raises `ServerDown` for a line longer than `LARGEST_LINE`."""
    rest = b""
    with _as_unreachable():
        async for part in response.aiter_bytes():
            rest += part
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield line.rstrip(b"\r").decode("utf-8", "replace")
            if len(rest) > LARGEST_LINE:
                raise ServerDown(message("sync.not-the-server"))


async def _chunks(path: Path, transport: _SilenceTransport) -> AsyncIterator[bytes]:
    """Yields a file in pieces. A server that reads an upload counts as active, though it sends nothing."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            transport.note_activity()
            yield chunk


async def _written(response: httpx.Response, half: Path) -> str:
    digest = hashlib.sha256()
    size = 0
    with half.open("wb") as file:
        async for part in response.aiter_bytes():
            size += len(part)
            if size > LARGEST_FILE:
                raise ServerDown(message("sync.file-too-large"))
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size
