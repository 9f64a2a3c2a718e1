"""Repair of an integration by new settings: its failed deliveries are sent again."""

from __future__ import annotations

from sqlalchemy import update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import IntegrationRecord
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import lifecycle
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.services import CommandContext
from banqup_tui.domain.integration import IntegrationState


def repair(transaction: Transaction, integration: IntegrationRecord, context: CommandContext) -> int:
    """Resumes a broken integration and ends its back-off, so that the new settings are tried at once.

    A paused integration stays paused. Returns the number of deliveries that are queued again.
    """
    if integration.state == IntegrationState.BROKEN:
        return lifecycle.resume(transaction, integration, context.user_id)
    if integration.postponed_until is not None or integration.failures:
        table = tables.integration
        transaction.execute(update(table).where(table.c.id == integration.id).values(**lifecycle.WELL))
        refresh(transaction, [integration.id])
    return 0
