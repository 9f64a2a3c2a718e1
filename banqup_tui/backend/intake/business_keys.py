"""Business keys of documents that an older version stored: computed in portions by a job, while the service runs.

Of 200,000 documents it takes a quarter of a minute of processor time, longer than a terminal waits for the service.
What comes in meanwhile is compared with up-to-date keys all the same: those of its client are computed first.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import String, bindparam, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.json_rows import row_field, rows_param
from banqup_tui.backend.db.records import BaseRecord, JobRecord, fetch_all
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.bulk_jobs import RUNNING, JobProgress
from banqup_tui.backend.services import Services
from banqup_tui.domain.document import Document
from banqup_tui.domain.duplicates import business_key

KIND: Final = "BUSINESS_KEYS"
"""Kind of the job, which step 11 of `db.migrations` writes."""

_AT_ONCE = 500
_NOTE = "business keys"
_document = msgspec.json.Decoder(Document)


class _Keyed(BaseRecord, frozen=True):
    id: str
    business_key: str | None
    value: bytes


_ALL = select(*(tables.document.c[name] for name in _Keyed.__struct_fields__)).where(
    tables.document.c.space_id == bindparam("space"), tables.document.c.id > bindparam("position")
)
_PORTION: Final = _ALL.order_by(tables.document.c.id).limit(_AT_ONCE)
_OF_CLIENT: Final = _ALL.where(tables.document.c.client_id == bindparam("client"))
_POSITION: Final = select(tables.job.c.position).where(
    tables.job.c.space_id == bindparam("space"), tables.job.c.kind == KIND, tables.job.c.state == RUNNING
)
_SET: Final = (
    update(tables.document)
    .where(tables.document.c.id == row_field(0, String))
    .values(business_key=row_field(1, String))
)


def portion(transaction: Transaction, services: Services, job: JobRecord) -> JobProgress:
    """Computes the keys of the next documents."""
    values = {"space": transaction.space_id, "position": job.position}
    rows = fetch_all(transaction, _Keyed, _PORTION, values)
    _compute(transaction, rows)
    return JobProgress(rows[-1].id if rows else job.position, len(rows), ended=len(rows) < _AT_ONCE)


def compute_for(transaction: Transaction, client_id: str) -> None:
    """Computes the keys of a client's documents that the job has not reached; does nothing once it has ended."""
    if _NOTE not in transaction.notes:
        position = transaction.execute(_POSITION, {"space": transaction.space_id}).scalar()
        transaction.notes[_NOTE] = position, set()
    position, done = transaction.notes[_NOTE]
    if position is None or client_id in done:
        return
    values = {"space": transaction.space_id, "position": position, "client": client_id}
    _compute(transaction, fetch_all(transaction, _Keyed, _OF_CLIENT, values))
    done.add(client_id)


def _compute(transaction: Transaction, rows: Iterable[_Keyed]) -> None:
    found = ((row, business_key(_document.decode(row.value))) for row in rows)
    changed = [(row.id, key) for row, key in found if key != row.business_key]
    if changed:
        transaction.execute(_SET, rows_param(changed))
