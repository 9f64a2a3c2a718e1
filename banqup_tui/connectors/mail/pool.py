"""Few connections to one mailbox at the sender's, shared by all who send through it.

Providers let a mailbox have few connections at a time (some three), and a firm sends through one mailbox for all of its
clients. So the connections belong to the account, not to a client: two at most, in the whole process. A document holds
one from its envelope to the end of its message; others wait for their turn. They stay open as long as anybody has a
channel, and each has its own thread, so that a server that hangs takes no thread from anybody else.
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
"""For lines that were given up while their thread still looks for the server's name."""


class Pool:
    """For one event loop. `users`: how many channels are open."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.users = 0
        self._places = asyncio.Semaphore(MOST_LINES)
        self._idle: list[Line] = []
        self._threads = ThreadPoolExecutor(MOST_LINES + _SPARE_THREADS, thread_name_prefix="mail")
        self._failed: tuple[float, NotSent] | None = None

    async def take(self) -> Line:
        """A line that is signed in and has no envelope, until it is given back. Raises `NotSent`.

        Who waited while another found the server closed is told the same at once.
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
        """Whatever state it is in: one that cannot be used again was closed by its own thread."""
        if line.is_usable:
            self._idle.append(line)
        self._places.release()

    async def run(self, line: Line, do: Callable[[], T]) -> T:
        """In a thread. Cancelled, the line is broken off; its thread ends by itself, and only then is it closed."""
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
        """Where the server does not take an access token that was thought to be good, once more with a new one."""
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
    """The one of this process for the account; closed when the last user leaves it."""
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
    """For a test of the connection, which must not find one that is open already."""
    pool = Pool(account)
    try:
        yield pool
    finally:
        await pool.close()


def _again(error: NotSent) -> NotSent:
    return NotSent(error.message, fault=error.fault, trouble=error.trouble)
