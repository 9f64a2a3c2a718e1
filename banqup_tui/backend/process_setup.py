"""What the service's process is set to before it serves: an event loop that is quick, and memory that stays."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""`mallopt(3)` of the GNU C library."""

_ARENA_BYTES = 64 << 20
_IN_ONE_PIECE = 16 << 20
_AT_A_TIME = 8 << 20


def rarely_collect() -> None:
    """What is there now stays: it is not gone through again each time that the collector looks for cycles.

    Who has much to load turns the collector off before, and it is on from here.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop, where there is one: what is written in one round of the loop goes out in one call."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)


def keep_memory() -> None:
    """Memory that is free again is kept for the next document, up to 64 MB, not given back and asked for once more.

    Otherwise the library gives the space of every larger document back to the system at once, which clears it anew for
    the next one. Where there is another C library nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in (
            (_TRIM_THRESHOLD, _ARENA_BYTES),
            (_MMAP_THRESHOLD, _IN_ONE_PIECE),
            (_TOP_PAD, _AT_A_TIME),
        ):
            mallopt(option, value)


def _loop_factory() -> Any:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop
