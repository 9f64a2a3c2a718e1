"""A document is wanted at an integration: queued where nothing of it has arrived, and nowhere else."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update

from banqup_tui.backend.ledger.resend import another_copy, elsewhere
from banqup_tui.backend.ledger.rows import stamp_generation, turn
from banqup_tui.backend.ledger.status import restate
from banqup_tui.backend.tables import delivery
from banqup_tui.backend.work import Work
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.protocol.messages import EntityKind

_SENDABLE = (DeliveryState.FAILED, DeliveryState.CANCELLED)


class Enqueued(msgspec.Struct):
    """`untouched`: rows of what is there already, under way, or may have arrived."""

    delivery_ids: list[str] = []
    untouched: list[Row[Any]] = []

    def add(self, other: "Enqueued") -> None:
        self.delivery_ids += other.delivery_ids
        self.untouched += other.untouched


def delivery_id(integration_id: str, sha256: str) -> str:
    """There is one delivery for each integration and content, whoever asks first."""
    return str(uuid.uuid5(uuid.UUID(integration_id), sha256))


def wanted_copy_key(integration_id: str, sha256: str, generation: int) -> str:
    """The same for every attempt at one wanted copy: by it a KEY receiver knows a second attempt for what it is."""
    return str(uuid.uuid5(uuid.UUID(integration_id), f"{sha256}:{generation}"))


def enqueue(
    work: Work,
    integration: Row[Any],
    documents: Sequence[Row[Any]],
    asked_by: str | None,
    *,
    by_itself: bool = False,
    moved: bool = True,
) -> Enqueued:
    """The integration is held by this transaction. `by_itself`: what the ledger knows already is left as it is.

    `moved`: what arrived only at an earlier destination is sent to the present one. The caller refreshes the
    integration's `ready_at` when all is queued.
    """
    known = _known(work, integration.id, [row.sha256 for row in documents])
    new = [row for row in documents if row.sha256 not in known]
    again = [] if by_itself else [row for row in known.values() if row.state in _SENDABLE]
    result = Enqueued(delivery_ids=_insert(work, integration, new, asked_by))
    send_again(work, again, asked_by)
    result.delivery_ids += [row.id for row in again]
    if moved and not by_itself:
        result.delivery_ids += another_copy(work, elsewhere(work, list(known.values())), asked_by)
    taken = set(result.delivery_ids)
    result.untouched = [row for row in known.values() if row.id not in taken]
    _follow_documents(work, documents, known)
    return result


def send_again(work: Work, rows: Sequence[Row[Any]], asked_by: str | None) -> None:
    """FAILED or CANCELLED: it did not arrive, so the copy that is wanted is still the same one."""
    values = {"tries": 0, "deaths": 0, "checks": 0, "due_at": work.now, "reason": None}
    turn(work, rows, DeliveryState.QUEUED, **values, asked_by=asked_by, asked_at=work.now)


def _known(work: Work, integration_id: str, hashes: Iterable[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for some in in_batches(hashes):
        statement = select(delivery).where(delivery.c.integration_id == integration_id, delivery.c.sha256.in_(some))
        for row in work.execute(statement.order_by(delivery.c.id).with_for_update()):
            found[row.sha256] = row
    return found


def _insert(work: Work, integration: Row[Any], documents: Sequence[Row[Any]], asked_by: str | None) -> list[str]:
    rows = [_new(work, integration, row, asked_by) for row in documents]
    if not rows:
        return []
    work.execute(insert(delivery), rows)
    for row in rows:
        work.changed(EntityKind.DELIVERY, row["id"], client_id=row["client_id"])
    ids = [row["id"] for row in rows]
    stamp_generation(work, ids)
    restate(work, [row["document_id"] for row in rows])
    return ids


def _new(work: Work, integration: Row[Any], document: Row[Any], asked_by: str | None) -> dict[str, Any]:
    return {
        "id": delivery_id(integration.id, document.sha256),
        "space_id": work.space_id,
        "client_id": document.client_id,
        "integration_id": integration.id,
        "document_id": document.id,
        "sha256": document.sha256,
        "generation": 1,
        "generation_seq": 0,
        "state": str(DeliveryState.QUEUED),
        "due_at": work.now,
        "asked_by": asked_by,
        "asked_at": work.now,
        "updated_at": work.now,
        "seq": 0,
    }


def _follow_documents(work: Work, documents: Sequence[Row[Any]], known: dict[str, Row[Any]]) -> None:
    """The same content imported again after a deletion: the ledger still knows it, now under the new document."""
    moved = [row for row in documents if row.sha256 in known and known[row.sha256].document_id != row.id]
    for row in moved:
        of = known[row.sha256].id
        work.execute(update(delivery).where(delivery.c.id == of).values(document_id=row.id))
        work.changed(EntityKind.DELIVERY, of, client_id=row.client_id)
    restate(work, [row.id for row in moved])
