"""Handlers of the user's commands to the ledger.

Each runs in the transaction that also stores the command's key and answer. A command whose aim is already met changes
nothing; its answer names who did that and when (`details`).
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, update

from banqup_tui.backend.db.json_rows import ids_param, in_ids
from banqup_tui.backend.db.records import DeliveryRecord, DocumentRecord, IntegrationRecord, fetch_all
from banqup_tui.backend.db.tables import delivery, document, integration, stamp
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import lifecycle, messages
from banqup_tui.backend.ledger.bulk_jobs import Task, begin
from banqup_tui.backend.ledger.enqueue import Enqueued, enqueue
from banqup_tui.backend.ledger.model import (
    integrations_of_deliveries,
    lock_deliveries,
    lock_integration,
    lock_integrations,
    transition,
)
from banqup_tui.backend.ledger.resend import is_settled_copy, queue_another_copy
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import Duplicate
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import (
    BulkSend,
    Cancel,
    Dismiss,
    PauseIntegration,
    RemoveIntegration,
    Resend,
    ResumeIntegration,
    Send,
    Settle,
)
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType

_MOST_REPORTED = 20
"""The most unchanged deliveries that an answer lists."""

Result = dict[str, object]


def send(transaction: Transaction, body: Send, context: CommandContext) -> Result:
    """Queues documents at the named integrations, or at all active ones of their clients.

    Returns:
        `{"queued": n, "unchanged": n, "notApproved": n, "stopped": n, "deliveryIds": [...], "details": [...]}`; n of
        `stopped` counts documents that are held, replaced or withdrawn.

    Raises:
        CommandRefused: If no document may be sent, one is gone, or an integration is missing or not active.
    """
    documents = _documents(transaction, body.document_ids)
    ready = [row for row in documents if row.ready_seq is not None]
    if documents and not ready:
        raise CommandRefused(ProblemType.REFUSED, _why_not_ready(documents[0]))
    targets = _targets(transaction, {row.client_id for row in ready}, body.integration_ids)
    result = Enqueued()
    for locked in targets:
        own = [row for row in ready if row.client_id == locked.client_id]
        result.add(enqueue(transaction, locked, own, context.user_id))
    refresh(transaction, [locked.id for locked in targets])
    answer = _answer("queued", result.delivery_ids, [_why(row, _state_of(row)) for row in result.untouched])
    not_approved = sum(not row.approved for row in documents)
    return answer | {"notApproved": not_approved, "stopped": len(documents) - len(ready) - not_approved}


def resend(transaction: Transaction, body: Resend, context: CommandContext) -> Result:
    """Queues another copy of deliveries, or with `if_gone` first asks the receiver whether the copy is still there.

    Returns:
        `{"queued": n, "checking": n, "unchanged": n, "deliveryIds": [...], "details": [...]}`

    Raises:
        CommandRefused: If a delivery does not exist.
    """
    ids = [copy.delivery_id for copy in body.copies]
    integrations, rows = _locked_deliveries(transaction, ids)
    wanted, asked_again, details = [], [], []
    stopped = _stopped(transaction, rows.values())
    for copy in {copy.delivery_id: copy for copy in body.copies}.values():
        row, locked = rows[copy.delivery_id], integrations[rows[copy.delivery_id].integration_id]
        obstacle = _obstacle_to_another_copy(row, locked, copy.generation, context, body.if_gone)
        if row.document_id in stopped:
            obstacle = "DOCUMENT_STOPPED"
        if obstacle is not None:
            details.append(_why(row, obstacle))
        elif body.if_gone:
            asked_again.append(row)
        else:
            wanted.append(row)
    queued = queue_another_copy(transaction, wanted, context.user_id)
    _ask_whether_gone(transaction, asked_again, context.user_id)
    refresh(transaction, integrations)
    return _answer("queued", queued, details) | {"checking": len(asked_again)}


def bulk_send(transaction: Transaction, body: BulkSend, context: CommandContext) -> Result:
    """Starts a job that queues all documents of a query.

    Returns:
        `{"queued": n, "unchanged": 0, "jobId": id}`; n is the number of documents that the job will queue.

    Raises:
        CommandRefused: `count-changed` if there are more documents than the user confirmed; then nothing is queued.
    """
    targets = _bulk_targets(transaction, body)
    if not targets:
        raise _no_integration()
    task = Task(query=body.query, integration_ids=targets, again=body.again)
    return begin(transaction, context, task, body.up_to, body.expected)


def cancel(transaction: Transaction, body: Cancel, context: CommandContext) -> Result:
    """Cancels deliveries whose effect cannot have begun.

    Returns:
        `{"cancelled": n, "unchanged": n, "deliveryIds": [...], "details": [...]}`
    """
    integrations, rows = _locked_deliveries(transaction, body.delivery_ids)
    # As `lifecycle.stoppable`: never after the mark, when the effect may have begun.
    stopped = [row for row in rows.values() if row.state == DeliveryState.QUEUED or row.phase == "CLAIMED"]
    lifecycle.cancel(transaction, stopped, messages.CANCELLED_BY_USER)
    refresh(transaction, integrations)
    ids = [row.id for row in stopped]
    return _answer("cancelled", ids, [_why(row, _state_of(row)) for row in rows.values() if row.id not in ids])


def dismiss(transaction: Transaction, body: Dismiss, context: CommandContext) -> Result:
    """Dismisses failed and unknown deliveries, so that they no longer count as failures.

    Returns:
        `{"dismissed": n, "unchanged": n, "deliveryIds": [...], "details": [...]}`
    """
    _, rows = _locked_deliveries(transaction, body.delivery_ids)
    dismissible = [row for row in rows.values() if _can_be_dismissed(row)]
    ids = [row.id for row in dismissible]
    for batch in in_batches(ids):
        transaction.execute(update(delivery).where(delivery.c.id.in_(batch)).values(dismissed=True))
    for row in dismissible:
        transaction.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    update_status(transaction, [row.document_id for row in dismissible])
    return _answer("dismissed", ids, [_why(row, _state_of(row)) for row in rows.values() if row.id not in ids])


def settle(transaction: Transaction, body: Settle, context: CommandContext) -> Result:
    """Records the user's finding that an UNKNOWN delivery is, or is not, at the receiver.

    Returns:
        `{"changed": n, "unchanged": n, ...}`

    Raises:
        CommandRefused: While the last attempt can still take effect (grace period): the user could look too early.
    """
    _, rows = _locked_deliveries(transaction, [body.delivery_id])
    row = rows[body.delivery_id]
    if row.state != DeliveryState.UNKNOWN or row.generation != body.generation:
        return _answer("changed", [], [_why(row, _state_of(row))])
    left = context.services.grace_period.left(row.id)
    if left > 0:
        minutes = max(1, round(left / 60))
        raise CommandRefused(ProblemType.REFUSED, message("delivery.may-still-arrive", minutes=minutes))
    by_hand = {"asked_by": context.user_id, "asked_at": transaction.now, "uncertain": False}
    # The raised fence makes late answers of the attempt count only as notes at the attempt.
    by_hand |= {"fence": delivery.c.fence + 1, "checks": 0}
    if body.there:
        transition(transaction, [row], DeliveryState.DELIVERED, **by_hand, reason=messages.THERE_BY_HAND)
    else:
        transition(transaction, [row], DeliveryState.FAILED, **by_hand, reason=messages.NOT_THERE_BY_HAND)
    return _answer("changed", [row.id], [])


def pause_integration(transaction: Transaction, body: PauseIntegration, context: CommandContext) -> Result:
    """Pauses an active integration; in any other state nothing changes."""
    locked = _integration(transaction, body.integration_id)
    if locked.state != IntegrationState.ACTIVE:
        return _unchanged(locked)
    lifecycle.pause(transaction, locked)
    return {"changed": 1, "unchanged": 0}


def resume_integration(transaction: Transaction, body: ResumeIntegration, context: CommandContext) -> Result:
    """Resumes an integration. `queued` in the answer counts the deliveries that had failed with it."""
    locked = _integration(transaction, body.integration_id)
    if locked.state not in (IntegrationState.PAUSED, IntegrationState.BROKEN):
        return _unchanged(locked)
    queued = lifecycle.resume(transaction, locked, context.user_id)
    return {"changed": 1, "unchanged": 0, "queued": queued}


def remove_integration(transaction: Transaction, body: RemoveIntegration, context: CommandContext) -> Result:
    """Removes an integration. `cancelled` in the answer counts the deliveries that this ended."""
    locked = _integration(transaction, body.integration_id)
    if locked.state == IntegrationState.REMOVED:
        return _unchanged(locked)
    return {"changed": 1, "unchanged": 0, "cancelled": lifecycle.remove(transaction, locked)}


HANDLERS: dict[type[Value], Handler] = {
    Send: send,
    Resend: resend,
    BulkSend: bulk_send,
    Cancel: cancel,
    Dismiss: dismiss,
    Settle: settle,
    PauseIntegration: pause_integration,
    ResumeIntegration: resume_integration,
    RemoveIntegration: remove_integration,
}


def _documents(transaction: Transaction, document_ids: Iterable[str]) -> list[DocumentRecord]:
    wanted = list(dict.fromkeys(document_ids))
    rows: list[DocumentRecord] = []
    for batch in in_batches(wanted):
        mine = select(document).where(document.c.id.in_(batch), document.c.space_id == transaction.space_id)
        rows += fetch_all(transaction, DocumentRecord, mine)
    if len(rows) < len(wanted):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("document.deleted"))
    return rows


def _why_not_ready(row: DocumentRecord) -> Message:
    """Returns why a document without `ready_seq` is not sent."""
    if row.withdrawn_at is not None:
        return Message("document.withdrawn")
    if row.replaced_by is not None:
        return Message("document.replaced")
    return Message("document.held") if row.duplicate == Duplicate.UNDECIDED else Message("document.not-approved")


def _stopped(transaction: Transaction, rows: Iterable[DeliveryRecord]) -> set[str]:
    """Returns the documents of these deliveries that are not to be sent."""
    statement = select(document.c.id).where(in_ids(document.c.id), document.c.ready_seq.is_(None))
    return set(transaction.execute(statement, ids_param(row.document_id for row in rows)).scalars())


def _targets(transaction: Transaction, client_ids: set[str], named: Sequence[str] | None) -> list[IntegrationRecord]:
    """Locks and returns the active integrations to send to, all of these clients if `named` is `None`.

    The folders of an integration limit only what is sent by itself, so they are not tested here.
    """
    if named is not None:
        locked = lock_integrations(transaction, named)
        if len(locked) < len(set(named)):
            raise CommandRefused(ProblemType.NOT_FOUND, Message("integration.gone"))
        for row in locked.values():
            _refuse_stopped(row)
    else:
        active = integration.c.state == str(IntegrationState.ACTIVE)
        ids: list[str] = []
        for batch in in_batches(client_ids):
            ids += transaction.execute(
                select(integration.c.id).where(integration.c.client_id.in_(batch), active)
            ).scalars()
        locked = {
            row.id: row for row in lock_integrations(transaction, ids).values() if row.state == IntegrationState.ACTIVE
        }
    found = [row for row in locked.values() if row.client_id in client_ids]
    if client_ids and not found:
        raise _no_integration()
    return found


def _bulk_targets(transaction: Transaction, body: BulkSend) -> tuple[str, ...]:
    statement = select(integration.c.id).where(
        integration.c.space_id == transaction.space_id, integration.c.state == str(IntegrationState.ACTIVE)
    )
    if body.query.client_id is not None:
        statement = statement.where(integration.c.client_id == body.query.client_id)
    if body.integration_ids is not None:
        for row in lock_integrations(transaction, body.integration_ids).values():
            _refuse_stopped(row)
        statement = statement.where(integration.c.id.in_(body.integration_ids))
    return tuple(transaction.execute(statement.order_by(integration.c.id)).scalars())


def _refuse_stopped(row: IntegrationRecord) -> None:
    if row.state == IntegrationState.ACTIVE:
        return
    if row.state == IntegrationState.REMOVED:
        raise CommandRefused(ProblemType.REFUSED, message("integration.was-removed", label=row.label))
    if row.state == IntegrationState.BROKEN:
        raise CommandRefused(ProblemType.REFUSED, message("integration.needs-attention", label=row.label))
    raise CommandRefused(ProblemType.REFUSED, message("integration.is-paused", label=row.label))


def _no_integration() -> CommandRefused:
    return CommandRefused(ProblemType.REFUSED, Message("client.no-integration"))


def _locked_deliveries(
    transaction: Transaction, ids: Iterable[str]
) -> tuple[dict[str, IntegrationRecord], dict[str, DeliveryRecord]]:
    """Locks the deliveries and, before them, their integrations; returns both by id."""
    wanted = set(ids)
    integrations = lock_integrations(transaction, integrations_of_deliveries(transaction, wanted))
    rows = lock_deliveries(transaction, wanted)
    if len(rows) < len(wanted):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("delivery.gone"))
    return integrations, rows


def _integration(transaction: Transaction, integration_id: str) -> IntegrationRecord:
    locked = lock_integration(transaction, integration_id)
    if locked is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("integration.gone"))
    return locked


def _obstacle_to_another_copy(
    row: DeliveryRecord, locked: IntegrationRecord, generation: int, context: CommandContext, if_gone: bool
) -> str | None:
    """Returns the reason why no further copy is made, or `None`.

    A further copy exists only because a user who had seen the one before it settled asked for it. So the generation
    must be the one the user saw, and must have been settled by then: two users who ask in the same view get one copy.
    """
    if locked.state != IntegrationState.ACTIVE:
        return f"INTEGRATION_{locked.state}"
    if row.generation != generation or not is_settled_copy(row):
        return _state_of(row)
    if row.generation_seq > context.seen_seq or row.settled_seq > context.seen_seq:
        return "CHANGED_SINCE"
    if if_gone and not _can_be_asked(context, locked):
        return "CANNOT_BE_ASKED"
    return None


def _can_be_asked(context: CommandContext, locked: IntegrationRecord) -> bool:
    return LedgerRules.of(context.services).kind(locked.extension_id) is ReceiverKind.LOOKUP


def _ask_whether_gone(transaction: Transaction, rows: Sequence[DeliveryRecord], asked_by: str) -> None:
    """Plans look-ups. An UNKNOWN delivery that is not found is sent again as the same generation, not as a new one."""
    for row in rows:
        if row.state == DeliveryState.UNKNOWN:
            transition(transaction, [row], DeliveryState.UNKNOWN, check_at=transaction.now, checks=0)
        else:
            transition(
                transaction, [row], DeliveryState.DELIVERED, recheck_by=asked_by, due_at=transaction.now, reason=None
            )


def _can_be_dismissed(row: DeliveryRecord) -> bool:
    unknown = row.state == DeliveryState.UNKNOWN and row.check_at is None
    return not row.dismissed and (row.state == DeliveryState.FAILED or unknown)


def _state_of(row: DeliveryRecord) -> str:
    return "CHECKING" if row.state == DeliveryState.UNKNOWN and row.check_at is not None else str(row.state)


def _answer(what: str, ids: list[str], details: list[Result]) -> Result:
    return {what: len(ids), "unchanged": len(details), "deliveryIds": ids, "details": details[:_MOST_REPORTED]}


def _why(row: DeliveryRecord, why: str) -> Result:
    at = row.asked_at or row.updated_at
    return {"deliveryId": row.id, "why": why, "generation": row.generation, "askedBy": row.asked_by, "at": stamp(at)}


def _unchanged(locked: IntegrationRecord) -> Result:
    return {"changed": 0, "unchanged": 1, "why": locked.state}
