"""Reads for a copy: the snapshot, pages of documents, counts and attempts (docs/protocol.md, sync down).

Each answer comes from one database snapshot, so that rows, tombstones and cursor fit together.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from banqup_tui.backend.api.cursors import Cursor, PageKey, read_cursor, read_key, written_cursor, written_key
from banqup_tui.backend.api.visitors import Visitor, visitor
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.document_months import count_since
from banqup_tui.backend.db.records import (
    ClientRecord,
    DeliveryRecord,
    DocumentRecord,
    InstallationRecord,
    IntegrationRecord,
    RuleRecord,
    SourceRecord,
    SpaceRecord,
    StoredRecord,
    UnfiledRecord,
    fetch_all,
    fetch_one,
)
from banqup_tui.backend.db.values import (
    attempts_of,
    client_of,
    deliveries_of,
    document_of,
    installation_of,
    integrations_of,
    rule_of,
    sources_of,
    unfiled_of,
)
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.services import Services
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.source import Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import BackfillCount, Snapshot, VersionedDelivery, VersionedDocument
from banqup_tui.protocol.problems import ProblemType

S = TypeVar("S", bound=StoredRecord)

MOST_DOCUMENTS = 1_000
MOST_BYTES = 2 * 1024 * 1024


class SnapshotView(Value, frozen=True, kw_only=True):
    """One database snapshot as one user may see it."""

    connection: Connection
    services: Services
    space: SpaceRecord
    visitor: Visitor

    @property
    def seq(self) -> int:
        return self.space.seq

    def cursor(self, seq: int) -> str:
        cursor = Cursor(epoch=self.space.epoch, role_version=self.visitor.role_version, seq=seq)
        return written_cursor(cursor, self.space.cursor_secret)

    def read(self, cursor: str) -> Cursor:
        """Raises `RequestFailure`: 400 for a forged cursor, 410 where the copy has to start anew."""
        found = read_cursor(cursor, self.space.cursor_secret)
        if found.epoch != self.space.epoch:
            raise restored_meanwhile()
        if found.role_version != self.visitor.role_version:
            raise RequestFailure(ProblemType.ACCESS_CHANGED, Message("request.role-changed"))
        return found


def restored_meanwhile() -> RequestFailure:
    return RequestFailure(ProblemType.EPOCH_CHANGED, Message("request.service-restored"))


def snapshot_view(connection: Connection, services: Services, user_id: str) -> SnapshotView:
    space = fetch_one(connection, SpaceRecord, select(tables.space).where(tables.space.c.id == services.space_id))
    assert space is not None
    user = visitor(connection, services.space_id, user_id)
    return SnapshotView(connection=connection, services=services, space=space, visitor=user)


def space(services: Services, user_id: str) -> Space:
    with services.database.read() as connection:
        view = snapshot_view(connection, services, user_id)
        return Space(id=view.space.id, name=view.space.name)


def has_sources(services: Services) -> bool:
    """Tells whether the space has a watched folder or an SFTP drop."""
    table = tables.source
    with services.database.read() as connection:
        statement = select(table.c.id).where(table.c.space_id == services.space_id).limit(1)
        return connection.execute(statement).first() is not None


def epoch(services: Services) -> str:
    with services.database.read() as connection:
        statement = select(tables.space.c.epoch).where(tables.space.c.id == services.space_id)
        return str(connection.execute(statement).scalar_one())


def snapshot(services: Services, user_id: str) -> Snapshot:
    with services.database.read() as connection:
        view = snapshot_view(connection, services, user_id)
        # The cursor is the number of this database snapshot: a later one would skip changes between the two.
        return Snapshot(
            cursor=view.cursor(view.seq),
            epoch=view.space.epoch,
            seq=view.seq,
            role=view.visitor.role,
            space=Space(id=view.space.id, name=view.space.name),
            clients=tuple(client_of(row) for row in _all(view, ClientRecord, tables.client.c.id)),
            extensions=services.extensions.all(),
            installations=tuple(installation_of(row, services) for row in _all(view, InstallationRecord)),
            integrations=tuple(integrations_of(connection, _all_integrations(view), services)),
            sources=tuple(sources_of(connection, _all(view, SourceRecord))),
            unfiled=_unfiled(view),
            rules=tuple(rule_of(row) for row in _all(view, RuleRecord, tables.rule.c.client_id)),
            document_count=_document_count(view),
        )


def _all(view: SnapshotView, kind: type[S], client_column: ColumnElement[str] | None = None) -> list[S]:
    table = kind.TABLE
    statement = select(table).where(table.c.space_id == view.space.id).order_by(table.c.id)
    if client_column is not None:
        statement = statement.where(view.visitor.only_visible(client_column))
    return fetch_all(view.connection, kind, statement)


def _all_integrations(view: SnapshotView) -> list[IntegrationRecord]:
    return _all(view, IntegrationRecord, tables.integration.c.client_id)


def _document_count(view: SnapshotView) -> int:
    if not view.visitor.sees_documents:
        return 0
    document = tables.document
    statement = select(func.count()).select_from(document).where(document.c.space_id == view.space.id)
    return int(view.connection.execute(statement.where(view.visitor.only_visible(document.c.client_id))).scalar_one())


class _Page(Value, frozen=True, kw_only=True):
    """A `DocumentsPage` with encoded rows, so that its size is known."""

    documents: list[msgspec.Raw]
    deliveries: list[msgspec.Raw]
    next: str | None


def documents_page(
    services: Services,
    user_id: str,
    *,
    before: str | None,
    limit: int,
    client_id: str | None,
    at_least: str | None,
) -> bytes:
    """Returns an encoded `DocumentsPage`: documents below the key, newest first, each with all its deliveries.

    Raises:
        RequestFailure: 503 if this database is behind the cursor `at_least` (a lagging replica).
    """
    key = read_key(before) if before else None
    with services.database.read() as connection:
        view = snapshot_view(connection, services, user_id)
        if at_least is not None and view.read(at_least).seq > view.seq:
            raise RequestFailure(ProblemType.BEHIND_CURSOR, Message("request.behind"))
        if not view.visitor.sees_documents:
            return msgspec.json.encode(_Page(documents=[], deliveries=[], next=None))
        wanted = max(1, min(limit, MOST_DOCUMENTS))
        rows = fetch_all(connection, DocumentRecord, _below(view, key, client_id).limit(wanted + 1))
        return msgspec.json.encode(_filled(view, rows[:wanted], more=len(rows) > wanted))


def _below(view: SnapshotView, key: PageKey | None, client_id: str | None) -> Select[*tuple[object, ...]]:
    document = tables.document
    statement = (
        select(document)
        .where(document.c.space_id == view.space.id, view.visitor.only_visible(document.c.client_id))
        .order_by(document.c.created_at.desc(), document.c.id.desc())
    )
    if client_id is not None:
        statement = statement.where(document.c.client_id == client_id)
    if key is None:
        return statement
    # Pages are cut at a key, not at an offset: rows that are added or removed meanwhile do not shift them.
    earlier = document.c.created_at < key.created_at
    same_time = and_(document.c.created_at == key.created_at, document.c.id < key.id)
    return statement.where(document.c.created_at <= key.created_at, or_(earlier, same_time))


def _filled(view: SnapshotView, rows: Sequence[DocumentRecord], *, more: bool) -> _Page:
    documents: list[msgspec.Raw] = []
    deliveries: list[msgspec.Raw] = []
    of_document = _deliveries_by_document(view, rows)
    size = 0
    for at, row in enumerate(rows):
        encoded = msgspec.json.encode(VersionedDocument(seq=row.seq, value=document_of(row)))
        with_it = [msgspec.json.encode(delivery) for delivery in of_document.get(row.id, ())]
        size += len(encoded) + sum(map(len, with_it))
        if size > MOST_BYTES and documents:
            return _Page(documents=documents, deliveries=deliveries, next=_key_of(rows[at - 1]))
        documents.append(msgspec.Raw(encoded))
        deliveries.extend(msgspec.Raw(one) for one in with_it)
    return _Page(documents=documents, deliveries=deliveries, next=_key_of(rows[-1]) if more else None)


def _key_of(row: DocumentRecord) -> str:
    return written_key(PageKey(created_at=row.created_at, id=row.id))


def _deliveries_by_document(
    view: SnapshotView, documents: Sequence[DocumentRecord]
) -> dict[str, list[VersionedDelivery]]:
    delivery = tables.delivery
    found: dict[str, list[VersionedDelivery]] = {}
    for batch in in_batches([row.id for row in documents]):
        rows = fetch_all(view.connection, DeliveryRecord, select(delivery).where(delivery.c.document_id.in_(batch)))
        for row, value in zip(rows, deliveries_of(view.connection, rows), strict=True):
            found.setdefault(row.document_id, []).append(VersionedDelivery(seq=row.seq, value=value))
    return found


def backfill_count(
    services: Services, user_id: str, client_id: str, folders: tuple[Folder, ...] | None, since: date | None = None
) -> BackfillCount:
    """Counts the client's ready documents in these folders, and returns the number `up_to` which it counted.

    Args:
        since: count only documents dated on this day or later.
    """
    wanted = folders or ALL_FOLDERS
    document = tables.document
    with services.database.read() as connection:
        view = snapshot_view(connection, services, user_id)
        which = (
            document.c.space_id == view.space.id,
            document.c.client_id == client_id,
            document.c.folder.in_([str(folder) for folder in wanted]),
            document.c.approved.is_(True),
            document.c.ready_seq.is_not(None),
            view.visitor.only_visible(document.c.client_id),
        )
        count = count_since(connection, which, since)
        return BackfillCount(folders=wanted, count=count, up_to=f"{view.space.epoch}.{view.seq}")


def attempts(services: Services, user_id: str, delivery_id: str) -> list[Attempt]:
    """Returns all attempts at a delivery, newest first.

    Raises `RequestFailure` (404) for a client that the user may not see.
    """
    delivery = tables.delivery
    with services.database.read() as connection:
        view = snapshot_view(connection, services, user_id)
        statement = select(delivery.c.id).where(
            delivery.c.id == delivery_id,
            delivery.c.space_id == view.space.id,
            view.visitor.only_visible(delivery.c.client_id),
        )
        if not view.visitor.sees_documents or connection.execute(statement).one_or_none() is None:
            raise RequestFailure(ProblemType.NOT_FOUND, Message("delivery.unknown"))
        return attempts_of(connection, delivery_id)


def unfiled(services: Services, user_id: str) -> tuple[Unfiled, ...]:
    """Returns the unfiled documents, oldest first."""
    with services.database.read() as connection:
        return _unfiled(snapshot_view(connection, services, user_id))


def _unfiled(view: SnapshotView) -> tuple[Unfiled, ...]:
    if not view.visitor.sees_documents:
        return ()
    table = tables.unfiled
    statement = select(table).where(table.c.space_id == view.space.id).order_by(table.c.at, table.c.id)
    return tuple(unfiled_of(row) for row in fetch_all(view.connection, UnfiledRecord, statement))
