"""The trouble that keeps the copy from being synchronized: its error, its beginning, and the wait before each try."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from banqup_tui.domain.errors import BanqupError
from banqup_tui.store.faults import LocalFault, fault_of
from banqup_tui.sync.errors import Busy, ProgramFault, ServerDown, ServerSilent, SignedOut, SystemFault

LONGEST_BACK_OFF = 60.0
LONGEST_FOR_LOCAL_FAULTS = 5.0
"""In seconds. It is short because a user who has freed space on the disk looks at once whether that has helped."""


def back_off(tries: int, chance: Callable[[], float]) -> float:
    """Returns the seconds to wait after this many failed tries: 1 s doubled each time, at most 60 s.

    Up to half of it is taken off by `chance`, so that many terminals do not return at the same moment.
    """
    return min(LONGEST_BACK_OFF, 2.0 ** min(max(tries - 1, 0), 6)) * (0.5 + chance() / 2)


def trouble_of(error: Exception) -> BanqupError:
    """Returns any error as an error with a message for the user."""
    if isinstance(error, BanqupError):
        return error
    if (fault := fault_of(error)) is not None:
        return fault
    return SystemFault(error) if isinstance(error, OSError) else ProgramFault(error)


class SyncTrouble:
    """The present trouble: `error` with the time since which it lasts and the number of tries; `None` without trouble.

    A server that hangs is a trouble before the connection is lost: see `silent` and `answering`.
    """

    def __init__(self, chance: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.error: BanqupError | None = None
        self.since: datetime | None = None
        self.tries = 0
        self._chance = chance
        self._now = now
        self._looking_since: datetime | None = None

    def looking(self) -> None:
        """Notes that the search for the server begins: if it fails, the trouble lasts since this moment."""
        self._looking_since = self._now()

    def found(self) -> None:
        self._looking_since = None

    def met(self, error: BanqupError) -> float:
        """Sets the error. Returns the seconds to wait before the next try."""
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
        """Sets the trouble of a server that has sent nothing for this many seconds while an answer is due."""
        if self.error is None:
            self.error, self.since = ServerSilent(), self._now() - timedelta(seconds=seconds)

    def answering(self) -> None:
        if isinstance(self.error, ServerSilent) and not self.tries:
            self.over()


class SendingPause:
    """The pause in sending while the server cannot take commands; pulls go on meanwhile."""

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
        """Notes that commands were taken: the next pause is short again."""
        self._tries = 0
