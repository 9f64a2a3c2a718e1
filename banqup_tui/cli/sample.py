"""The sample firm's way into the local backend: the same commands as a terminal's, over the same wire."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import uuid
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from banqup_tui import launcher
from banqup_tui.domain.values import Value
from banqup_tui.homes import Homes
from banqup_tui.protocol.commands import encode, kind_of
from banqup_tui.protocol.messages import Command, CommandResult
from banqup_tui.sync.engine import http_server

_V = TypeVar("_V")


class BackendHand:
    """Use as a context manager. Files go one by one, commands in batches, each answered once."""

    def __init__(self, homes: Homes) -> None:
        self._homes = homes
        self._loop = asyncio.new_event_loop()
        self._directory = tempfile.TemporaryDirectory(prefix="banqup-sample-")

    def __enter__(self) -> BackendHand:
        self._server = http_server(launcher.connect(self._homes))
        snapshot = self._wait(self._server.snapshot())
        self._seen = f"{snapshot.epoch}.{snapshot.seq}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._wait(self._server.close())
        self._loop.close()
        self._directory.cleanup()

    def put_file(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = Path(self._directory.name) / sha256
        path.write_bytes(data)
        self._wait(self._server.put_file(sha256, path))
        path.unlink()
        return sha256

    def commands(self, bodies: Sequence[Value]) -> Sequence[CommandResult]:
        waiting = [
            Command(key=str(uuid.uuid4()), kind=kind_of(type(body)), seen=self._seen, body=encode(body))
            for body in bodies
        ]
        results: list[CommandResult] = []
        while len(results) < len(waiting):
            results += self._wait(self._server.commands(waiting[len(results) :])).results
        return results

    def _wait(self, work: Coroutine[Any, Any, _V]) -> _V:
        return self._loop.run_until_complete(work)
