"""New settings mend an integration that waited: what failed for its cause leaves again by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import lifecycle
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.services import Context
from banqup_tui.domain.integration import IntegrationState


def mend(transaction: Transaction, integration: Row[Any], context: Context) -> int:
    """A BROKEN one goes on, and a back-off of the whole integration ends: the new settings are tried at once.

    Returns how many deliveries are queued again. One that somebody paused stays paused.
    """
    if integration.state == IntegrationState.BROKEN:
        return lifecycle.resume(transaction, integration, context.user_id)
    if integration.postponed_until is not None or integration.failures:
        table = tables.integration
        transaction.execute(update(table).where(table.c.id == integration.id).values(**lifecycle.WELL))
        refresh(transaction, [integration.id])
    return 0
