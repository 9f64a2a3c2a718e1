"""Bulk sending: counted when it is asked for, then queued in portions by a durable job that remembers its place.

It takes only documents that were ready by the number the user had seen, and of what is sent again only copies that
were wanted by then: nothing that came since is swept along, however often the job begins anew.
"""

import uuid
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row, exists, insert, or_, select, update

from banqup_tui.backend.db.document_months import count_since, is_too_early, since_month
from banqup_tui.backend.db.tables import delivery, document, integration, job, space
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.enqueue import Enqueued, enqueue
from banqup_tui.backend.ledger.model import AT_ONCE, lock_integrations
from banqup_tui.backend.ledger.resend import another_copy, is_elsewhere
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.services import Context, Refused, Services
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


class Progress(NamedTuple):
    """What one portion of a job came to: where the next begins, how many were done, whether it was the last."""

    position: str
    number: int
    ended: bool


class Task(Value, frozen=True, kw_only=True):
    """What a job does, as it was when asked for. `integration_ids` were active then.

    `since`: only documents dated on that day or later. `destinations`: of those integrations, as they were when the
    documents were counted; where one has changed since, what had arrived before is left as it is.
    """

    query: Query
    integration_ids: tuple[str, ...]
    folders: tuple[Folder, ...] | None = None
    again: bool = False
    since: date | None = None
    destinations: dict[str, str] = {}


_task = msgspec.json.Decoder(Task)


def begin(transaction: Transaction, context: Context, task: Task, up_to: str, expected: int) -> dict[str, Any]:
    """Refuses with `count-changed` where there are more than the user confirmed; then nothing is queued."""
    upto_seq = _seq_seen(transaction, up_to)
    count = count_documents(transaction, transaction.space_id, task, upto_seq)
    kill_point("bulk.counted")
    if count > expected:
        raise _count_changed(count, expected)
    task = msgspec.structs.replace(task, destinations=_destinations(transaction, task.integration_ids))
    job_id = write(transaction, context, BULK, msgspec.json.encode(task), upto_seq=upto_seq, expected=expected)
    return {"queued": count, "unchanged": 0, "jobId": job_id}


