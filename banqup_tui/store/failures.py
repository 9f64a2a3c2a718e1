"""Reads the failed and uncertain deliveries of the whole firm from the local copy: counted by cause, or each.

Deliveries that a pending command sends again, dismisses or settles are left out, as if the command had run.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import starmap
from types import TracebackType

import msgspec

from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.failures import Failing, FailureGroup, grouped
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import Dismiss, Resend, Send, Settle
from banqup_tui.store.copy import LocalCopy, state_of
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.repair import retry_all_after_repair
from banqup_tui.store.sqlite import reading


class _Sent(Value, frozen=True, kw_only=True):
    document_ids: tuple[str, ...] = ()
    integration_ids: tuple[str, ...] | None = None


class _Copied(Value, frozen=True, kw_only=True):
    delivery_id: str


class _Resent(Value, frozen=True, kw_only=True):
    copies: tuple[_Copied, ...] = ()


class _Dismissed(Value, frozen=True, kw_only=True):
    delivery_ids: tuple[str, ...] = ()


class _Settled(Value, frozen=True, kw_only=True):
    delivery_id: str


class _Rest(Value, frozen=True, kw_only=True):
    """The fields that are read here from the packed value of a delivery."""

    generation: int = 1
    attempts: int = 0
    reason: Message | None = None
    updated_at: datetime | None = None


_rest = msgspec.json.Decoder(_Rest)
_integration = msgspec.json.Decoder(Integration)
_sent = msgspec.json.Decoder(_Sent)
_resent = msgspec.json.Decoder(_Resent)
_dismissed = msgspec.json.Decoder(_Dismissed)
_settled = msgspec.json.Decoder(_Settled)


class _Asked(msgspec.Struct):
    """Deliveries and documents that pending commands name; documents with their integrations, `None` for all."""

    deliveries: set[str] = msgspec.field(default_factory=set)
    documents: dict[str, set[str] | None] = msgspec.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.deliveries or self.documents)

    def takes(self, delivery_id: str, document_id: str, integration_id: str, state: str) -> bool:
        """Returns True if a pending command takes the delivery off the list of failures.

        SEND of a document takes failed deliveries only: the server leaves those that may have arrived as they are.
        """
        if delivery_id in self.deliveries:
            return True
        if document_id not in self.documents or state != DeliveryState.FAILED:
            return False
        to = self.documents[document_id]
        return to is None or integration_id in to


@retry_all_after_repair
class FailureReader:
    """Reads failures. It is cheap to make and may be called from any thread; each call sees one moment of the copy."""

    def __init__(self, copy: LocalCopy, outbox: Outbox) -> None:
        self._copy = copy
        self._outbox = outbox

    def any(self) -> bool:
        """Returns True if there are failures. Pending commands are not subtracted: it is called at every key press."""
        return self._copy.reader().execute("SELECT 1 FROM delivery WHERE look = 1 LIMIT 1").fetchone() is not None

    def groups(self) -> list[FailureGroup]:
        """Returns the failures counted by cause, the largest group first."""
        with self._read() as (connection, asked):
            counts: Counter[tuple[str, str, str]] = Counter()
            rows = connection.execute(
                "SELECT integration_id, state, coalesce(cause, ''), count(*) FROM delivery INDEXED BY delivery_look"
                " WHERE look = 1 GROUP BY integration_id, state, cause"
            )
            for integration_id, state, cause, count in rows:
                counts[integration_id, state, cause] += count
            if asked:
                every = connection.execute(
                    "SELECT id, document_id, integration_id, state, coalesce(cause, '') FROM delivery WHERE look = 1"
                )
                counts.subtract(
                    (integration_id, state, cause)
                    for delivery_id, document_id, integration_id, state, cause in every
                    if asked.takes(delivery_id, document_id, integration_id, state)
                )
            integrations = _integrations(connection, {key[0] for key in counts})
        return grouped(counts, integrations)

    def group(self, key: str) -> FailureGroup | None:
        return next((one for one in self.groups() if one.key == key), None)

    def integrations_of(self, group: FailureGroup) -> dict[str, Integration]:
        with reading(self._copy.reader()) as connection:
            return _integrations(connection, {part.integration_id for part in group.parts})

    def failing(self, group: FailureGroup) -> list[Failing]:
        """Returns every delivery of the group, by the date of its document, the newest first."""
        clients = {part.integration_id: part.client_id for part in group.parts}
        with self._read() as (connection, asked):
            found = [
                ((row.day or 0, row.number or 0), _failing(row, client_id))
                for integration_id, client_id in clients.items()
                for row in starmap(_FailingRow, connection.execute(_OF_ONE, (integration_id, group.state, group.cause)))
                if not asked.takes(row.delivery_id, row.document_id, row.integration_id, row.state)
            ]
        found.sort(key=lambda pair: pair[1].delivery_id)
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [one for _place, one in found]

    def example(self, group: FailureGroup) -> Failing | None:
        """Returns any delivery of the group, for its whole reason."""
        row = self._copy.reader().execute(
            f"{_OF_ONE} LIMIT 1", (group.parts[0].integration_id, group.state, group.cause)
        )
        found = row.fetchone()
        return None if found is None else _failing(_FailingRow(*found), group.parts[0].client_id)

    def failed_at(self, integration_id: str) -> int:
        """Returns the number of failures of one integration. Pending commands are not subtracted."""
        query = "SELECT count(*) FROM delivery WHERE look = 1 AND integration_id = ?"
        return int(self._copy.reader().execute(query, (integration_id,)).fetchone()[0])

    def failed_by_integration(self) -> dict[str, int]:
        query = "SELECT integration_id, count(*) FROM delivery INDEXED BY delivery_look WHERE look = 1 GROUP BY 1"
        return dict(self._copy.reader().execute(query).fetchall())

    def _read(self) -> "_Reading":
        return _Reading(self._copy.reader(), self._asked)

    def _asked(self, seq: int) -> _Asked:
        asked = _Asked()
        for entry in self._outbox.not_seen_yet(tuple(_ASKED), seq):
            _ASKED[entry.kind](asked, entry.body)
        return asked


class _Reading:
    """A read transaction of the copy, with the pending commands of the outbox."""

    def __init__(self, connection: sqlite3.Connection, asked: Callable[[int], _Asked]) -> None:
        # The outbox is read before the copy ("Commands, up"): in the other order a command that is answered in between
        # would be missing in both, and its failure would show again for a moment.
        self._asked = asked(state_of(connection).seq)
        self._reading = reading(connection)

    def __enter__(self) -> tuple[sqlite3.Connection, _Asked]:
        return self._reading.__enter__(), self._asked

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.__exit__(kind, error, trace)


class _FailingRow(msgspec.Struct, frozen=True):
    """A row of `_OF_ONE`. Day and number are of the document, if the copy has it."""

    day: int | None
    number: int | None
    delivery_id: str
    document_id: str
    integration_id: str
    state: str
    value: bytes


_OF_ONE = (
    "SELECT d.day, d.n, v.id, v.document_id, v.integration_id, v.state, v.value FROM delivery v"
    " LEFT JOIN document d ON d.id = v.document_id"
    " WHERE v.look = 1 AND v.integration_id = ? AND v.state = ? AND coalesce(v.cause, '') = ?"
)


def _failing(row: _FailingRow, client_id: str) -> Failing:
    rest = _rest.decode(row.value)
    return Failing(
        delivery_id=row.delivery_id, document_id=row.document_id, integration_id=row.integration_id,
        client_id=client_id,
        state=DeliveryState(row.state), generation=rest.generation, attempts=rest.attempts, reason=rest.reason,
        updated_at=rest.updated_at,
    )  # fmt: skip


def _integrations(connection: sqlite3.Connection, ids: set[str]) -> dict[str, Integration]:
    found: dict[str, Integration] = {}
    for some in in_batches(sorted(ids)):
        marks = ",".join("?" * len(some))
        for (value,) in connection.execute(f"SELECT value FROM integration WHERE id IN ({marks})", some):  # noqa: S608
            one = _integration.decode(value)
            found[one.id] = one
    return found


def _send(asked: _Asked, body: bytes) -> None:
    sent = _sent.decode(body)
    for document_id in sent.document_ids:
        before = asked.documents.get(document_id, set())
        to = sent.integration_ids
        asked.documents[document_id] = None if before is None or to is None else before | set(to)


def _resend(asked: _Asked, body: bytes) -> None:
    asked.deliveries.update(one.delivery_id for one in _resent.decode(body).copies)


def _dismiss(asked: _Asked, body: bytes) -> None:
    asked.deliveries.update(_dismissed.decode(body).delivery_ids)


def _settle(asked: _Asked, body: bytes) -> None:
    asked.deliveries.add(_settled.decode(body).delivery_id)


_ASKED: dict[str, Callable[[_Asked, bytes], None]] = {
    Send.KIND: _send, Resend.KIND: _resend, Dismiss.KIND: _dismiss, Settle.KIND: _settle,
}  # fmt: skip
