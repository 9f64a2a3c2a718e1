"""A lock that is given to whoever has waited longest.

The usual one goes to whoever asks at the right moment: a thread that writes one transaction after the other then keeps
it, and the others look on.
"""

import threading
from collections import deque


class FairLock:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def acquire(self, timeout: float) -> bool:
        """False where its turn does not come within so many seconds."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            waiter = threading.Lock()
            waiter.acquire()
            self._waiting.append(waiter)
        if waiter.acquire(timeout=timeout):
            return True
        with self._guard:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                return False
        return True

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
