"""Computes `ready_at`: when an integration can have its next round. It is written under the integration's lock."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from banqup_tui.backend.db.records import IntegrationRecord
from banqup_tui.backend.db.tables import delivery, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import rate
from banqup_tui.backend.ledger.model import in_state, lock_integrations
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState

_OPEN = select(func.count()).where(
    delivery.c.integration_id == bindparam("of"), delivery.c.state == in_state(DeliveryState.SENDING)
)
_EARLIEST = select(func.min(delivery.c.due_at)).where(
    delivery.c.integration_id == bindparam("of"), delivery.c.state == in_state(DeliveryState.QUEUED)
)
_READY = (
    update(integration)
    .where(integration.c.id == bindparam("of"))
    .values(ready_at=bindparam("at", type_=integration.c.ready_at.type))
)


def slots(row: IntegrationRecord) -> int:
    """Returns how many attempts may run at the same time: one after a fault of the integration or a timeout."""
    # A receiver that is down gets one probe at a time, and one that times out cannot fill the slots of the others.
    return 1 if row.failures or row.timed_out else max(1, int(row.concurrency))


def free_slots(transaction: Transaction, row: IntegrationRecord) -> int:
    """Returns how many attempts may begin now, by the free slots and by the limit per minute."""
    free = slots(row) - open_count(transaction, row.id)
    left = rate.left(transaction, row)
    return max(0, free if left is None else min(free, left))


def open_count(transaction: Transaction, integration_id: str) -> int:
    """Returns how many deliveries of the integration are SENDING."""
    return int(transaction.execute(_OPEN, {"of": integration_id}).scalar_one())


def refresh(transaction: Transaction, integration_ids: Iterable[str]) -> None:
    """Locks integrations, reads their rows again and sets their `ready_at`."""
    refresh_locked(transaction, lock_integrations(transaction, integration_ids).values())


def refresh_locked(transaction: Transaction, rows: Iterable[IntegrationRecord]) -> None:
    """Sets `ready_at`: NULL while the integration may not send or all slots are taken, else its earliest due time.

    Args:
        rows: Integrations that this transaction has locked, as they are now.
    """
    for row in rows:
        ready_at = _ready_at(transaction, row)
        if ready_at != row.ready_at:
            transaction.execute(_READY, {"of": row.id, "at": ready_at})


def _ready_at(transaction: Transaction, row: IntegrationRecord) -> datetime | None:
    if row.state != IntegrationState.ACTIVE or open_count(transaction, row.id) >= slots(row):
        return None
    earliest: datetime | None = transaction.execute(_EARLIEST, {"of": row.id}).scalar_one()
    if earliest is None:
        return None
    return max(at for at in (earliest, row.postponed_until, rate.free_again(transaction, row)) if at is not None)


def sweep(transaction: Transaction) -> None:
    """Recomputes `ready_at` of all waiting integrations each minute, so that a wrong value cannot stay for long."""
    waiting = select(delivery.c.integration_id).where(delivery.c.state == str(DeliveryState.QUEUED)).distinct()
    marked = select(integration.c.id).where(integration.c.ready_at.is_not(None))
    refresh(transaction, {*transaction.execute(waiting).scalars(), *transaction.execute(marked).scalars()})
