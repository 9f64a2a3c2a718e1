"""Builds the sample firm in a local backend over HTTP, on connections that stay open.

The key of a command follows from its content, so a command repeated after an interruption is answered as before.
"""

import hashlib
import http.client
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final

import msgspec

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.protocol import paths
from banqup_tui.protocol.commands import CommandBody, encode
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.local_http import LocalConnection
from banqup_tui.protocol.messages import Command, CommandResult, CommandResults, Commands, Snapshot
from banqup_tui.protocol.problems import Problem

_SECONDS: Final = 120
_AT_ONCE: Final = 8
_JSON: Final = "application/json"


class HttpDemoBackend:
    """A `build.DemoBackend` over HTTP. Use it as a context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="upload")
        self._seen = ""

    def __enter__(self) -> "HttpDemoBackend":
        self.snapshot()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    def snapshot(self) -> Snapshot:
        decoded = msgspec.json.decode(self._ask("GET", self._path(paths.SNAPSHOT)), type=Snapshot)
        self._seen = f"{decoded.epoch}.{decoded.seq}"
        return decoded

    def seen(self) -> str:
        self.snapshot()
        return self._seen

    def put_files(self, files: Sequence[bytes]) -> list[str]:
        """Uploads files side by side; returns their SHA-256 in order."""
        return list(self._pool.map(self._put, files))

    def commands(self, bodies: Sequence[CommandBody]) -> list[CommandResult]:
        left = [self._command(body) for body in bodies]
        results: list[CommandResult] = []
        while left:
            content = msgspec.json.encode(Commands(commands=tuple(left)))
            answer = msgspec.json.decode(self._ask("POST", self._path(paths.COMMANDS), content), type=CommandResults)
            if not answer.results:
                raise BanqupError(message("demo.no-answers"))
            results += answer.results
            left = left[len(answer.results) :]
        return results

    def _command(self, body: CommandBody) -> Command:
        kind, raw = body.KIND, encode(body)
        key = uuid.uuid5(uuid.NAMESPACE_URL, f"banqup-demo:{kind}:{bytes(raw).decode()}")
        return Command(key=str(key), kind=kind, seen=self._seen, body=raw)

    def _put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._ask("PUT", self._path(paths.FILE, sha256=sha256), data, "application/octet-stream")
        return sha256

    def _path(self, path: str, **parts: str) -> str:
        return paths.filled(path, self._endpoint.space_id, **parts)

    def _ask(self, method: str, path: str, content: bytes | None = None, media_type: str = _JSON) -> bytes:
        headers = {"Content-Type": media_type, "Accept": _JSON}
        connection = self._connection()
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise BanqupError(message("demo.no-answer")) from error
        if answer.status >= 300:
            raise _refusal(body)
        return body

    def _connection(self) -> http.client.HTTPConnection:
        """Returns the connection of this thread."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = LocalConnection(self._endpoint.socket, _SECONDS)
            self._local.connection = connection
            self._connections.append(connection)
        return connection


def _refusal(body: bytes) -> BanqupError:
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        return BanqupError(message("demo.refused"))
    return BanqupError(problem.message)
