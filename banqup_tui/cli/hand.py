"""The hand that fills a sample firm: the same calls as a terminal's, one after the other, to the local backend."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import uuid
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from banqup_tui.domain.values import Value
from banqup_tui.homes import Homes
from banqup_tui.launcher import connect
from banqup_tui.protocol.commands import encode, kind_of
from banqup_tui.protocol.messages import Command, CommandResult
from banqup_tui.sync.errors import Busy
from banqup_tui.sync.http import Server

PATIENCE = 60
"""So often the service may say that it is busy, a second apart, before that is an error."""

_V = TypeVar("_V")


class HttpHand:
    """Use it as a context: the connection and its loop end with it."""

    def __init__(self, homes: Homes) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = Server(connect(homes))
        self._directory = tempfile.TemporaryDirectory(prefix="banqup-demo-")
        self._seen = self._wait(self._first_seen())

    def __enter__(self) -> HttpHand:
        return self

    def __exit__(self, *details: object) -> None:
        self._wait(self._server.close())
        self._loop.close()
        self._directory.cleanup()

    def put_file(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = Path(self._directory.name) / sha256
        path.write_bytes(data)
        self._wait(self._patiently(lambda: self._server.put_file(sha256, path)))
        path.unlink()
        return sha256

    def commands(self, bodies: Sequence[Value]) -> Sequence[CommandResult]:
        wanted = [
            Command(key=str(uuid.uuid4()), kind=kind_of(type(body)), seen=self._seen, body=encode(body))
            for body in bodies
        ]
        return self._wait(self._all(wanted))

    async def _all(self, wanted: Sequence[Command]) -> list[CommandResult]:
        """The service answers a prefix at a time."""
        results: list[CommandResult] = []
        while len(results) < len(wanted):
            rest = wanted[len(results) :]
            answer = await self._patiently(lambda rest=rest: self._server.commands(rest))
            results.extend(answer.results)
        return results

    async def _first_seen(self) -> str:
        snapshot = await self._patiently(self._server.snapshot)
        return f"{snapshot.epoch}.{snapshot.seq}"

    async def _patiently(self, call: Any) -> Any:
        for _time in range(PATIENCE):
            try:
                return await call()
            except Busy as error:
                await asyncio.sleep(error.retry_after or 1.0)
        return await call()

    def _wait(self, call: Coroutine[Any, Any, _V]) -> _V:
        return self._loop.run_until_complete(call)
