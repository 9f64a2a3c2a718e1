"""Queues documents at an integration, unless its present destination has the content or may have it."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from banqup_tui.backend.db.records import DeliveryRecord, DocumentRecord, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import delivery
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.model import stamp_generation, transition
from banqup_tui.backend.ledger.resend import arrived_elsewhere, queue_another_copy
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.protocol.messages import EntityKind

_SENDABLE = (DeliveryState.FAILED, DeliveryState.CANCELLED)


class Enqueued(msgspec.Struct):
    """The deliveries that were queued, and the rows that were left alone: delivered, under way or unknown."""

    delivery_ids: list[str] = []
    untouched: list[DeliveryRecord] = []

    def add(self, other: "Enqueued") -> None:
        self.delivery_ids += other.delivery_ids
        self.untouched += other.untouched


def delivery_id(integration_id: str, sha256: str) -> str:
    """Returns the id of the delivery of this content at this integration: always the same, so there is only one row."""
    return str(uuid.uuid5(uuid.UUID(integration_id), sha256))


def delivery_key(integration_id: str, sha256: str, generation: int) -> str:
    """Returns the idempotency key of one generation, a UUIDv5.

    It is the same for every attempt, so a KEY receiver recognises a repeated attempt. It is derived and not drawn, so
    it is the same even after a backup was restored.
    """
    return str(uuid.uuid5(uuid.UUID(integration_id), f"{sha256}:{generation}"))


def enqueue(
    transaction: Transaction,
    integration: IntegrationRecord,
    documents: Sequence[DocumentRecord],
    asked_by: str | None,
    *,
    by_itself: bool = False,
    moved: bool = True,
) -> Enqueued:
    """Queues documents at one integration. The caller calls `schedule.refresh` when everything is queued.

    Args:
        integration: Row that this transaction has locked.
        documents: Rows of documents of the integration's client.
        asked_by: User who asked, or `None` for the planner.
        by_itself: Queue only content that has no delivery yet; leave failed and cancelled deliveries alone.
        moved: Also send documents to the present destination that arrived only at an earlier one.
    """
    known = _known(transaction, integration.id, [row.sha256 for row in documents])
    new = [row for row in documents if row.sha256 not in known]
    again = [] if by_itself else [row for row in known.values() if row.state in _SENDABLE]
    result = Enqueued(delivery_ids=_insert(transaction, integration, new, asked_by))
    send_again(transaction, again, asked_by)
    result.delivery_ids += [row.id for row in again]
    if moved and not by_itself:
        result.delivery_ids += queue_another_copy(
            transaction, arrived_elsewhere(transaction, list(known.values())), asked_by
        )
    taken = set(result.delivery_ids)
    result.untouched = [row for row in known.values() if row.id not in taken]
    _follow_documents(transaction, documents, known)
    return result


def send_again(transaction: Transaction, rows: Sequence[DeliveryRecord], asked_by: str | None) -> None:
    """Queues FAILED or CANCELLED deliveries. They did not arrive, so the generation stays the same."""
    values = {"tries": 0, "deaths": 0, "checks": 0, "due_at": transaction.now, "reason": None}
    transition(transaction, rows, DeliveryState.QUEUED, **values, asked_by=asked_by, asked_at=transaction.now)


def _known(transaction: Transaction, integration_id: str, hashes: Iterable[str]) -> dict[str, DeliveryRecord]:
    found: dict[str, DeliveryRecord] = {}
    for batch in in_batches(hashes):
        statement = select(delivery).where(delivery.c.integration_id == integration_id, delivery.c.sha256.in_(batch))
        for row in fetch_all(transaction, DeliveryRecord, statement.order_by(delivery.c.id).with_for_update()):
            found[row.sha256] = row
    return found


def _insert(
    transaction: Transaction, integration: IntegrationRecord, documents: Sequence[DocumentRecord], asked_by: str | None
) -> list[str]:
    rows = [_new(transaction, integration, row, asked_by) for row in documents]
    if not rows:
        return []
    transaction.execute(insert(delivery), rows)
    for row in rows:
        transaction.changed(EntityKind.DELIVERY, row["id"], client_id=row["client_id"])
    ids = [row["id"] for row in rows]
    stamp_generation(transaction, ids)
    update_status(transaction, [row["document_id"] for row in rows])
    return ids


def _new(
    transaction: Transaction, integration: IntegrationRecord, document: DocumentRecord, asked_by: str | None
) -> dict[str, Any]:
    return {
        "id": delivery_id(integration.id, document.sha256),
        "space_id": transaction.space_id,
        "client_id": document.client_id,
        "integration_id": integration.id,
        "document_id": document.id,
        "sha256": document.sha256,
        "generation": 1,
        "generation_seq": 0,
        "state": str(DeliveryState.QUEUED),
        "due_at": transaction.now,
        "asked_by": asked_by,
        "asked_at": transaction.now,
        "updated_at": transaction.now,
        "seq": 0,
    }


def _follow_documents(
    transaction: Transaction, documents: Sequence[DocumentRecord], known: dict[str, DeliveryRecord]
) -> None:
    """Points deliveries to a document that was imported again with the same content after a deletion."""
    moved = [row for row in documents if row.sha256 in known and known[row.sha256].document_id != row.id]
    for row in moved:
        known_id = known[row.sha256].id
        transaction.execute(update(delivery).where(delivery.c.id == known_id).values(document_id=row.id))
        transaction.changed(EntityKind.DELIVERY, known_id, client_id=row.client_id)
    update_status(transaction, [row.id for row in moved])
