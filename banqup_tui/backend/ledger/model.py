"""Locks rows of the ledger, moves deliveries from one state to another, and opens and closes their attempts."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Integer,
    String,
    Text,
    Update,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)

from banqup_tui.backend.db.json_rows import ids_param, in_ids, row_field, rows_param
from banqup_tui.backend.db.records import BaseRecord, DeliveryRecord, IntegrationRecord, R, fetch_all
from banqup_tui.backend.db.tables import attempt, delivery, integration
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.messages import EntityKind

AT_ONCE = 500
"""Rows that one transaction of a long task handles, so that the database is never locked for long."""


_INTEGRATIONS = (
    select(integration)
    .where(in_ids(integration.c.id), integration.c.space_id == bindparam("space"))
    .order_by(integration.c.id)
    .with_for_update(key_share=True)
)
_DELIVERIES = (
    select(delivery)
    .where(in_ids(delivery.c.id), delivery.c.space_id == bindparam("space"))
    .order_by(delivery.c.id)
    .with_for_update()
)
"""These statements run for every attempt and are built once: building one takes longer than running it."""


def in_state(state: StrEnum) -> ColumnElement[str]:
    """Returns `state` as a literal of the statement.

    A bound parameter would keep the database from using the partial indexes, whose conditions name the state.
    """
    return literal_column(f"'{state}'", String())


def lock_integrations(transaction: Transaction, integration_ids: Iterable[str]) -> dict[str, IntegrationRecord]:
    """Locks integrations until the transaction ends and returns their current rows by id; unknown ids are left out.

    Every transaction locks integrations first, then deliveries, each in the order of their ids, and the space last.
    With one order no two transactions can wait for each other.
    """
    return {row.id: row for row in _locked(transaction, IntegrationRecord, _INTEGRATIONS, integration_ids)}


def lock_integration(transaction: Transaction, integration_id: str) -> IntegrationRecord | None:
    """Locks one integration and returns its current row, or `None` if there is none."""
    return lock_integrations(transaction, [integration_id]).get(integration_id)


def integrations_of_deliveries(transaction: Transaction, delivery_ids: Iterable[str]) -> set[str]:
    """Returns the ids of the integrations of these deliveries.

    No lock is needed, because a delivery never changes its integration.
    """
    found: set[str] = set()
    for batch in in_batches(delivery_ids):
        found.update(transaction.execute(select(delivery.c.integration_id).where(delivery.c.id.in_(batch))).scalars())
    return found


def lock_deliveries(transaction: Transaction, delivery_ids: Iterable[str]) -> dict[str, DeliveryRecord]:
    """Locks deliveries until the transaction ends and returns their current rows by id; unknown ids are left out.

    The caller has locked their integrations before (see `lock_integrations`).
    """
    return {row.id: row for row in _locked(transaction, DeliveryRecord, _DELIVERIES, delivery_ids)}


def _locked(transaction: Transaction, kind: type[R], statement: Executable, identifiers: Iterable[str]) -> list[R]:
    wanted = set(identifiers)
    if not wanted:
        return []
    return fetch_all(transaction, kind, statement, ids_param(wanted) | {"space": transaction.space_id})


def transition(
    transaction: Transaction, rows: Sequence[DeliveryRecord], state: DeliveryState, **values: object
) -> None:
    """Puts deliveries into `state`, announces the change, and updates the accounting status of their documents.

    Args:
        rows: Deliveries that this transaction has locked.
        values: Other columns to set. The columns of `_cleared_values` are cleared unless they are named here.
    """
    if not rows:
        return
    base = _cleared_values(transaction, state) | values
    for batch in in_batches(row.id for row in rows):
        transaction.execute(update(delivery).where(delivery.c.id.in_(batch)).values(base))
    _after_transition(transaction, rows, state, base["check_at"])


def transition_each(
    transaction: Transaction,
    rows: Sequence[DeliveryRecord],
    state: DeliveryState,
    own: Sequence[dict[str, str | None]],
    **values: object,
) -> None:
    """Does the same as `transition`, with text columns that differ from row to row.

    Args:
        own: The texts of each row, in the order of `rows`; every dictionary has the same keys in the same order.
    """
    if not rows:
        return
    base = _cleared_values(transaction, state) | values
    same = {f"new_{name}": value for name, value in base.items()}
    each = rows_param((row.id, *texts.values()) for row, texts in zip(rows, own, strict=True))
    transaction.execute(_transition_statement(tuple(base), tuple(own[0])), each | same)
    _after_transition(transaction, rows, state, base["check_at"])


@cache
def _transition_statement(same: tuple[str, ...], own: tuple[str, ...]) -> Update:
    values: dict[str, object] = {name: bindparam(f"new_{name}", type_=delivery.c[name].type) for name in same}
    values |= {name: row_field(at, Text) for at, name in enumerate(own, 1)}
    return update(delivery).where(delivery.c.id == row_field(0, String)).values(values)


def _cleared_values(transaction: Transaction, state: DeliveryState) -> dict[str, object]:
    base: dict[str, object] = {"state": str(state), "phase": None, "owner": None, "check_at": None, "dismissed": False}
    return base | {"for_cause": False, "recheck_by": None, "updated_at": transaction.now}


def _after_transition(
    transaction: Transaction, rows: Sequence[DeliveryRecord], state: DeliveryState, check_at: object
) -> None:
    for row in rows:
        transaction.changed(EntityKind.DELIVERY, row.id, client_id=row.client_id)
    if is_settled(state, check_at):
        _stamp(transaction, [row.id for row in rows], "settled_seq")
    update_status(transaction, {row.document_id for row in rows})


def is_settled(state: DeliveryState, check_at: object) -> bool:
    """Returns whether the program will do nothing more with a delivery in this state unless a user asks."""
    if state is DeliveryState.UNKNOWN:
        return check_at is None
    return state in (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.CANCELLED)


def stamp_generation(transaction: Transaction, delivery_ids: list[str]) -> None:
    """Sets `generation_seq` to the change number that this transaction will get.

    RESEND compares it with the number that the user had seen, so that nobody asks for a copy of a copy not yet seen.
    """
    _stamp(transaction, delivery_ids, "generation_seq")


def _stamp(transaction: Transaction, delivery_ids: list[str], column: str) -> None:
    def write(connection: Connection, number: int) -> None:
        connection.execute(_STAMPS[column], ids_param(delivery_ids) | {"number": number})

    transaction.after_numbers(write)


_STAMPS = {
    column: update(delivery).where(in_ids(delivery.c.id)).values({column: bindparam("number")})
    for column in ("settled_seq", "generation_seq")
}


class DeliveryKey(BaseRecord, frozen=True):
    """A delivery that is to be locked, with the integration to lock before it."""

    id: str
    integration_id: str


class ClaimedDelivery(BaseRecord, frozen=True):
    """The columns of a delivery that an attempt is opened and claimed with."""

    id: str
    integration_id: str
    client_id: str
    document_id: str
    sha256: str
    generation: int
    fence: int
    asked_by: str | None


CLAIMED_COLUMNS = [delivery.c[name] for name in ClaimedDelivery.__struct_fields__]
"""The columns of `ClaimedDelivery`, for a statement that returns them."""


def open_attempt(
    transaction: Transaction, row: DeliveryRecord, fence: int, phase: str, version: int, destination: str | None
) -> None:
    """Inserts an attempt under a fence that the row does not have yet.

    Args:
        phase: `CLAIMED` or `CHECKING`.
        version: Version of the settings that the attempt uses.
    """
    transaction.execute(insert(attempt), _attempt_values(transaction, row, fence, phase, version, destination))


def open_attempts(
    transaction: Transaction, rows: Sequence[ClaimedDelivery], phase: str, version: int, destination: str
) -> None:
    """Inserts an attempt for each delivery; the rows have the raised fence of the attempt already."""
    if rows:
        each = rows_param((row.id, row.integration_id, row.fence, row.generation, row.asked_by) for row in rows)
        same = {"phase": phase, "version": version, "place": destination, "now": transaction.now}
        transaction.execute(_ATTEMPTS, each | same)


_EACH = {"delivery_id": String, "integration_id": String, "fence": Integer, "generation": Integer, "asked_by": String}
_SAME = {"phase": "phase", "settings_version": "version", "destination": "place", "started_at": "now"}
_ATTEMPTS = insert(attempt).from_select(
    [*_EACH, *_SAME],
    select(
        *(row_field(at, kind) for at, kind in enumerate(_EACH.values())),
        *(bindparam(value, type_=attempt.c[name].type) for name, value in _SAME.items()),
    ),
)


def _attempt_values(
    transaction: Transaction, row: DeliveryRecord, fence: int, phase: str, version: int, destination: str | None
) -> dict[str, object]:
    return {
        "delivery_id": row.id,
        "integration_id": row.integration_id,
        "fence": fence,
        "generation": row.generation,
        "settings_version": version,
        "destination": destination,
        "resume_token": row.resume_token if phase == "CHECKING" else None,
        "phase": phase,
        "asked_by": row.asked_by,
        "started_at": transaction.now,
    }


def close_attempt(
    transaction: Transaction,
    delivery_id: str,
    fence: int,
    outcome: DeliveryState,
    reason: Message | None,
    receipt: str | None = None,
) -> None:
    """Closes an attempt with the state in which it left the delivery.

    An attempt that is closed already keeps its time of end. A receipt that comes late is still proof that the document
    arrived, so it replaces the outcome.
    """
    mine = (attempt.c.delivery_id == delivery_id) & (attempt.c.fence == fence)
    still_open = attempt.c.ended_at.is_(None)
    ended = {"ended_at": transaction.now, "outcome": str(outcome), "reason": reason, "receipt": receipt}
    closed = transaction.execute(update(attempt).where(mine, still_open).values(ended))
    if closed.rowcount == 0 and receipt is not None:
        transaction.execute(update(attempt).where(mine).values(outcome=str(outcome), reason=None, receipt=receipt))


def close_proven(transaction: Transaction, closed: Sequence[tuple[str, int, str]]) -> None:
    """Closes attempts that delivered, given as (delivery id, fence, receipt)."""
    if not closed:
        return
    written = transaction.execute(_PROVEN, rows_param(closed) | {"now": transaction.now})
    if written.rowcount != len(closed):
        # Some attempt was closed before, for example by a take-over; `close_attempt` adds the proof to such ones.
        for delivery_id, fence, receipt in closed:
            close_attempt(transaction, delivery_id, fence, DeliveryState.DELIVERED, None, receipt)


_PROVEN = (
    update(attempt)
    .where(
        attempt.c.delivery_id == row_field(0, String),
        attempt.c.fence == row_field(1, Integer),
        attempt.c.ended_at.is_(None),
    )
    .values(
        ended_at=bindparam("now", type_=attempt.c.ended_at.type),
        outcome=str(DeliveryState.DELIVERED),
        reason=None,
        receipt=row_field(2, Text),
    )
)


def close_attempts(
    transaction: Transaction, rows: Sequence[DeliveryRecord], outcome: DeliveryState, reason: Message
) -> None:
    """Closes the current attempts of these deliveries. The rows still have the fence of those attempts."""
    for row in rows:
        close_attempt(transaction, row.id, row.fence, outcome, reason)


def integration_changed(transaction: Transaction, row: IntegrationRecord) -> None:
    """Gives a change of the integration a number, so that terminals pull it."""
    transaction.changed(EntityKind.INTEGRATION, row.id, client_id=row.client_id)
