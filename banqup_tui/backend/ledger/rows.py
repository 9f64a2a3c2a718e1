"""Rows of the ledger: locked in one order, and turned from one state into another."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from banqup_tui.backend.ledger.status import restate
from banqup_tui.backend.tables import attempt, delivery, integration
from banqup_tui.backend.work import Work
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.protocol.messages import EntityKind

AT_ONCE = 500


def portions(identifiers: Iterable[str]) -> Iterator[list[str]]:
    """Few enough for one `IN (…)`."""
    every = list(identifiers)
    for start in range(0, len(every), AT_ONCE):
        yield every[start : start + AT_ONCE]


def lock_integrations(work: Work, integration_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Integrations come before deliveries and in the order of their ids, so no two transactions wait for each other."""
    found: dict[str, Row[Any]] = {}
    for some in portions(sorted(set(integration_ids))):
        statement = select(integration).where(integration.c.id.in_(some), integration.c.space_id == work.space_id)
        for row in work.execute(statement.order_by(integration.c.id).with_for_update(key_share=True)):
            found[row.id] = row
    return found


def lock_integration(work: Work, integration_id: str) -> Row[Any] | None:
    return lock_integrations(work, [integration_id]).get(integration_id)


def integrations_of_deliveries(work: Work, delivery_ids: Iterable[str]) -> set[str]:
    """Read without a lock; which integration a delivery is for never changes."""
    found: set[str] = set()
    for some in portions(delivery_ids):
        found.update(work.execute(select(delivery.c.integration_id).where(delivery.c.id.in_(some))).scalars())
    return found


def lock_deliveries(work: Work, delivery_ids: Iterable[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for some in portions(sorted(set(delivery_ids))):
        statement = select(delivery).where(delivery.c.id.in_(some), delivery.c.space_id == work.space_id)
        for row in work.execute(statement.order_by(delivery.c.id).with_for_update()):
            found[row.id] = row
    return found


def turn(work: Work, rows: Sequence[Row[Any]], state: DeliveryState, **values: Any) -> None:
    """Rows that this transaction holds become `state`; the status of their documents follows.

    What is not said ends: no owner, no phase, no look-up to come, not dismissed, not failed for a cause.
    """
    if not rows:
        return
    base = {"state": str(state), "phase": None, "owner": None, "check_at": None, "dismissed": False}
    base |= {"for_cause": False, "recheck_by": None, "updated_at": work.now} | values
    ids = [row.id for row in rows]
    for some in portions(ids):
        work.execute(update(delivery).where(delivery.c.id.in_(some)).values(base))
    for row in rows:
        work.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    if is_settled(state, base["check_at"]):
        _stamp(work, ids, "settled_seq")
    restate(work, {row.document_id for row in rows})


def is_settled(state: DeliveryState, check_at: Any) -> bool:
    """Nothing happens to it by itself any more."""
    if state is DeliveryState.UNKNOWN:
        return check_at is None
    return state in (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.CANCELLED)


def stamp_generation(work: Work, delivery_ids: list[str]) -> None:
    """The generation is that of this transaction's number."""
    _stamp(work, delivery_ids, "generation_seq")


def _stamp(work: Work, delivery_ids: list[str], column: str) -> None:
    def write(connection: Connection, number: int) -> None:
        for some in portions(delivery_ids):
            connection.execute(update(delivery).where(delivery.c.id.in_(some)).values({column: number}))

    work.after_numbers(write)


def open_attempt(work: Work, row: Row[Any], fence: int, phase: str, version: int, destination: str | None) -> None:
    work.execute(
        insert(attempt).values(
            delivery_id=row.id,
            integration_id=row.integration_id,
            fence=fence,
            generation=row.generation,
            settings_version=version,
            destination=destination,
            remnant=row.remnant if phase == "CHECKING" else None,
            phase=phase,
            asked_by=row.asked_by,
            started_at=work.now,
        )
    )


def close_attempt(
    work: Work, delivery_id: str, fence: int, outcome: DeliveryState, reason: str | None, receipt: str | None = None
) -> None:
    """`outcome` is the state that the attempt ended in. One that was closed before keeps its end, but gains proof."""
    mine = (attempt.c.delivery_id == delivery_id) & (attempt.c.fence == fence)
    still_open = attempt.c.ended_at.is_(None)
    ended = {"ended_at": work.now, "outcome": str(outcome), "reason": reason, "receipt": receipt}
    closed = work.execute(update(attempt).where(mine, still_open).values(ended))
    if closed.rowcount == 0 and receipt is not None:
        work.execute(update(attempt).where(mine).values(outcome=str(outcome), reason=None, receipt=receipt))


def close_attempts(work: Work, rows: Sequence[Row[Any]], outcome: DeliveryState, reason: str) -> None:
    """The attempts under way of these rows, whose fence is still that of their attempt."""
    for row in rows:
        close_attempt(work, row.id, row.fence, outcome, reason)


def integration_changed(work: Work, row: Row[Any]) -> None:
    work.changed(EntityKind.INTEGRATION, row.id, client_id=row.client_id)
