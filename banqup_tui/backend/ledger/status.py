"""The accounting status is stored: whoever changes what it follows from states it anew, in the same transaction."""

from collections.abc import Iterable

from sqlalchemy import select, update

from banqup_tui.backend import tables
from banqup_tui.backend.values import deliveries_of, in_portions
from banqup_tui.backend.work import Work
from banqup_tui.domain.status import accounting_status


def restate(work: Work, document_ids: Iterable[str]) -> None:
    """Only the column; saying that the document has changed is the caller's."""
    document, delivery = tables.document, tables.delivery
    for some in in_portions(list(document_ids)):
        rows = work.execute(select(delivery).where(delivery.c.document_id.in_(some))).all()
        values = deliveries_of(work.connection, rows)
        for row in work.execute(select(document).where(document.c.id.in_(some))).all():
            status = accounting_status(
                approved=row.approved,
                processed=row.processed,
                deliveries=[value for value in values if value.document_id == row.id],
            )
            work.execute(update(document).where(document.c.id == row.id).values(accounting_status=str(status)))
