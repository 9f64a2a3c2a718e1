"""Import of a file: its bytes are stored, read and sorted, and become a document of each client concerned.

Reading precedes the transaction (`prepare_import`, `read_file`), as a large PDF must not block other writers. A file
that cannot be read or sorted is recorded as unfiled, and the command is refused.
"""

import uuid
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import filing_rules, unfiled
from banqup_tui.backend.intake.clients import ClientDirectory, add_keys, make_client
from banqup_tui.backend.intake.description import described, kind_of
from banqup_tui.backend.intake.document_changes import may_be_sent
from banqup_tui.backend.intake.duplicates import earlier_with_same_key, undecided
from banqup_tui.backend.intake.incoming import Incoming
from banqup_tui.backend.intake.parsed_files import read_file
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Services, prepared_by
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.duplicates import business_key
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.status import accounting_status_with
from banqup_tui.domain.text import safe_file_name
from banqup_tui.domain.values import Value
from banqup_tui.formats.content import Content
from banqup_tui.formats.refusals import ReaderNotAvailable
from banqup_tui.protocol.commands import ImportFile
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType
from banqup_tui.sources.keys import account_key
from banqup_tui.sources.layouts import read_path
from banqup_tui.sources.sorter import Hints, NewClient, Placed, Unplaced, sort

_WITH_SAME_BYTES: Final = select(
    tables.document.c.id, tables.document.c.folder, tables.document.c.duplicate, tables.document.c.withdrawn_at
).where(
    tables.document.c.space_id == bindparam("space"),
    tables.document.c.client_id == bindparam("client"),
    tables.document.c.sha256 == bindparam("sha256"),
)


class Outcome(StrEnum):
    """KNOWN: the client has the same bytes already, and nothing was changed."""

    NEW = "NEW"
    KNOWN = "KNOWN"


class ImportedDocument(Value, frozen=True, kw_only=True):
    """A document of an import.

    `same_as`: an earlier document with the same business key, in other bytes; UNDECIDED: the user has to
    decide. `withdrawn`: the client has it, and a user has withdrawn it, which it stays.
    """

    document_id: str
    client_id: str
    folder: Folder
    outcome: Outcome
    same_as: str | None = None
    duplicate: Duplicate | None = None
    withdrawn: bool = False


class Taken(Value, frozen=True, kw_only=True):
    """Result of an import: a document for each client, and the clients that were created."""

    documents: tuple[ImportedDocument, ...]
    created_clients: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        return any(document.outcome is Outcome.NEW for document in self.documents)


# Reading


def prepare_import(services: Services, body: ImportFile) -> None:
    """Reads the file outside of the transaction. Faults of the file are raised when the command runs."""
    try:
        read_file(services, body.sha256, safe_file_name(body.file_name))
    except (UnreadableDocument, ReaderNotAvailable, OSError):
        return


# Taking


def take(transaction: Transaction, services: Services, incoming: Incoming, content: Content) -> Taken | Unplaced:
    """Writes the documents of a file that was read.

    Returns:
        The documents, or `Unplaced` if client or folder are unknown; then nothing is written.
    """
    directory = ClientDirectory(transaction.connection, transaction.space_id)
    client = directory.by_id(incoming.client_id) if incoming.client_id else None
    if incoming.client_id and client is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    hints = Hints(
        client=client,
        folder=incoming.folder,
        path=read_path(incoming.path) if incoming.path else None,
        create_clients=incoming.create_clients,
        bound=incoming.bound,
    )
    placing = sort(content, hints, directory)
    if isinstance(placing, Unplaced):
        learned = filing_rules.for_path(transaction, incoming)
        placing = sort(content, learned, directory) if learned else placing
    if isinstance(placing, Unplaced):
        return placing
    return file(transaction, services, incoming, content, placing)


def file(
    transaction: Transaction,
    services: Services,
    incoming: Incoming,
    content: Content,
    placing: tuple[Placed, ...],
    *,
    remember_accounts: bool = True,
) -> Taken:
    """Writes the documents for placements already decided, and removes the file from the unfiled ones.

    Args:
        remember_accounts: the accounts of a statement become keys of the client.
    """
    created: list[str] = []
    documents = [
        _file(transaction, services, incoming, content, placed, created, remember_accounts) for placed in placing
    ]
    unfiled.remove_for(transaction, incoming)
    return Taken(documents=tuple(documents), created_clients=tuple(created))


