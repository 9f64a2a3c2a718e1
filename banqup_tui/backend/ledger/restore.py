"""Handles a restored backup: what happened after the backup was made is not known, so nothing goes on by itself."""

import uuid
from typing import Any

from sqlalchemy import Executable, Table, select, update

from banqup_tui.backend.db.records import DeliveryRecord, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import delivery, integration, space
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.bulk_jobs import step
from banqup_tui.backend.ledger.model import integration_changed, lock_integrations, transition
from banqup_tui.backend.ledger.planner import plan
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.services import Services
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.kill_points import kill_point


def begin_new_epoch(services: Services, known_seq: int = 0) -> str:
    """Gives the space a new epoch and makes everything uncertain that the backup cannot know; returns the epoch.

    Args:
        known_seq: The highest change number that a terminal is known to have seen. The space continues above it, so
            that no number is used twice. If the space is beyond it already, another caller has done this: nothing
            happens.
    """
    with services.database.write(services.space_id) as transaction:
        found = transaction.execute(select(space).where(space.c.id == transaction.space_id)).one()
        if known_seq and known_seq <= found.seq:
            return str(found.epoch)
        restored(transaction, services)
        epoch = str(uuid.uuid4())
        seq = max(found.seq, known_seq)
        transaction.execute(update(space).where(space.c.id == transaction.space_id).values(epoch=epoch, seq=seq))
        # A kill here rolls everything back, so the next start finds the old epoch and begins again.
        transaction.after_numbers(lambda _connection, _seq: kill_point("restore.epoch"))
    return epoch


def epoch_and_seq(services: Services) -> tuple[str, int]:
    """Returns the epoch and the highest change number of the space."""
    with services.database.read() as connection:
        row = connection.execute(select(space.c.epoch, space.c.seq).where(space.c.id == services.space_id)).one()
    return str(row.epoch), int(row.seq)


def restored(transaction: Transaction, services: Services) -> int:
    """Makes everything that is not DELIVERED UNKNOWN, pauses all integrations, and returns the number of deliveries.

    It runs in the transaction that gives the space its new epoch.
    """
    # What the planner and the jobs would queue next may have been sent after the backup was made. So it is queued first
    # and becomes UNKNOWN with the rest.
    while plan(transaction):
        pass
    while step(transaction, services):
        pass
    locked = lock_integrations(transaction, transaction.execute(_all(integration, transaction)).scalars().all())
    open_ones = _deliveries(transaction)
    rules = LedgerRules.of(services)
    # Attempts made after the backup are not known, so their requests may still be under way: the grace period begins
    # now.
    for row in open_ones:
        services.grace_period.ended(row.id)
    can_ask = [row for row in open_ones if _is_look_up(rules, locked, row)]
    _unknown(transaction, [row for row in open_ones if row not in can_ask])
    _unknown(transaction, can_ask, check_at=transaction.now)
    for stopped in locked.values():
        if stopped.state != IntegrationState.REMOVED:
            values: dict[str, object] = {"state": str(IntegrationState.PAUSED), "postponed_until": None, "failures": 0}
            values["cause"] = messages.RESTORED
            transaction.execute(update(integration).where(integration.c.id == stopped.id).values(values))
            integration_changed(transaction, stopped)
    refresh(transaction, locked)
    return len(open_ones)


def _all(table: Table, transaction: Transaction) -> Executable:
    return select(table.c.id).where(table.c.space_id == transaction.space_id)


def _deliveries(transaction: Transaction) -> list[DeliveryRecord]:
    mine = select(delivery).where(delivery.c.space_id == transaction.space_id)
    not_arrived = delivery.c.state != str(DeliveryState.DELIVERED)
    return fetch_all(transaction, DeliveryRecord, mine.where(not_arrived).order_by(delivery.c.id).with_for_update())


def _is_look_up(rules: LedgerRules, locked: dict[str, IntegrationRecord], row: DeliveryRecord) -> bool:
    return rules.kind(locked[row.integration_id].extension_id) is ReceiverKind.LOOKUP


def _unknown(transaction: Transaction, rows: list[DeliveryRecord], **values: Any) -> None:
    fence = delivery.c.fence + 1
    transition(
        transaction, rows, DeliveryState.UNKNOWN, fence=fence, uncertain=True, reason=messages.RESTORED, **values
    )
