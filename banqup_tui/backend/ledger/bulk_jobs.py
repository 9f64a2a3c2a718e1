"""Bulk sending: documents are counted when the user asks, then queued in portions by a job stored in the database.

A job takes only documents that were ready by the change number that the user had seen, and sends again only copies that
were settled by then. So it never sends more than the user confirmed, however often it is interrupted and continued.
"""

import uuid
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, exists, insert, or_, select, update

from banqup_tui.backend.db.document_months import count_since, is_too_early, since_month
from banqup_tui.backend.db.records import DocumentRecord, Executor, IntegrationRecord, JobRecord, fetch_all, fetch_one
from banqup_tui.backend.db.tables import delivery, document, integration, job, space
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.enqueue import Enqueued, enqueue
from banqup_tui.backend.ledger.model import AT_ONCE, lock_integrations
from banqup_tui.backend.ledger.resend import has_arrived_elsewhere, queue_another_copy
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.services import CommandContext, CommandRefused, Services
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.commands import Query
from banqup_tui.protocol.problems import ProblemType

RUNNING, DONE = "RUNNING", "DONE"
BULK = "BULK"
"""Kind of the jobs of this module; other kinds are in `Services.jobs`."""


class JobProgress(NamedTuple):
    """Result of one portion of a job.

    Attributes:
        position: The next portion begins after it; what it means depends on the kind of job.
        number: Items that this portion has done.
        ended: Whether this portion was the last.
    """

    position: str
    number: int
    ended: bool


class Task(Value, frozen=True, kw_only=True):
    """The task of a bulk job, as it was when the user asked.

    Attributes:
        integration_ids: Integrations that were active then.
        again: Also send another copy of what is settled already.
        since: Send only documents dated on this day or later.
        destinations: Destinations by integration id when the documents were counted. Where the destination has changed
            since, documents that arrived at an earlier destination are left alone: they were not in the count.
    """

    query: Query
    integration_ids: tuple[str, ...]
    folders: tuple[Folder, ...] | None = None
    again: bool = False
    since: date | None = None
    destinations: dict[str, str] = {}


_task = msgspec.json.Decoder(Task)


def begin(
    transaction: Transaction, context: CommandContext, task: Task, up_to: str, expected: int
) -> dict[str, object]:
    """Counts the documents and starts the job.

    Args:
        up_to: The `epoch.seq` of the view in which the user asked.
        expected: The number of documents that the user confirmed.

    Raises:
        CommandRefused: `count-changed` if there are more documents than expected, or the space has a new epoch.
    """
    upto_seq = _seq_seen(transaction, up_to)
    count = count_documents(transaction, transaction.space_id, task, upto_seq)
    # A kill here leaves no job: the count and the job are written in one transaction.
    kill_point("bulk.counted")
    if count > expected:
        raise _count_changed(count, expected)
    task = msgspec.structs.replace(task, destinations=_destinations(transaction, task.integration_ids))
    job_id = write(transaction, context, BULK, msgspec.json.encode(task), upto_seq=upto_seq, expected=expected)
    return {"queued": count, "unchanged": 0, "jobId": job_id}


