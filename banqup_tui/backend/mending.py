"""New settings mend an integration that waited for a person: what failed for its cause leaves again by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, update

from banqup_tui.backend import tables
from banqup_tui.backend.context import Context
from banqup_tui.backend.ledger import lifecycle
from banqup_tui.backend.work import Work
from banqup_tui.domain.integration import IntegrationState


def mend(work: Work, integration: Row[Any], context: Context) -> None:
    """A BROKEN one goes on; a back-off of the whole integration ends: the new settings are tried at once."""
    if integration.state == IntegrationState.BROKEN:
        _resume(work, integration, context)
        return
    table = tables.integration
    if integration.held_until is not None:
        work.execute(
            update(table).where(table.c.id == integration.id).values(held_until=None, failures=0, ready_at=work.now)
        )


def _resume(work: Work, integration: Row[Any], context: Context) -> None:
    """As if the user had resumed it."""
    lifecycle.resume(work, integration, context.user_id)
