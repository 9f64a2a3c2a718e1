"""stdin, stdout and stderr as every command may rely on them: open, and able to write every text."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def prepare_streams() -> None:
    """A closed one becomes the null device, so that no database gets its number, and nothing is written there."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if _is_narrow(stream.encoding):
            from banqup_tui.presentation.terminal import REPLACE

            _with_errors(stream, REPLACE)
        else:
            _with_errors(stream, "replace")  # half a surrogate, as names of files that are no UTF-8 have


def _is_narrow(encoding: str | None) -> bool:
    return not (encoding or "").lower().replace("-", "").replace("_", "").startswith("utf")


def _with_errors(stream: object, errors: str) -> None:
    with suppress(AttributeError, ValueError):
        stream.reconfigure(errors=errors)  # type: ignore[attr-defined]
