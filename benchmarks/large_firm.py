"""A firm of any size, written straight into a backend's database: for measuring, not for showing."""

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Database, Transaction, sqlite_engine
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.protocol.messages import EntityKind

CHUNK = 2_000
_WORDS = (
    "Meunerie",
    "Atelier",
    "Garage",
    "Drukkerij",
    "Bouw",
    "Hôtel",
    "Pharmacie",
    "Transport",
    "Imprimerie",
    "Taverne",
)
_PLACES = ("Gembloux", "Leuven", "Ourthe", "Hageland", "Dinant", "Kempen", "Tournai", "Zavel", "Dyle", "Meuse")


def write_firm(database_file: Path, *, clients: int, documents: int, seed: int = 1) -> None:
    """The database must have been made by a backend before: its one space is filled."""
    database = Database(sqlite_engine(str(database_file)))
    with database.read() as connection:
        space_id = str(connection.execute(tables.space.select()).mappings().one()["id"])
    chance = random.Random(seed)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(clients)]
    with database.write(space_id) as transaction:
        for at, client_id in enumerate(ids):
            _write_client(transaction, client_id, at, chance)
    for first in range(0, documents, CHUNK):
        with database.write(space_id) as transaction:
            _write_documents(transaction, ids, first, min(CHUNK, documents - first), chance)


def write_client_with(database_file: Path, files: Sequence[Path], number: int = 0) -> tuple[str, list[str]]:
    """One client with a document for each file (named by its SHA-256) of the store: its id, and theirs in order.

    `number` tells one such client from another.
    """
    database = Database(sqlite_engine(str(database_file)))
    with database.read() as connection:
        space_id = str(connection.execute(tables.space.select()).mappings().one()["id"])
    chance = random.Random(2 + number)
    client_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    documents = [
        msgspec.structs.replace(
            _document(client_id, at, chance),
            sha256=file.name,
            size=file.stat().st_size,
            number=f"2026-{at:05}",
            processed=False,
        )
        for at, file in enumerate(files)
    ]
    with database.write(space_id) as transaction:
        _write_client(transaction, client_id, number, chance)
        transaction.execute(tables.document.insert(), [_row(transaction, one) for one in documents])
        for one in documents:
            transaction.changed(EntityKind.DOCUMENT, one.id, client_id=client_id)
    database.engine.dispose()
    return client_id, [one.id for one in documents]


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_WORDS)} {chance.choice(_PLACES)} {chance.choice(('SRL', 'SA', 'BV', 'NV'))}"


def _write_client(transaction: Transaction, client_id: str, at: int, chance: random.Random) -> None:
    value = Client(id=client_id, reference=f"C{at:04}", name=_name(chance), vat_number=f"BE0{400000000 + at}")
    transaction.execute(
        tables.client.insert().values(
            id=client_id,
            space_id=transaction.space_id,
            reference=value.reference,
            seq=0,
            value=msgspec.json.encode(value),
        )
    )
    transaction.changed(EntityKind.CLIENT, client_id, client_id=client_id)


def _write_documents(
    transaction: Transaction, clients: list[str], first: int, count: int, chance: random.Random
) -> None:
    """The first client has half of all: so one table is as long as the benchmark says."""
    rows = []
    for at in range(first, first + count):
        client_id = clients[0] if at % 2 == 0 else chance.choice(clients)
        rows.append(_row(transaction, _document(client_id, at, chance)))
    transaction.execute(tables.document.insert(), rows)
    for row in rows:
        transaction.changed(EntityKind.DOCUMENT, row["id"], client_id=row["client_id"])


def _document(client_id: str, at: int, chance: random.Random) -> Document:
    issued = date(2026, 11, 24) - timedelta(days=chance.randrange(1000))
    net = chance.randrange(100, 900_000)
    supplier = Party(name=_name(chance), vat_number=f"BE0{chance.randrange(400000000, 499999999)}")
    return Document(
        id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        client_id=client_id,
        folder=chance.choice((Folder.PURCHASE_INVOICES, Folder.PURCHASE_INVOICES, Folder.SALES_INVOICES)),
        kind=DocumentKind.INVOICE,
        file_name=f"{at}.xml",
        media_type="application/xml",
        size=4_000,
        sha256=f"{at:064x}",
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at),
        number=f"2026-{at:06}",
        issue_date=issued,
        counterparty=supplier,
        supplier=supplier,
        currency="EUR",
        net_amount=net,
        vat_amount=net * 21 // 100,
        gross_amount=net + net * 21 // 100,
        payable_amount=net + net * 21 // 100,
        processed=chance.random() < 0.8,
    )


def _row(transaction: Transaction, document: Document) -> dict[str, object]:
    status = AccountingStatus.PROCESSED if document.processed else AccountingStatus.READY_TO_PROCESS
    return {
        "id": document.id,
        "space_id": transaction.space_id,
        "client_id": document.client_id,
        "folder": str(document.folder),
        "sha256": document.sha256,
        "created_at": document.created_at,
        "filed_year": document.sort_date.year,
        "filed_month": document.sort_date.month,
        "created_seq": 0,
        "ready_seq": 0,
        "seq": 0,
        "approved": True,
        "processed": document.processed,
        "attempted": False,
        "accounting_status": str(status),
        "value": msgspec.json.encode(document),
    }
