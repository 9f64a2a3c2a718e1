"""The parts of a service on a database of its own, for tests that ask the handlers directly."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import insert

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.file_store import FileStore
from banqup_tui.backend.db.transaction import Database, Transaction
from banqup_tui.backend.db.vault import Vault
from banqup_tui.backend.integrations.registry import GROUP, Extensions
from banqup_tui.backend.runtime.startup import make_services
from banqup_tui.backend.services import CommandContext, Services
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.messages import EntityKind
from tests.support.databases import create_database, quick_engine

SPACE = "11111111-1111-4111-8111-111111111111"
EPOCH = "22222222-2222-4222-8222-222222222222"
PARVIS = "33333333-3333-4333-8333-333333333333"
HAGELAND = "44444444-4444-4444-8444-444444444444"


def services_in(directory: Path, extensions: Extensions | None = None) -> Services:
    """A space with two clients."""
    create_database(directory / "backend.db")
    services = opened_again(directory, extensions)
    engine = services.database.engine
    with engine.begin() as connection:
        connection.execute(insert(tables.space).values(id=SPACE, name="Meuse", epoch=EPOCH, cursor_secret=b"x"))
    with services.database.write(SPACE) as transaction:
        add_client(transaction, PARVIS, "PARVIS", "Boulangerie du Parvis SRL", vat_number="BE0465123710")
        add_client(transaction, HAGELAND, "HAGELAND", "Bouwwerken Hageland NV")
    return services


def opened_again(directory: Path, extensions: Extensions | None = None) -> Services:
    """The same, as another process sees it."""
    return make_services(
        SPACE,
        Database(quick_engine(directory / "backend.db")),
        FileStore(directory / "files"),
        extensions or installed_extensions(),
        Vault(directory / "vault.key"),
    )


def installed_extensions() -> Extensions:
    """All that are installed, looked for once: that takes 20 ms of CPU."""
    return Extensions(_entry_points())


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def add_client(transaction: Transaction, client_id: str, reference: str, name: str, **more: Any) -> None:
    value = Client(id=client_id, reference=reference, name=name, **more)
    row = {"id": client_id, "space_id": SPACE, "reference": reference, "seq": 0, "value": msgspec.json.encode(value)}
    transaction.execute(insert(tables.client).values(row))
    transaction.changed(EntityKind.CLIENT, client_id, client_id=client_id)


def add_document(
    services: Services,
    number: str,
    *,
    client_id: str = PARVIS,
    folder: Folder = Folder.PURCHASE_INVOICES,
    ready: bool = True,
    content: bytes | None = None,
    day: date = date(2026, 11, 20),
) -> str:
    """Returns its id."""
    sha256, _ = services.files.put([content or f"<Invoice>{number}</Invoice>".encode()])
    document = Document(
        id=str(uuid4()),
        client_id=client_id,
        folder=folder,
        kind=DocumentKind.INVOICE,
        file_name=f"{number}.xml",
        media_type="application/xml",
        size=services.files.path(sha256).stat().st_size,
        sha256=sha256,
        created_at=datetime.now(UTC),
        number=number,
        issue_date=day,
    )
    with services.database.write(SPACE) as transaction:
        transaction.execute(
            insert(tables.document).values(
                id=document.id,
                space_id=SPACE,
                client_id=client_id,
                folder=str(folder),
                sha256=sha256,
                created_at=document.created_at,
                filed_year=day.year,
                filed_month=day.month,
                created_seq=0,
                ready_seq=0 if ready else None,
                seq=0,
                approved=ready,
                processed=False,
                accounting_status="READY_TO_PROCESS",
                value=msgspec.json.encode(document),
            )
        )
        transaction.changed(EntityKind.DOCUMENT, document.id, client_id=client_id)
    return document.id


def ask(services: Services, handler: Callable[[Transaction, Any, CommandContext], Any], body: Any) -> Any:
    """One command in a transaction of its own; a refusal leaves nothing."""
    with services.database.write(SPACE) as transaction:
        return handler(transaction, body, CommandContext(services=services, user_id="user", seen_seq=0))
