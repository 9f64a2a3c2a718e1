"""The changes after a cursor (docs/protocol.md, sync down).

An answer has only the rows that the user may see now, and a cursor that passes the invisible rows too.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from banqup_tui.backend.api.snapshots import MOST_BYTES, SnapshotView, restored_meanwhile, view
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import (
    ChangeRecord,
    ClientRecord,
    DeliveryRecord,
    DocumentRecord,
    InstallationRecord,
    IntegrationRecord,
    RuleRecord,
    SourceRecord,
    StoredRecord,
    UnfiledRecord,
    fetch_all,
)
from banqup_tui.backend.db.values import (
    client_of,
    deliveries_of,
    document_of,
    installation_of,
    integrations_of,
    rule_of,
    sources_of,
    unfiled_of,
)
from banqup_tui.backend.ledger.restore import begin_new_epoch
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.services import Services
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.messages import Message
from banqup_tui.domain.space import Space
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import NO_VALUE, Change, Changes, EntityKind, Op
from banqup_tui.protocol.problems import ProblemType

MOST_CHANGES = 500
_log = logging.getLogger(__name__)
MOST_LOOKED_AT = 5_000

_OF_A_CLIENT = frozenset(
    {EntityKind.CLIENT, EntityKind.DOCUMENT, EntityKind.DELIVERY, EntityKind.INTEGRATION, EntityKind.RULE}
)
_OF_DOCUMENTS = frozenset({EntityKind.DOCUMENT, EntityKind.DELIVERY, EntityKind.UNFILED})


def changes(services: Services, user_id: str, cursor: str, limit: int) -> Changes:
    """Returns the changes after the cursor, in order, from one database snapshot.

    A cursor of this service with a number above the newest proves that an older state of the database was restored.
    Then a new epoch begins, so that every copy starts anew.

    Raises:
        RequestFailure: 400 for a forged cursor; 410 where the copy has to start anew.
    """
    with services.database.read() as connection:
        seen = view(connection, services, user_id)
        start = seen.read(cursor).seq
        if start <= seen.seq:
            return _from(seen, start, limit)
    _log.warning("number %d was given out before, but is not known: the database was put back", start)
    begin_new_epoch(services, start)
    raise restored_meanwhile()


def _from(seen: SnapshotView, start: int, limit: int) -> Changes:
    # Tombstones below the floor are gone, so a copy this old would keep deleted rows.
    if start < seen.space.tombstone_floor:
        raise RequestFailure(ProblemType.CURSOR_TOO_OLD, Message("request.copy-too-old"))
    return _after(seen, start, max(1, min(limit, MOST_CHANGES)))


def _after(seen: SnapshotView, start: int, limit: int) -> Changes:
    most = MOST_LOOKED_AT if seen.visitor.clients is not None else min(limit + 1, MOST_LOOKED_AT)
    looked_at = _looked_at(seen, start, most)
    visible = [row for row in looked_at if _is_visible(row, seen)]
    taken = _values(seen, visible[:limit])
    fitting = _fitting(taken)
    # The cursor ends at the last row that was sent. It must not skip rows that did not fit.
    if len(fitting) < len(visible):
        reached, more = visible[len(fitting) - 1].seq, True
    elif len(looked_at) == most:
        reached, more = looked_at[-1].seq, looked_at[-1].seq < seen.seq
    else:
        # It passes invisible rows too; else a user with few clients would read the same rows for ever.
        reached, more = seen.seq, False
    return Changes(
        changes=tuple(change for change in fitting if change is not None),
        cursor=seen.cursor(reached),
        seq=reached,
        has_more=more,
    )


def _looked_at(seen: SnapshotView, start: int, most: int) -> list[ChangeRecord]:
    """Returns change rows after the number.

    An entity has one row, at its newest number, so skipped numbers cost nothing.
    """
    change = tables.change
    statement = (
        select(change)
        .where(change.c.space_id == seen.space.id, change.c.seq > start)
        .order_by(change.c.seq)
        .limit(most)
    )
    return fetch_all(seen.connection, ChangeRecord, statement)


def _is_visible(row: ChangeRecord, seen: SnapshotView) -> bool:
    kind = EntityKind(row.kind)
    if kind is EntityKind.ACCESS:
        return bool(row.user_id == seen.visitor.user_id)
    if kind in _OF_DOCUMENTS and not seen.visitor.sees_documents:
        return False
    return kind not in _OF_A_CLIENT or seen.visitor.sees_client(row.client_id)


def _fitting(taken: list[Change | None]) -> list[Change | None]:
    """Returns as many changes from the front as fit into one answer, at least one."""
    size = 0
    for at, change in enumerate(taken):
        size += 160 + (0 if change is None else len(bytes(change.value)))
        if size > MOST_BYTES and at:
            return taken[:at]
    return taken


def _values(seen: SnapshotView, rows: Sequence[ChangeRecord]) -> list[Change | None]:
    """Returns a change for each row, in order; `None` for a row whose entity no longer exists, which is skipped."""
    values: dict[tuple[str, str], object] = {}
    for kind, entity_ids in _by_kind(rows).items():
        for entity_id, value in _read(seen, kind, entity_ids):
            values[kind, entity_id] = value
    return [_change(row, values.get(_key(row))) for row in rows]


def _key(row: ChangeRecord) -> tuple[str, str]:
    if row.op == Op.GRANTED and row.client_id is not None:
        return EntityKind.CLIENT, row.client_id
    return row.kind, row.entity_id


def _by_kind(rows: Sequence[ChangeRecord]) -> dict[EntityKind, list[str]]:
    """Returns the ids to read for each kind.

    A client that the user may see from now on is read with its access change.
    """
    found: dict[EntityKind, list[str]] = {}
    for row in rows:
        if row.op == Op.PUT:
            found.setdefault(EntityKind(row.kind), []).append(row.entity_id)
        elif row.op == Op.GRANTED and row.client_id is not None:
            found.setdefault(EntityKind.CLIENT, []).append(row.client_id)
    return found


def _change(row: ChangeRecord, value: object) -> Change | None:
    op = Op(row.op)
    if op is Op.PUT and value is None:
        return None
    raw = NO_VALUE if value is None else msgspec.Raw(msgspec.json.encode(value))
    return Change(seq=row.seq, kind=EntityKind(row.kind), op=op, id=row.entity_id, value=raw)


def _read(seen: SnapshotView, kind: EntityKind, entity_ids: Sequence[str]) -> Iterator[tuple[str, object]]:
    if kind is EntityKind.SPACE:
        yield seen.space.id, Space(id=seen.space.id, name=seen.space.name)
    if kind not in _READERS:
        return
    record, values_of = _READERS[kind]
    for batch in in_batches(entity_ids):
        rows = fetch_all(seen.connection, record, select(record.TABLE).where(record.TABLE.c.id.in_(batch)))
        yield from zip((row.id for row in rows), values_of(seen, rows), strict=True)


_Values = Callable[[SnapshotView, Sequence[Any]], Sequence[Value]]

_READERS: dict[EntityKind, tuple[type[StoredRecord], _Values]] = {
    EntityKind.CLIENT: (ClientRecord, lambda seen, rows: [client_of(row) for row in rows]),
    EntityKind.DOCUMENT: (DocumentRecord, lambda seen, rows: [document_of(row) for row in rows]),
    EntityKind.DELIVERY: (DeliveryRecord, lambda seen, rows: deliveries_of(seen.connection, rows)),
    EntityKind.INSTALLATION: (
        InstallationRecord,
        lambda seen, rows: [installation_of(row, seen.services) for row in rows],
    ),
    EntityKind.INTEGRATION: (
        IntegrationRecord,
        lambda seen, rows: integrations_of(seen.connection, rows, seen.services),
    ),
    EntityKind.SOURCE: (SourceRecord, lambda seen, rows: sources_of(seen.connection, rows)),
    EntityKind.UNFILED: (UnfiledRecord, lambda seen, rows: [unfiled_of(row) for row in rows]),
    EntityKind.RULE: (RuleRecord, lambda seen, rows: [rule_of(row) for row in rows]),
}
