"""The local copy at size: fill, then read windows, positions, counts. `python benchmarks/copy.py [documents]`"""

import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.folder import ALL_FOLDERS
from banqup_tui.domain.space import Space
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.protocol.messages import Snapshot, VersionedDelivery, VersionedDocument
from banqup_tui.store import copy_updates
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.query import DocumentQuery, Filter, SortColumn, parse
from banqup_tui.store.readers import Readers
from banqup_tui.store.windows import DocumentRows

PAGE = 1000
V = TypeVar("V")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
STATUSES = list(AccountingStatus)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as directory:
        copy = LocalCopy.open(Path(directory) / "copy.sqlite")
        print(f"{count:,} documents, {2 * count:,} deliveries: filled in {_fill(copy, count):.1f} s")
        _read(Readers(copy, Outbox.open(Path(directory) / "outbox.sqlite")))


def _fill(copy: LocalCopy, count: int) -> float:
    chance = random.Random(1)
    clients = [Client(id=str(uuid.uuid4()), reference=f"c{at}", name=f"Client {at}") for at in range(30)]
    beginning = Snapshot(
        epoch="e", cursor="c", seq=1, role="ACCOUNTANT", space=Space(id="s", name="S"), clients=tuple(clients)
    )  # fmt: skip
    copy_updates.begin(copy, 0, beginning)
    spent = 0.0
    for start in range(0, count, PAGE):
        documents = [_document(chance, clients, at, count) for at in range(start, start + PAGE)]
        deliveries = [_delivery(one, at) for one in documents for at in range(2)]
        began = time.perf_counter()
        copy_updates.page(
            copy, copy.state().step, "",
            [VersionedDocument(seq=1, value=one) for one in documents],
            [VersionedDelivery(seq=1, value=one) for one in deliveries],
            "more" if start + PAGE < count else None,
        )  # fmt: skip
        spent += time.perf_counter() - began
    return spent


def _document(chance: random.Random, clients: list[Client], at: int, count: int) -> Document:
    created = NOW - timedelta(minutes=2e6 / count * at)
    return Document(
        id=str(uuid.uuid4()), client_id=(clients[0] if at % 2 else chance.choice(clients)).id,
        folder=chance.choice(ALL_FOLDERS), kind=DocumentKind.INVOICE, file_name=f"f{at}.xml",
        media_type="application/xml", size=9, sha256=f"{at:064}", created_at=created, number=f"2026/{at}",
        issue_date=(created - timedelta(days=chance.randrange(20))).date(), currency="EUR", gross_amount=at,
        counterparty=Party(name=f"{chance.choice(('Zavel', 'Meuse', 'Levures'))} {chance.randrange(500)} SA"),
        accounting_status=chance.choices(STATUSES, [1, 1, 5, 90, 1])[0],
    )  # fmt: skip


def _delivery(document: Document, at: int) -> Delivery:
    return Delivery(
        id=str(uuid.uuid4()), integration_id=f"i{at}", document_id=document.id, sha256=document.sha256,
        state=DeliveryState.DELIVERED,
    )  # fmt: skip


def _read(readers: Readers) -> None:
    client_id = max(_timed("clients with counts", readers.clients), key=lambda row: row.counts.total).client.id
    _timed("folder tree", lambda: readers.folders(client_id))
    queries = {
        "all": DocumentQuery(),
        "one client": DocumentQuery(client_id=client_id),
        "one folder": DocumentQuery(client_id=client_id, folder=ALL_FOLDERS[1]),
        "errors": DocumentQuery(client_id=client_id, statuses=(AccountingStatus.ERROR,)),
    }
    for name, query in queries.items():
        _read_rows(name, readers.documents(query))
    for line in ("zavel", 'from:"zavel 12"', "gross:>500", "number:2026/7000"):
        parsed = parse(line)
        assert isinstance(parsed, Filter)
        _first_look(f"filter {line}", readers, DocumentQuery(client_id=client_id, filter=parsed))
    by_name = DocumentQuery(client_id=client_id, sort=SortColumn.COUNTERPARTY)
    _first_look("sorted by counterparty", readers, by_name)


def _read_rows(name: str, rows: DocumentRows) -> None:
    chance = random.Random(2)
    total = _timed(f"{name}: count", rows.count)
    _timed(f"{name}: window of 40 anywhere", lambda: rows.window(chance.randrange(total), 40))
    some = rows.window(total // 2, 1)[0].id
    _timed(f"{name}: position of one", lambda: rows.position_of(some))


def _first_look(name: str, readers: Readers, query: DocumentQuery) -> None:
    _timed(f"{name}: first look", lambda: readers.documents(query).count(), 5)


def _timed(name: str, transaction: Callable[[], V], times: int = 50) -> V:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        result = transaction()
        spent.append((time.perf_counter() - began) * 1000)
    print(f"{name:44} {statistics.median(spent):8.2f} ms, at most {max(spent):8.2f}")
    return result


if __name__ == "__main__":
    main()
