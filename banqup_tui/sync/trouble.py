"""Trouble with the server: what it is, since when, and how long is waited before it is tried again."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from banqup_tui.domain.errors import BanqupError
from banqup_tui.store.faults import LocalFault, fault_of
from banqup_tui.sync.errors import Busy, ProgramFault, ServerDown, ServerSilent, SignedOut, SystemFault

LONGEST_BACK_OFF = 60.0
LONGEST_FOR_LOCAL_FAULTS = 5.0
"""Whoever has made room on the disk looks whether it has helped."""


def back_off(tries: int, chance: Callable[[], float]) -> float:
    """1 s doubled each time, up to a minute, shortened by chance so that not all come at once."""
    return min(LONGEST_BACK_OFF, 2.0 ** min(max(tries - 1, 0), 6)) * (0.5 + chance() / 2)


def trouble_of(error: Exception) -> BanqupError:
    """`error` as what the user is told, whatever it is."""
    if isinstance(error, BanqupError):
        return error
    if (fault := fault_of(error)) is not None:
        return fault
    return SystemFault(error) if isinstance(error, OSError) else ProgramFault(error)


class Trouble:
    """Why the copy is not brought up to date. `since` and `tries` are of `error`, `None` where all is well.

    A server that hangs is a trouble before its connection is lost: `silent`, and `answering`.
    """

    def __init__(self, chance: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.error: BanqupError | None = None
        self.since: datetime | None = None
        self.tries = 0
        self._chance = chance
        self._now = now
        self._looking_since: datetime | None = None

    def looking(self) -> None:
        """For the server. If it is not found, that is since now."""
        self._looking_since = self._now()

    def found(self) -> None:
        self._looking_since = None

    def met(self, error: BanqupError) -> float:
        """Returns the seconds to wait: longer each time, at most a minute."""
        if self.since is None:
            self.since = self._looking_since or self._now()
        self._looking_since = None
        self.tries += 1
        self.error = error
        if self.tries == 1 and not isinstance(error, Busy | SignedOut):
            return 0.0
        if isinstance(error, LocalFault | SystemFault):
            return min(LONGEST_FOR_LOCAL_FAULTS, back_off(self.tries - 1, self._chance))
        asked = error.retry_after if isinstance(error, ServerDown) else None
        return max(asked or 0.0, back_off(self.tries - 1, self._chance))

    def over(self) -> None:
        self.error, self.since, self.tries = None, None, 0

    def silent(self, seconds: float) -> None:
        """The server has given no sign for so long, and owes one."""
        if self.error is None:
            self.error, self.since = ServerSilent(), self._now() - timedelta(seconds=seconds)

    def answering(self) -> None:
        if isinstance(self.error, ServerSilent) and not self.tries:
            self.over()


class SendingPause:
    """What the server can not take now is sent later; it does not hold up the news."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._tries = 0
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def begin(self, error: ServerDown) -> None:
        self._tries += 1
        self._until = time.monotonic() + max(error.retry_after or 0.0, back_off(self._tries, self._chance))

    def cut_short(self) -> None:
        self._until = 0.0

    def was_taken(self) -> None:
        """The next pause is a short one again."""
        self._tries = 0
