"""Commands that create a client or mark documents as processed."""

import uuid

from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DocumentRecord, fetch_all
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake.clients import put_client
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.client import Client
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CreateClient, SetProcessed
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType

_LONGEST = 200


def create_client(transaction: Transaction, body: CreateClient, context: CommandContext) -> dict[str, object]:
    """Creates a client. Its identifiers become keys by which the sorter recognizes the client.

    Returns:
        `{"clientId": id}`
    """
    client = Client(
        id=_identifier(body.client_id),
        reference=_text(body.reference, "reference"),
        name=_text(body.name, "name"),
        vat_number=_normalised(body.vat_number),
        enterprise_number=_normalised(body.enterprise_number),
    )
    _refuse_known(transaction, client)
    put_client(transaction, client)
    return {"clientId": client.id}


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


HANDLERS: dict[type[Value], Handler] = {CreateClient: create_client, SetProcessed: set_processed}


def _documents(transaction: Transaction, document_ids: list[str]) -> list[DocumentRecord]:
    document = tables.document
    rows: list[DocumentRecord] = []
    for batch in in_batches(document_ids):
        found = select(document).where(document.c.space_id == transaction.space_id, document.c.id.in_(batch))
        rows.extend(fetch_all(transaction, DocumentRecord, found))
    if len(rows) < len(document_ids):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("document.deleted"))
    return rows


def _refuse_known(transaction: Transaction, client: Client) -> None:
    table = tables.client
    if transaction.execute(select(table.c.id).where(table.c.id == client.id)).first():
        raise CommandRefused(ProblemType.REFUSED, Message("client.there-already"), field="clientId")
    same = select(table.c.id).where(table.c.space_id == transaction.space_id, table.c.reference == client.reference)
    if transaction.execute(same).first():
        raise CommandRefused(
            ProblemType.REFUSED, message("client.reference-taken", reference=client.reference), field="reference"
        )


def _identifier(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("client.id-no-uuid"), field="clientId") from None


def _text(text: str, field: str) -> str:
    """Returns the text as one line without control and bidirectional characters, safe to print on a terminal."""
    clean = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    if not clean or len(clean) > _LONGEST:
        reason = message("client.text-length", field=field, limit=_LONGEST)
        raise CommandRefused(ProblemType.BAD_REQUEST, reason, field=field)
    return clean


def _normalised(text: str | None) -> str | None:
    alphanumeric = "".join(character for character in text or "" if character.isascii() and character.isalnum()).upper()
    return alphanumeric or None
