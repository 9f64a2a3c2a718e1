"""Limits of an integration, stated by its extension: attempts at the same time, and attempts in any minute.

The attempts of the last minute are counted in the ledger under the lock of the integration, so the limit holds across
restarts and processes. Attempts that began later than now are left out: a clock that was set back must not stop
sending.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from banqup_tui.backend.db.records import IntegrationRecord
from banqup_tui.backend.db.tables import attempt, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.model import lock_integration
from banqup_tui.backend.ledger.rules import LedgerRules

MINUTE = timedelta(minutes=1)


def follow(transaction: Transaction, rules: LedgerRules, locked: IntegrationRecord) -> IntegrationRecord:
    """Copies the limits of the installed extension into a locked integration and returns its current row."""
    connector = rules.connector(locked.extension_id)
    if connector is None:
        return locked
    limits = {"concurrency": connector.manifest.concurrency, "per_minute": connector.manifest.per_minute}
    if (locked.concurrency, locked.per_minute) == tuple(limits.values()):
        return locked
    transaction.execute(update(integration).where(integration.c.id == locked.id).values(**limits))
    return lock_integration(transaction, locked.id) or locked


def left(transaction: Transaction, row: IntegrationRecord) -> int | None:
    """Returns how many attempts may still begin in this minute, or `None` if there is no limit."""
    if row.per_minute is None:
        return None
    statement = select(func.count()).where(*_of_this_minute(transaction, row))
    return max(0, max(1, int(row.per_minute)) - int(transaction.execute(statement).scalar_one()))


def free_again(transaction: Transaction, row: IntegrationRecord) -> datetime | None:
    """Returns when the limit allows the next attempt, or `None` if it does now."""
    if row.per_minute is None:
        return None
    newest = (
        select(attempt.c.started_at).where(*_of_this_minute(transaction, row)).order_by(attempt.c.started_at.desc())
    )
    oldest_that_counts = transaction.execute(
        newest.offset(max(1, int(row.per_minute)) - 1).limit(1)
    ).scalar_one_or_none()
    return None if oldest_that_counts is None else oldest_that_counts + MINUTE


def _of_this_minute(transaction: Transaction, row: IntegrationRecord) -> tuple[ColumnElement[bool], ...]:
    began = attempt.c.started_at
    return attempt.c.integration_id == row.id, began > transaction.now - MINUTE, began <= transaction.now
