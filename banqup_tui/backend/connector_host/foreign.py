"""Connectors of packages that are not ours, each on a thread and a loop of its own.

One that blocks (a `time.sleep`, a library that waits) then holds up its own documents and nothing else: whoever waits
for it here can still give it up, and the service goes on answering.
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


class ForeignConnector:
    """Stands for the connector wherever it is waited for. What it is asked without waiting, it answers itself."""

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
            yield _FarChannel(self, await self.do(opened()))
        finally:
            if pooled is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOSING_SECONDS):
                        await self.do(pooled.close())

    async def do(self, transaction: Coroutine[Any, Any, T]) -> T:
        """There, while this side waits; cancelled here, it is cancelled there as soon as that loop comes to it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(transaction, self._running()))

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                name = f"extension {self.manifest.id}"
                threading.Thread(target=self._loop.run_forever, name=name, daemon=True).start()
            return self._loop


def _not_carried(manifest: Manifest) -> Manifest:
    """The carrier is for ours: who blocks there would hold them all up. What is no manifest is found so later."""
    if getattr(manifest, "carried", False) is True:
        return msgspec.structs.replace(manifest, carried=False)
    return manifest


class _FarChannel:
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
