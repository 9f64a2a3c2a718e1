"""A process that held deliveries is dead, or let go of them: what follows is read off how far each attempt had come."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select

from banqup_tui.backend.db.tables import delivery
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.model import AT_ONCE, close_attempt, lock_deliveries, lock_integrations
from banqup_tui.backend.ledger.outcome import as_uncertain, check_later, end, hand_back
from banqup_tui.backend.ledger.rules import Terms
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.domain.delivery import DeliveryState


def take_over(
    transaction: Transaction,
    terms: Terms,
    *,
    of: Collection[str] | None = None,
    killed: bool = True,
    but: Collection[str] = (),
) -> int:
    """At most one portion of what is being sent; returns how many. Ask again until it is 0.

    `of`: the owners that are dead (`None`: all). `killed`: the process died of it, as far as one can tell.
    `but`: deliveries that are still in good hands.
    """
    found = _being_sent(transaction, of, but)
    integrations = lock_integrations(transaction, [row.integration_id for row in found])
    rows = lock_deliveries(transaction, [row.id for row in found])
    for row in rows.values():
        if row.state == DeliveryState.SENDING:
            _release(transaction, terms, integrations[row.integration_id], row, killed)
    refresh(transaction, integrations)
    return len(found)


def _being_sent(transaction: Transaction, of: Collection[str] | None, but: Collection[str]) -> list[Row[Any]]:
    statement = select(delivery.c.id, delivery.c.integration_id).where(
        delivery.c.space_id == transaction.space_id, delivery.c.state == str(DeliveryState.SENDING)
    )
    if of is not None:
        statement = statement.where(delivery.c.owner.in_(of))
    if but:
        statement = statement.where(delivery.c.id.not_in(but))
    return list(transaction.execute(statement.order_by(delivery.c.id).limit(AT_ONCE)))


def _release(transaction: Transaction, terms: Terms, locked: Row[Any], row: Row[Any], killed: bool) -> None:
    reason = messages.ENDED_WHILE_SENDING if killed else messages.STOPPED_WHILE_SENDING
    deaths = row.deaths + 1 if killed else row.deaths
    values: dict[str, Any] = {"deaths": deaths, "fence": delivery.c.fence + 1}
    if row.phase != "CLAIMED":
        terms.grace_period.ended(row.id)
    if deaths >= terms.timing.most_deaths:
        state = _deadly(transaction, row, values)
    elif row.phase == "CLAIMED":
        state = hand_back(transaction, locked, row, **values, due_at=transaction.now)
    elif row.phase == "CHECKING":
        state = check_later(transaction, terms, locked, row, reason, spent=True, **values)
    else:
        state = as_uncertain(transaction, terms, locked, row, messages.MAY_HAVE_ARRIVED, **values)
    close_attempt(transaction, row.id, row.fence, state, reason)


def _deadly(transaction: Transaction, row: Row[Any], values: dict[str, Any]) -> DeliveryState:
    """A document that kills whoever sends it is left alone."""
    values["reason"] = messages.KILLED_THE_SERVICE
    values["uncertain"] = bool(row.uncertain or row.phase != "CLAIMED")
    return end(transaction, row, DeliveryState.FAILED, **values)
