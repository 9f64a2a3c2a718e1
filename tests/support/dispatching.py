# ruff: noqa: ASYNC110
"""Lets the ledger of a service work until its deliveries are where a test wants them."""

import asyncio
from typing import Any

from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.dispatch.loop import Dispatch
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.backend.services import Services

QUICK = Timing(first_wait=0.05, poll=0.05, roll_forward_after=0.05)


def deliveries(services: Services) -> list[Any]:
    with services.database.read() as connection:
        return list(connection.execute(select(tables.delivery).order_by(tables.delivery.c.seq)))


async def until(services: Services, *states: str, running: str = "test") -> list[Any]:
    """Fails after a while, saying where they are instead."""
    dispatch = Dispatch(services, running, timing=QUICK)
    await asyncio.to_thread(dispatch.take_over)
    stop = asyncio.Event()
    task = asyncio.create_task(dispatch.run(stop))
    try:
        async with asyncio.timeout(20):
            while sorted(row.state for row in deliveries(services)) != sorted(states):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError([(row.state, row.reason) for row in deliveries(services)]) from None
    finally:
        stop.set()
        await task
        await asyncio.to_thread(services.extensions.close)
    return deliveries(services)
