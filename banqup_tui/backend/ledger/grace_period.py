"""How long ago this process saw an attempt end: until the quarantine is past, its request may still take effect."""

import threading
import time
from collections.abc import Callable

SECONDS = 300.0


class GracePeriod:
    """Counted on the monotonic clock of this process; of what ended before it began it knows only its own age."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._began = clock()
        self._ended: dict[str, float] = {}
        self._lock = threading.Lock()

    def ended(self, delivery_id: str) -> None:
        """An attempt at this delivery has just been seen to end without an answer."""
        with self._lock:
            self._ended[delivery_id] = self._clock()

    def left(self, delivery_id: str) -> float:
        """Seconds until nothing of the last attempt can still take effect; 0 once it is past."""
        with self._lock:
            now = self._clock()
            left = self.seconds - (now - self._ended.get(delivery_id, self._began))
            if left <= 0 and now - self._began >= self.seconds:
                self._ended.pop(delivery_id, None)
        return max(0.0, left)

    def past(self, delivery_id: str) -> bool:
        return self.left(delivery_id) == 0.0
