"""Records the outcome of attempts under their fence, and uses late answers of attempts that lost their fence.

Two rules apply here. FAILED and CANCELLED are stated only when the document certainly did not arrive; after an
uncertain attempt the state is UNKNOWN instead. And an uncertain attempt is repeated only at a receiver that knows the
same key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, update

from banqup_tui.backend.db.records import DeliveryRecord, IntegrationRecord
from banqup_tui.backend.db.tables import delivery, integration
from banqup_tui.backend.db.tables.basis import as_text
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.lifecycle import ANSWERS, mark_broken
from banqup_tui.backend.ledger.model import (
    close_attempt,
    close_proven,
    integration_changed,
    lock_deliveries,
    lock_integration,
    lock_integrations,
    transition,
    transition_each,
)
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import refresh, refresh_locked
from banqup_tui.connectors.interface import Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message

if TYPE_CHECKING:
    from banqup_tui.backend.ledger.claim import Claim

Result = Receipt | NotSent | Rejected | Uncertain | Found
"""Result of an attempt. Only look-ups end in `Found`; a look-up that finds the document returns a `Receipt`."""

_SEEN_WITHIN = timedelta(seconds=60)
"""The time of the last sending is announced once a minute: each announcement is a change that every terminal pulls."""


def record(
    transaction: Transaction,
    rules: LedgerRules,
    claim: Claim,
    result: Result,
    *,
    timed_out: bool = False,
    died: bool = False,
    alone: bool = False,
) -> DeliveryState | None:
    """Records the result of one attempt.

    Args:
        timed_out: Whether the deadline ended the attempt.
        died: Whether the connector host ended during the attempt.
        alone: Whether it then had no other attempt under way. Only that counts as a death: of several attempts, at most
            one can have ended the host, and the others must not fail for it.

    Returns:
        The new state of the delivery, or `None` if the claim had lost its fence and the delivery stays as it is.
    """
    locked = lock_integration(transaction, claim.integration_id)
    row = lock_deliveries(transaction, [claim.delivery_id]).get(claim.delivery_id)
    if locked is None or row is None:
        return None
    if not _is_mine(row, claim):
        return _late(transaction, locked, row, claim, result)
    if isinstance(result, Uncertain):
        # The request may still take effect until the grace period is over; no look-up and no answer of the user counts
        # before that.
        rules.grace_period.ended(row.id)
    if not died:
        locked = _health(transaction, rules, locked, result, timed_out)
    deaths = row.deaths + alone if died else 0
    if deaths >= rules.timing.most_deaths:
        state = fail_after_crashes(transaction, row, deaths)
    else:
        state = _state_after(transaction, rules, locked, row, result, checking=claim.checking, deaths=deaths)
    close_attempt(transaction, row.id, claim.fence, state, _reason(result), _reference(result))
    refresh(transaction, [locked.id])
    return state


class Ended(msgspec.Struct, frozen=True):
    """An attempt and its result, as `record` takes them."""

    claim: Claim
    result: Result
    timed_out: bool = False
    died: bool = False
    alone: bool = False


def record_together(
    transaction: Transaction,
    rules: LedgerRules,
    ended: Sequence[Ended],
    integrations: Mapping[str, IntegrationRecord] | None = None,
) -> list[DeliveryState | None]:
    """Records the results of attempts at different deliveries in one transaction.

    Deliveries that arrived are written together, in a number of statements that does not grow with their number.

    Args:
        integrations: Current rows of their integrations by id, if this transaction has locked them already.

    Returns:
        The states in the order of `ended`, as from `record`.
    """
    if integrations is None:
        integrations = lock_integrations(transaction, [one.claim.integration_id for one in ended])
    rows = lock_deliveries(transaction, [one.claim.delivery_id for one in ended])
    states: dict[int, DeliveryState | None] = {}
    arrived: dict[str, list[tuple[DeliveryRecord, Receipt]]] = {}
    for at, one in enumerate(ended):
        row = rows.get(one.claim.delivery_id)
        if isinstance(one.result, Receipt) and row is not None and _is_mine(row, one.claim):
            arrived.setdefault(row.integration_id, []).append((row, one.result))
            states[at] = DeliveryState.DELIVERED
    for integration_id, receipts in arrived.items():
        _record_receipts(transaction, rules, integrations[integration_id], receipts)
    for at, one in enumerate(ended):
        if at not in states:
            how = {"timed_out": one.timed_out, "died": one.died, "alone": one.alone}
            states[at] = record(transaction, rules, one.claim, one.result, **how)
    return [states[at] for at in range(len(ended))]


def _record_receipts(
    transaction: Transaction,
    rules: LedgerRules,
    locked: IntegrationRecord,
    receipts: Sequence[tuple[DeliveryRecord, Receipt]],
) -> None:
    """Records the receipts of one integration. The last answer alone is enough to show that the receiver works."""
    if locked.failures or locked.timed_out or locked.postponed_until is not None or locked.failing_since is not None:
        locked = _health(transaction, rules, locked, receipts[-1][1], timed_out=False)
    own = [
        {"receipt": receipt.text, "sent_as": _reference(receipt), "reason": as_text(receipt.about)}
        for _, receipt in receipts
    ]
    transition_each(transaction, [row for row, _ in receipts], DeliveryState.DELIVERED, own, **_ARRIVED)
    close_proven(transaction, [(row.id, row.fence, receipt.reference or receipt.text) for row, receipt in receipts])
    _note_sending(transaction, locked)
    refresh_locked(transaction, [locked])


def _is_mine(row: DeliveryRecord, claim: Claim) -> bool:
    # At most one attempt has the current fence. The result of any other attempt must not decide the state.
    return bool(row.state == DeliveryState.SENDING and row.fence == claim.fence)


def end_without_effect(
    transaction: Transaction, locked: IntegrationRecord, row: DeliveryRecord, **values: object
) -> DeliveryState:
    """Ends an attempt that certainly had no effect: the delivery is queued again, or ends with its integration.

    If an earlier attempt is uncertain, a delivery that would be CANCELLED or FAILED becomes UNKNOWN.
    """
    state = DeliveryState.QUEUED
    if locked.state == IntegrationState.REMOVED:
        state = DeliveryState.CANCELLED
        values["reason"] = messages.INTEGRATION_REMOVED
    elif locked.state == IntegrationState.BROKEN:
        state = DeliveryState.FAILED
        values |= {"reason": locked.cause, "for_cause": True}
    return end(transaction, row, state, **values)


def end(transaction: Transaction, row: DeliveryRecord, state: DeliveryState, **values: object) -> DeliveryState:
    """Puts the delivery into `state`, or into UNKNOWN if `state` says "not arrived" and that is uncertain."""
    if values.get("uncertain", row.uncertain) and state in (DeliveryState.FAILED, DeliveryState.CANCELLED):
        state = DeliveryState.UNKNOWN
        values["for_cause"] = False
    transition(transaction, [row], state, **values)
    return state


def fail_after_crashes(transaction: Transaction, row: DeliveryRecord, deaths: int, **values: object) -> DeliveryState:
    """Ends a delivery in whose attempts a process ended `most_deaths` times, so that it stops no other delivery."""
    values |= {"deaths": deaths, "reason": messages.ENDED_TOO_OFTEN}
    values["uncertain"] = bool(row.uncertain or row.phase != "CLAIMED")
    return end(transaction, row, DeliveryState.FAILED, **values)


def as_uncertain(
    transaction: Transaction,
    rules: LedgerRules,
    locked: IntegrationRecord,
    row: DeliveryRecord,
    reason: Message | None,
    **values: object,
) -> DeliveryState:
    """Ends an attempt whose effect may have begun; the kind of the receiver decides how.

    KEY: queued again with the same key. RENAME and LOOKUP: UNKNOWN with a time for the look-up. NEITHER: UNKNOWN for
    the user, because sending plainly again could deliver a second copy.
    """
    values |= {"uncertain": True, "reason": reason or messages.MAY_HAVE_ARRIVED}
    kind = rules.kind(locked.extension_id)
    if kind is ReceiverKind.KEY and locked.state not in (IntegrationState.REMOVED, IntegrationState.BROKEN):
        return _same_key_again(transaction, rules, row, values)
    wait = _before_check(rules, kind)
    if wait is None:
        return _leave_to_user(transaction, row, values)
    values["check_at"] = _after(transaction, wait)
    transition(transaction, [row], DeliveryState.UNKNOWN, **values)
    return DeliveryState.UNKNOWN


def _same_key_again(
    transaction: Transaction, rules: LedgerRules, row: DeliveryRecord, values: dict[str, object]
) -> DeliveryState:
    # The generation stays the same, and with it the key: the receiver recognises a copy that has arrived.
    tries = row.tries + 1
    if tries >= rules.timing.most_tries:
        return _leave_to_user(transaction, row, values | {"tries": tries})
    values |= {"tries": tries, "due_at": _after(transaction, rules.timing.wait(row.tries))}
    transition(transaction, [row], DeliveryState.QUEUED, **values)
    return DeliveryState.QUEUED


def _leave_to_user(transaction: Transaction, row: DeliveryRecord, values: dict[str, object]) -> DeliveryState:
    transition(transaction, [row], DeliveryState.UNKNOWN, **values)
    return DeliveryState.UNKNOWN


def _before_check(rules: LedgerRules, kind: ReceiverKind | None) -> float | None:
    """Returns the seconds until the program looks by itself, or `None` if such a receiver cannot be asked."""
    if kind is ReceiverKind.RENAME:
        # Fence and rename alone make this safe: a rename is done once, whenever the late attempt ends.
        return rules.timing.roll_forward_after
    if kind is ReceiverKind.LOOKUP:
        return rules.grace_period.seconds
    return rules.timing.wait(0) if kind is None else None


def _state_after(
    transaction: Transaction,
    rules: LedgerRules,
    locked: IntegrationRecord,
    row: DeliveryRecord,
    result: Result,
    *,
    checking: bool,
    deaths: int,
) -> DeliveryState:
    if isinstance(result, Receipt):
        return _record_receipt(transaction, locked, row, result)
    if checking:
        return _looked_up(transaction, rules, locked, row, result, deaths)
    if isinstance(result, Rejected):
        return end(transaction, row, DeliveryState.FAILED, reason=result.message, deaths=0)
    if isinstance(result, NotSent):
        return _not_sent(transaction, rules, locked, row, result, deaths)
    reason = result.message if isinstance(result, Uncertain) else None
    return as_uncertain(transaction, rules, locked, row, reason, deaths=deaths)


_ARRIVED: dict[str, object] = {"uncertain": False, "deaths": 0, "checks": 0}


def _record_receipt(
    transaction: Transaction, locked: IntegrationRecord, row: DeliveryRecord, receipt: Receipt, **values: object
) -> DeliveryState:
    values |= {"receipt": receipt.text, "sent_as": _reference(receipt), "reason": receipt.about}
    transition(transaction, [row], DeliveryState.DELIVERED, **_ARRIVED | values)
    _note_sending(transaction, locked)
    return DeliveryState.DELIVERED


def _note_sending(transaction: Transaction, locked: IntegrationRecord) -> None:
    transaction.execute(_SENT, {"of": locked.id, "now": transaction.now})
    if locked.last_sent_at is None or not timedelta(0) <= transaction.now - locked.last_sent_at < _SEEN_WITHIN:
        integration_changed(transaction, locked)


_SENT = (
    update(integration)
    .where(integration.c.id == bindparam("of"))
    .values(last_sent_at=bindparam("now", type_=integration.c.last_sent_at.type))
)


def _not_sent(
    transaction: Transaction,
    rules: LedgerRules,
    locked: IntegrationRecord,
    row: DeliveryRecord,
    result: NotSent,
    deaths: int,
) -> DeliveryState:
    """Queues a delivery again that certainly was not sent.

    A fault of the document spends a try and gives the document a back-off. A fault of the integration spends no try:
    the whole integration waits.
    """
    values: dict[str, object] = {"reason": result.message, "deaths": deaths}
    if result.fault is not Fault.DOCUMENT:
        return end_without_effect(transaction, locked, row, **values, due_at=locked.postponed_until or transaction.now)
    tries = row.tries + 1
    if tries >= rules.timing.most_tries:
        return end(transaction, row, DeliveryState.FAILED, **values, tries=tries)
    wait = max(rules.timing.wait(row.tries), min(result.retry_after or 0.0, rules.timing.longest_retry_after))
    return end_without_effect(transaction, locked, row, **values, tries=tries, due_at=_after(transaction, wait))


def _looked_up(
    transaction: Transaction,
    rules: LedgerRules,
    locked: IntegrationRecord,
    row: DeliveryRecord,
    result: Result,
    deaths: int,
) -> DeliveryState:
    if result is Found.ABSENT:
        return _absent(transaction, rules, locked, row)
    if result is Found.REFUSED:
        values = {"reason": messages.REFUSED_THERE, "uncertain": False, "deaths": 0, "checks": 0}
        transition(transaction, [row], DeliveryState.FAILED, **values)
        return DeliveryState.FAILED
    spent = not (isinstance(result, NotSent) and result.fault is not Fault.DOCUMENT)
    reason = _reason(result) or messages.NOT_THERE_YET
    return check_later(transaction, rules, locked, row, reason, spent=spent, deaths=deaths)


def check_later(
    transaction: Transaction,
    rules: LedgerRules,
    locked: IntegrationRecord,
    row: DeliveryRecord,
    reason: Message,
    *,
    spent: bool,
    **values: object,
) -> DeliveryState:
    """Keeps a delivery UNKNOWN and plans another look-up; after `most_checks` look-ups it waits for the user.

    Args:
        spent: Whether the look-up that has just ended counts.
    """
    checks = row.checks + 1 if spent else row.checks
    values = {"deaths": 0} | values | {"reason": reason, "checks": checks}
    if checks >= rules.timing.most_checks:
        return _leave_to_user(transaction, row, values)
    at = _after(transaction, rules.timing.wait(row.checks))
    if locked.postponed_until is not None:
        at = max(at, locked.postponed_until)
    transition(transaction, [row], DeliveryState.UNKNOWN, **values, check_at=at)
    return DeliveryState.UNKNOWN


def _absent(
    transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord, row: DeliveryRecord
) -> DeliveryState:
    """Queues a delivery again that is proved not to be at the receiver. It is no longer uncertain; the try counts."""
    tries = row.tries + 1
    values: dict[str, object] = {"uncertain": False, "tries": tries, "deaths": 0, "checks": 0, "key_at": None}
    values["reason"] = messages.NOT_THERE
    if tries >= rules.timing.most_tries:
        return end(transaction, row, DeliveryState.FAILED, **values)
    return end_without_effect(
        transaction, locked, row, **values, due_at=_after(transaction, rules.timing.wait(row.tries))
    )


def _late(
    transaction: Transaction, locked: IntegrationRecord, row: DeliveryRecord, claim: Claim, result: Result
) -> DeliveryState | None:
    """Records an answer that comes under an old fence.

    A receipt proves that the document arrived, so it answers a question of the same generation that is still open:
    UNKNOWN, or QUEUED after an uncertain attempt. Every other late answer is only noted at its attempt, because it must
    not undo a decision that was made since.
    """
    if not isinstance(result, Receipt):
        close_attempt(transaction, row.id, claim.fence, DeliveryState.UNKNOWN, _reason(result))
        return None
    close_attempt(transaction, row.id, claim.fence, DeliveryState.DELIVERED, None, _reference(result))
    open_question = row.state == DeliveryState.UNKNOWN or (row.state == DeliveryState.QUEUED and row.uncertain)
    if row.generation != claim.generation or not open_question:
        return None
    # The raised fence keeps results of other attempts at this generation from counting later.
    state = _record_receipt(transaction, locked, row, result, fence=delivery.c.fence + 1)
    refresh(transaction, [locked.id])
    return state


def _health(
    transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord, result: Result, timed_out: bool
) -> IntegrationRecord:
    """Updates the health of the integration and returns its new row.

    Any answer of the receiver shows that the integration works. No answer postpones all of its deliveries, and a fault
    that needs a person makes it BROKEN.
    """
    if isinstance(result, NotSent) and result.fault is Fault.PERSON:
        mark_broken(transaction, locked, result.message, result.trouble)
    else:
        values = _postponed(transaction, rules, locked, result) if _is_silent(result) else ANSWERS
        if locked.state == IntegrationState.BROKEN:
            values = {name: value for name, value in values.items() if name != "failing_since"}
        transaction.execute(
            update(integration).where(integration.c.id == locked.id).values(timed_out=timed_out, **values)
        )
        if any(values[name] != getattr(locked, name) for name in _SHOWN if name in values):
            integration_changed(transaction, locked)
    again = lock_integration(transaction, locked.id)
    assert again is not None
    return again


_SHOWN = ("failing_since", "failing_reason", "postponed_until")


def _is_silent(result: Result) -> bool:
    return isinstance(result, Uncertain) or (isinstance(result, NotSent) and result.fault is Fault.INTEGRATION)


def _postponed(
    transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord, result: Result
) -> dict[str, Any]:
    """Returns the columns that postpone the integration.

    Attempts that ran side by side fail together, so those that end while it is postponed do not lengthen the back-off.
    """
    asked = result.retry_after if isinstance(result, NotSent | Uncertain) else None
    health = {"failing_since": locked.failing_since or transaction.now, "failing_reason": _reason(result)}
    if locked.postponed_until is not None and locked.postponed_until > transaction.now:
        until = _after(transaction, min(asked or 0.0, rules.timing.longest_retry_after))
        return health | {"postponed_until": max(locked.postponed_until, until)}
    wait = rules.timing.wait_of_integration(locked.failures, asked)
    return health | {"failures": locked.failures + 1, "postponed_until": _after(transaction, wait)}


def _after(transaction: Transaction, seconds: float) -> datetime:
    return transaction.now + timedelta(seconds=seconds)


def _reason(result: Result) -> Message | None:
    if isinstance(result, Found):
        return {Found.ABSENT: messages.NOT_THERE, Found.REFUSED: messages.REFUSED_THERE}.get(
            result, messages.NOT_THERE_YET
        )
    return None if isinstance(result, Receipt) else result.message


def _reference(result: Result) -> str | None:
    return (result.reference or result.text) if isinstance(result, Receipt) else None
