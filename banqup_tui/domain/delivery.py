"""A delivery of a document to an integration: its state and its attempts (docs/protocol.md, "Delivery ledger")."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Sha256, Value

NEWEST_ATTEMPTS = 10
"""The number of attempts that come with a delivery."""


class DeliveryState(StrEnum):
    """The state of a delivery.

    DELIVERED: it has arrived. FAILED and CANCELLED: it has not. UNKNOWN: it may have; never sent again by itself.
    """

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"


class Attempt(Value, frozen=True, kw_only=True):
    """One attempt to deliver, or to look up at the receiver (`look_up`).

    `outcome` is the state at its end, `None` while it runs. `receipt` is the receiver's proof of arrival; without it
    `reason` is why. `settings_version` and `destination` are those of the integration at that time.
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
    """One document for one integration.

    `generation` counts the copies that were wanted. `attempts` counts all attempts; `log` has the newest ten, newest
    first. `due_at` is the time of the next attempt by itself, `check_at` that of the next look-up. `reason` is why the
    document has not arrived, or the receiver's later report on one that has. `sent_as` is its path or identifier at the
    receiver. `dismissed` is True if a user has taken the failure off the list.
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
        """True if the program goes on with the delivery by itself."""
        return self.state in (DeliveryState.QUEUED, DeliveryState.SENDING) or self.is_checked_by_program

    @property
    def is_checked_by_program(self) -> bool:
        return self.state is DeliveryState.UNKNOWN and self.check_at is not None

    def arrived_elsewhere(self, destination: str | None) -> bool:
        """Returns True if the document was delivered to an earlier destination, and not to `destination`.

        False if one of the destinations is unknown.
        """
        if self.state is not DeliveryState.DELIVERED or destination is None or not self.log:
            return False
        if self.log[0].destination is None or _same_place(self.log[0].destination, destination):
            return False
        delivered = (one.destination for one in self.log if one.outcome == DeliveryState.DELIVERED)
        return not any(_same_place(one or "", destination) for one in delivered)

    @property
    def needs_a_look(self) -> bool:
        """True if it is a failure for the user: failed, or unknown without a look-up to come, and not dismissed."""
        if self.dismissed or self.is_checked_by_program:
            return False
        return self.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)


def _same_place(one: str, other: str) -> bool:
    """Compares destinations; a slash at the end of a folder makes no difference."""
    return one.rstrip("/") == other.rstrip("/")
