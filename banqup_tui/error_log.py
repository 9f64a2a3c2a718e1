"""The log of the program's own mistakes: what a sentence on the screen has no room for."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

LOG_FILE = "banqup.log"
_LARGEST = 1 << 20
"""Bytes after which a new file is begun; the one before is kept."""


def record(error: BaseException, directory: Path) -> Path | None:
    """Write `error` with where it happened to the log in `directory`. `None` where that is not possible."""
    path = directory / LOG_FILE
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > _LARGEST:
            path.replace(path.with_name(f"{LOG_FILE}.1"))
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            traceback.print_exception(error, file=log)
    except (OSError, MemoryError):
        return None
    return path


def take_loop_faults(loop: asyncio.AbstractEventLoop, write: Callable[[Exception], object]) -> None:
    """A fault of a callback goes to `write`: the loop itself would put a traceback on the terminal.

    Not all are ours: anyio 4.16 sets the result of a wait for a Unix socket also where the wait was cancelled in the
    same round (`InvalidStateError`). A request that is dropped at the end of a command meets that now and then.
    """

    def handle(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        write(error if isinstance(error, Exception) else RuntimeError(context["message"]))

    loop.set_exception_handler(handle)
