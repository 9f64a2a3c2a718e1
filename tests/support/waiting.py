"""Waiting for what a test expects, and making others wait."""

import asyncio
from collections.abc import Awaitable, Callable

LONG = 60.0
"""Seconds after which a test gives up. A machine with other work needs many; nothing that succeeds waits for them."""


async def until(condition: Callable[[], bool], seconds: float = LONG) -> None:
    """`condition` may ask the database or the disk: it runs in a thread."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def waits(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await event.wait()

    return wait
