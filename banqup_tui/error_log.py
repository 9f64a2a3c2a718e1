"""The log of the program's own mistakes: what a sentence on the screen has no room for."""

from __future__ import annotations

import traceback
from pathlib import Path

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
