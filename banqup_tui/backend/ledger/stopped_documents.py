"""Stops the sending of documents that are held, replaced, withdrawn or moved, and starts it again.

A document without `ready_seq` is never sent: the planner and bulk jobs do not take it, commands refuse it, and what was
queued before, or comes back to the queue by itself after a failed attempt, is cancelled instead of claimed.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import and_, or_, select, update

from banqup_tui.backend.db.json_rows import ids_param, in_ids
from banqup_tui.backend.db.records import BaseRecord, DeliveryRecord, Executor, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import delivery, document
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.enqueue import send_again
from banqup_tui.backend.ledger.lifecycle import cancel
from banqup_tui.backend.ledger.model import lock_deliveries, lock_integrations
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.messages import EntityKind

_REASONS = frozenset(one.code for one in (messages.UNDECIDED, messages.REPLACED, messages.WITHDRAWN, messages.MOVED))


def stop(
    transaction: Transaction, document_ids: Iterable[str], reason: Message, *, at: Collection[str] | None = None
) -> int:
    """Cancels the deliveries whose effect cannot have begun, and takes failures off the list; returns how many of the
    first.

    Args:
        at: Only at these integrations.
    """
    integrations, rows = _locked(transaction, document_ids)
    mine = [row for row in rows if at is None or row.integration_id in at]
    # As `lifecycle.stoppable`: never after the mark, when the effect may have begun.
    waiting = [row for row in mine if row.state == DeliveryState.QUEUED or row.phase == "CLAIMED"]
    cancel(transaction, waiting, reason)
    _dismiss(transaction, [row for row in mine if row.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)])
    refresh(transaction, integrations)
    return len(waiting)


def start(
    transaction: Transaction,
    document_ids: Iterable[str],
    asked_by: str | None,
    *,
    at: Collection[str] | None = None,
) -> int:
    """Queues again what `stop` or `stop_due` cancelled, at the integrations of each document's present client.

    Args:
        at: Only at these integrations.
    """
    integrations, rows = _locked(transaction, document_ids)
    again = [
        row
        for row in rows
        if row.state == DeliveryState.CANCELLED
        and (at is None or row.integration_id in at)
        and row.reason is not None
        and row.reason.code in _REASONS
        and integrations[row.integration_id].state != IntegrationState.REMOVED
        and integrations[row.integration_id].client_id == _client_of(transaction, row.document_id)
    ]
    send_again(transaction, again, asked_by)
    refresh(transaction, integrations)
    return len(again)


def sent(transaction: Executor, document_id: str) -> list[DeliveryRecord]:
    """Returns the deliveries of which something has arrived, or may arrive: delivered, unknown, or past the mark.

    Args:
        transaction: A transaction or a connection.
    """
    return [
        row
        for row in deliveries_of(transaction, document_id)
        if row.state in (DeliveryState.DELIVERED, DeliveryState.UNKNOWN)
        or row.uncertain
        or (row.state == DeliveryState.SENDING and row.phase != "CLAIMED")
    ]


def deliveries_of(transaction: Executor, document_id: str) -> list[DeliveryRecord]:
    """Returns the deliveries of a document, also those at integrations of an earlier client."""
    statement = select(delivery).where(delivery.c.document_id == document_id).order_by(delivery.c.id)
    return fetch_all(transaction, DeliveryRecord, statement)


class _Stopped(BaseRecord, frozen=True):
    id: str
    duplicate: str | None
    replaced_by: str | None
    withdrawn_at: object


_STOPPED = select(*(document.c[name] for name in _Stopped.__struct_fields__)).where(
    in_ids(document.c.id), document.c.ready_seq.is_(None)
)


def stop_due(transaction: Transaction, due: Sequence[DeliveryRecord]) -> list[DeliveryRecord]:
    """Cancels what is due of documents that are not to be sent, and returns the rest.

    A withdrawal cancels what is queued. An attempt that was past its mark then, and failed, comes back to the queue: it
    is stopped here. So is what a person who mends a broken integration queues again.
    """
    if not due:
        return []
    found = fetch_all(transaction, _Stopped, _STOPPED, ids_param(row.document_id for row in due))
    reasons = {one.id: _reason(one) for one in found}
    for document_id, reason in reasons.items():
        cancel(transaction, [row for row in due if row.document_id == document_id], reason)
    return [row for row in due if row.document_id not in reasons]


def _reason(stopped: _Stopped) -> Message:
    if stopped.withdrawn_at is not None:
        return messages.WITHDRAWN
    return messages.REPLACED if stopped.replaced_by is not None else messages.UNDECIDED


def _locked(
    transaction: Transaction, document_ids: Iterable[str]
) -> tuple[dict[str, IntegrationRecord], list[DeliveryRecord]]:
    """Locks the deliveries of the documents and, before them, their integrations."""
    statement = select(delivery.c.id, delivery.c.integration_id).where(in_ids(delivery.c.document_id))
    found = transaction.execute(statement, ids_param(document_ids)).all()
    integrations = lock_integrations(transaction, {row.integration_id for row in found})
    return integrations, list(lock_deliveries(transaction, [row.id for row in found]).values())


def _client_of(transaction: Transaction, document_id: str) -> str | None:
    found: str | None = transaction.execute(select(document.c.client_id).where(document.c.id == document_id)).scalar()
    return found


def _dismiss(transaction: Transaction, rows: Sequence[DeliveryRecord]) -> None:
    """Takes failures off the list. They are not sent again with their integration's other failures."""
    if not rows:
        return
    of = and_(in_ids(delivery.c.id), or_(delivery.c.dismissed.is_(False), delivery.c.for_cause.is_(True)))
    transaction.execute(
        update(delivery).where(of).values(dismissed=True, for_cause=False), ids_param(row.id for row in rows)
    )
    for row in rows:
        transaction.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    update_status(transaction, [row.document_id for row in rows])
