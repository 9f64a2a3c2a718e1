"""One document for one integration: state, attempts, reason, remedy, receipt."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Sha256, Value

NEWEST_ATTEMPTS = 10
"""So many of its attempts a delivery brings along."""


class DeliveryState(StrEnum):
    """UNKNOWN: interrupted, it may have arrived."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"


class Attempt(Value, frozen=True, kw_only=True):
    """One try: `outcome` is the state it ended in, `None` while it runs.

    `receipt` is the receiver's proof; where there is none, `reason` says why.

    `settings_version` counts the changes of the integration's settings: with which of them it was made, and where it
    went by them. `look_up`: nothing was sent, the receiver was asked.
    """

    started_at: datetime
    ended_at: datetime | None = None
    asked_by: str | None = None
    outcome: str | None = None
    receipt: str | None = None
    reason: Message | None = None
    settings_version: int | None = None
    destination: str | None = None
    look_up: bool = False


class Delivery(Value, frozen=True, kw_only=True):
    """`generation` counts wanted copies. `attempts` counts all tries; `log` has the newest ten, newest first.

    `due_at`: next attempt by itself. `check_at`: when the program will look it up (an UNKNOWN with it counts as open).
    `reason`: why it is not there; of one that is there, what became of it, where the receiver tells.
    `sent_as`: path or identifier at the receiver. `dismissed`: the user has seen the failure and let it be.
    """

    id: str
    integration_id: str
    document_id: str
    sha256: Sha256
    state: DeliveryState
    generation: int = 1
    attempts: int = 0
    reason: Message | None = None
    receipt: str | None = None
    sent_as: str | None = None
    asked_by: str | None = None
    due_at: datetime | None = None
    check_at: datetime | None = None
    updated_at: datetime | None = None
    dismissed: bool = False
    log: tuple[Attempt, ...] = ()

    @property
    def is_open(self) -> bool:
        """Still on its way by itself."""
        return self.state in (DeliveryState.QUEUED, DeliveryState.SENDING) or self.is_checked_by_program

    @property
    def is_checked_by_program(self) -> bool:
        return self.state is DeliveryState.UNKNOWN and self.check_at is not None

    def arrived_elsewhere(self, destination: str | None) -> bool:
        """It was delivered before the settings were changed, and nothing of it has arrived at `destination`.

        False wherever one of the two places is not known.
        """
        if self.state is not DeliveryState.DELIVERED or destination is None or not self.log:
            return False
        if self.log[0].destination is None or _same_place(self.log[0].destination, destination):
            return False
        delivered = (one.destination for one in self.log if one.outcome == DeliveryState.DELIVERED)
        return not any(_same_place(one or "", destination) for one in delivered)

    @property
    def needs_a_look(self) -> bool:
        """Failed, or unknown with nobody looking it up, and not dismissed."""
        if self.dismissed or self.is_checked_by_program:
            return False
        return self.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)


def _same_place(one: str, other: str) -> bool:
    """A folder is the same one with and without a slash at its end."""
    return one.rstrip("/") == other.rstrip("/")