def _destinations(transaction: Transaction, integration_ids: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for batch in in_batches(integration_ids):
        statement = select(integration.c.id, integration.c.destination).where(integration.c.id.in_(batch))
        found.update((row.id, row.destination) for row in transaction.execute(statement))
    return found


def write(
    transaction: Transaction,
    context: CommandContext,
    kind: str,
    task: bytes,
    *,
    upto_seq: int = 0,
    expected: int = 0,
    position: str = "",
) -> str:
    """Adds a job, which starts after `position` once the transaction is committed, and returns its id.

    Args:
        kind: `BULK`, or a key of `Services.jobs`.
        task: The task, encoded as the kind expects it.
    """
    job_id = str(uuid.uuid4())
    row: dict[str, object] = {"id": job_id, "space_id": transaction.space_id, "kind": kind, "query": task}
    row |= {"upto_seq": upto_seq, "expected": expected, "state": RUNNING, "asked_by": context.user_id}
    transaction.execute(insert(job), row | {"position": position})
    return job_id


def count_documents(transaction: Executor, space_id: str, task: Task, upto_seq: int) -> int:
    """Returns the number of documents of which at least one delivery would be queued.

    Args:
        transaction: A transaction or a connection.
    """
    total = 0
    for batch in in_batches(task.integration_ids):
        total += count_since(transaction, _conditions_with_effect(space_id, task, batch, upto_seq), task.since)
    return total


def _conditions_with_effect(
    space_id: str, task: Task, integration_ids: list[str], upto_seq: int
) -> list[ColumnElement[bool]]:
    target = (
        exists()
        .where(
            integration.c.id.in_(integration_ids),
            integration.c.client_id == document.c.client_id,
            _has_effect(task, upto_seq),
        )
        .correlate(document)
    )
    return [*_conditions(space_id, task, upto_seq), target]


def _has_effect(task: Task, upto_seq: int) -> ColumnElement[bool]:
    failed = delivery.c.state == str(DeliveryState.FAILED)
    if task.query.failed_only:
        return _delivery_exists(failed)
    cancelled = delivery.c.state == str(DeliveryState.CANCELLED)
    effect = or_(~_delivery_exists(), _delivery_exists(or_(failed, cancelled, has_arrived_elsewhere())))
    if not task.again:
        return effect
    return or_(effect, _delivery_exists(_can_be_sent_again(), delivery.c.settled_seq <= upto_seq))


def _delivery_exists(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    same = (delivery.c.integration_id == integration.c.id) & (delivery.c.sha256 == document.c.sha256)
    return exists().where(same, *conditions).correlate(integration, document)


def _can_be_sent_again() -> ColumnElement[bool]:
    unknown = (delivery.c.state == str(DeliveryState.UNKNOWN)) & delivery.c.check_at.is_(None)
    return or_(delivery.c.state == str(DeliveryState.DELIVERED), unknown)


def _conditions(space_id: str, task: Task, upto_seq: int) -> list[ColumnElement[bool]]:
    query = task.query
    conditions: list[ColumnElement[bool]] = [
        document.c.space_id == space_id,
        document.c.approved.is_(True),
        document.c.ready_seq <= upto_seq,
    ]
    equal: dict[str, object] = {"client_id": query.client_id, "folder": query.folder}
    equal |= {"filed_year": query.year, "filed_month": query.month}
    conditions += [document.c[name] == wanted for name, wanted in equal.items() if wanted is not None]
    if task.folders is not None:
        conditions.append(document.c.folder.in_([str(folder) for folder in task.folders]))
    if query.document_ids is not None:
        conditions.append(document.c.id.in_(query.document_ids))
    return conditions


def step(transaction: Transaction, services: Services) -> bool:
    """Does one portion of one job and stores its position, both in `transaction`; returns False if there is no job.

    Position and effect are committed together, so a crash neither repeats nor skips a portion.
    """
    running = select(job).where(job.c.space_id == transaction.space_id, job.c.state == RUNNING)
    job_row = fetch_one(transaction, JobRecord, running.order_by(job.c.id).limit(1))
    if job_row is None:
        return False
    if job_row.kind == BULK:
        progress = _bulk(transaction, job_row)
    else:
        progress = services.jobs[job_row.kind](transaction, services, job_row)
    values = {"position": progress.position, "done": job_row.done + progress.number}
    values["state"] = DONE if progress.ended else RUNNING
    transaction.execute(update(job).where(job.c.id == job_row.id).values(**values))
    return True


def _bulk(transaction: Transaction, job_row: JobRecord) -> JobProgress:
    task = _task.decode(job_row.query)
    rows = _portion(transaction, task, job_row)
    queued = _queue(transaction, task, job_row, [row for row in rows if not is_too_early(row, task.since)])
    return JobProgress(rows[-1].id if rows else job_row.position, queued, ended=len(rows) < AT_ONCE)


def _portion(transaction: Transaction, task: Task, job_row: JobRecord) -> list[DocumentRecord]:
    conditions = [*_conditions(transaction.space_id, task, job_row.upto_seq), *since_month(task.since)]
    statement = select(document).where(*conditions, document.c.id > job_row.position)
    return fetch_all(transaction, DocumentRecord, statement.order_by(document.c.id).limit(AT_ONCE))


def _queue(transaction: Transaction, task: Task, job_row: JobRecord, rows: list[DocumentRecord]) -> int:
    clients = {row.client_id for row in rows}
    locked = {
        row.id: row
        for row in lock_integrations(transaction, task.integration_ids).values()
        if row.state != IntegrationState.REMOVED and row.client_id in clients
    }
    queued = 0
    for target in locked.values():
        own = [row for row in rows if row.client_id == target.client_id]
        queued += len(_queue_at(transaction, task, job_row, target, own).delivery_ids)
    refresh(transaction, locked)
    return queued


def _queue_at(
    transaction: Transaction, task: Task, job_row: JobRecord, target: IntegrationRecord, rows: list[DocumentRecord]
) -> Enqueued:
    if task.query.failed_only:
        rows = _failed(transaction, target, rows)
    moved = not task.query.failed_only and task.destinations.get(target.id) == target.destination
    result = enqueue(transaction, target, rows, job_row.asked_by, moved=moved)
    if task.again and not task.query.failed_only:
        seen = job_row.upto_seq
        again = [row for row in result.untouched if row.generation_seq <= seen and 0 < row.settled_seq <= seen]
        result.delivery_ids += queue_another_copy(transaction, again, job_row.asked_by)
    return result


def _failed(transaction: Transaction, target: IntegrationRecord, rows: list[DocumentRecord]) -> list[DocumentRecord]:
    failed: set[str] = set()
    for batch in in_batches(row.sha256 for row in rows):
        there = select(delivery.c.sha256).where(delivery.c.integration_id == target.id, delivery.c.sha256.in_(batch))
        failed.update(transaction.execute(there.where(delivery.c.state == str(DeliveryState.FAILED))).scalars())
    return [row for row in rows if row.sha256 in failed]


def _seq_seen(transaction: Transaction, up_to: str) -> int:
    """Returns the number of `epoch.seq`. Numbers of another epoch mean nothing here: a backup has been restored."""
    epoch, _, number = up_to.rpartition(".")
    current = transaction.execute(select(space.c.epoch).where(space.c.id == transaction.space_id)).scalar_one()
    if not number.isdecimal():
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("request.seen-unreadable"), field="upTo")
    if epoch != current:
        raise CommandRefused(ProblemType.COUNT_CHANGED, Message("command.restored-since"))
    return int(number)


def _count_changed(count: int, expected: int) -> CommandRefused:
    return CommandRefused(
        ProblemType.COUNT_CHANGED, message("command.documents-changed", count=count, expected=expected)
    )
