"""Applies answers of the server to the local copy: snapshots, pages and changes (docs/protocol.md, "Sync, down").

Every function takes the `step` of the copy as it was read before the request was sent. Its transaction compares and
raises the step; where the step has moved on, nothing is applied and the function returns False. So neither a late
answer nor a second program that also pulls can bring back a deleted row.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import (
    Change,
    Changes,
    EntityKind,
    Op,
    Snapshot,
    VersionedDelivery,
    VersionedDocument,
)
from banqup_tui.store.batch import FEW, CopyWriter
from banqup_tui.store.copy import NEWLY_ASSIGNED, LocalCopy, state_of
from banqup_tui.store.files import FileCache
from banqup_tui.store.sqlite import writing

EVERYTHING = ""
"""The scope of the backfill that fetches the documents of all clients."""


_KINDS: dict[EntityKind, type[Value]] = {
    EntityKind.SPACE: Space,
    EntityKind.CLIENT: Client,
    EntityKind.DOCUMENT: Document,
    EntityKind.DELIVERY: Delivery,
    EntityKind.INSTALLATION: Installation,
    EntityKind.INTEGRATION: Integration,
    EntityKind.SOURCE: Source,
    EntityKind.UNFILED: Unfiled,
    EntityKind.RULE: PlacingRule,
}
_SMALL_DECODERS = {
    kind: msgspec.json.Decoder(of_kind) for kind, of_kind in _KINDS.items() if of_kind not in (Document, Delivery)
}
_DOCUMENT_DECODER = msgspec.json.Decoder(Document)
_DELIVERY_DECODER = msgspec.json.Decoder(Delivery)


def begin(copy: LocalCopy, step: int, snapshot: Snapshot, files: FileCache | None = None) -> bool:
    """Starts a new generation of the copy, with a backfill of all documents.

    Rows of clients that the user may still see stay readable until a page has replaced them. Rows of other clients,
    and their cached `files`, are deleted at once: the user has no access to them any more.

    Returns:
        False if the copy has changed since `step` was read; nothing is applied then.
    """
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step):
            return False
        batch = CopyWriter(connection, files)
        batch.gen += 1
        _keep_only(connection, batch, {client.id for client in snapshot.clients})
        rows = connection.execute("SELECT coalesce(sum(count), 0) FROM client_tally").fetchone()[0]
        _put_small(connection, batch, snapshot)
        connection.execute(
            "UPDATE meta SET epoch = ?, cursor = ?, seq = ?, gen = ?, role = ?, space_id = ?, space_name = ?,"
            ' expected = ?, arrived = 0, "before" = ?',
            (snapshot.epoch, snapshot.cursor, snapshot.seq, batch.gen, snapshot.role, snapshot.space.id,
             snapshot.space.name, snapshot.document_count, int(rows > 0)),
        )  # fmt: skip
        connection.execute("DELETE FROM backfill")
        connection.execute("INSERT INTO backfill VALUES (?, NULL)", (EVERYTHING,))
        batch.finish()
    # Killed here, the new generation is begun; the next start goes on with its first page.
    kill_point("snapshot.begun")
    return True


def refresh(copy: LocalCopy, step: int, snapshot: Snapshot) -> bool:
    """Replaces clients, integrations, sources, rules and extensions, and leaves the cursor where it is.

    Called after a client was assigned. The backfills of new clients may then begin. Returns False if it came too late.
    """
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step):
            return False
        batch = CopyWriter(connection)
        _put_small(connection, batch, snapshot)
        connection.execute('UPDATE backfill SET "before" = NULL WHERE "before" = ?', (NEWLY_ASSIGNED,))
        batch.finish()
    return True


def page(
    copy: LocalCopy,
    step: int,
    scope: str,
    documents: Sequence[VersionedDocument],
    deliveries: Sequence[VersionedDelivery],
    following: str | None,
) -> bool:
    """Applies one page of a backfill.

    Args:
        scope: The backfill: the id of a client, or `EVERYTHING`.
        following: The key of the next page; `None` ends the backfill. At the end of `EVERYTHING` all rows of older
            generations are deleted.

    Returns:
        False if the copy has changed since `step` was read, or the backfill is not open any more (the client was
        taken away, or the copy was begun again): the page is dropped.
    """
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step) or not _is_open(connection, scope):
            return False
        batch = CopyWriter(connection)
        batch.put_documents(documents)
        batch.put_deliveries(deliveries)
        connection.execute("UPDATE meta SET arrived = arrived + ?", (len(documents),))
        _move(connection, scope, following)
        if following is None and scope == EVERYTHING:
            _sweep(connection, batch)
        batch.finish()
        # Killed before the commit, the page is not applied and is fetched again.
        kill_point("snapshot.page")
    if following is None and scope == EVERYTHING:
        kill_point("snapshot.swept")
    return True


def changes(
    copy: LocalCopy,
    step: int,
    answer: Changes,
    files: FileCache | None = None,
) -> bool:
    """Applies changes, in the order of their numbers, and moves the cursor past them.

    Args:
        files: The cache from which the files of clients that were taken away are deleted.

    Returns:
        False if the copy has changed since `step` was read; nothing is applied then.

    Raises:
        msgspec.MsgspecError: A value is not of its kind; nothing is applied.
    """
    with writing(copy.writer()) as connection:
        if not _step_taken(connection, step):
            return False
        batch = CopyWriter(connection, files)
        revoked = _apply_in_order(connection, batch, answer.changes)
        connection.execute("UPDATE meta SET cursor = ?, seq = ?", (answer.cursor, answer.seq))
        if not answer.has_more:
            _drop_orphans(connection)
        batch.finish()
        # Killed before the commit, rows and cursor are both unchanged, and the changes are fetched again.
        kill_point("pull.applying")
    kill_point("access.revoked" if revoked else "pull.applied")
    return True


def put_extensions(copy: LocalCopy, extensions: Sequence[Extension]) -> bool:
    """Replaces the extensions of the Store by those that the server sent. Returns True if any differs."""
    wanted = {extension.id: msgspec.json.encode(extension) for extension in extensions}
    connection = copy.writer()
    found = dict(connection.execute("SELECT id, value FROM extension"))
    if wanted == found:
        return False
    with writing(connection):
        connection.execute("DELETE FROM extension")
        connection.executemany("INSERT INTO extension VALUES (?, 0, 0, ?)", wanted.items())
    return True


def knows_packages_not_allowed(copy: LocalCopy) -> bool:
    """Returns True if the Store has an extension whose package the owner has not allowed."""
    rows = copy.writer().execute("SELECT value FROM extension")
    return any(b'"allowed":false' in value for (value,) in rows)


def _step_taken(connection: sqlite3.Connection, step: int) -> bool:
    # The guard against late answers ("Sync, down"): of two programs that read the same step, only one applies its
    # answer. Without it a page that was requested before a deletion would bring the deleted row back.
    return connection.execute("UPDATE meta SET step = step + 1 WHERE step = ?", (step,)).rowcount == 1


def _is_open(connection: sqlite3.Connection, scope: str) -> bool:
    return connection.execute("SELECT 1 FROM backfill WHERE scope = ?", (scope,)).fetchone() is not None


def _move(connection: sqlite3.Connection, scope: str, following: str | None) -> None:
    if following is None:
        connection.execute("DELETE FROM backfill WHERE scope = ?", (scope,))
    else:
        connection.execute('UPDATE backfill SET "before" = ? WHERE scope = ?', (following, scope))


def _apply_in_order(connection: sqlite3.Connection, batch: CopyWriter, changed: Iterable[Change]) -> bool:
    """Applies the changes in their order, with neighbouring documents or deliveries in one statement, for speed.

    Returns True if a client was taken away.
    """
    revoked = False
    for kind, run in groupby(changed, _kind_of_run):
        if kind is EntityKind.DOCUMENT:
            batch.put_documents(
                [VersionedDocument(seq=one.seq, value=_DOCUMENT_DECODER.decode(one.value)) for one in run]
            )
        elif kind is EntityKind.DELIVERY:
            batch.put_deliveries(
                [VersionedDelivery(seq=one.seq, value=_DELIVERY_DECODER.decode(one.value)) for one in run]
            )
        else:
            for one in run:
                revoked = _apply_one(connection, batch, one) or revoked
    return revoked


def _kind_of_run(change: Change) -> EntityKind | None:
    """Returns the kind of a document or delivery that was created or changed; None for every other change."""
    is_many = change.kind in (EntityKind.DOCUMENT, EntityKind.DELIVERY)
    return change.kind if is_many and not _is_deletion(change) else None


def _is_deletion(change: Change) -> bool:
    return change.op is Op.DELETE or not change.has_value


def _apply_one(connection: sqlite3.Connection, batch: CopyWriter, change: Change) -> bool:
    """Applies a change that is no new state of a document or delivery. Returns True if a client was taken away."""
    if change.kind is EntityKind.ACCESS:
        return _apply_access(connection, batch, change)
    if _is_deletion(change):
        batch.delete(_KINDS[change.kind], change.id)
    else:
        batch.put_small(change.seq, _SMALL_DECODERS[change.kind].decode(change.value))
    return False


def _apply_access(connection: sqlite3.Connection, batch: CopyWriter, change: Change) -> bool:
    """Applies a change of access, whose id is `user:client`. Returns True if the client was taken away.

    Of a client that was assigned, integrations, rules and documents may be older than the cursor, so no change brings
    them: they are fetched. Of a client that was taken away, all rows and files are deleted.
    """
    client_id = change.id.rpartition(":")[2]
    if change.op in (Op.REVOKED, Op.DELETE):
        batch.delete_client(client_id)
        return True
    if change.has_value:
        batch.put_small(change.seq, _SMALL_DECODERS[EntityKind.CLIENT].decode(change.value))
    connection.execute("INSERT OR REPLACE INTO backfill VALUES (?, ?)", (client_id, NEWLY_ASSIGNED))
    return False


def _keep_only(connection: sqlite3.Connection, batch: CopyWriter, client_ids: set[str]) -> None:
    for (client_id,) in connection.execute("SELECT id FROM client").fetchall():
        if client_id not in client_ids:
            batch.delete_client(client_id)


def _put_small(connection: sqlite3.Connection, batch: CopyWriter, snapshot: Snapshot) -> None:
    """Makes the small tables equal to the snapshot."""
    for name, values in (
        ("installation", snapshot.installations),
        ("integration", snapshot.integrations),
        ("source", snapshot.sources),
        ("to_place", snapshot.unfiled),
        ("rule", snapshot.rules),
        ("extension", snapshot.extensions),
    ):
        connection.execute(f"DELETE FROM {name}")  # noqa: S608
        for value in values:
            batch.put_small(snapshot.seq, value)
    for client in snapshot.clients:
        batch.put_small(snapshot.seq, client)


def _sweep(connection: sqlite3.Connection, batch: CopyWriter) -> None:
    """Deletes the rows of older generations: no page has brought them again, so the server has deleted them."""
    old = connection.execute("SELECT id FROM document WHERE gen < ?", (batch.gen,)).fetchall()
    for some in in_batches(old, FEW):
        batch.delete_documents([document_id for (document_id,) in some])
    connection.execute("DELETE FROM delivery WHERE gen < ?", (batch.gen,))


def _drop_orphans(connection: sqlite3.Connection) -> None:
    """Deletes clients that are known by their number alone and have no document left."""
    # While a backfill is open, the change that brings the client may still come.
    if state_of(connection).backfills:
        return
    connection.execute("DELETE FROM client WHERE value IS NULL AND NOT EXISTS (SELECT 1 FROM tally WHERE client = n)")
