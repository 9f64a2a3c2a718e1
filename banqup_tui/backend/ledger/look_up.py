"""Claims UNKNOWN deliveries that the program can clear up by itself.

At a RENAME receiver the recorded resume token finishes the delivery. At a LOOKUP receiver the program asks whether the
document is there, once the grace period is over.
"""

from sqlalchemy import or_, select, update

from banqup_tui.backend.db.records import DeliveryRecord, Executor, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import attempt, delivery, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages, rate
from banqup_tui.backend.ledger.claim import Claim
from banqup_tui.backend.ledger.model import (
    AT_ONCE,
    DeliveryKey,
    lock_deliveries,
    lock_integrations,
    open_attempt,
    transition,
)
from banqup_tui.backend.ledger.outcome import as_uncertain, check_later
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import free_slots, refresh
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.protocol.messages import EntityKind

CHECKING_STATES = (str(IntegrationState.ACTIVE), str(IntegrationState.REMOVED))
"""States of an integration in which look-ups run. After a removal, deliveries that had begun still come to an end."""


def claim_checks(transaction: Transaction, rules: LedgerRules, owner: str, free: int) -> list[Claim]:
    """Claims at most `free` look-ups that are due, each under a new fence."""
    due = _due(transaction)
    integrations = lock_integrations(transaction, [row.integration_id for row in due])
    rows = lock_deliveries(transaction, [row.id for row in due])
    claims: list[Claim] = []
    for row in rows.values():
        locked = integrations[row.integration_id]
        if len(claims) == free or not _is_due(transaction, row):
            continue
        if free_slots(transaction, locked):
            claims += _claim_or_postpone(transaction, rules, locked, row, owner)
        else:
            _wait_for_the_next_minute(transaction, locked, row)
    refresh(transaction, integrations)
    return claims


def earlier_receipts(transaction: Executor, claim: Claim) -> list[str]:
    """Returns the references of copies that arrived as earlier generations, oldest first.

    A look-up leaves them out: finding an earlier copy does not prove that this one arrived.

    Args:
        transaction: A transaction or a connection.
    """
    statement = select(attempt.c.receipt).where(
        attempt.c.delivery_id == claim.delivery_id,
        attempt.c.generation < claim.generation,
        attempt.c.receipt.is_not(None),
    )
    return list(dict.fromkeys(transaction.execute(statement.order_by(attempt.c.fence)).scalars()))


def _due(transaction: Transaction) -> list[DeliveryKey]:
    statement = (
        select(delivery.c.id, delivery.c.integration_id)
        .join(integration, integration.c.id == delivery.c.integration_id)
        .where(
            delivery.c.space_id == transaction.space_id,
            delivery.c.state == str(DeliveryState.UNKNOWN),
            delivery.c.check_at <= transaction.now,
            integration.c.state.in_(CHECKING_STATES),
            or_(integration.c.postponed_until.is_(None), integration.c.postponed_until <= transaction.now),
        )
    )
    return fetch_all(transaction, DeliveryKey, statement.order_by(delivery.c.check_at).limit(AT_ONCE))


def _wait_for_the_next_minute(transaction: Transaction, locked: IntegrationRecord, row: DeliveryRecord) -> None:
    """Postpones the look-up until the limit of attempts per minute allows another attempt.

    `transition` is not used, because the user sees no difference.
    """
    free_again = rate.free_again(transaction, locked)
    if free_again is not None:
        transaction.execute(update(delivery).where(delivery.c.id == row.id).values(check_at=free_again))


def _is_due(transaction: Transaction, row: DeliveryRecord) -> bool:
    """Tests the state again under the lock: `_due` read it without one."""
    return bool(row.state == DeliveryState.UNKNOWN and row.check_at is not None and row.check_at <= transaction.now)


def _claim_or_postpone(
    transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord, row: DeliveryRecord, owner: str
) -> list[Claim]:
    kind = rules.kind(locked.extension_id)
    if kind is ReceiverKind.LOOKUP and not rules.grace_period.past(row.id):
        # The receiver could say that it has nothing, and the request take effect after that: then another attempt would
        # deliver a second copy. `check_at` is a wall-clock time, so it cannot decide this.
        return []
    if kind is None:
        check_later(transaction, rules, locked, row, messages.NO_CONNECTOR, spent=False)
        return []
    if kind is ReceiverKind.LOOKUP or (kind is ReceiverKind.RENAME and row.resume_token is not None):
        return [_take(transaction, locked, row, owner)]
    _without_look_up(transaction, rules, locked, row, kind)
    return []


def _without_look_up(
    transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord, row: DeliveryRecord, kind: ReceiverKind
) -> None:
    """Settles a delivery that was cut off while its connector could not be loaded, at a receiver without look-up."""
    if kind is ReceiverKind.KEY:
        as_uncertain(transaction, rules, locked, row, row.reason)
    else:
        transition(transaction, [row], DeliveryState.UNKNOWN, reason=messages.MAY_HAVE_ARRIVED)


def _take(transaction: Transaction, locked: IntegrationRecord, row: DeliveryRecord, owner: str) -> Claim:
    """Claims one look-up. It uses today's settings if the destination is the same, else the settings of the attempt."""
    version = row.settings_version
    if version is None or row.destination == locked.destination:
        version = locked.settings_version
    fence = row.fence + 1
    values = {"state": str(DeliveryState.SENDING), "phase": "CHECKING", "owner": owner, "fence": fence}
    mine = (delivery.c.id == row.id) & (delivery.c.fence == row.fence)
    transaction.execute(update(delivery).where(mine).values(**values, check_at=None, updated_at=transaction.now))
    open_attempt(transaction, row, fence, "CHECKING", version, row.destination)
    transaction.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    return Claim(
        delivery_id=row.id,
        integration_id=row.integration_id,
        extension_id=locked.extension_id,
        client_id=row.client_id,
        document_id=row.document_id,
        sha256=row.sha256,
        generation=row.generation,
        fence=fence,
        settings_version=version,
        destination=row.destination or locked.destination,
        resume_token=row.resume_token,
        checking=True,
        slow=locked.timed_out,
    )
