"""Open ways to receivers, one for each version of an integration's settings, kept while there is work for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from banqup_tui.connectors.interface import Channel

Key = tuple[str, int]
"""Integration and settings version."""


class Lane:
    """A channel, opened and closed by one task of its own, as context managers want it."""

    def __init__(self, opening: AbstractAsyncContextManager[Channel]) -> None:
        self.users = 0
        self.used = False
        self.retired = False
        self._opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        self._close = asyncio.Event()
        self._task = asyncio.create_task(self._hold(opening))

    async def channel(self) -> Channel:
        return await asyncio.shield(self._opened)

    async def close(self) -> None:
        self.retired = True
        self._close.set()
        if not self._opened.done():
            self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task
        if self._opened.done() and not self._opened.cancelled():
            self._opened.exception()

    async def _hold(self, opening: AbstractAsyncContextManager[Channel]) -> None:
        try:
            async with opening as channel:
                self._opened.set_result(channel)
                await self._close.wait()
        except BaseException as error:
            self.retired = True
            if self._opened.done():
                raise
            if isinstance(error, asyncio.CancelledError):
                self._opened.cancel()
                raise
            self._opened.set_exception(error)


class Channels:
    """`idle`: seconds for which a channel that nobody uses is kept open."""

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._lanes: dict[Key, Lane] = {}
        self._closing: dict[Lane, asyncio.TimerHandle] = {}
        self._closers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lane(self, key: Key, connect: Callable[[], AbstractAsyncContextManager[Channel]]) -> AsyncIterator[Lane]:
        """`connect` is called only where none is open. Leaving with an error gives the channel up."""
        lane = self._lanes.get(key)
        if lane is None or (lane.retired and lane.used):
            lane = self._lanes[key] = Lane(connect())
        self._keep(lane)
        lane.used = True
        lane.users += 1
        try:
            yield lane
        except BaseException:
            lane.retired = True
            raise
        finally:
            lane.users -= 1
            if lane.users == 0:
                self._let_go(key, lane)

    def open_ahead(self, key: Key, connect: Callable[[], AbstractAsyncContextManager[Channel]]) -> None:
        """Somebody will ask for it in a moment. What comes of it is told to whoever asks first, even a failure."""
        if key not in self._lanes:
            lane = self._lanes[key] = Lane(connect())
            self._let_go(key, lane)

    async def close(self) -> None:
        lanes = list(self._lanes.values())
        self._lanes.clear()
        for handle in self._closing.values():
            handle.cancel()
        self._closing.clear()
        await asyncio.gather(*self._closers, *(lane.close() for lane in lanes), return_exceptions=True)

    def _keep(self, lane: Lane) -> None:
        handle = self._closing.pop(lane, None)
        if handle is not None:
            handle.cancel()

    def _let_go(self, key: Key, lane: Lane) -> None:
        wait = 0.0 if lane.retired else self._idle
        self._closing[lane] = asyncio.get_running_loop().call_later(wait, self._close_unused, key, lane)

    def _close_unused(self, key: Key, lane: Lane) -> None:
        self._closing.pop(lane, None)
        if lane.users:
            return
        if self._lanes.get(key) is lane:
            del self._lanes[key]
        closer = asyncio.create_task(lane.close())
        self._closers.add(closer)
        closer.add_done_callback(self._closers.discard)
