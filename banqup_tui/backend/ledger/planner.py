"""What is sent by itself: created after the activation, ready since the planner last looked, in a folder that is taken.

The place up to which it has looked moves in the transaction that queues, so nothing is planned twice or passed over.
An integration that is paused goes on collecting; one that is removed does not.
"""

from typing import Any

from sqlalchemy import Row, Select, exists, select, update

from banqup_tui.backend.ledger.enqueue import enqueue
from banqup_tui.backend.ledger.ready import refresh
from banqup_tui.backend.ledger.rows import AT_ONCE, lock_integration
from banqup_tui.backend.tables import document, integration
from banqup_tui.backend.work import Work
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.kill_points import kill_point


def plan(work: Work) -> bool:
    """One portion for one integration; false when there is nothing left to look at."""
    waiting = waiting_integration(work)
    held = lock_integration(work, waiting) if waiting else None
    if held is None:
        return False
    documents = _ready(work, held)
    if not documents:
        return False
    wanted = [row for row in documents if _is_taken(held, row)]
    enqueue(work, held, wanted, None, by_itself=True)
    kill_point("planner.queued")
    reached = documents[-1].ready_seq
    work.execute(update(integration).where(integration.c.id == held.id).values(planned_seq=reached))
    refresh(work, [held.id])
    return True


def waiting_integration(work: Any) -> str | None:
    """Some integration that has not looked at all that is ready. `work`: a transaction or a connection."""
    found: str | None = work.execute(unseen().limit(1)).scalar()
    return found


def unseen() -> Select[tuple[str]]:
    """Integrations that have not looked at all that is ready."""
    more = exists().where(
        document.c.client_id == integration.c.client_id, document.c.ready_seq > integration.c.planned_seq
    )
    return select(integration.c.id).where(integration.c.state != str(IntegrationState.REMOVED), more)


def _ready(work: Work, held: Row[Any]) -> list[Row[Any]]:
    statement = (
        select(document)
        .where(document.c.client_id == held.client_id, document.c.ready_seq > held.planned_seq)
        .order_by(document.c.ready_seq)
        .limit(AT_ONCE)
    )
    return list(work.execute(statement))


def _is_taken(held: Row[Any], row: Row[Any]) -> bool:
    return row.created_seq > held.activated_seq and row.folder in held.folders.split()
