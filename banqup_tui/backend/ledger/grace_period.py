"""The grace period: the time after an attempt without an answer in which its request may still take effect."""

import threading
import time
from collections.abc import Callable

SECONDS = 300.0
"""Length of the grace period. The ledger assumes that nothing of an attempt takes effect later than this."""


class GracePeriod:
    """Counts the grace period of each delivery. Safe to call from any thread.

    The count uses the monotonic clock of this process, which nobody can set. An attempt that ended before the process
    started is counted from the start of the process, which is too long rather than too short.
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._began = clock()
        self._ended: dict[str, float] = {}
        self._lock = threading.Lock()

    def ended(self, delivery_id: str) -> None:
        """Starts the grace period of a delivery whose attempt has just ended without an answer."""
        with self._lock:
            self._ended[delivery_id] = self._clock()

    def left(self, delivery_id: str) -> float:
        """Returns the seconds until nothing of the last attempt can take effect any more, or 0."""
        with self._lock:
            now = self._clock()
            left = self.seconds - (now - self._ended.get(delivery_id, self._began))
            if left <= 0 and now - self._began >= self.seconds:
                self._ended.pop(delivery_id, None)
        return max(0.0, left)

    def past(self, delivery_id: str) -> bool:
        """Returns whether nothing of the last attempt can take effect any more."""
        return self.left(delivery_id) == 0.0
