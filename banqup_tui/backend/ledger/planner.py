"""What is sent by itself: created after the activation, ready since the planner last looked, in a folder that is taken.

The place up to which it has looked moves in the transaction that queues, so nothing is planned twice or passed over.
An integration that is paused goes on collecting; one that is removed does not.
"""

from typing import Any

from sqlalchemy import Row, Select, exists, select, update

from banqup_tui.backend.db.tables import document, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.enqueue import enqueue
from banqup_tui.backend.ledger.model import AT_ONCE, lock_integration
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.kill_points import kill_point


def plan(transaction: Transaction) -> bool:
    """One portion for one integration; false when there is nothing left to look at."""
    waiting = waiting_integration(transaction)
    locked = lock_integration(transaction, waiting) if waiting else None
    if locked is None:
        return False
    documents = _ready(transaction, locked)
    if not documents:
        return False
    wanted = [row for row in documents if _is_taken(locked, row)]
    enqueue(transaction, locked, wanted, None, by_itself=True)
    kill_point("planner.queued")
    reached = documents[-1].ready_seq
    transaction.execute(update(integration).where(integration.c.id == locked.id).values(planned_seq=reached))
    refresh(transaction, [locked.id])
    return True


def waiting_integration(transaction: Any) -> str | None:
    """Some integration that has not looked at all that is ready. `transaction`: a transaction or a connection."""
    found: str | None = transaction.execute(unseen().limit(1)).scalar()
    return found


def unseen() -> Select[tuple[str]]:
    """Integrations that have not looked at all that is ready."""
    more = exists().where(
        document.c.client_id == integration.c.client_id, document.c.ready_seq > integration.c.planned_seq
    )
    return select(integration.c.id).where(integration.c.state != str(IntegrationState.REMOVED), more)


def _ready(transaction: Transaction, locked: Row[Any]) -> list[Row[Any]]:
    statement = (
        select(document)
        .where(document.c.client_id == locked.client_id, document.c.ready_seq > locked.planned_seq)
        .order_by(document.c.ready_seq)
        .limit(AT_ONCE)
    )
    return list(transaction.execute(statement))


def _is_taken(locked: Row[Any], row: Row[Any]) -> bool:
    return row.created_seq > locked.activated_seq and row.folder in locked.folders.split()
