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
from banqup_tui.connectors.mail.connection import MailAccount, SmtpConnection
from banqup_tui.connectors.mail.faults import TokenRefused

T = TypeVar("T")

MOST_CONNECTIONS = 2
_SPARE_THREADS = 2
"""Threads for connections that were given up while their thread still resolves the server's name."""


class SmtpPool:
    """A pool for one event loop. `users`: number of open channels."""

    def __init__(self, account: MailAccount) -> None:
        self.account = account
        self.users = 0
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        self._idle: list[SmtpConnection] = []
        self._threads = ThreadPoolExecutor(MOST_CONNECTIONS + _SPARE_THREADS, thread_name_prefix="mail")
        self._failed: tuple[float, NotSent] | None = None

    async def take(self) -> SmtpConnection:
        """Returns a connection that is signed in and has no envelope; the caller gives it back. Raises `NotSent`.

        Callers that waited during a failed connection attempt get its error at once, rather than each waiting
        for a time-out.
        """
        asked = time.monotonic()
        await self._slots.acquire()
        try:
            if self._failed is not None and self._failed[0] > asked:
                raise _copy_of(self._failed[1])
            return await self._ready()
        except BaseException:
            self._slots.release()
            raise

    def give_back(self, connection: SmtpConnection) -> None:
        """Takes a connection back in any state. An unusable one was closed by its own thread."""
        if connection.is_usable:
            self._idle.append(connection)
        self._slots.release()

    async def run(self, connection: SmtpConnection, do: Callable[[], T]) -> T:
        """Runs `do` in a thread.

        On cancellation the connection is shut down. It is closed only when its thread has ended, so that the
        descriptor is not reused under it.
        """
        future = self._threads.submit(do)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            connection.break_off()
            future.add_done_callback(lambda _done: connection.close(politely=False))
            raise

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        try:
            await asyncio.gather(*(self.run(connection, connection.close) for connection in idle))
        finally:
            self._threads.shutdown(wait=False)

    async def _ready(self) -> SmtpConnection:
        while self._idle:
            connection = self._idle.pop()
            if await self.run(connection, connection.is_fresh_again):
                return connection
            await self.run(connection, connection.close)
        try:
            return await self._opened()
        except NotSent as error:
            self._failed = time.monotonic(), error
            raise

    async def _opened(self) -> SmtpConnection:
        """Opens a connection. If the server refuses the access token, tries once more with a new one."""
        sign_in = self.account.sign_in
        if sign_in is None:
            return await self._open(SmtpConnection(self.account))
        token = await access_token(*sign_in)
        try:
            return await self._open(SmtpConnection(self.account, token))
        except TokenRefused:
            token = await access_token(*sign_in, refused=token)
            return await self._open(SmtpConnection(self.account, token))

    async def _open(self, connection: SmtpConnection) -> SmtpConnection:
        await self.run(connection, connection.open)
        return connection


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[MailAccount, SmtpPool]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_pool(account: MailAccount) -> AsyncIterator[SmtpPool]:
    """Yields the pool of this process and event loop for the account; the last user closes it."""
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    if account not in pools:
        pools[account] = SmtpPool(account)
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
async def own_pool(account: MailAccount) -> AsyncIterator[SmtpPool]:
    """Yields a new pool for a connection test, which must not succeed by a connection that is open already."""
    pool = SmtpPool(account)
    try:
        yield pool
    finally:
        await pool.close()


def _copy_of(error: NotSent) -> NotSent:
    return NotSent(error.message, fault=error.fault, trouble=error.trouble)
