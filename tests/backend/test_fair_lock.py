"""Writers that wait get their turn, in the order in which they came."""

import threading
import time

from banqup_tui.backend.db.fair_lock import FairLock

SECONDS = 30.0


def test_whoever_writes_again_and_again_lets_the_others_in() -> None:
    lock = FairLock()
    order: list[str] = []
    assert lock.acquire(SECONDS)

    def write() -> None:
        assert lock.acquire(SECONDS)
        order.append("the other")
        lock.release()

    other = threading.Thread(target=write)
    other.start()
    while not lock.waiting:
        time.sleep(0.001)
    lock.release()
    assert lock.acquire(SECONDS)
    order.append("the eager one")
    lock.release()
    other.join()
    assert order == ["the other", "the eager one"]


def test_whoever_does_not_get_it_in_time_leaves_it_to_the_next() -> None:
    lock = FairLock()
    assert lock.acquire(SECONDS)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0.0)
    lock.release()
