"""Runs blocking work in a daemon thread, which does not delay the end of the program."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

_V = TypeVar("_V")


def in_thread(work: Callable[[], _V]) -> Awaitable[_V]:
    """Runs `work` in a thread of its own; the result is awaited in the running loop.

    Not in asyncio's executor, because the interpreter waits for its threads at exit. If the loop has ended meanwhile,
    the result is dropped.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_V] = loop.create_future()

    def settle(result: _V | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: _V | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as caught:
            error = caught
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="banqup-work", daemon=True).start()
    return future
