"""Listeners for changes. Hints are not durable: a listener that misses a hint pulls at the next, and loses no data."""

import asyncio
import contextlib
import time
from collections.abc import Iterator


class Listener:
    """A stream that waits for hints. It belongs to the event loop."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self._hint = asyncio.Event()

    def wake(self) -> None:
        self._hint.set()

    async def wait_for_hint(self, seconds: float) -> bool:
        """Waits for a hint; returns whether it came within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._hint.wait()
        except TimeoutError:
            return False
        self._hint.clear()
        return True


class Hub:
    """The listeners of a service.

    It belongs to the event loop's thread; only `notify` may be called from any thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: set[Listener] = set()
        self.seq = 0
        self.epoch = ""
        self.closing = False
        self.last_seen = time.monotonic()
        self._requests = 0

    def notify(self, seq: int) -> None:
        """Wakes all listeners, for use with `Database.on_commit`."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and its listeners with it
            self._loop.call_soon_threadsafe(self._notify, seq)

    def _notify(self, seq: int) -> None:
        self.seq = max(self.seq, seq)
        self._wake_all()

    def close(self) -> None:
        self.closing = True
        self._wake_all()

    def _wake_all(self) -> None:
        for listener in self._listeners:
            listener.wake()

    def listen(self, user_id: str) -> Listener:
        listener = Listener(user_id)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        self.touch()

    def streams_of(self, user_id: str) -> int:
        return sum(listener.user_id == user_id for listener in self._listeners)

    def touch(self) -> None:
        self.last_seen = time.monotonic()

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """Counts a request, so that the service is not idle while it is answered."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            self.touch()

    def quiet_for(self) -> float:
        """Returns the seconds without a listener or a request."""
        return 0.0 if self._listeners or self._requests else time.monotonic() - self.last_seen
