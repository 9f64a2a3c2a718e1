"""The accounting status of documents, stored in the transaction that changes what it is derived from."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Boolean, String, select, update

from banqup_tui.backend.db.json_rows import ids_param, in_ids, row_field, rows_param
from banqup_tui.backend.db.records import BaseRecord, fetch_all
from banqup_tui.backend.db.tables import delivery, document
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Duplicate
from banqup_tui.domain.status import accounting_status_with
from banqup_tui.protocol.messages import EntityKind


class _DocumentColumns(BaseRecord, frozen=True):
    id: str
    client_id: str
    approved: bool
    processed: bool
    attempted: bool
    accounting_status: str
    duplicate: str | None


class _DeliveryColumns(BaseRecord, frozen=True):
    id: str
    integration_id: str
    document_id: str
    sha256: str
    state: str
    attempts: int
    check_at: datetime | None
    dismissed: bool


_DOCUMENTS = select(*(document.c[name] for name in _DocumentColumns.__struct_fields__)).where(in_ids(document.c.id))
_OF_DELIVERIES = select(*(delivery.c[name] for name in _DeliveryColumns.__struct_fields__)).where(
    in_ids(delivery.c.document_id)
)
"""Both statements read only the columns that the rule needs: `document.value` is far longer than all of them."""


_STATUS_UPDATED = (
    update(document)
    .where(document.c.id == row_field(0, String))
    .values(accounting_status=row_field(1, String), attempted=row_field(2, Boolean))
)


def update_status(transaction: Transaction, document_ids: Iterable[str]) -> None:
    """Derives the accounting status and `attempted` of documents, and stores and announces those that differ.

    Within `status_updated_at_the_end` the documents are only noted.
    """
    noted_ids = transaction.notes.get(_POSTPONED)
    if noted_ids is not None:
        noted_ids.update(document_ids)
        return
    for batch in in_batches(sorted(set(document_ids))):
        _update_status(transaction, batch)


@contextmanager
def status_updated_at_the_end(transaction: Transaction) -> Iterator[None]:
    """Postpones `update_status` to the end of the block, so that a document with many changes is derived once."""
    noted_ids: set[str] = transaction.notes.setdefault(_POSTPONED, set())
    try:
        yield
    finally:
        del transaction.notes[_POSTPONED]
    update_status(transaction, noted_ids)


_POSTPONED = "documents whose status is to be updated"


def _update_status(transaction: Transaction, document_ids: list[str]) -> None:
    deliveries = _deliveries(transaction, document_ids)
    changed = []
    for row in fetch_all(transaction, _DocumentColumns, _DOCUMENTS, ids_param(document_ids)):
        own = deliveries.get(row.id, [])
        status = accounting_status_with(
            own, approved=row.approved, processed=row.processed, undecided=row.duplicate == Duplicate.UNDECIDED
        )
        attempted = row.attempted or any(one.attempts > 0 for one in own)
        if status != row.accounting_status or attempted != row.attempted:
            changed.append((row.id, str(status), attempted))
            transaction.changed(EntityKind.DOCUMENT, row.id, client_id=row.client_id)
    if changed:
        transaction.execute(_STATUS_UPDATED, rows_param(changed))


def _deliveries(transaction: Transaction, document_ids: list[str]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for row in fetch_all(transaction, _DeliveryColumns, _OF_DELIVERIES, ids_param(document_ids)):
        found.setdefault(row.document_id, []).append(_as_value(row))
    return found


def _as_value(row: _DeliveryColumns) -> Delivery:
    """Returns a delivery with the fields that `accounting_status_with` reads."""
    return Delivery(
        id=row.id,
        integration_id=row.integration_id,
        document_id=row.document_id,
        sha256=row.sha256,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        check_at=row.check_at,
        dismissed=row.dismissed,
    )
