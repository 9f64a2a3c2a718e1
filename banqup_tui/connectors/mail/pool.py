"""Pool of SMTP connections to one account, shared by all channels that send through it.

Providers allow few connections to one mailbox (about three), and a firm sends for all its clients through one. So a
pool belongs to an account, with at most two connections in the process. A document occupies one from its envelope to
the end of its message; others wait. The connections stay open while a channel is open. Each has its own thread, so that
a server that hangs blocks nobody else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

from banqup_tui.connectors.common.tokens import access_token
from banqup_tui.connectors.interface import NotSent
from banqup_tui.connectors.mail.connection import Account, Line
from banqup_tui.connectors.mail.faults import TokenRefused

T = TypeVar("T")

MOST_LINES = 2
_SPARE_THREADS = 2
"""Threads for connections that were given up while their thread still resolves the server's name."""


class Pool:
    """A pool for one event loop. `users`: number of open channels."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.users = 0
        self._places = asyncio.Semaphore(MOST_LINES)
        self._idle: list[Line] = []
        self._threads = ThreadPoolExecutor(MOST_LINES + _SPARE_THREADS, thread_name_prefix="mail")
        self._failed: tuple[float, NotSent] | None = None

    async def take(self) -> Line:
        """Returns a connection that is signed in and has no envelope; the caller gives it back. Raises `NotSent`.

        Callers that waited during a failed connection attempt get its error at once, rather than each waiting
        for a time-out.
        """
        asked = time.monotonic()
        await self._places.acquire()
        try:
            if self._failed is not None and self._failed[0] > asked:
                raise _again(self._failed[1])
            return await self._ready()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, line: Line) -> None:
        """Takes a connection back in any state. An unusable one was closed by its own thread."""
        if line.is_usable:
            self._idle.append(line)
        self._places.release()

    async def run(self, line: Line, do: Callable[[], T]) -> T:
        """Runs `do` in a thread.

        On cancellation the connection is shut down. It is closed only when its thread has ended, so that the
        descriptor is not reused under it.
        """
        work = self._threads.submit(do)
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            line.break_off()
            work.add_done_callback(lambda _done: line.close(politely=False))
            raise

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        try:
            await asyncio.gather(*(self.run(line, line.close) for line in idle))
        finally:
            self._threads.shutdown(wait=False)

    async def _ready(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if await self.run(line, line.is_fresh_again):
                return line
            await self.run(line, line.close)
        try:
            return await self._opened()
        except NotSent as error:
            self._failed = time.monotonic(), error
            raise

    async def _opened(self) -> Line:
        """Opens a connection. If the server refuses the access token, tries once more with a new one."""
        sign_in = self.account.sign_in
        if sign_in is None:
            return await self._open(Line(self.account))
        token = await access_token(*sign_in)
        try:
            return await self._open(Line(self.account, token))
        except TokenRefused:
            token = await access_token(*sign_in, refused=token)
            return await self._open(Line(self.account, token))

    async def _open(self, line: Line) -> Line:
        await self.run(line, line.open)
        return line


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Account, Pool]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_pool(account: Account) -> AsyncIterator[Pool]:
    """Yields the pool of this process and event loop for the account; the last user closes it."""
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    if account not in pools:
        pools[account] = Pool(account)
    pool = pools[account]
    pool.users += 1
    try:
        yield pool
    finally:
        pool.users -= 1
        if not pool.users:
            del pools[account]
            await pool.close()


@asynccontextmanager
async def own_pool(account: Account) -> AsyncIterator[Pool]:
    """Yields a new pool for a connection test, which must not succeed by a connection that is open already."""
    pool = Pool(account)
    try:
        yield pool
    finally:
        await pool.close()


def _again(error: NotSent) -> NotSent:
    return NotSent(error.message, fault=error.fault, trouble=error.trouble)
