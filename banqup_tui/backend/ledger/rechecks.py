"""Rechecks: a LOOKUP receiver is asked whether a delivered document is gone, before another copy is sent.

The delivery stays DELIVERED meanwhile, and `due_at` is the time of the next question. If the receiver still has the
document, only the message of the delivery changes.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from banqup_tui.backend.db.records import BaseRecord, DeliveryRecord, fetch_all
from banqup_tui.backend.db.tables import delivery, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.claim import Claim
from banqup_tui.backend.ledger.model import lock_deliveries, lock_integration, transition
from banqup_tui.backend.ledger.outcome import Result
from banqup_tui.backend.ledger.resend import queue_another_copy
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import refresh
from banqup_tui.connectors.interface import Found, Receipt
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState


class DueRecheck(BaseRecord, frozen=True):
    """A delivery to recheck, with the extension of its integration and the settings in use there."""

    id: str
    integration_id: str
    client_id: str
    document_id: str
    sha256: str
    generation: int
    fence: int
    destination: str | None
    extension_id: str
    settings_version: int


_COLUMNS = [delivery.c[name] for name in DueRecheck.__struct_fields__[:-2]]


def waiting(space_id: str) -> Select[*tuple[object, ...]]:
    """Returns the statement for the deliveries to recheck, with extension and settings version of their integration."""
    return (
        select(*_COLUMNS, integration.c.extension_id, integration.c.settings_version)
        .join(integration, integration.c.id == delivery.c.integration_id)
        .where(
            delivery.c.space_id == space_id,
            delivery.c.recheck_by.is_not(None),
            integration.c.state == str(IntegrationState.ACTIVE),
        )
    )


def is_due(now: datetime) -> ColumnElement[bool]:
    """Returns the condition for rechecks that are due, at integrations that are not postponed."""
    postponed_until = integration.c.postponed_until
    return (delivery.c.due_at <= now) & or_(postponed_until.is_(None), postponed_until <= now)


def due(connection: Connection, space_id: str, now: datetime, most: int, excluded: Collection[str]) -> list[Claim]:
    """Returns at most `most` rechecks that are due, oldest first, leaving out the deliveries `excluded`.

    No fence is raised, because a question has no effect at the receiver.
    """
    statement = waiting(space_id).where(is_due(now))
    rows = fetch_all(connection, DueRecheck, statement.order_by(delivery.c.due_at).limit(most + len(excluded)))
    return [_claim(row) for row in rows if row.id not in excluded][:most]


def record(transaction: Transaction, rules: LedgerRules, claim: Claim, result: Result) -> DeliveryState | None:
    """Records the answer of a recheck.

    Returns:
        The state of the delivery, or `None` if it has changed since the question and the answer is of no use.
    """
    locked = lock_integration(transaction, claim.integration_id)
    row = lock_deliveries(transaction, [claim.delivery_id]).get(claim.delivery_id)
    if locked is None or row is None or row.recheck_by is None or row.generation != claim.generation:
        return None
    if isinstance(result, Receipt):
        transition(transaction, [row], DeliveryState.DELIVERED, reason=messages.STILL_THERE, checks=0)
    elif result is Found.ABSENT and locked.state == IntegrationState.ACTIVE:
        queue_another_copy(transaction, [row], row.recheck_by)
        refresh(transaction, [locked.id])
        return DeliveryState.QUEUED
    else:
        _later(transaction, rules, row)
    return DeliveryState.DELIVERED


def _later(transaction: Transaction, rules: LedgerRules, row: DeliveryRecord) -> None:
    checks = row.checks + 1
    if checks >= rules.timing.most_checks:
        transition(transaction, [row], DeliveryState.DELIVERED, reason=messages.CANNOT_BE_ASKED, checks=0)
        return
    due_at = transaction.now + timedelta(seconds=rules.timing.wait(row.checks))
    transition(transaction, [row], DeliveryState.DELIVERED, recheck_by=row.recheck_by, checks=checks, due_at=due_at)


def _claim(row: DueRecheck) -> Claim:
    return Claim(
        delivery_id=row.id,
        integration_id=row.integration_id,
        extension_id=row.extension_id,
        client_id=row.client_id,
        document_id=row.document_id,
        sha256=row.sha256,
        generation=row.generation,
        fence=row.fence,
        settings_version=row.settings_version,
        destination=row.destination or "",
        checking=True,
        recheck=True,
    )
