"""Pools open channels to receivers, one for each version of an integration's settings, while they are used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from banqup_tui.connectors.interface import Channel

Key = tuple[str, int]
"""Id of the integration and version of its settings."""


class PooledConnection:
    """A channel and its state in the pool.

    One task opens and closes the channel: cancel scopes and `asyncio.timeout` in a connector's context manager must be
    left in the task that entered them.

    Attributes:
        users: Attempts that use the channel now.
        used: Whether an attempt has used it.
        retired: Whether the pool must open another one for the next attempt.
    """

    def __init__(self, opening: AbstractAsyncContextManager[Channel]) -> None:
        self.users = 0
        self.used = False
        self.retired = False
        self._opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        self._close = asyncio.Event()
        self._task = asyncio.create_task(self._run(opening))

    async def channel(self) -> Channel:
        """Waits until the channel is open and returns it; raises what opening it raised."""
        return await asyncio.shield(self._opened)

    async def close(self) -> None:
        """Closes the channel, or stops opening it. Errors are dropped: the attempts have their results already."""
        self.retired = True
        self._close.set()
        if not self._opened.done():
            self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task
        if self._opened.done() and not self._opened.cancelled():
            self._opened.exception()

    async def _run(self, opening: AbstractAsyncContextManager[Channel]) -> None:
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
    """Pools channels on one event loop.

    Args:
        idle: Seconds after which an unused channel is closed.
    """

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._pooled: dict[Key, PooledConnection] = {}
        self._closing: dict[PooledConnection, asyncio.TimerHandle] = {}
        self._closers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def pooled(
        self, key: Key, connect: Callable[[], AbstractAsyncContextManager[Channel]]
    ) -> AsyncIterator[PooledConnection]:
        """Gives a channel to the block.

        Args:
            connect: Opens a channel; called only if none is open for `key`.

        An exception in the block retires the channel, because its state is unknown then.
        """
        pooled = self._pooled.get(key)
        if pooled is None or (pooled.retired and pooled.used):
            pooled = self._pooled[key] = PooledConnection(connect())
        self._stop_closing(pooled)
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
                self._close_when_unused(key, pooled)

    def open_ahead(self, key: Key, connect: Callable[[], AbstractAsyncContextManager[Channel]]) -> None:
        """Begins to open a channel that will be used soon. If that fails, the first user gets the error."""
        if key not in self._pooled:
            pooled = self._pooled[key] = PooledConnection(connect())
            self._close_when_unused(key, pooled)

    async def close(self) -> None:
        """Closes all channels and waits for them."""
        pooled = list(self._pooled.values())
        self._pooled.clear()
        for handle in self._closing.values():
            handle.cancel()
        self._closing.clear()
        await asyncio.gather(*self._closers, *(pooled.close() for pooled in pooled), return_exceptions=True)

    def _stop_closing(self, pooled: PooledConnection) -> None:
        handle = self._closing.pop(pooled, None)
        if handle is not None:
            handle.cancel()

    def _close_when_unused(self, key: Key, pooled: PooledConnection) -> None:
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
