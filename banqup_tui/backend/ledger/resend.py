"""Queues another copy (a new generation) of documents that the receiver has or may have.

A generation after the first exists only because a user who saw the one before it settled asked for it; the callers test
that under the lock of the integration.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, func, select

from banqup_tui.backend.db.records import DeliveryRecord
from banqup_tui.backend.db.tables import attempt, delivery, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.model import stamp_generation, transition
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState


def is_settled_copy(row: DeliveryRecord) -> bool:
    """Returns whether another copy may be asked for: it is DELIVERED, or UNKNOWN without a look-up to come."""
    return bool(row.state == DeliveryState.DELIVERED or (row.state == DeliveryState.UNKNOWN and row.check_at is None))


def has_arrived_elsewhere() -> ColumnElement[bool]:
    """Returns the condition (over `delivery` and `integration`) for what arrived only at earlier destinations."""
    there = exists().where(
        attempt.c.delivery_id == delivery.c.id,
        attempt.c.outcome == str(DeliveryState.DELIVERED),
        _without_slash(attempt.c.destination) == _without_slash(integration.c.destination),
    )
    return and_(
        delivery.c.state == str(DeliveryState.DELIVERED),
        delivery.c.destination.is_not(None),
        _without_slash(delivery.c.destination) != _without_slash(integration.c.destination),
        ~there.correlate(delivery, integration),
    )


def _without_slash(destination: ColumnElement[str]) -> ColumnElement[str]:
    """Returns the destination without a slash at its end, which makes no difference to a folder."""
    return func.rtrim(destination, "/")


def arrived_elsewhere(transaction: Transaction, rows: Sequence[DeliveryRecord]) -> list[DeliveryRecord]:
    """Returns those of `rows` that arrived only at earlier destinations of their integration."""
    delivered = [row.id for row in rows if row.state == DeliveryState.DELIVERED]
    found: set[str] = set()
    for batch in in_batches(delivered):
        of_integration = select(delivery.c.id).join(integration, integration.c.id == delivery.c.integration_id)
        found.update(
            transaction.execute(of_integration.where(delivery.c.id.in_(batch), has_arrived_elsewhere())).scalars()
        )
    return [row for row in rows if row.id in found]


def queue_another_copy(transaction: Transaction, rows: Sequence[DeliveryRecord], asked_by: str | None) -> list[str]:
    """Queues a new generation of those rows that are settled and returns their ids.

    Everything known of the generation before is cleared; its attempts stay.
    """
    settled = [row for row in rows if is_settled_copy(row)]
    if not settled:
        return []
    fresh: dict[str, object] = dict.fromkeys(
        ("destination", "settings_version", "resume_token", "key_at", "reason", "receipt", "sent_as")
    )
    fresh |= dict.fromkeys(("tries", "deaths", "checks"), 0)
    fresh |= {"uncertain": False, "generation": delivery.c.generation + 1, "due_at": transaction.now}
    transition(transaction, settled, DeliveryState.QUEUED, **fresh, asked_by=asked_by, asked_at=transaction.now)
    ids = [row.id for row in settled]
    stamp_generation(transaction, ids)
    return ids
