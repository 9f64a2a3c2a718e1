"""Who listens for changes. Hints only: a listener that missed one pulls at the next, and loses nothing."""

import asyncio
import contextlib
import time
from collections.abc import Iterator


class Listener:
    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    async def news(self, seconds: float) -> bool:
        """Whether there is any, within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True


class Hub:
    """Lives in the event loop's thread; `tell` alone may be called from any."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: set[Listener] = set()
        self.seq = 0
        self.epoch = ""
        self.closing = False
        self.last_seen = time.monotonic()
        self._requests = 0

    def tell(self, seq: int) -> None:
        """To be given to `Database.on_commit`."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who listened
            self._loop.call_soon_threadsafe(self._tell, seq)

    def _tell(self, seq: int) -> None:
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
        self.somebody_was_here()

    def streams_of(self, user_id: str) -> int:
        return sum(listener.user_id == user_id for listener in self._listeners)

    def somebody_was_here(self) -> None:
        self.last_seen = time.monotonic()

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """While a request is answered the service is not idle, however long that takes."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            self.somebody_was_here()

    def quiet_for(self) -> float:
        """Seconds without a listener and without a request."""
        return 0.0 if self._listeners or self._requests else time.monotonic() - self.last_seen
