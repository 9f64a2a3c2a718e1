"""Runs each connector of an external package on an event loop in a thread of its own.

Such a connector may block (`time.sleep`, a synchronous library). Then only its own documents wait: the deadline of an
attempt still ends it for the service, which goes on answering.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeVar

import msgspec

from banqup_tui.backend.connector_host.pool import PooledConnection
from banqup_tui.connectors.interface import (
    Authorizes,
    Channel,
    Checks,
    Connector,
    DeliveryRequest,
    Found,
    Manifest,
    Receipt,
    Shows,
    SignsIn,
    Step,
)

T = TypeVar("T")

CLOSING_SECONDS = 5.0
"""Longest wait for a connector to close a channel."""


class ForeignConnector:
    """Wraps a connector: its coroutines run on the thread's loop, its other functions in the calling thread.

    It has `authorization`, `check`, `where` and `signed_in_until` only if the connector has them.
    """

    def __init__(self, connector: Connector[Any]) -> None:
        self._connector = connector
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self.manifest = _not_carried(connector.manifest)
        self.settings = connector.settings
        if isinstance(connector, Authorizes):
            self.authorization = connector.authorization
        if isinstance(connector, Checks):
            self.check = connector.check
        if isinstance(connector, Shows):
            self.where = connector.where
        if isinstance(connector, SignsIn):
            self.signed_in_until = connector.signed_in_until

    def destination(self, settings: Any) -> str:
        return self._connector.destination(settings)

    async def test(self, settings: Any, sample: DeliveryRequest | None) -> list[Step]:
        async def test() -> list[Step]:
            return await self._connector.test(settings, sample)

        return await self.do(test())

    def connect(self, settings: Any) -> AbstractAsyncContextManager[Channel]:
        return self._connected(settings)

    @asynccontextmanager
    async def _connected(self, settings: Any) -> AsyncIterator[Channel]:
        pooled: PooledConnection | None = None

        async def opened() -> Channel:
            nonlocal pooled
            pooled = PooledConnection(self._connector.connect(settings))
            return await pooled.channel()

        try:
            yield _ThreadChannel(self, await self.do(opened()))
        finally:
            if pooled is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOSING_SECONDS):
                        await self.do(pooled.close())

    async def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the connector's loop and returns its result.

        Cancelling the caller cancels the coroutine as soon as that loop is not blocked.
        """
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._running()))

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                name = f"extension {self.manifest.id}"
                threading.Thread(target=self._loop.run_forever, name=name, daemon=True).start()
            return self._loop


def _not_carried(manifest: Manifest) -> Manifest:
    """Returns the manifest without `carried`, because a connector that blocks would stop all others in the host.

    A value that is no manifest is returned unchanged; the registry refuses it later.
    """
    if getattr(manifest, "carried", False) is True:
        return msgspec.structs.replace(manifest, carried=False)
    return manifest


class _ThreadChannel:
    """A channel that is open on the connector's loop."""

    def __init__(self, foreign: ForeignConnector, channel: Channel) -> None:
        self._foreign = foreign
        self._channel = channel

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        return await self._foreign.do(self._channel.prepare(delivery_request))

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        return await self._foreign.do(self._channel.commit(delivery_request, resume_token))

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        return await self._foreign.do(self._channel.roll_forward(delivery_request, resume_token))

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        return await self._foreign.do(self._channel.look_up(delivery_request, earlier_receipts))

    async def discard(self, resume_token: str) -> None:
        await self._foreign.do(self._channel.discard(resume_token))
