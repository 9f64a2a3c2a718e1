"""A lock between threads that serves waiters in the order in which they came.

`threading.Lock` has no order: a thread that writes one transaction after the other gets it back again and again, while
others wait for many seconds.
"""

import threading
from collections import deque


class FairLock:
    """A first-in, first-out lock; it is not reentrant."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        """Number of threads that wait."""
        return len(self._waiting)

    def acquire(self, timeout: float) -> bool:
        """Takes the lock; returns False if that takes longer than `timeout` seconds."""
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
        # Race: `release` passed the lock to this waiter between the timeout and here, so this thread has it.
        return True

    def release(self) -> None:
        """Passes the lock to the thread that has waited longest. It is never free in between, so none can overtake."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
