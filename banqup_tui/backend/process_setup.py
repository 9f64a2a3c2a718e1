"""Tunes the processes of the service: garbage collection, event loop and memory allocator."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Parameters of `mallopt(3)` in the GNU C library."""

_TRIM_BYTES = 64 << 20
_MMAP_BYTES = 16 << 20
_PAD_BYTES = 8 << 20


def rarely_collect() -> None:
    """Excludes the objects that exist now (modules, classes) from garbage collection, and makes collections rarer.

    A caller that loads much turns the collector off before; this function turns it on.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def run(main: Coroutine[object, object, None]) -> None:
    """Runs a coroutine on uvloop if it is installed, else on asyncio's loop.

    uvloop sends the writes of one iteration of the loop in one system call.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)


def keep_memory() -> None:
    """Lets the allocator keep up to 64 MB of freed memory for the next document.

    By default the GNU C library returns the memory of every larger document to the system at once, and the system
    clears it again for the next one. With another C library this function does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in (
            (_TRIM_THRESHOLD, _TRIM_BYTES),
            (_MMAP_THRESHOLD, _MMAP_BYTES),
            (_TOP_PAD, _PAD_BYTES),
        ):
            mallopt(option, value)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop
