"""The way to a receiver is opened once, even ahead of those who want it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from banqup_tui.backend.connector_host.pool import ConnectionPool
from banqup_tui.connectors.interface import Channel, DeliveryRequest, NotSent, Receipt


class Way(Channel):
    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        raise NotImplementedError

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        raise NotImplementedError


class Receiver:
    """`opened`: how often somebody came. `refuses`: as long as it is set it lets nobody in."""

    def __init__(self) -> None:
        self.opened = 0
        self.is_open = False
        self.refuses = False

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Channel]:
        self.opened += 1
        if self.refuses:
            raise NotSent("Wrong password.")
        self.is_open = True
        try:
            yield Way()
        finally:
            self.is_open = False


KEY = ("integration", 1)


async def a_moment() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_attempt_finds_the_way_that_was_opened_for_it_ahead() -> None:
    channels, receiver = ConnectionPool(idle=60), Receiver()
    channels.open_ahead(KEY, receiver.connect)
    await a_moment()
    assert receiver.is_open
    channels.open_ahead(KEY, receiver.connect)
    async with channels.pooled(KEY, receiver.connect) as pooled:
        assert isinstance(await pooled.channel(), Way)
    assert receiver.opened == 1
    await channels.close()
    assert not receiver.is_open


async def test_a_sign_in_that_failed_ahead_is_told_and_not_tried_twice() -> None:
    """Some receivers lock whoever signs in wrongly a few times."""
    channels, receiver = ConnectionPool(idle=60), Receiver()
    receiver.refuses = True
    channels.open_ahead(KEY, receiver.connect)
    await a_moment()
    with pytest.raises(NotSent, match="Wrong password"):
        async with channels.pooled(KEY, receiver.connect) as pooled:
            await pooled.channel()
    assert receiver.opened == 1
    receiver.refuses = False
    async with channels.pooled(KEY, receiver.connect) as pooled:
        await pooled.channel()
    assert receiver.opened == 2
    await channels.close()


async def test_a_way_that_nobody_came_for_is_closed() -> None:
    channels, receiver = ConnectionPool(idle=0.0), Receiver()
    channels.open_ahead(KEY, receiver.connect)
    await a_moment()
    async with asyncio.timeout(30):
        while receiver.is_open:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await channels.close()
    assert receiver.opened == 1
