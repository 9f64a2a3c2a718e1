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

from banqup_tui.backend.ledger.channels import Lane
from banqup_tui.connectors.interface import (
    Authorizes,
    Channel,
    Checks,
    Connector,
    Found,
    Manifest,
    Parcel,
    Receipt,
    Shows,
    SignsIn,
    Step,
)

T = TypeVar("T")

CLOSING_SECONDS = 5.0


class Apart:
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

    async def test(self, settings: Any, sample: Parcel | None) -> list[Step]:
        async def test() -> list[Step]:
            return await self._connector.test(settings, sample)

        return await self.do(test())

    def connect(self, settings: Any) -> AbstractAsyncContextManager[Channel]:
        return self._connected(settings)

    @asynccontextmanager
    async def _connected(self, settings: Any) -> AsyncIterator[Channel]:
        lane: Lane | None = None

        async def opened() -> Channel:
            nonlocal lane
            lane = Lane(self._connector.connect(settings))
            return await lane.channel()

        try:
            yield _FarChannel(self, await self.do(opened()))
        finally:
            if lane is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOSING_SECONDS):
                        await self.do(lane.close())

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """There, while this side waits; cancelled here, it is cancelled there as soon as that loop comes to it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._running()))

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
    def __init__(self, apart: Apart, channel: Channel) -> None:
        self._apart = apart
        self._channel = channel

    async def prepare(self, parcel: Parcel) -> str:
        return await self._apart.do(self._channel.prepare(parcel))

    async def commit(self, parcel: Parcel, remnant: str) -> Receipt:
        return await self._apart.do(self._channel.commit(parcel, remnant))

    async def roll_forward(self, parcel: Parcel, remnant: str) -> Receipt:
        return await self._apart.do(self._channel.roll_forward(parcel, remnant))

    async def look_up(self, parcel: Parcel, earlier_receipts: Sequence[str]) -> tuple[Found, Receipt | None]:
        return await self._apart.do(self._channel.look_up(parcel, earlier_receipts))

    async def discard(self, remnant: str) -> None:
        await self._apart.do(self._channel.discard(remnant))
