"""Commands that create, edit and archive clients, and that mark documents as processed."""

import uuid

import msgspec
from sqlalchemy import Executable, func, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import ClientRecord, DocumentRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import client_of
from banqup_tui.backend.intake.clients import change_client, free_reference, put_client
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.client import Client, ClientDetails, ClientStatus, details_of
from banqup_tui.domain.client_details import flaws_of, normalised
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CreateClient, EditClient, SetArchived, SetProcessed
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType


def create_client(transaction: Transaction, body: CreateClient, context: CommandContext) -> dict[str, object]:
    """Creates a client. Its identifiers become keys by which the sorter recognizes the client.

    Returns:
        `{"clientId": id}`
    """
    details = normalised(ClientDetails(**{name: getattr(body, name) for name in ClientDetails.__struct_fields__}))
    if not details.reference and details.name:
        details = msgspec.structs.replace(details, reference=free_reference(transaction, details.name))
    _refuse_flaws(details)
    client = Client(id=_identifier(body.client_id), **msgspec.structs.asdict(details))
    if fetch_one(transaction, ClientRecord, _same_id(transaction, client.id)) is not None:
        raise CommandRefused(ProblemType.REFUSED, Message("client.there-already"), field="clientId")
    _refuse_taken(transaction, client)
    put_client(transaction, client)
    return {"clientId": client.id}


def edit_client(transaction: Transaction, body: EditClient, context: CommandContext) -> dict[str, object]:
    """Changes the details of a client, and the keys by which documents are recognised as the client's.

    Returns:
        `{"changed": 0 or 1}`

    Raises:
        CommandRefused: they are not any more as the user saw them, or the new ones have a fault.
    """
    client = _existing(transaction, body.client_id)
    before, details = details_of(client), normalised(body.details)
    if before != body.before:
        raise CommandRefused(ProblemType.REFUSED, Message("client.edited-already"))
    if details == before:
        return {"changed": 0}
    _refuse_flaws(details, before)
    changed = msgspec.structs.replace(client, **msgspec.structs.asdict(details))
    _refuse_taken(transaction, changed)
    change_client(transaction, client, changed)
    return {"changed": 1}


def set_archived(transaction: Transaction, body: SetArchived, context: CommandContext) -> dict[str, object]:
    """Archives clients or brings them back. What is queued of them is sent all the same.

    Returns:
        `{"changed": n, "unchanged": n}`
    """
    clients = [_existing(transaction, one) for one in dict.fromkeys(body.client_ids)]
    status = ClientStatus.ARCHIVED if body.archived else ClientStatus.ACTIVE
    changed = [client for client in clients if client.is_archived is not body.archived]
    for client in changed:
        change_client(transaction, client, msgspec.structs.replace(client, status=status))
    return {"changed": len(changed), "unchanged": len(clients) - len(changed)}


def set_processed(transaction: Transaction, body: SetProcessed, context: CommandContext) -> dict[str, object]:
    """Marks documents as processed or not.

    Returns:
        `{"changed": n, "unchanged": n}`

    Raises:
        CommandRefused: a document does not exist or is not approved.
    """
    rows = _documents(transaction, list(dict.fromkeys(body.document_ids)))
    changed_rows = [row for row in rows if row.processed is not body.processed]
    if body.processed and any(not row.approved for row in changed_rows):
        raise CommandRefused(ProblemType.REFUSED, Message("document.not-approved"))
    document = tables.document
    for batch in in_batches([row.id for row in changed_rows]):
        transaction.execute(update(document).where(document.c.id.in_(batch)).values(processed=body.processed))
    update_status(transaction, [row.id for row in changed_rows])
    for row in changed_rows:
        transaction.changed(EntityKind.DOCUMENT, row.id, client_id=row.client_id)
    return {"changed": len(changed_rows), "unchanged": len(rows) - len(changed_rows)}


HANDLERS: dict[type[Value], Handler] = {
    CreateClient: create_client,
    EditClient: edit_client,
    SetArchived: set_archived,
    SetProcessed: set_processed,
}


def _documents(transaction: Transaction, document_ids: list[str]) -> list[DocumentRecord]:
    document = tables.document
    rows: list[DocumentRecord] = []
    for batch in in_batches(document_ids):
        found = select(document).where(document.c.space_id == transaction.space_id, document.c.id.in_(batch))
        rows.extend(fetch_all(transaction, DocumentRecord, found))
    if len(rows) < len(document_ids):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("document.deleted"))
    return rows


def _same_id(transaction: Transaction, client_id: str) -> Executable:
    table = tables.client
    return select(table).where(table.c.space_id == transaction.space_id, table.c.id == client_id)


def _existing(transaction: Transaction, client_id: str) -> Client:
    row = fetch_one(transaction, ClientRecord, _same_id(transaction, client_id))
    if row is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"))
    return client_of(row)


def _refuse_flaws(details: ClientDetails, before: ClientDetails | None = None) -> None:
    for flaw in flaws_of(details, before):
        raise CommandRefused(ProblemType.BAD_REQUEST, flaw.message, field=flaw.field)


def _refuse_taken(transaction: Transaction, client: Client) -> None:
    """Refuses a reference that another client has; case makes no difference, as nobody could tell them apart."""
    table = tables.client
    same = func.lower(table.c.reference) == client.reference.lower()
    other = select(table.c.id).where(table.c.space_id == transaction.space_id, same, table.c.id != client.id)
    if transaction.execute(other).first():
        raise CommandRefused(
            ProblemType.REFUSED, message("client.reference-taken", reference=client.reference), field="reference"
        )


def _identifier(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("client.id-no-uuid"), field="clientId") from None
