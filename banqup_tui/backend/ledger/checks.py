"""UNKNOWN that the program can clear up by itself: rolled forward by its remnant, or looked up once Q is past."""

from typing import Any

from sqlalchemy import Row, or_, select, update

from banqup_tui.backend.ledger import messages, rate
from banqup_tui.backend.ledger.claims import Claim
from banqup_tui.backend.ledger.outcomes import as_uncertain, check_later
from banqup_tui.backend.ledger.ready import refresh, room
from banqup_tui.backend.ledger.rows import AT_ONCE, lock_deliveries, lock_integrations, open_attempt, turn
from banqup_tui.backend.ledger.terms import Terms
from banqup_tui.backend.tables import attempt, delivery, integration
from banqup_tui.backend.work import Work
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.protocol.messages import EntityKind

CHECKING_STATES = (str(IntegrationState.ACTIVE), str(IntegrationState.REMOVED))
"""Paused and broken ones wait; of a removed one what had begun still ends."""


def claim_checks(work: Work, terms: Terms, owner: str, free: int) -> list[Claim]:
    """At most `free` look-ups that are due, each under a new fence."""
    due = _due(work)
    integrations = lock_integrations(work, [row.integration_id for row in due])
    rows = lock_deliveries(work, [row.id for row in due])
    claims: list[Claim] = []
    for row in rows.values():
        held = integrations[row.integration_id]
        if len(claims) == free or not _is_due(work, row):
            continue
        if room(work, held):
            claims += _claimed(work, terms, held, row, owner)
        else:
            _wait_for_the_next_minute(work, held, row)
    refresh(work, integrations)
    return claims


def earlier_receipts(work: Any, claim: Claim) -> list[str]:
    """References of what arrived as an earlier generation: found again, they prove nothing of this one."""
    statement = select(attempt.c.receipt).where(
        attempt.c.delivery_id == claim.delivery_id,
        attempt.c.generation < claim.generation,
        attempt.c.receipt.is_not(None),
    )
    return list(dict.fromkeys(work.execute(statement.order_by(attempt.c.fence)).scalars()))


def _due(work: Work) -> list[Row[Any]]:
    statement = (
        select(delivery.c.id, delivery.c.integration_id)
        .join(integration, integration.c.id == delivery.c.integration_id)
        .where(
            delivery.c.space_id == work.space_id,
            delivery.c.state == str(DeliveryState.UNKNOWN),
            delivery.c.check_at <= work.now,
            integration.c.state.in_(CHECKING_STATES),
            or_(integration.c.held_until.is_(None), integration.c.held_until <= work.now),
        )
    )
    return list(work.execute(statement.order_by(delivery.c.check_at).limit(AT_ONCE)))


def _wait_for_the_next_minute(work: Work, held: Row[Any], row: Row[Any]) -> None:
    """Not asked about again before it may be. What the user is told of it stays: the look-up is still to come."""
    free_again = rate.free_again(work, held)
    if free_again is not None:
        work.execute(update(delivery).where(delivery.c.id == row.id).values(check_at=free_again))


def _is_due(work: Work, row: Row[Any]) -> bool:
    """Asked again under the lock."""
    return bool(row.state == DeliveryState.UNKNOWN and row.check_at is not None and row.check_at <= work.now)


def _claimed(work: Work, terms: Terms, held: Row[Any], row: Row[Any], owner: str) -> list[Claim]:
    kind = terms.kind(held.extension_id)
    if kind is ReceiverKind.LOOKUP and not terms.quarantine.past(row.id):
        return []
    if kind is None:
        check_later(work, terms, held, row, messages.NO_CONNECTOR, spent=False)
        return []
    if kind is ReceiverKind.LOOKUP or (kind is ReceiverKind.RENAME and row.remnant is not None):
        return [_take(work, held, row, owner)]
    _without_look_up(work, terms, held, row, kind)
    return []


def _without_look_up(work: Work, terms: Terms, held: Row[Any], row: Row[Any], kind: ReceiverKind) -> None:
    """It was cut off while the connector could not be loaded; now it is known that there is nothing to look at."""
    if kind is ReceiverKind.KEY:
        as_uncertain(work, terms, held, row, row.reason)
    else:
        turn(work, [row], DeliveryState.UNKNOWN, reason=messages.MAY_HAVE_ARRIVED)


def _take(work: Work, held: Row[Any], row: Row[Any], owner: str) -> Claim:
    """Where the destination is the same, today's settings open it; else those that were used then."""
    same = row.destination == held.destination or row.settings_version is None
    version = held.settings_version if same else row.settings_version
    fence = row.fence + 1
    values = {"state": str(DeliveryState.SENDING), "phase": "CHECKING", "owner": owner, "fence": fence}
    mine = (delivery.c.id == row.id) & (delivery.c.fence == row.fence)
    work.execute(update(delivery).where(mine).values(**values, check_at=None, updated_at=work.now))
    open_attempt(work, row, fence, "CHECKING", version, row.destination)
    work.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    return Claim(
        delivery_id=row.id,
        integration_id=row.integration_id,
        extension_id=held.extension_id,
        client_id=row.client_id,
        document_id=row.document_id,
        sha256=row.sha256,
        generation=row.generation,
        fence=fence,
        settings_version=version,
        destination=row.destination or held.destination,
        remnant=row.remnant,
        checking=True,
        slow=held.timed_out,
    )
