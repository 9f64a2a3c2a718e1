"""Claim and mark: who may send what, decided under the lock of the integration.

Turns go round: the integration whose turn came longest ago, then its oldest delivery that is due. A claim raises the
fence; the mark, just before the first byte that can take effect, asks again whether all still holds.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, select, update

from banqup_tui.backend.ledger import rate, sentences
from banqup_tui.backend.ledger.lifecycle import break_off
from banqup_tui.backend.ledger.outcomes import hand_back
from banqup_tui.backend.ledger.ready import refresh, room
from banqup_tui.backend.ledger.rows import close_attempt, lock_deliveries, lock_integration, open_attempt, turn
from banqup_tui.backend.ledger.status import restate
from banqup_tui.backend.ledger.terms import Terms
from banqup_tui.backend.tables import attempt, delivery, integration
from banqup_tui.backend.tables import turn as turns
from banqup_tui.backend.work import Work
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState, Trouble
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to one attempt, as long as the delivery still bears this fence.

    `checking`: a look-up, not a send; `recheck`: of what was delivered before. `slow`: let us wait the last time.
    """

    delivery_id: str
    integration_id: str
    extension_id: str
    client_id: str
    document_id: str
    sha256: str
    generation: int
    fence: int
    settings_version: int
    destination: str
    remnant: str | None = None
    checking: bool = False
    recheck: bool = False
    slow: bool = False


def claim(work: Work, terms: Terms, owner: str, free: int, *, with_slow: bool = True) -> list[Claim] | None:
    """The deliveries of one turn, at most `free`; `None` when no integration's turn can come now."""
    held = _next_turn(work, with_slow)
    if held is None:
        return None
    kill_point("claim.locked")
    if terms.connector(held.extension_id) is None:
        break_off(work, held, sentences.NO_CONNECTOR, sentences.REPAIR_CONNECTOR, Trouble.EXTENSION)
        return []
    held = rate.follow(work, terms, held)
    due = _due(work, held, min(free, room(work, held)))
    lost = [row for row in due if terms.key_cannot_be_used(row, held, work.now)]
    give_to_user(work, lost)
    kept = [row for row in due if row not in lost]
    claims = [_claimed(held, row) for row in _take(work, held, kept, owner)]
    _end_turn(work, held)
    return claims


def mark(work: Work, terms: Terms, claim: Claim, remnant: str) -> bool:
    """May the effect begin? Once this is committed it may have; where the answer is no, nothing has happened."""
    held = lock_integration(work, claim.integration_id)
    row = lock_deliveries(work, [claim.delivery_id]).get(claim.delivery_id)
    if held is None or row is None or not _is_mine(row, claim):
        return False
    if held.state == IntegrationState.ACTIVE and held.settings_version == claim.settings_version:
        if not terms.key_cannot_be_used(row, held, work.now):
            return _committing(work, held, row, remnant)
        give_to_user(work, [row])
        close_attempt(work, row.id, row.fence, DeliveryState.UNKNOWN, sentences.MOVED_SINCE)
    else:
        reason = sentences.PAUSED_BEFORE if held.state != IntegrationState.ACTIVE else sentences.SETTINGS_CHANGED
        outcome = hand_back(work, held, row, reason=row.reason, remedy=row.remedy, due_at=work.now)
        close_attempt(work, row.id, row.fence, outcome, reason)
    refresh(work, [held.id])
    return False


def give_to_user(work: Work, rows: Sequence[Row[Any]]) -> None:
    """What the receiver may have, and would no longer know for the same, is never sent again by itself."""
    reason, remedy = sentences.MOVED_SINCE, sentences.LOOK_THERE
    turn(work, rows, DeliveryState.UNKNOWN, reason=reason, remedy=remedy)


def _next_turn(work: Work, with_slow: bool) -> Row[Any] | None:
    may = [integration.c.state == str(IntegrationState.ACTIVE), integration.c.ready_at <= work.now]
    if not with_slow:
        may.append(integration.c.timed_out.is_(False))
    statement = select(integration).where(*may).order_by(integration.c.claimed_turn).limit(1)
    found: Row[Any] | None = work.execute(statement.with_for_update(key_share=True, skip_locked=True)).one_or_none()
    return found


def _due(work: Work, held: Row[Any], most: int) -> list[Row[Any]]:
    if most <= 0 or (held.held_until is not None and held.held_until > work.now):
        return []
    statement = (
        select(delivery)
        .where(
            delivery.c.integration_id == held.id,
            delivery.c.state == str(DeliveryState.QUEUED),
            delivery.c.due_at <= work.now,
        )
        .order_by(delivery.c.due_at, delivery.c.id)
        .limit(most)
    )
    return list(work.execute(statement.with_for_update(skip_locked=True)))


def _take(work: Work, held: Row[Any], rows: Sequence[Row[Any]], owner: str) -> list[Row[Any]]:
    if not rows:
        return []
    statement = (
        update(delivery)
        .where(delivery.c.id.in_([row.id for row in rows]), delivery.c.state == str(DeliveryState.QUEUED))
        .values(
            state=str(DeliveryState.SENDING),
            phase="CLAIMED",
            owner=owner,
            fence=delivery.c.fence + 1,
            attempts=delivery.c.attempts + 1,
            updated_at=work.now,
        )
        .returning(*delivery.c)
    )
    taken = list(work.execute(statement))
    for row in taken:
        open_attempt(work, row, row.fence, "CLAIMED", held.settings_version, held.destination)
        work.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    restate(work, [row.document_id for row in taken])
    return taken


def _claimed(held: Row[Any], row: Row[Any]) -> Claim:
    return Claim(
        delivery_id=row.id,
        integration_id=row.integration_id,
        extension_id=held.extension_id,
        client_id=row.client_id,
        document_id=row.document_id,
        sha256=row.sha256,
        generation=row.generation,
        fence=row.fence,
        settings_version=held.settings_version,
        destination=held.destination,
        slow=held.timed_out,
    )


def _end_turn(work: Work, held: Row[Any]) -> None:
    work.execute(update(integration).where(integration.c.id == held.id).values(claimed_turn=_next_number(work)))
    refresh(work, [held.id])


def _next_number(work: Work) -> int:
    raised = update(turns).where(turns.c.name == "dispatch").values(value=turns.c.value + 1).returning(turns.c.value)
    number = work.execute(raised).scalar()
    if number is None:
        work.execute(turns.insert().values(name="dispatch", value=1))
        return 1
    return int(number)


def _is_mine(row: Row[Any], claim: Claim) -> bool:
    return bool(row.fence == claim.fence and row.state == DeliveryState.SENDING and row.phase == "CLAIMED")


def _committing(work: Work, held: Row[Any], row: Row[Any], remnant: str) -> bool:
    """`key_at` counts from the first use of the key that may have arrived."""
    where = {"remnant": remnant, "destination": held.destination, "settings_version": held.settings_version}
    key_at = row.key_at if row.uncertain and row.key_at else work.now
    statement = (
        update(delivery)
        .where(
            delivery.c.id == row.id,
            delivery.c.fence == row.fence,
            delivery.c.state == str(DeliveryState.SENDING),
            delivery.c.phase == "CLAIMED",
        )
        .values(phase="COMMITTING", key_at=key_at, **where)
    )
    if work.execute(statement).rowcount != 1:
        return False
    mine = (attempt.c.delivery_id == row.id) & (attempt.c.fence == row.fence)
    note = {"phase": "COMMITTING", "committed_at": work.now, "remnant": remnant, "destination": held.destination}
    work.execute(update(attempt).where(mine).values(note))
    return True
