"""Queues the documents that are sent without being asked for.

These are the documents of the integration's folders that were created after its activation (`created_seq >
activated_seq`) and have become ready since the planner last looked (`ready_seq > planned_seq`). `planned_seq` moves in
the transaction that queues, so that no document is planned twice or passed over. It counts readiness and not creation:
a document that is approved late would be passed over otherwise. A paused integration goes on collecting; a removed one
does not.
"""

from sqlalchemy import Select, exists, select, update

from banqup_tui.backend.db.records import DocumentRecord, Executor, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import document, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.enqueue import enqueue
from banqup_tui.backend.ledger.model import AT_ONCE, lock_integration
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.kill_points import kill_point


def plan(transaction: Transaction) -> bool:
    """Plans one portion of documents for one integration; returns False if there is nothing to plan."""
    waiting = waiting_integration(transaction)
    locked = lock_integration(transaction, waiting) if waiting else None
    if locked is None:
        return False
    documents = _ready(transaction, locked)
    if not documents:
        return False
    wanted = [row for row in documents if _is_taken(locked, row)]
    enqueue(transaction, locked, wanted, None, by_itself=True)
    # A kill here rolls back both the queued deliveries and `planned_seq`.
    kill_point("planner.queued")
    reached = documents[-1].ready_seq
    transaction.execute(update(integration).where(integration.c.id == locked.id).values(planned_seq=reached))
    refresh(transaction, [locked.id])
    return True


def waiting_integration(transaction: Executor) -> str | None:
    """Returns the id of an integration for which documents are to be planned, or `None`.

    Args:
        transaction: A transaction or a connection.
    """
    found: str | None = transaction.execute(unseen().limit(1)).scalar()
    return found


def unseen() -> Select[str]:
    """Returns the statement for the ids of integrations whose client has documents ready after `planned_seq`."""
    more = exists().where(
        document.c.client_id == integration.c.client_id, document.c.ready_seq > integration.c.planned_seq
    )
    return select(integration.c.id).where(integration.c.state != str(IntegrationState.REMOVED), more)


def _ready(transaction: Transaction, locked: IntegrationRecord) -> list[DocumentRecord]:
    statement = (
        select(document)
        .where(document.c.client_id == locked.client_id, document.c.ready_seq > locked.planned_seq)
        .order_by(document.c.ready_seq)
        .limit(AT_ONCE)
    )
    return fetch_all(transaction, DocumentRecord, statement)


def _is_taken(locked: IntegrationRecord, row: DocumentRecord) -> bool:
    return row.created_seq > locked.activated_seq and row.folder in locked.folders.split()
