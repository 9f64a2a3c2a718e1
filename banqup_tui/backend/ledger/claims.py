"""Claim and mark: who may send what, decided under the lock of the integration.

Turns go round: the integration whose turn came longest ago, then its oldest delivery that is due. A claim raises the
fence; the mark, just before the first byte that can take effect, asks again whether all still holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Integer, Row, String, Text, bindparam, select, update

from banqup_tui.backend.ledger import messages, rate
from banqup_tui.backend.ledger.lifecycle import break_off
from banqup_tui.backend.ledger.outcomes import hand_back
from banqup_tui.backend.ledger.ready import refresh, refresh_held, room
from banqup_tui.backend.ledger.rows import close_attempt, lock_deliveries, lock_integrations, open_attempts, said, turn
from banqup_tui.backend.ledger.status import restate
from banqup_tui.backend.ledger.terms import Terms
from banqup_tui.backend.many_rows import among, as_rows, given, these
from banqup_tui.backend.tables import UtcTime, attempt, delivery, integration, stamp
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
        break_off(work, held, messages.NO_CONNECTOR, Trouble.EXTENSION)
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
    return mark_together(work, terms, [(claim, remnant)])[0]


def mark_together(
    work: Work,
    terms: Terms,
    asked: Sequence[tuple[Claim, str]],
    integrations: Mapping[str, Row[Any]] | None = None,
) -> list[bool]:
    """As `mark`, of several deliveries: each is asked about for itself, and no answer changes another's.

    `integrations`: theirs, held by this transaction and as they are now, where the caller has them.
    """
    if integrations is None:
        integrations = lock_integrations(work, [claim.integration_id for claim, _ in asked])
    rows = lock_deliveries(work, [claim.delivery_id for claim, _ in asked])
    passed: list[tuple[Row[Any], Row[Any], str]] = []
    answers: list[bool] = []
    for claim, remnant in asked:
        held, row = integrations.get(claim.integration_id), rows.get(claim.delivery_id)
        if held is None or row is None or not _is_mine(row, claim):
            answers.append(False)
        elif _passes(work, terms, claim, held, row):
            answers.append(True)
            passed.append((held, row, remnant))
        else:
            answers.append(False)
            _refuse(work, terms, claim, held, row)
    _committing(work, passed)
    return answers


def _passes(work: Work, terms: Terms, claim: Claim, held: Row[Any], row: Row[Any]) -> bool:
    active = held.state == IntegrationState.ACTIVE and held.settings_version == claim.settings_version
    return active and not terms.key_cannot_be_used(row, held, work.now)


def _refuse(work: Work, terms: Terms, claim: Claim, held: Row[Any], row: Row[Any]) -> None:
    if held.state == IntegrationState.ACTIVE and held.settings_version == claim.settings_version:
        give_to_user(work, [row])
        close_attempt(work, row.id, row.fence, DeliveryState.UNKNOWN, messages.MOVED_SINCE)
    else:
        reason = messages.PAUSED_BEFORE if held.state != IntegrationState.ACTIVE else messages.SETTINGS_CHANGED
        outcome = hand_back(work, held, row, reason=row.reason, due_at=work.now)
        close_attempt(work, row.id, row.fence, outcome, reason)
    refresh(work, [held.id])


def give_to_user(work: Work, rows: Sequence[Row[Any]]) -> None:
    """What the receiver may have, and would no longer know for the same, is never sent again by itself."""
    turn(work, rows, DeliveryState.UNKNOWN, reason=messages.MOVED_SINCE)


def _next_turn(work: Work, with_slow: bool) -> Row[Any] | None:
    found: Row[Any] | None = work.execute(_NEXT[with_slow], {"now": work.now}).one_or_none()
    return found


def _next(*which: Any) -> Any:
    now = bindparam("now", type_=integration.c.ready_at.type)
    may = select(integration).where(integration.c.state == said(IntegrationState.ACTIVE), integration.c.ready_at <= now)
    in_turn = may.where(*which).order_by(integration.c.claimed_turn).limit(1)
    return in_turn.with_for_update(key_share=True, skip_locked=True)


_NEXT = {True: _next(), False: _next(integration.c.timed_out.is_(False))}
"""By whether it may be one that lets us wait."""


def _due(work: Work, held: Row[Any], most: int) -> list[Row[Any]]:
    if most <= 0 or (held.held_until is not None and held.held_until > work.now):
        return []
    return list(work.execute(_DUE, {"of": held.id, "now": work.now, "most": most}))


_DUE = (
    select(delivery)
    .where(
        delivery.c.integration_id == bindparam("of"),
        delivery.c.state == said(DeliveryState.QUEUED),
        delivery.c.due_at <= bindparam("now", type_=delivery.c.due_at.type),
    )
    .order_by(delivery.c.due_at, delivery.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def _take(work: Work, held: Row[Any], rows: Sequence[Row[Any]], owner: str) -> list[Row[Any]]:
    if not rows:
        return []
    taken = list(work.execute(_CLAIMED, these(row.id for row in rows) | {"me": owner, "now": work.now}))
    open_attempts(work, taken, "CLAIMED", held.settings_version, held.destination)
    for row in taken:
        work.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    restate(work, [row.document_id for row in taken])
    return taken


_CLAIMED = (
    update(delivery)
    .where(among(delivery.c.id), delivery.c.state == said(DeliveryState.QUEUED))
    .values(
        state=str(DeliveryState.SENDING),
        phase="CLAIMED",
        owner=bindparam("me"),
        fence=delivery.c.fence + 1,
        attempts=delivery.c.attempts + 1,
        updated_at=bindparam("now", type_=delivery.c.updated_at.type),
    )
    .returning(
        delivery.c.id,
        delivery.c.integration_id,
        delivery.c.client_id,
        delivery.c.document_id,
        delivery.c.sha256,
        delivery.c.generation,
        delivery.c.fence,
        delivery.c.asked_by,
    )
)


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
    work.execute(_HAD_ITS_TURN, {"of": held.id, "number": _next_number(work)})
    refresh_held(work, [held])


_HAD_ITS_TURN = update(integration).where(integration.c.id == bindparam("of")).values(claimed_turn=bindparam("number"))
_RAISED = update(turns).where(turns.c.name == "dispatch").values(value=turns.c.value + 1).returning(turns.c.value)


def _next_number(work: Work) -> int:
    number = work.execute(_RAISED).scalar()
    if number is None:
        work.execute(turns.insert().values(name="dispatch", value=1))
        return 1
    return int(number)


def _is_mine(row: Row[Any], claim: Claim) -> bool:
    return bool(row.fence == claim.fence and row.state == DeliveryState.SENDING and row.phase == "CLAIMED")


def _committing(work: Work, passed: Sequence[tuple[Row[Any], Row[Any], str]]) -> None:
    """`key_at` counts from the first use of the key that may have arrived."""
    if not passed:
        return
    each = as_rows(
        (
            row.id,
            row.fence,
            remnant,
            held.destination,
            held.settings_version,
            stamp(row.key_at if row.uncertain and row.key_at else work.now),
        )
        for held, row, remnant in passed
    )
    if work.execute(_TO_COMMITTING, each).rowcount != len(passed):
        raise RuntimeError("a delivery that is held here was changed by another")
    work.execute(_NOTE_COMMITTING, each | {"now": work.now})


_TO_COMMITTING = (
    update(delivery)
    .where(
        delivery.c.id == given(0, String),
        delivery.c.fence == given(1, Integer),
        delivery.c.state == said(DeliveryState.SENDING),
        delivery.c.phase == "CLAIMED",
    )
    .values(
        phase="COMMITTING",
        remnant=given(2, Text),
        destination=given(3, Text),
        settings_version=given(4, Integer),
        key_at=given(5, UtcTime),
    )
)
_NOTE_COMMITTING = (
    update(attempt)
    .where(attempt.c.delivery_id == given(0, String), attempt.c.fence == given(1, Integer))
    .values(
        phase="COMMITTING",
        committed_at=bindparam("now", type_=attempt.c.committed_at.type),
        remnant=given(2, Text),
        destination=given(3, Text),
    )
)