def _destinations(transaction: Transaction, integration_ids: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in in_batches(integration_ids):
        statement = select(integration.c.id, integration.c.destination).where(integration.c.id.in_(some))
        found.update((row.id, row.destination) for row in transaction.execute(statement))
    return found


def write(
    transaction: Transaction,
    context: Context,
    kind: str,
    task: bytes,
    *,
    upto_seq: int = 0,
    expected: int = 0,
    position: str = "",
) -> str:
    """A job of this kind begins after `position`, as soon as the transaction is kept. Returns its id."""
    job_id = str(uuid.uuid4())
    row: dict[str, Any] = {"id": job_id, "space_id": transaction.space_id, "kind": kind, "query": task}
    row |= {"upto_seq": upto_seq, "expected": expected, "state": RUNNING, "asked_by": context.user_id}
    transaction.execute(insert(job), row | {"position": position})
    return job_id


def count_documents(transaction: Any, space_id: str, task: Task, upto_seq: int) -> int:
    """Documents of which something would be queued. `transaction`: a transaction or a connection."""
    total = 0
    for some in in_batches(task.integration_ids):
        total += count_since(transaction, _wanted(space_id, task, some, upto_seq), task.since)
    return total


def _wanted(space_id: str, task: Task, integration_ids: list[str], upto_seq: int) -> list[Any]:
    target = (
        exists()
        .where(
            integration.c.id.in_(integration_ids),
            integration.c.client_id == document.c.client_id,
            _has_effect(task, upto_seq),
        )
        .correlate(document)
    )
    return [*_which(space_id, task, upto_seq), target]


def _has_effect(task: Task, upto_seq: int) -> Any:
    failed = delivery.c.state == str(DeliveryState.FAILED)
    if task.query.failed_only:
        return _there(failed)
    effect = or_(~_there(), _there(or_(failed, delivery.c.state == str(DeliveryState.CANCELLED), is_elsewhere())))
    if not task.again:
        return effect
    return or_(effect, _there(_can_be_sent_again(), delivery.c.settled_seq <= upto_seq))


def _there(*which: Any) -> Any:
    of = (delivery.c.integration_id == integration.c.id) & (delivery.c.sha256 == document.c.sha256)
    return exists().where(of, *which).correlate(integration, document)


def _can_be_sent_again() -> Any:
    unknown = (delivery.c.state == str(DeliveryState.UNKNOWN)) & delivery.c.check_at.is_(None)
    return or_(delivery.c.state == str(DeliveryState.DELIVERED), unknown)


def _which(space_id: str, task: Task, upto_seq: int) -> list[Any]:
    query = task.query
    which = [document.c.space_id == space_id, document.c.approved.is_(True), document.c.ready_seq <= upto_seq]
    equal: dict[str, Any] = {"client_id": query.client_id, "folder": query.folder}
    equal |= {"filed_year": query.year, "filed_month": query.month}
    which += [document.c[name] == wanted for name, wanted in equal.items() if wanted is not None]
    if task.folders is not None:
        which.append(document.c.folder.in_([str(folder) for folder in task.folders]))
    if query.document_ids is not None:
        which.append(document.c.id.in_(query.document_ids))
    return which


def step(transaction: Transaction, services: Services) -> bool:
    """One portion of one job; false when there is no job."""
    found = transaction.execute(
        select(job).where(job.c.space_id == transaction.space_id, job.c.state == RUNNING).order_by(job.c.id).limit(1)
    ).one_or_none()
    if found is None:
        return False
    done = _bulk(transaction, found) if found.kind == BULK else services.jobs[found.kind](transaction, services, found)
    values = {"position": done.position, "done": found.done + done.number, "state": DONE if done.ended else RUNNING}
    transaction.execute(update(job).where(job.c.id == found.id).values(**values))
    return True


def _bulk(transaction: Transaction, found: Row[Any]) -> Progress:
    task = _task.decode(found.query)
    rows = _portion(transaction, task, found)
    queued = _queue(transaction, task, found, [row for row in rows if not is_too_early(row, task.since)])
    return Progress(rows[-1].id if rows else found.position, queued, ended=len(rows) < AT_ONCE)


def _portion(transaction: Transaction, task: Task, found: Row[Any]) -> list[Row[Any]]:
    which = [*_which(transaction.space_id, task, found.upto_seq), *since_month(task.since)]
    statement = select(document).where(*which, document.c.id > found.position)
    return list(transaction.execute(statement.order_by(document.c.id).limit(AT_ONCE)))


def _queue(transaction: Transaction, task: Task, found: Row[Any], rows: list[Row[Any]]) -> int:
    clients = {row.client_id for row in rows}
    locked = {
        of.id: of
        for of in lock_integrations(transaction, task.integration_ids).values()
        if of.state != IntegrationState.REMOVED and of.client_id in clients
    }
    queued = 0
    for of in locked.values():
        own = [row for row in rows if row.client_id == of.client_id]
        queued += len(_at_one(transaction, task, found, of, own).delivery_ids)
    refresh(transaction, locked)
    return queued


def _at_one(transaction: Transaction, task: Task, found: Row[Any], of: Row[Any], rows: list[Row[Any]]) -> Enqueued:
    if task.query.failed_only:
        rows = _failed(transaction, of, rows)
    moved = not task.query.failed_only and task.destinations.get(of.id) == of.destination
    result = enqueue(transaction, of, rows, found.asked_by, moved=moved)
    if task.again and not task.query.failed_only:
        seen = found.upto_seq
        again = [row for row in result.untouched if row.generation_seq <= seen and 0 < row.settled_seq <= seen]
        result.delivery_ids += another_copy(transaction, again, found.asked_by)
    return result


def _failed(transaction: Transaction, of: Row[Any], rows: list[Row[Any]]) -> list[Row[Any]]:
    failed: set[str] = set()
    for some in in_batches(row.sha256 for row in rows):
        there = select(delivery.c.sha256).where(delivery.c.integration_id == of.id, delivery.c.sha256.in_(some))
        failed.update(transaction.execute(there.where(delivery.c.state == str(DeliveryState.FAILED))).scalars())
    return [row for row in rows if row.sha256 in failed]


def _seq_seen(transaction: Transaction, up_to: str) -> int:
    """Of `epoch.seq`. Another epoch: what the user saw is not what is here."""
    epoch, _, number = up_to.rpartition(".")
    current = transaction.execute(select(space.c.epoch).where(space.c.id == transaction.space_id)).scalar_one()
    if not number.isdecimal():
        raise Refused(ProblemType.BAD_REQUEST, Message("request.seen-unreadable"), field="upTo")
    if epoch != current:
        raise Refused(ProblemType.COUNT_CHANGED, Message("command.restored-since"))
    return int(number)


def _count_changed(count: int, expected: int) -> Refused:
    return Refused(ProblemType.COUNT_CHANGED, message("command.documents-changed", count=count, expected=expected))
