"""The state of the synchronization, in one value."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value
from banqup_tui.store.faults import FaultCode


class SyncWord(StrEnum):
    STARTING = "STARTING"
    IN_STEP = "IN_STEP"
    UPDATING = "UPDATING"
    FIRST_COPY = "FIRST_COPY"
    RECOPYING = "RECOPYING"
    SENDING = "SENDING"
    OFFLINE = "OFFLINE"
    SERVER_DOWN = "SERVER_DOWN"
    SIGNED_OUT = "SIGNED_OUT"
    LOCAL_FAULT = "LOCAL_FAULT"
    PROGRAM_FAULT = "PROGRAM_FAULT"
    CLOCK_BACK = "CLOCK_BACK"
    REFUSED = "REFUSED"


class SyncState(Value, frozen=True, kw_only=True):
    """The state of the synchronization as screens show it.

    `waiting` counts commands without an answer, `refused` refused and expired ones that are not dismissed. `done` and
    `total` count documents during FIRST_COPY and RECOPYING. `message`, `since` and `tries` are of a trouble; `fault` is
    the code of LOCAL_FAULT.
    """

    word: SyncWord = SyncWord.STARTING
    waiting: int = 0
    since: datetime | None = None
    tries: int = 0
    done: int = 0
    total: int = 0
    refused: int = 0
    message: Message | None = None
    fault: FaultCode | None = None

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 0

    @property
    def is_connected(self) -> bool:
        return self.word is not SyncWord.STARTING and not self.is_trouble

    @property
    def is_trouble(self) -> bool:
        """True if the copy cannot be brought up to date now."""
        return self.word in _TROUBLES


_TROUBLES = frozenset(
    {
        SyncWord.OFFLINE,
        SyncWord.SERVER_DOWN,
        SyncWord.SIGNED_OUT,
        SyncWord.LOCAL_FAULT,
        SyncWord.PROGRAM_FAULT,
    }
)
