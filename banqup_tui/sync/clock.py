"""Notices that the clock of this computer was set back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

TOLERANCE = timedelta(minutes=5)
"""Smaller steps back are ignored: time servers make them, and clocks of network file systems differ by as much."""
_LONGEST = 3600.0
"""Seconds after which a clock that is still behind is taken as right: then it was the earlier time that was wrong."""


class ClockWatch:
    """Compares the clock with the latest time that it has shown; `last_used` is the latest one before this start."""

    def __init__(
        self, last_used: datetime | None, now: Callable[[], datetime], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._latest = last_used or now()
        self._now = now
        self._elapsed = elapsed
        self._behind_since: float | None = None

    def was_at(self) -> datetime | None:
        """Returns the time that the clock showed before it was set back, `None` if it was not."""
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
    """Returns the latest time of change of these files, in UTC; `None` if none can be read."""
    found: list[float] = []
    for path in paths:
        try:
            found.append(path.stat().st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(max(found), UTC) if found else None
