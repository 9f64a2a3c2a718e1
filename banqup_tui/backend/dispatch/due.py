"""Queries, without locks, for whether there is anything to do and when."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from banqup_tui.backend.db.tables import delivery, integration, job
from banqup_tui.backend.ledger import rechecks
from banqup_tui.backend.ledger.bulk_jobs import RUNNING
from banqup_tui.backend.ledger.look_up import CHECKING_STATES
from banqup_tui.backend.ledger.planner import unseen
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState


class DueWork(msgspec.Struct, frozen=True):
    """The kinds of work that are due now: planning, a job, a recheck, a look-up, a claim."""

    plan: bool
    job: bool
    recheck: bool
    check: bool
    claimable: bool


def look(connection: Connection, space_id: str, now: datetime) -> DueWork:
    """Returns what is to be done now, found with one statement."""
    mine = (integration.c.space_id == space_id) & (integration.c.state == str(IntegrationState.ACTIVE))
    asked = (
        unseen(),
        _jobs(space_id),
        rechecks.waiting(space_id).where(rechecks.is_due(now)),
        _checks(space_id).where(delivery.c.check_at <= now),
        select(integration.c.id).where(mine, integration.c.ready_at <= now),
    )
    return DueWork(*(bool(one) for one in connection.execute(select(*(one.exists() for one in asked))).one()))


def is_busy(connection: Connection, space_id: str) -> bool:
    """Returns whether the service must stay: something is queued, being sent, to be looked up or to be planned.

    Deliveries that wait for a back-off count. Those of paused and broken integrations, and those that wait for the
    user, do not: they could keep the service for ever.
    """
    mine = delivery.c.space_id == space_id
    active = integration.c.state == str(IntegrationState.ACTIVE)
    queued = select(delivery.c.id).join(integration, integration.c.id == delivery.c.integration_id)
    return (
        _any(connection, select(delivery.c.id).where(mine, delivery.c.state == str(DeliveryState.SENDING)))
        or _any(connection, queued.where(mine, active, delivery.c.state == str(DeliveryState.QUEUED)))
        or _any(connection, _checks(space_id))
        or _any(connection, _jobs(space_id))
        or _any(connection, rechecks.waiting(space_id))
        or _any(connection, unseen())
    )


def next_due(connection: Connection, space_id: str) -> datetime | None:
    """Returns when the next sending, look-up or recheck is due, or `None`."""
    ready = select(func.min(integration.c.ready_at)).where(
        integration.c.space_id == space_id, integration.c.state == str(IntegrationState.ACTIVE)
    )
    check = _checks(space_id).with_only_columns(func.min(delivery.c.check_at))
    recheck = rechecks.waiting(space_id).with_only_columns(func.min(delivery.c.due_at))
    found = [connection.execute(statement).scalar() for statement in (ready, check, recheck)]
    return min((at for at in found if at is not None), default=None)


def _checks(space_id: str) -> Select[str]:
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


def _jobs(space_id: str) -> Select[str]:
    return select(job.c.id).where(job.c.space_id == space_id, job.c.state == RUNNING)


def _any(connection: Connection, statement: Select[*tuple[Any, ...]]) -> bool:
    return connection.execute(statement.limit(1)).first() is not None
