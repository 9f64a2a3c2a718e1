"""Claims deliveries for sending, and marks an attempt just before its effect can begin.

Claims go round: the integration whose last round is longest ago comes first, then its oldest deliveries that are due.
A claim raises the fence of the delivery. The mark checks all conditions again, because the user may have paused,
changed or cancelled something between the claim and the first byte that can take effect.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Executable, Integer, String, Text, bindparam, select, update

from banqup_tui.backend.db.json_rows import ids_param, in_ids, row_field, rows_param
from banqup_tui.backend.db.records import DeliveryRecord, IntegrationRecord, fetch_all, fetch_one
from banqup_tui.backend.db.tables import UtcTime, attempt, delivery, integration, scheduler, stamp
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages, rate
from banqup_tui.backend.ledger.lifecycle import mark_broken
from banqup_tui.backend.ledger.model import (
    CLAIMED_COLUMNS,
    ClaimedDelivery,
    close_attempt,
    in_state,
    lock_deliveries,
    lock_integrations,
    open_attempts,
    transition,
)
from banqup_tui.backend.ledger.outcome import end_without_effect
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import free_slots, refresh, refresh_locked
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.backend.ledger.stopped_documents import stop_due
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState, Trouble
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to make one attempt, valid while the delivery still has this fence.

    Attributes:
        settings_version: The settings that the attempt uses.
        resume_token: Text that the connector wrote down at the mark of an earlier attempt, to finish or find it.
        checking: The attempt is a look-up and sends nothing.
        recheck: The look-up asks whether a delivered document is still at the receiver; it has no fence of its own.
        slow: The last attempt at this integration timed out.
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
    resume_token: str | None = None
    checking: bool = False
    recheck: bool = False
    slow: bool = False


def claim(
    transaction: Transaction, rules: LedgerRules, owner: str, free: int, *, with_slow: bool = True
) -> list[Claim] | None:
    """Claims the due deliveries of the integration whose round it is.

    Args:
        owner: Name of the dispatcher; a take-over finds the deliveries of a dead one by it.
        free: The most deliveries to claim.
        with_slow: Whether an integration whose last attempt timed out may be chosen.

    Returns:
        The claims, possibly none, or `None` when no integration can have a round now.
    """
    # The first statement locks the integration, and the slots are counted by later ones: a count that was read before
    # the lock could be older than the claim of another dispatcher, and more slots would be taken than there are.
    locked = _next_round(transaction, with_slow)
    if locked is None:
        return None
    # A kill here rolls the transaction back: nothing is claimed.
    kill_point("claim.locked")
    if rules.connector(locked.extension_id) is None:
        mark_broken(transaction, locked, messages.NO_CONNECTOR, Trouble.EXTENSION)
        return []
    locked = rate.follow(transaction, rules, locked)
    due = stop_due(transaction, _due(transaction, locked, min(free, free_slots(transaction, locked))))
    # After an uncertain attempt only the same key at the same receiver is safe. Where the destination has changed or
    # the receiver may have forgotten the key, another attempt could deliver a second copy.
    lost = [row for row in due if rules.key_cannot_be_used(row, locked, transaction.now)]
    leave_to_user(transaction, lost)
    remaining = [row for row in due if row not in lost]
    claims = [_claimed(locked, row) for row in _take(transaction, locked, remaining, owner)]
    _end_round(transaction, locked)
    return claims


def mark(transaction: Transaction, rules: LedgerRules, claim: Claim, resume_token: str) -> bool:
    """Decides whether the effect of an attempt may begin, and writes down `resume_token` and destination if so.

    The caller commits this transaction before it sends the first byte that can take effect. A crash after the commit is
    therefore settled as uncertain, and a crash before it as not sent.

    Returns:
        False if the claim is void. The ledger has settled the delivery then, and the connector discards what it
        prepared.
    """
    return mark_together(transaction, rules, [(claim, resume_token)])[0]


def mark_together(
    transaction: Transaction,
    rules: LedgerRules,
    asked: Sequence[tuple[Claim, str]],
    integrations: Mapping[str, IntegrationRecord] | None = None,
) -> list[bool]:
    """Marks several attempts in one transaction; each is judged by itself.

    Args:
        asked: Claims of different deliveries, each with its resume token.
        integrations: Current rows of their integrations by id, if this transaction has locked them already.

    Returns:
        The answers in the order of `asked`.
    """
    if integrations is None:
        integrations = lock_integrations(transaction, [claim.integration_id for claim, _ in asked])
    rows = lock_deliveries(transaction, [claim.delivery_id for claim, _ in asked])
    passed: list[tuple[IntegrationRecord, DeliveryRecord, str]] = []
    answers: list[bool] = []
    for claim, resume_token in asked:
        locked, row = integrations.get(claim.integration_id), rows.get(claim.delivery_id)
        if locked is None or row is None or not _is_mine(row, claim):
            # The fence has moved on: the delivery was cancelled or taken over, and this attempt may not touch it.
            answers.append(False)
        elif _passes(transaction, rules, claim, locked, row):
            answers.append(True)
            passed.append((locked, row, resume_token))
        else:
            answers.append(False)
            _refuse(transaction, rules, claim, locked, row)
    _committing(transaction, passed)
    return answers


def _passes(
    transaction: Transaction, rules: LedgerRules, claim: Claim, locked: IntegrationRecord, row: DeliveryRecord
) -> bool:
    # No effect begins after a pause or a removal was answered, and none with settings that were changed since the
    # claim. The age of the key is tested again: a key that was fresh at the claim can be too old now.
    active = locked.state == IntegrationState.ACTIVE and locked.settings_version == claim.settings_version
    return active and not rules.key_cannot_be_used(row, locked, transaction.now)


def _refuse(
    transaction: Transaction, rules: LedgerRules, claim: Claim, locked: IntegrationRecord, row: DeliveryRecord
) -> None:
    if locked.state == IntegrationState.ACTIVE and locked.settings_version == claim.settings_version:
        leave_to_user(transaction, [row])
        close_attempt(transaction, row.id, row.fence, DeliveryState.UNKNOWN, messages.MOVED_SINCE)
    else:
        reason = messages.PAUSED_BEFORE if locked.state != IntegrationState.ACTIVE else messages.SETTINGS_CHANGED
        outcome = end_without_effect(transaction, locked, row, reason=row.reason, due_at=transaction.now)
        close_attempt(transaction, row.id, row.fence, outcome, reason)
    refresh(transaction, [locked.id])


def leave_to_user(transaction: Transaction, rows: Sequence[DeliveryRecord]) -> None:
    """Makes deliveries UNKNOWN that may have arrived and whose key would no longer stop a second copy."""
    transition(transaction, rows, DeliveryState.UNKNOWN, reason=messages.MOVED_SINCE)


def _next_round(transaction: Transaction, with_slow: bool) -> IntegrationRecord | None:
    return fetch_one(transaction, IntegrationRecord, _NEXT[with_slow], {"now": transaction.now})


def _next(*which: ColumnElement[bool]) -> Executable:
    now = bindparam("now", type_=integration.c.ready_at.type)
    may = select(integration).where(
        integration.c.state == in_state(IntegrationState.ACTIVE), integration.c.ready_at <= now
    )
    # Lowest round first: an integration with many deliveries, or with one that kills the process, holds up no other.
    in_order = may.where(*which).order_by(integration.c.claimed_round).limit(1)
    return in_order.with_for_update(key_share=True, skip_locked=True)


_NEXT = {True: _next(), False: _next(integration.c.timed_out.is_(False))}
"""The statements by `with_slow`."""


def _due(transaction: Transaction, locked: IntegrationRecord, most: int) -> list[DeliveryRecord]:
    if most <= 0 or (locked.postponed_until is not None and locked.postponed_until > transaction.now):
        return []
    return fetch_all(transaction, DeliveryRecord, _DUE, {"of": locked.id, "now": transaction.now, "most": most})


_DUE = (
    select(delivery)
    .where(
        delivery.c.integration_id == bindparam("of"),
        delivery.c.state == in_state(DeliveryState.QUEUED),
        delivery.c.due_at <= bindparam("now", type_=delivery.c.due_at.type),
    )
    .order_by(delivery.c.due_at, delivery.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def _take(
    transaction: Transaction, locked: IntegrationRecord, rows: Sequence[DeliveryRecord], owner: str
) -> list[ClaimedDelivery]:
    if not rows:
        return []
    mine = ids_param(row.id for row in rows) | {"me": owner, "now": transaction.now}
    taken = fetch_all(transaction, ClaimedDelivery, _CLAIMED, mine)
    open_attempts(transaction, taken, "CLAIMED", locked.settings_version, locked.destination)
    for row in taken:
        transaction.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    update_status(transaction, [row.document_id for row in taken])
    return taken


# The UPDATE tests the state again, so that a delivery that another transaction has changed is not claimed; the raised
# fence makes every answer to an earlier attempt late.
_CLAIMED = (
    update(delivery)
    .where(in_ids(delivery.c.id), delivery.c.state == in_state(DeliveryState.QUEUED))
    .values(
        state=str(DeliveryState.SENDING),
        phase="CLAIMED",
        owner=bindparam("me"),
        fence=delivery.c.fence + 1,
        attempts=delivery.c.attempts + 1,
        updated_at=bindparam("now", type_=delivery.c.updated_at.type),
    )
    .returning(*CLAIMED_COLUMNS)
)


def _claimed(locked: IntegrationRecord, row: ClaimedDelivery) -> Claim:
    return Claim(
        delivery_id=row.id,
        integration_id=row.integration_id,
        extension_id=locked.extension_id,
        client_id=row.client_id,
        document_id=row.document_id,
        sha256=row.sha256,
        generation=row.generation,
        fence=row.fence,
        settings_version=locked.settings_version,
        destination=locked.destination,
        slow=locked.timed_out,
    )


def _end_round(transaction: Transaction, locked: IntegrationRecord) -> None:
    transaction.execute(_ROUND_CLAIMED, {"of": locked.id, "number": _next_number(transaction)})
    refresh_locked(transaction, [locked])


_ROUND_CLAIMED = (
    update(integration).where(integration.c.id == bindparam("of")).values(claimed_round=bindparam("number"))
)
_RAISED = (
    update(scheduler)
    .where(scheduler.c.name == "dispatch")
    .values(value=scheduler.c.value + 1)
    .returning(scheduler.c.value)
)


def _next_number(transaction: Transaction) -> int:
    number = transaction.execute(_RAISED).scalar()
    if number is None:
        transaction.execute(scheduler.insert().values(name="dispatch", value=1))
        return 1
    return int(number)


def _is_mine(row: DeliveryRecord, claim: Claim) -> bool:
    return bool(row.fence == claim.fence and row.state == DeliveryState.SENDING and row.phase == "CLAIMED")


def _committing(transaction: Transaction, passed: Sequence[tuple[IntegrationRecord, DeliveryRecord, str]]) -> None:
    """Writes the mark. `key_at` stays at the first use of the key after which something may have arrived."""
    if not passed:
        return
    each = rows_param(
        (
            row.id,
            row.fence,
            resume_token,
            locked.destination,
            locked.settings_version,
            stamp(row.key_at if row.uncertain and row.key_at else transaction.now),
        )
        for locked, row, resume_token in passed
    )
    if transaction.execute(_TO_COMMITTING, each).rowcount != len(passed):
        raise RuntimeError("a locked delivery was changed by another transaction")
    transaction.execute(_NOTE_COMMITTING, each | {"now": transaction.now})


_TO_COMMITTING = (
    update(delivery)
    .where(
        delivery.c.id == row_field(0, String),
        delivery.c.fence == row_field(1, Integer),
        delivery.c.state == in_state(DeliveryState.SENDING),
        delivery.c.phase == "CLAIMED",
    )
    .values(
        phase="COMMITTING",
        resume_token=row_field(2, Text),
        destination=row_field(3, Text),
        settings_version=row_field(4, Integer),
        key_at=row_field(5, UtcTime),
    )
)
_NOTE_COMMITTING = (
    update(attempt)
    .where(attempt.c.delivery_id == row_field(0, String), attempt.c.fence == row_field(1, Integer))
    .values(
        phase="COMMITTING",
        committed_at=bindparam("now", type_=attempt.c.committed_at.type),
        resume_token=row_field(2, Text),
        destination=row_field(3, Text),
    )
)
