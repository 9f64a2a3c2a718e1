"""Takes over deliveries whose process died or gave them up; the phase of each attempt decides what follows.

CLAIMED: nothing was sent, so the delivery is queued again. COMMITTING: the effect may have begun, so the attempt ends
as uncertain. CHECKING: the look-up is repeated later.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from banqup_tui.backend.db.records import DeliveryRecord, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import delivery
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.model import AT_ONCE, DeliveryKey, close_attempt, lock_deliveries, lock_integrations
from banqup_tui.backend.ledger.outcome import as_uncertain, check_later, end_without_effect, fail_after_crashes
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.domain.delivery import DeliveryState


def take_over(
    transaction: Transaction,
    rules: LedgerRules,
    *,
    owners: Collection[str] | None = None,
    killed: bool = True,
    excluded: Collection[str] = (),
) -> int:
    """Takes over at most `AT_ONCE` deliveries that are SENDING; the caller repeats this until it returns 0.

    Args:
        owners: Owners that are dead; `None` for all, which is right at the start, when this process has the lock.
        killed: Whether the sending may have killed the process; then it counts as a death of the delivery.
        excluded: Deliveries to leave alone, because they are still being sent.

    Returns:
        The number of deliveries that were looked at.
    """
    found = _being_sent(transaction, owners, excluded)
    integrations = lock_integrations(transaction, [row.integration_id for row in found])
    rows = lock_deliveries(transaction, [row.id for row in found])
    for row in rows.values():
        if row.state == DeliveryState.SENDING:
            _release(transaction, rules, integrations[row.integration_id], row, killed)
    refresh(transaction, integrations)
    return len(found)


def _being_sent(
    transaction: Transaction, owners: Collection[str] | None, excluded: Collection[str]
) -> list[DeliveryKey]:
    statement = select(delivery.c.id, delivery.c.integration_id).where(
        delivery.c.space_id == transaction.space_id, delivery.c.state == str(DeliveryState.SENDING)
    )
    if owners is not None:
        statement = statement.where(delivery.c.owner.in_(owners))
    if excluded:
        statement = statement.where(delivery.c.id.not_in(excluded))
    return fetch_all(transaction, DeliveryKey, statement.order_by(delivery.c.id).limit(AT_ONCE))


def _release(
    transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord, row: DeliveryRecord, killed: bool
) -> None:
    """Ends the attempt of a dead process as the phase that it had reached demands.

    Claimed only: nothing was sent, and it is queued again. In a look-up: asked again later. After the mark: it may have
    arrived, and `outcome.as_uncertain` decides by the kind of the receiver.
    """
    reason = messages.ENDED_WHILE_SENDING if killed else messages.STOPPED_WHILE_SENDING
    deaths = row.deaths + 1 if killed else row.deaths
    values: dict[str, Any] = {"deaths": deaths, "fence": delivery.c.fence + 1}
    if row.phase != "CLAIMED":
        # The request of the dead process may still be under way: the grace period begins now, on the clock of this one.
        rules.grace_period.ended(row.id)
    if deaths >= rules.timing.most_deaths:
        state = fail_after_crashes(transaction, row, **values)
    elif row.phase == "CLAIMED":
        state = end_without_effect(transaction, locked, row, **values, due_at=transaction.now)
    elif row.phase == "CHECKING":
        state = check_later(transaction, rules, locked, row, reason, spent=True, **values)
    else:
        state = as_uncertain(transaction, rules, locked, row, messages.MAY_HAVE_ARRIVED, **values)
    close_attempt(transaction, row.id, row.fence, state, reason)
