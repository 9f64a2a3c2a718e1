"""Pauses, resumes, breaks, removes and revives integrations, with the effects on their deliveries.

The integrations passed to these functions are locked by the transaction.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select, update

from banqup_tui.backend.db.records import DeliveryRecord, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import delivery, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.enqueue import send_again
from banqup_tui.backend.ledger.model import close_attempts, integration_changed, transition
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState, Trouble
from banqup_tui.domain.messages import Message


def pause(transaction: Transaction, locked: IntegrationRecord) -> None:
    """Pauses an integration. After the commit no claim and no mark passes; marked attempts run to their end."""
    _set(transaction, locked, state=str(IntegrationState.PAUSED))
    refresh(transaction, [locked.id])


def resume(transaction: Transaction, locked: IntegrationRecord, asked_by: str | None) -> int:
    """Makes the integration ACTIVE, queues the deliveries that failed because of it, and returns their number."""
    _set(transaction, locked, state=str(IntegrationState.ACTIVE), cause=None, **WELL)
    failed = _rows(transaction, locked, delivery.c.state == str(DeliveryState.FAILED), delivery.c.for_cause.is_(True))
    send_again(transaction, failed, asked_by)
    refresh(transaction, [locked.id])
    return len(failed)


def mark_broken(
    transaction: Transaction, locked: IntegrationRecord, cause: Message, trouble: Trouble = Trouble.SETTINGS
) -> None:
    """Makes an integration BROKEN until a person mends it.

    All its queued deliveries fail with this one cause, so that the user sees one fault and retries it in one step.
    """
    if locked.state in (IntegrationState.REMOVED, IntegrationState.BROKEN):
        return
    why: dict[str, object] = {"cause": cause, "trouble": str(trouble)}
    why |= {"failing_since": locked.failing_since or transaction.now}
    _set(transaction, locked, **WELL | why, state=str(IntegrationState.BROKEN))
    queued = _rows(transaction, locked, delivery.c.state == str(DeliveryState.QUEUED))
    _give_up(transaction, queued, DeliveryState.FAILED, reason=cause, for_cause=True)
    refresh(transaction, [locked.id])


def remove(transaction: Transaction, locked: IntegrationRecord) -> int:
    """Removes an integration and returns the number of deliveries that this cancelled.

    An attempt that is marked may have had its effect, so it runs to its end.
    """
    _set(transaction, locked, state=str(IntegrationState.REMOVED), cause=None, **WELL)
    waiting = _rows(transaction, locked, stoppable())
    cancel(transaction, waiting, messages.INTEGRATION_REMOVED)
    refresh(transaction, [locked.id])
    return len(waiting)


def revive(transaction: Transaction, locked: IntegrationRecord) -> None:
    """Makes a removed integration ACTIVE again, with the deliveries it had, so that nothing is sent to it twice.

    Only documents created from now on are sent by themselves: the activation gets this transaction's change number.
    """
    _set(transaction, locked, state=str(IntegrationState.ACTIVE), cause=None, activated_at=transaction.now, **WELL)

    def activate(connection: Connection, number: int) -> None:
        numbers = {"activated_seq": number, "planned_seq": number}
        connection.execute(update(integration).where(integration.c.id == locked.id).values(numbers))

    transaction.after_numbers(activate)
    refresh(transaction, [locked.id])


def stoppable() -> ColumnElement[bool]:
    """Returns the condition for deliveries that can be cancelled: QUEUED, or claimed and not marked yet.

    A marked attempt (COMMITTING) may have had its effect, so cancelling it could state that it did not arrive.
    """
    return (delivery.c.state == str(DeliveryState.QUEUED)) | (delivery.c.phase == "CLAIMED")


def cancel(transaction: Transaction, rows: Sequence[DeliveryRecord], reason: Message) -> None:
    """Cancels deliveries for which `stoppable` holds.

    Raising the fence makes the mark of an attempt fail that has claimed one of them.
    """
    claimed = [row for row in rows if row.state == DeliveryState.SENDING]
    close_attempts(transaction, claimed, DeliveryState.CANCELLED, reason)
    _give_up(transaction, rows, DeliveryState.CANCELLED, reason=reason)


ANSWERS: dict[str, object] = {
    "failures": 0,
    "postponed_until": None,
    "failing_since": None,
    "failing_reason": None,
}
"""Columns of an integration whose receiver has answered, with any answer."""

WELL: dict[str, object] = ANSWERS | {"timed_out": False, "trouble": None}
"""Columns of an integration without faults."""


def _give_up(transaction: Transaction, rows: Sequence[DeliveryRecord], state: DeliveryState, **values: object) -> None:
    """Puts deliveries into `state`, and into UNKNOWN those that may have arrived in an earlier attempt."""
    fence = delivery.c.fence + 1
    transition(transaction, [row for row in rows if not row.uncertain], state, fence=fence, **values)
    values["for_cause"] = False
    transition(transaction, [row for row in rows if row.uncertain], DeliveryState.UNKNOWN, fence=fence, **values)


def _set(transaction: Transaction, locked: IntegrationRecord, **values: object) -> None:
    transaction.execute(update(integration).where(integration.c.id == locked.id).values(**values))
    integration_changed(transaction, locked)


def _rows(transaction: Transaction, locked: IntegrationRecord, *which: ColumnElement[bool]) -> list[DeliveryRecord]:
    statement = select(delivery).where(delivery.c.integration_id == locked.id, *which).order_by(delivery.c.id)
    return fetch_all(transaction, DeliveryRecord, statement.with_for_update())
