"""The log of the program's own errors, with the details that a sentence on the screen has no room for."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

LOG_FILE = "banqup.log"
_LARGEST = 1 << 20
"""The bytes after which a new file is begun; the file before is kept."""


def record(error: BaseException, directory: Path) -> Path | None:
    """Writes an error with its traceback to the log in `directory`. Returns its path, `None` if that is impossible."""
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
    """Gives errors of the loop's callbacks to `write`, because the loop would print a traceback on the terminal.

    Some are not ours: anyio 4.16 sets the result of a wait for a Unix socket that was cancelled in the same round
    (`InvalidStateError`). A request that is dropped at the end of a command meets that now and then.
    """

    def handle(_loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        error = context.get("exception")
        write(error if isinstance(error, Exception) else RuntimeError(context["message"]))

    loop.set_exception_handler(handle)
