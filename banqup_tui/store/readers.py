"""Reads the local copy, with the effects of pending commands drawn over it.

Lists by position are in `windows`, counts in `tallies`, failures in `failures`.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec

from banqup_tui.domain.batches import USUAL_SIZE, in_batches
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.listing import ClientRow, Counts, DocumentRow, FolderNode, Totals, UnderWay
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.protocol.messages import BackfillCount
from banqup_tui.store.codes import APPROVED, REPLACED, UNDECIDED, WITHDRAWN, date_of, day_of
from banqup_tui.store.copy import CopyState, LocalCopy, state_of
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.overlay import Moment, Overlay
from banqup_tui.store.packed import DELIVERY_COLUMNS, whole_delivery, whole_document
from banqup_tui.store.query import DocumentQuery
from banqup_tui.store.repair import retry_after_repair, retry_all_after_repair
from banqup_tui.store.rows import COLUMNS, by_id, read_rows, rows_of
from banqup_tui.store.scope import number_of_client
from banqup_tui.store.sqlite import reading
from banqup_tui.store.tallies import Tallies, counts_in, folder_nodes
from banqup_tui.store.windows import DocumentRows

_V = TypeVar("_V")

_READINESS = APPROVED | UNDECIDED | REPLACED | WITHDRAWN
"""The flags that decide whether a document is ready: of these it has APPROVED alone."""

_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (Client, Integration, Installation, Extension, Source, Unfiled, PlacingRule)
}
"""Built at import, before any thread: msgspec 0.22 crashes if two threads decode a type for the first time at once."""


_IS_UNDECIDED = f"d.flags & {UNDECIDED} <> 0 AND d.flags & {WITHDRAWN} = 0"
"""The condition of the index `document_held` stands in it as it is written there, or SQLite would not use the index."""


@retry_all_after_repair
class Readers:
    """Reads clients, documents and deliveries. Any thread may call; each call sees one moment of the copy.

    What is not in the copy is returned as `None` or left out, never raised.
    """

    def __init__(self, copy: LocalCopy, outbox: Outbox) -> None:
        self._copy = copy
        self._outbox = outbox
        self._last_overlay: Overlay | None = None
        self._tallies = Tallies()

    def version(self) -> tuple[int, int]:
        """Returns a value that differs from the last one if anything that can be read has changed."""
        outbox = self._outbox.version()
        return int(self._connection().execute("SELECT step FROM meta").fetchone()[0]), outbox

    def state(self) -> CopyState:
        return self._copy.state()

    # clients and folders

    def clients(self) -> list[ClientRow]:
        """Returns all clients by name, with their counts, newest date and labels of integrations."""
        overlay = self._overlay()
        with reading(self._connection()) as connection:
            counts = self._tallies.by_client(connection, overlay)
            integrations = self._labels(connection)
            rows = connection.execute(
                "SELECT c.n, c.id, c.value, (SELECT day FROM document WHERE client = c.n"  # noqa: S608
                f" AND flags & {WITHDRAWN} = 0 ORDER BY day DESC LIMIT 1)"
                " FROM client c WHERE c.value IS NOT NULL ORDER BY c.name COLLATE NOCASE, c.id"
            ).fetchall()
        return [
            ClientRow(
                client=_decode(value, Client),
                counts=counts.get(n, Counts()),
                newest=None if day is None else date_of(day),
                integrations=tuple(integrations.get(client_id, ())),
            )
            for n, client_id, value, day in rows
        ]

    def client(self, client_id: str) -> Client | None:
        return self._one("SELECT value FROM client WHERE id = ? AND value IS NOT NULL", client_id, Client)

    def find_clients(self, text: str) -> list[Client]:
        """Returns clients whose id, reference, VAT or enterprise number is `text`, else those with it in the name."""
        rows = self._connection().execute("SELECT value FROM client WHERE value IS NOT NULL ORDER BY name")
        clients = [_decode(value, Client) for (value,) in rows]
        plain = text.replace(".", "").replace(" ", "").casefold()
        exact = [one for one in clients if plain in _keys_of(one)]
        return exact or [one for one in clients if text.casefold() in one.name.casefold()]

    def folders(self, client_id: str) -> list[FolderNode]:
        """Returns the five folders of a client, with their years and months, the newest first."""
        overlay = self._overlay()
        with reading(self._connection()) as connection:
            number = number_of_client(connection, client_id)
            tally = self._tallies.of(connection, number, overlay)
        return folder_nodes(tally)

    def counts(
        self,
        client_id: str | None = None,
        folder: Folder | None = None,
        year: int | None = None,
        month: int | None = None,
    ) -> Counts:
        overlay = self._overlay()
        with reading(self._connection()) as connection:
            number = None if client_id is None else number_of_client(connection, client_id)
            tally = self._tallies.of(connection, number, overlay)
        return counts_in(tally, folder, year, month)

    # documents

    def documents(self, query: DocumentQuery) -> DocumentRows:
        return DocumentRows(self._copy, self._overlay, query)

    def listing(self, query: DocumentQuery, limit: int | None = None) -> Iterator[DocumentRow]:
        """Yields the rows of a query in its order, for the command line."""
        rows = self.documents(query)
        total = rows.count() if limit is None else min(limit, rows.count())
        for start in range(0, total, USUAL_SIZE):
            yield from rows.window(start, min(USUAL_SIZE, total - start))

    def rows(self, ids: Sequence[str]) -> list[DocumentRow]:
        """Returns the rows of these documents, in the order of the ids; unknown ids are left out."""
        overlay = self._overlay()
        with reading(self._connection()) as connection:
            return rows_of(connection, overlay, by_id(connection, ids))

    def row(self, document_id: str) -> DocumentRow | None:
        found = self.rows([document_id])
        return found[0] if found else None

    def document(self, document_id: str) -> Document | None:
        """Returns the whole document, with the effects of pending commands."""
        return next(self.whole([document_id]), None)

    def whole(self, ids: Sequence[str]) -> Iterator[Document]:
        """Yields whole documents in the order of the ids, read in batches; unknown ids are left out."""
        for some in in_batches(ids):
            yield from self._some_whole(some)

    @retry_after_repair
    def _some_whole(self, ids: list[str]) -> list[Document]:
        overlay = self._overlay()
        with reading(self._connection()) as connection:
            stored = by_id(connection, ids)
            marks = ",".join("?" * len(stored))
            numbers = [row.n for row in stored]
            values = dict(connection.execute(f"SELECT n, value FROM document WHERE n IN ({marks})", numbers))  # noqa: S608
            rows = rows_of(connection, overlay, stored)
        return [whole_document(row, values[one.n]) for one, row in zip(stored, rows, strict=True)]

    def undecided(self) -> list[str]:
        """Returns the ids of documents that are held as duplicates, the newest first."""
        overlay = self._overlay()
        query = f"SELECT {COLUMNS} FROM document d WHERE {_IS_UNDECIDED} ORDER BY d.day DESC, d.n DESC"  # noqa: S608
        with reading(self._connection()) as connection:
            return [row.id for row in rows_of(connection, overlay, read_rows(connection, query, ())) if row.undecided]

    def undecided_count(self) -> int:
        """Returns how many documents are held. Pending commands are not subtracted: it is called at every key press."""
        query = f"SELECT count(*) FROM document d WHERE {_IS_UNDECIDED}"  # noqa: S608
        return int(self._connection().execute(query).fetchone()[0])

    def totals(self, ids: Sequence[str]) -> list[Totals]:
        """Returns count and amounts of these documents by currency, in minor units, the euro first."""
        sums: dict[str, list[int]] = {}
        connection = self._connection()
        for some in in_batches(ids):
            marks = ",".join("?" * len(some))
            rows = connection.execute(
                "SELECT coalesce(currency, ''), count(*), total(net), total(vat), total(gross) FROM document"  # noqa: S608
                f" WHERE id IN ({marks}) GROUP BY 1",
                some,
            )
            for currency, *figures in rows:
                before = sums.setdefault(currency, [0, 0, 0, 0])
                sums[currency] = [old + int(new) for old, new in zip(before, figures, strict=True)]
        order = sorted(sums, key=lambda currency: (currency != "EUR", currency))
        return [
            Totals(currency=one, count=sums[one][0], net=sums[one][1], vat=sums[one][2], gross=sums[one][3])
            for one in order
        ]

    # deliveries

    def deliveries(self, document_id: str) -> list[Delivery]:
        """Returns the deliveries of a document, by the label of their integration."""
        rows = self._connection().execute(
            f"SELECT {DELIVERY_COLUMNS} FROM delivery v LEFT JOIN integration i ON i.id = v.integration_id"  # noqa: S608
            " WHERE v.document_id = ? ORDER BY i.label, v.id",
            (document_id,),
        )
        return [whole_delivery(row) for row in rows]

    def deliveries_of(self, document_ids: Sequence[str]) -> dict[str, list[Delivery]]:
        found: dict[str, list[Delivery]] = {document_id: [] for document_id in document_ids}
        for some in in_batches(document_ids):
            marks = ",".join("?" * len(some))
            rows = self._connection().execute(
                f"SELECT {DELIVERY_COLUMNS} FROM delivery v LEFT JOIN integration i ON i.id = v.integration_id"  # noqa: S608
                f" WHERE v.document_id IN ({marks}) ORDER BY i.label, v.id",
                some,
            )
            for delivery in map(whole_delivery, rows):
                found[delivery.document_id].append(delivery)
        return found

    def delivery(self, delivery_id: str) -> Delivery | None:
        row = (
            self._connection()
            .execute(f"SELECT {DELIVERY_COLUMNS} FROM delivery v WHERE v.id = ?", (delivery_id,))  # noqa: S608
            .fetchone()
        )
        return None if row is None else whole_delivery(row)

    def under_way(self, integration_ids: Sequence[str]) -> UnderWay:
        """Returns how many deliveries of these integrations are queued or on their way.

        It reads all deliveries, so it is too slow for anything that is drawn often.
        """
        found = {DeliveryState.QUEUED: 0, DeliveryState.SENDING: 0}
        for some in in_batches(integration_ids):
            marks = ",".join("?" * len(some))
            rows = self._connection().execute(
                "SELECT state, count(*) FROM delivery WHERE state IN ('QUEUED', 'SENDING')"  # noqa: S608
                f" AND integration_id IN ({marks}) GROUP BY state",
                some,
            )
            for state, number in rows:
                found[DeliveryState(state)] += number
        return UnderWay(queued=found[DeliveryState.QUEUED], sending=found[DeliveryState.SENDING])

    def older(self, client_id: str, folders: Sequence[Folder], since: date | None = None) -> BackfillCount | None:
        """Returns the number of documents of a client that are ready, in these folders, and the copy's `seen`.

        Returns `None` while the copy is not complete: the server queues no more than the user was shown, so the count
        must be right.
        """
        with reading(self._connection()) as connection:
            state = state_of(connection)
            if not state.is_complete:
                return None
            number = number_of_client(connection, client_id)
            marks = ",".join("?" * len(folders))
            (count,) = connection.execute(
                "SELECT count(*) FROM document WHERE client = ? AND day >= ? AND flags & ? = ?"  # noqa: S608
                f" AND folder IN ({marks})",
                (number, day_of(since) if since else 0, _READINESS, APPROVED, *map(ALL_FOLDERS.index, folders)),
            ).fetchone()
        return BackfillCount(folders=tuple(folders), count=count, up_to=state.seen)

    def documents_of_deliveries(self, delivery_ids: Iterable[str]) -> list[str]:
        connection = self._connection()
        query = "SELECT document_id FROM delivery WHERE id = ?"
        rows = [connection.execute(query, (one,)).fetchone() for one in delivery_ids]
        return list(dict.fromkeys(document_id for (document_id,) in filter(None, rows)))

    # small things

    def integrations(self, client_id: str | None = None, *, removed: bool = False) -> list[Integration]:
        """Returns integrations by label, of one client or of all; removed ones only with `removed`."""
        rows = self._connection().execute(
            "SELECT value FROM integration WHERE (?1 IS NULL OR client_id = ?1) AND (?2 OR state <> 'REMOVED')"
            " ORDER BY label COLLATE NOCASE, id",
            (client_id, removed),
        )
        return [_decode(value, Integration) for (value,) in rows]

    def integration(self, integration_id: str) -> Integration | None:
        return self._one("SELECT value FROM integration WHERE id = ?", integration_id, Integration)

    def installations(self) -> list[Installation]:
        return self._all("SELECT value FROM installation ORDER BY id", Installation)

    def installation(self, installation_id: str) -> Installation | None:
        return self._one("SELECT value FROM installation WHERE id = ?", installation_id, Installation)

    def installation_of(self, extension_id: str) -> Installation | None:
        return next((one for one in self.installations() if one.extension_id == extension_id), None)

    def extensions(self) -> list[Extension]:
        return self._all("SELECT value FROM extension ORDER BY id", Extension)

    def extension(self, extension_id: str) -> Extension | None:
        return self._one("SELECT value FROM extension WHERE id = ?", extension_id, Extension)

    def sources(self) -> list[Source]:
        return self._all("SELECT value FROM source ORDER BY id", Source)

    def unfiled(self) -> list[Unfiled]:
        """Returns unfiled files, the newest first, without those that a pending command files or dismisses."""
        there = self._unfiled_ids()
        rows = self._connection().execute("SELECT id, value FROM to_place").fetchall()
        found = [_decode(value, Unfiled) for id_, value in rows if id_ in there]
        return sorted(found, key=lambda one: (-one.at.timestamp() if one.at else 0.0, one.id))

    def unfiled_count(self) -> int:
        return len(self._unfiled_ids())

    def _unfiled_ids(self) -> set[str]:
        overlay = self._overlay()
        with reading(self._connection()) as connection:
            gen, seq = connection.execute("SELECT gen, seq FROM meta").fetchone()
            rows = connection.execute("SELECT id, ver, gen FROM to_place").fetchall()
        now = Moment(gen=gen, seq=seq)
        return {id_ for id_, ver, of in rows if not overlay.over(id_, ver, of, now)}

    def waiting_unfiled(self, unfiled_id: str) -> Unfiled | None:
        return self._one("SELECT value FROM to_place WHERE id = ?", unfiled_id, Unfiled)

    def rules(self) -> list[PlacingRule]:
        return self._all("SELECT value FROM rule ORDER BY id", PlacingRule)

    # inside

    def _connection(self) -> sqlite3.Connection:
        return self._copy.reader()

    def _overlay(self) -> Overlay:
        """Returns the overlay. Call it before the copy is read, see `Outbox.overlay`."""
        last = self._last_overlay
        if last is None or last.version != self._outbox.version():
            last = self._last_overlay = self._outbox.overlay()
        return last

    def _one(self, query: str, entity_id: str, kind: type[_V]) -> _V | None:
        row = self._connection().execute(query, (entity_id,)).fetchone()
        if row is None:
            return None
        (value,) = row
        return _decode(value, kind)

    def _all(self, query: str, kind: type[_V]) -> list[_V]:
        return [_decode(value, kind) for (value,) in self._connection().execute(query)]

    def _labels(self, connection: sqlite3.Connection) -> dict[str, list[str]]:
        labels: dict[str, list[str]] = {}
        rows = connection.execute(
            "SELECT client_id, label FROM integration WHERE state <> ? ORDER BY label COLLATE NOCASE",
            (IntegrationState.REMOVED.value,),
        )
        for client_id, label in rows:
            labels.setdefault(client_id, []).append(label)
        return labels


def _decode(raw: bytes, kind: type[_V]) -> _V:
    value: _V = _DECODERS[kind].decode(raw)
    return value


def _keys_of(client: Client) -> set[str]:
    keys = (client.id, client.reference, client.vat_number, client.enterprise_number, *client.identifiers)
    return {key.replace(".", "").replace(" ", "").casefold() for key in keys if key}