def _file(
    transaction: Transaction,
    services: Services,
    incoming: Incoming,
    content: Content,
    placed: Placed,
    created: list[str],
    remember_accounts: bool,
) -> ImportedDocument:
    client = placed.client
    if isinstance(client, NewClient):
        client = make_client(transaction, client)
        created.append(client.id)
    elif content.statements and remember_accounts:
        _add_account_keys(transaction, client, content)
    known = _document_with(transaction, client.id, incoming.sha256)
    if known is not None:
        return known
    document = _document(transaction, services, incoming, content, placed, client)
    same_as = earlier_with_same_key(transaction, document)
    if same_as is not None:
        document = undecided(document, same_as)
    _insert(transaction, document)
    return ImportedDocument(
        document_id=document.id,
        client_id=client.id,
        folder=document.folder,
        outcome=Outcome.NEW,
        same_as=same_as,
        duplicate=document.duplicate,
    )


def _document(
    transaction: Transaction, services: Services, incoming: Incoming, content: Content, placed: Placed, client: Client
) -> Document:
    bare = Document(
        id=str(uuid.uuid4()),
        client_id=client.id,
        folder=placed.folder,
        kind=kind_of(content),
        file_name=safe_file_name(incoming.file_name),
        media_type=content.media_type,
        size=services.files.path(incoming.sha256).stat().st_size,
        sha256=incoming.sha256,
        created_at=transaction.now,
        issue_date=incoming.dated,
        approved=incoming.approved,
        accounting_status=accounting_status_with((), approved=incoming.approved, processed=False),
    )
    return described(bare, content, placed.role)


def _add_account_keys(transaction: Transaction, client: Client, content: Content) -> None:
    """Makes the accounts of a filed statement keys of the client, so that the next statement is filed by itself."""
    keys = [account_key(one.account, is_iban=one.account_is_iban) for one in content.statements if one.account]
    add_keys(transaction, client.id, keys)


def _document_with(transaction: Transaction, client_id: str, sha256: str) -> ImportedDocument | None:
    row = transaction.execute(
        _WITH_SAME_BYTES, {"space": transaction.space_id, "client": client_id, "sha256": sha256}
    ).first()
    if row is None:
        return None
    return ImportedDocument(
        document_id=row.id,
        client_id=client_id,
        folder=Folder(row.folder),
        outcome=Outcome.KNOWN,
        duplicate=Duplicate(row.duplicate) if row.duplicate else None,
        withdrawn=row.withdrawn_at is not None,
    )


def _insert(transaction: Transaction, document: Document) -> None:
    """Inserts the row.

    `Transaction` sets the change numbers: zero stands for the number to come, `None` for not ready.
    """
    row = {
        "id": document.id,
        "space_id": transaction.space_id,
        "client_id": document.client_id,
        "folder": str(document.folder),
        "sha256": document.sha256,
        "created_at": document.created_at,
        "filed_year": document.sort_date.year,
        "filed_month": document.sort_date.month,
        "business_key": business_key(document),
        "created_seq": 0,
        "ready_seq": 0 if may_be_sent(document) else None,
        "seq": 0,
        "approved": document.approved,
        "processed": False,
        "attempted": False,
        "accounting_status": str(document.accounting_status),
        "duplicate": str(document.duplicate) if document.duplicate else None,
        "value": msgspec.json.encode(document),
    }
    transaction.execute(tables.document.insert(), row)
    transaction.changed(EntityKind.DOCUMENT, document.id, client_id=document.client_id)


def _recorded_refusal(
    type_: ProblemType, incoming: Incoming, reason: Message, content: Content | None
) -> CommandRefused:
    return CommandRefused(type_, reason, beside=lambda transaction: unfiled.add(transaction, incoming, reason, content))


# Commands


@prepared_by(prepare_import)
def import_file(transaction: Transaction, body: ImportFile, context: CommandContext) -> object:
    services = context.services
    if not services.files.has(body.sha256):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("file.not-uploaded"), field="sha256")
    incoming = Incoming(
        sha256=body.sha256,
        file_name=safe_file_name(body.file_name),
        client_id=body.client_id,
        folder=body.folder,
        create_clients=body.create_clients,
        approved=body.approved,
        path=body.path,
        dated=body.dated,
    )
    try:
        content = read_file(services, incoming.sha256, incoming.file_name)
    except UnreadableDocument as error:
        raise _recorded_refusal(ProblemType.UNREADABLE, incoming, error.message, None) from error
    taken = take(transaction, services, incoming, content)
    if isinstance(taken, Unplaced):
        raise _recorded_refusal(ProblemType.CANNOT_PLACE, incoming, taken.reason, content)
    return msgspec.json.decode(msgspec.json.encode(taken))


HANDLERS: Final[dict[type[Value], Handler]] = {
    ImportFile: import_file,
}
