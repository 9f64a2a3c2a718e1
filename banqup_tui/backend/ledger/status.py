"""The accounting status of documents, stored in the transaction that changes what it is derived from."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Boolean, Row, String, select, update

from banqup_tui.backend.many_rows import among, as_rows, given, these
from banqup_tui.backend.tables import delivery, document
from banqup_tui.backend.work import Work
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.status import accounting_status_with
from banqup_tui.protocol.messages import EntityKind

_DOCUMENTS = select(
    document.c.id,
    document.c.client_id,
    document.c.approved,
    document.c.processed,
    document.c.attempted,
    document.c.accounting_status,
).where(among(document.c.id))
_OF_DELIVERIES = select(
    delivery.c.id,
    delivery.c.integration_id,
    delivery.c.document_id,
    delivery.c.sha256,
    delivery.c.state,
    delivery.c.attempts,
    delivery.c.check_at,
    delivery.c.dismissed,
).where(among(delivery.c.document_id))
"""Of each row only what the rule asks for: a document's whole value is longer than all of this."""


_RESTATED = (
    update(document)
    .where(document.c.id == given(0, String))
    .values(accounting_status=given(1, String), attempted=given(2, Boolean))
)


def restate(work: Work, document_ids: Iterable[str]) -> None:
    """Derives the status anew, and whether the document was attempted; says so where either differs."""
    gathered = work.kept.get(_TO_RESTATE)
    if gathered is not None:
        gathered.update(document_ids)
        return
    for some in in_batches(sorted(set(document_ids))):
        _restate(work, some)


@contextmanager
def restated_at_the_end(work: Work) -> Iterator[None]:
    """Documents of which something changes inside are looked at once, when all of it is done."""
    gathered: set[str] = work.kept.setdefault(_TO_RESTATE, set())
    try:
        yield
    finally:
        del work.kept[_TO_RESTATE]
    restate(work, gathered)


_TO_RESTATE = "documents to restate"


def _restate(work: Work, document_ids: list[str]) -> None:
    deliveries = _deliveries(work, document_ids)
    turned = []
    for row in work.execute(_DOCUMENTS, these(document_ids)):
        own = deliveries.get(row.id, [])
        status = accounting_status_with(own, approved=row.approved, processed=row.processed)
        attempted = row.attempted or any(one.attempts > 0 for one in own)
        if status != row.accounting_status or attempted != row.attempted:
            turned.append((row.id, str(status), attempted))
            work.changed(EntityKind.DOCUMENT, row.id, client_id=row.client_id)
    if turned:
        work.execute(_RESTATED, as_rows(turned))


def _deliveries(work: Work, document_ids: list[str]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for row in work.execute(_OF_DELIVERIES, these(document_ids)):
        found.setdefault(row.document_id, []).append(_as_value(row))
    return found


def _as_value(row: Row[Any]) -> Delivery:
    """As much of it as the rule of the status asks for."""
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
