"""Open ways to receivers, one for each version of an integration's settings, kept while there is work for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from banqup_tui.connectors.interface import Channel

Key = tuple[str, int]
"""Integration and settings version."""


class PooledConnection:
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


class ConnectionPool:
    """`idle`: seconds for which a channel that nobody uses is kept open."""

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._pooled: dict[Key, PooledConnection] = {}
        self._closing: dict[PooledConnection, asyncio.TimerHandle] = {}
        self._closers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def pooled(
        self, key: Key, connect: Callable[[], AbstractAsyncContextManager[Channel]]
    ) -> AsyncIterator[PooledConnection]:
        """`connect` is called only where none is open. Leaving with an error gives the channel up."""
        pooled = self._pooled.get(key)
        if pooled is None or (pooled.retired and pooled.used):
            pooled = self._pooled[key] = PooledConnection(connect())
        self._keep(pooled)
        pooled.used = True
        pooled.users += 1
        try:
            yield pooled
        except BaseException:
            pooled.retired = True
            raise
        finally:
            pooled.users -= 1
            if pooled.users == 0:
                self._let_go(key, pooled)

    def open_ahead(self, key: Key, connect: Callable[[], AbstractAsyncContextManager[Channel]]) -> None:
        """Somebody will ask for it in a moment. What comes of it is told to whoever asks first, even a failure."""
        if key not in self._pooled:
            pooled = self._pooled[key] = PooledConnection(connect())
            self._let_go(key, pooled)

    async def close(self) -> None:
        pooled = list(self._pooled.values())
        self._pooled.clear()
        for handle in self._closing.values():
            handle.cancel()
        self._closing.clear()
        await asyncio.gather(*self._closers, *(pooled.close() for pooled in pooled), return_exceptions=True)

    def _keep(self, pooled: PooledConnection) -> None:
        handle = self._closing.pop(pooled, None)
        if handle is not None:
            handle.cancel()

    def _let_go(self, key: Key, pooled: PooledConnection) -> None:
        wait = 0.0 if pooled.retired else self._idle
        self._closing[pooled] = asyncio.get_running_loop().call_later(wait, self._close_unused, key, pooled)

    def _close_unused(self, key: Key, pooled: PooledConnection) -> None:
        self._closing.pop(pooled, None)
        if pooled.users:
            return
        if self._pooled.get(key) is pooled:
            del self._pooled[key]
        closer = asyncio.create_task(pooled.close())
        self._closers.add(closer)
        closer.add_done_callback(self._closers.discard)
