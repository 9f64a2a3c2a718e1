"""Questions about what waits, asked without a lock: is there anything to do, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from banqup_tui.backend.ledger import rechecks
from banqup_tui.backend.ledger.checks import CHECKING_STATES
from banqup_tui.backend.ledger.planner import waiting_integration
from banqup_tui.backend.tables import delivery, integration, job
from banqup_tui.backend.work import Database
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState


def has_turns(database: Database, space_id: str, now: datetime) -> bool:
    with database.read() as connection:
        mine = (integration.c.space_id == space_id) & (integration.c.state == str(IntegrationState.ACTIVE))
        return _any(connection, select(integration.c.id).where(mine, integration.c.ready_at <= now))


def has_checks(database: Database, space_id: str, now: datetime) -> bool:
    with database.read() as connection:
        return _any(connection, _checks(space_id).where(delivery.c.check_at <= now))


def is_busy(connection: Connection, space_id: str) -> bool:
    """Paused and broken integrations do not count, nor what waits for the user; a back-off does."""
    mine = delivery.c.space_id == space_id
    active = integration.c.state == str(IntegrationState.ACTIVE)
    queued = select(delivery.c.id).join(integration, integration.c.id == delivery.c.integration_id)
    return (
        _any(connection, select(delivery.c.id).where(mine, delivery.c.state == str(DeliveryState.SENDING)))
        or _any(connection, queued.where(mine, active, delivery.c.state == str(DeliveryState.QUEUED)))
        or _any(connection, _checks(space_id))
        or _any(connection, select(job.c.id).where(job.c.space_id == space_id, job.c.state == "RUNNING"))
        or _any(connection, rechecks.waiting(space_id))
        or waiting_integration(connection) is not None
    )


def next_due(connection: Connection, space_id: str) -> datetime | None:
    ready = select(func.min(integration.c.ready_at)).where(
        integration.c.space_id == space_id, integration.c.state == str(IntegrationState.ACTIVE)
    )
    check = _checks(space_id).with_only_columns(func.min(delivery.c.check_at))
    recheck = rechecks.waiting(space_id).with_only_columns(func.min(delivery.c.due_at))
    found = [connection.execute(statement).scalar() for statement in (ready, check, recheck)]
    return min((at for at in found if at is not None), default=None)


def _checks(space_id: str) -> Any:
    return (
        select(delivery.c.id)
        .join(integration, integration.c.id == delivery.c.integration_id)
        .where(
            delivery.c.space_id == space_id,
            delivery.c.state == str(DeliveryState.UNKNOWN),
            delivery.c.check_at.is_not(None),
            integration.c.state.in_(CHECKING_STATES),
        )
    )


def _any(connection: Connection, statement: Any) -> bool:
    return connection.execute(statement.limit(1)).first() is not None
