"""The changes after a cursor (docs/protocol.md, sync down).

An answer has only the rows that the user may see now, and a cursor that passes the invisible rows too.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from banqup_tui.backend.api.snapshots import MOST_BYTES, SnapshotView, restored_meanwhile, snapshot_view
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
from banqup_tui.backend.db.transaction import document_named
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
        view = snapshot_view(connection, services, user_id)
        start = view.read(cursor).seq
        if start <= view.seq:
            return _from(view, start, limit)
    _log.warning("number %d was given out before, but is not known: the database was put back", start)
    begin_new_epoch(services, start)
    raise restored_meanwhile()


def _from(view: SnapshotView, start: int, limit: int) -> Changes:
    # Tombstones below the floor are gone, so a copy this old would keep deleted rows.
    if start < view.space.tombstone_floor:
        raise RequestFailure(ProblemType.CURSOR_TOO_OLD, Message("request.copy-too-old"))
    return _after(view, start, max(1, min(limit, MOST_CHANGES)))


def _after(view: SnapshotView, start: int, limit: int) -> Changes:
    most = MOST_LOOKED_AT if view.visitor.clients is not None else min(limit + 1, MOST_LOOKED_AT)
    looked_at = _looked_at(view, start, most)
    visible = [row for row in looked_at if _is_visible(row, view)]
    taken = _values(view, visible[:limit])
    fitting = _fitting(taken)
    # The cursor ends at the last row that was sent. It must not skip rows that did not fit.
    if len(fitting) < len(visible):
        reached, more = visible[len(fitting) - 1].seq, True
    elif len(looked_at) == most:
        reached, more = looked_at[-1].seq, looked_at[-1].seq < view.seq
    else:
        # It passes invisible rows too; else a user with few clients would read the same rows for ever.
        reached, more = view.seq, False
    return Changes(
        changes=tuple(change for change in fitting if change is not None),
        cursor=view.cursor(reached),
        seq=reached,
        has_more=more,
    )


def _looked_at(view: SnapshotView, start: int, most: int) -> list[ChangeRecord]:
    """Returns change rows after the number.

    An entity has one row, at its newest number, so skipped numbers cost nothing.
    """
    change = tables.change
    statement = (
        select(change)
        .where(change.c.space_id == view.space.id, change.c.seq > start)
        .order_by(change.c.seq)
        .limit(most)
    )
    return fetch_all(view.connection, ChangeRecord, statement)


def _is_visible(row: ChangeRecord, view: SnapshotView) -> bool:
    kind = EntityKind(row.kind)
    if kind is EntityKind.ACCESS:
        return bool(row.user_id == view.visitor.user_id)
    if kind in _OF_DOCUMENTS and not view.visitor.sees_documents:
        return False
    return kind not in _OF_A_CLIENT or view.visitor.sees_client(row.client_id)


def _fitting(taken: list[Change | None]) -> list[Change | None]:
    """Returns as many changes from the front as fit into one answer, at least one."""
    size = 0
    for at, change in enumerate(taken):
        size += 160 + (0 if change is None else len(bytes(change.value)))
        if size > MOST_BYTES and at:
            return taken[:at]
    return taken


def _values(view: SnapshotView, rows: Sequence[ChangeRecord]) -> list[Change | None]:
    """Returns a change for each row, in order; `None` for a row whose entity no longer exists, which is skipped."""
    values: dict[tuple[str, str], object] = {}
    for kind, entity_ids in _by_kind(rows).items():
        for entity_id, value in _read(view, kind, entity_ids):
            values[kind, entity_id] = value
    still_seen = _still_seen(view, rows)
    return [None if row.entity_id in still_seen else _change(row, values.get(_key(row))) for row in rows]


def _still_seen(view: SnapshotView, rows: Sequence[ChangeRecord]) -> set[str]:
    """Returns the entity ids of documents that have left a client and that the user sees at another one."""
    documents = (row.entity_id for row in rows if row.kind == EntityKind.DOCUMENT)
    left = {entity_id: document_named(entity_id) for entity_id in documents if entity_id != document_named(entity_id)}
    document = tables.document
    seen: set[str] = set()
    for batch in in_batches(list(left.values())):
        present = select(document.c.id).where(document.c.id.in_(batch), view.visitor.only_visible(document.c.client_id))
        seen.update(view.connection.execute(present).scalars())
    return {entity_id for entity_id, of in left.items() if of in seen}


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
    entity_id = document_named(row.entity_id) if row.kind == EntityKind.DOCUMENT else row.entity_id
    raw = NO_VALUE if value is None else msgspec.Raw(msgspec.json.encode(value))
    return Change(seq=row.seq, kind=EntityKind(row.kind), op=op, id=entity_id, value=raw)


def _read(view: SnapshotView, kind: EntityKind, entity_ids: Sequence[str]) -> Iterator[tuple[str, object]]:
    if kind is EntityKind.SPACE:
        yield view.space.id, Space(id=view.space.id, name=view.space.name)
    if kind not in _READERS:
        return
    record, values_of = _READERS[kind]
    for batch in in_batches(entity_ids):
        rows = fetch_all(view.connection, record, select(record.TABLE).where(record.TABLE.c.id.in_(batch)))
        yield from zip((row.id for row in rows), values_of(view, rows), strict=True)


_Values = Callable[[SnapshotView, Sequence[Any]], Sequence[Value]]

_READERS: dict[EntityKind, tuple[type[StoredRecord], _Values]] = {
    EntityKind.CLIENT: (ClientRecord, lambda view, rows: [client_of(row) for row in rows]),
    EntityKind.DOCUMENT: (DocumentRecord, lambda view, rows: [document_of(row) for row in rows]),
    EntityKind.DELIVERY: (DeliveryRecord, lambda view, rows: deliveries_of(view.connection, rows)),
    EntityKind.INSTALLATION: (
        InstallationRecord,
        lambda view, rows: [installation_of(row, view.services) for row in rows],
    ),
    EntityKind.INTEGRATION: (
        IntegrationRecord,
        lambda view, rows: integrations_of(view.connection, rows, view.services),
    ),
    EntityKind.SOURCE: (SourceRecord, lambda view, rows: sources_of(view.connection, rows)),
    EntityKind.UNFILED: (UnfiledRecord, lambda view, rows: [unfiled_of(row) for row in rows]),
    EntityKind.RULE: (RuleRecord, lambda view, rows: [rule_of(row) for row in rows]),
}
