"""A process that held deliveries is dead, or let go of them: what follows is read off how far each attempt had come."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select

from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.outcomes import as_uncertain, check_later, end, hand_back
from banqup_tui.backend.ledger.ready import refresh
from banqup_tui.backend.ledger.rows import AT_ONCE, close_attempt, lock_deliveries, lock_integrations
from banqup_tui.backend.ledger.terms import Terms
from banqup_tui.backend.tables import delivery
from banqup_tui.backend.work import Work
from banqup_tui.domain.delivery import DeliveryState


def take_over(
    work: Work, terms: Terms, *, of: Collection[str] | None = None, killed: bool = True, but: Collection[str] = ()
) -> int:
    """At most one portion of what is being sent; returns how many. Ask again until it is 0.

    `of`: the owners that are dead (`None`: all). `killed`: the process died of it, as far as one can tell.
    `but`: deliveries that are still in good hands.
    """
    found = _being_sent(work, of, but)
    integrations = lock_integrations(work, [row.integration_id for row in found])
    rows = lock_deliveries(work, [row.id for row in found])
    for row in rows.values():
        if row.state == DeliveryState.SENDING:
            _release(work, terms, integrations[row.integration_id], row, killed)
    refresh(work, integrations)
    return len(found)


def _being_sent(work: Work, of: Collection[str] | None, but: Collection[str]) -> list[Row[Any]]:
    statement = select(delivery.c.id, delivery.c.integration_id).where(
        delivery.c.space_id == work.space_id, delivery.c.state == str(DeliveryState.SENDING)
    )
    if of is not None:
        statement = statement.where(delivery.c.owner.in_(of))
    if but:
        statement = statement.where(delivery.c.id.not_in(but))
    return list(work.execute(statement.order_by(delivery.c.id).limit(AT_ONCE)))


def _release(work: Work, terms: Terms, held: Row[Any], row: Row[Any], killed: bool) -> None:
    reason = messages.ENDED_WHILE_SENDING if killed else messages.STOPPED_WHILE_SENDING
    deaths = row.deaths + 1 if killed else row.deaths
    values: dict[str, Any] = {"deaths": deaths, "fence": delivery.c.fence + 1}
    if row.phase != "CLAIMED":
        terms.quarantine.ended(row.id)
    if deaths >= terms.timing.most_deaths:
        state = _deadly(work, row, values)
    elif row.phase == "CLAIMED":
        state = hand_back(work, held, row, **values, due_at=work.now)
    elif row.phase == "CHECKING":
        state = check_later(work, terms, held, row, reason, spent=True, **values)
    else:
        state = as_uncertain(work, terms, held, row, messages.MAY_HAVE_ARRIVED, **values)
    close_attempt(work, row.id, row.fence, state, reason)


def _deadly(work: Work, row: Row[Any], values: dict[str, Any]) -> DeliveryState:
    """A document that kills whoever sends it is left alone."""
    values["reason"] = messages.KILLED_THE_SERVICE
    values["uncertain"] = bool(row.uncertain or row.phase != "CLAIMED")
    return end(work, row, DeliveryState.FAILED, **values)
