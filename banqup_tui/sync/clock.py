"""Whether the clock of this computer was set back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

TOLERANCE = timedelta(minutes=5)
"""What time servers and file systems of a network may correct without a word."""
_LONGEST = 3600.0
"""Seconds after which a clock that is still behind is taken as right: the time before was wrong then."""


class ClockWatch:
    """`last_used` is the latest time that is known of before the program began."""

    def __init__(
        self, last_used: datetime | None, now: Callable[[], datetime], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._latest = last_used or now()
        self._now = now
        self._elapsed = elapsed
        self._behind_since: float | None = None

    def was_at(self) -> datetime | None:
        """What the clock had shown before it was set back, `None` where it is right."""
        now = self._now()
        if now >= self._latest - TOLERANCE:
            self._latest, self._behind_since = max(now, self._latest), None
            return None
        if self._behind_since is None:
            self._behind_since = self._elapsed()
        if self._elapsed() - self._behind_since >= _LONGEST:
            self._latest, self._behind_since = now, None
            return None
        return self._latest


def last_change(paths: Iterable[Path]) -> datetime | None:
    """When one of these files was written last."""
    found: list[float] = []
    for path in paths:
        try:
            found.append(path.stat().st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(max(found), UTC) if found else None
