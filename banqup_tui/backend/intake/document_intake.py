"""Writes the documents of a file that was read and placed, one for each client concerned."""

import uuid
from typing import Final

import msgspec
from sqlalchemy import bindparam, select, update

from banqup_tui.backend.db import known_companies, tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import document_of
from banqup_tui.backend.intake import filing_rules, related_files, text_values, twins, unfiled
from banqup_tui.backend.intake.clients import ClientDirectory, make_client
from banqup_tui.backend.intake.description import described, kind_of
from banqup_tui.backend.intake.document_changes import may_be_sent
from banqup_tui.backend.intake.duplicates import earlier_with_same_key, undecided
from banqup_tui.backend.services import Services
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document, Duplicate, HistoryEntry
from banqup_tui.domain.duplicates import business_key, is_structured
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.origin import Incoming, Origin, with_origin
from banqup_tui.domain.source import Learned, RuleKind
from banqup_tui.domain.statement import Statement
from banqup_tui.domain.status import accounting_status_with
from banqup_tui.domain.text import clean, safe_file_name
from banqup_tui.domain.twins import number_key
from banqup_tui.domain.values import Sha256, Value
from banqup_tui.formats.content import Content
from banqup_tui.protocol.imports import ImportedDocument, Outcome
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.keys import account_key
from banqup_tui.sources.sorter import NewClient, Placed, clients_of_holder

_LONGEST_PATH: Final = 500
_decoder = msgspec.json.Decoder(Document)

_INSERT: Final = tables.document.insert()
_WITH_SAME_BYTES: Final = select(
    tables.document.c.id, tables.document.c.folder, tables.document.c.duplicate, tables.document.c.withdrawn_at
).where(
    tables.document.c.space_id == bindparam("space"),
    tables.document.c.client_id == bindparam("client"),
    tables.document.c.sha256 == bindparam("sha256"),
)


class Filed(Value, frozen=True, kw_only=True):
    """The documents of a placed file, one for each client, and the clients that were created."""

    documents: tuple[ImportedDocument, ...]
    created_clients: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        return any(document.outcome is Outcome.NEW for document in self.documents)


def file(
    transaction: Transaction,
    services: Services,
    incoming: Incoming,
    content: Content,
    placing: tuple[Placed, ...],
    *,
    remember_accounts: bool = True,
) -> Filed:
    """Writes the documents for placements already decided, and removes the file from the unfiled ones.

    Args:
        remember_accounts: filing rules are made of the accounts of a statement.
    """
    created: list[str] = []
    documents = [
        _file(transaction, services, incoming, content, placed, created, remember_accounts) for placed in placing
    ]
    unfiled.remove_for(transaction, incoming)
    related_files.add_container(transaction, incoming)
    return Filed(documents=tuple(documents), created_clients=tuple(created))


def known_beside(transaction: Transaction, picture: Incoming, invoice: Sha256) -> list[ImportedDocument]:
    """Returns the documents that a PDF is already, of the clients that have the e-invoice beside it."""
    table = tables.document
    clients = select(table.c.client_id).where(table.c.space_id == transaction.space_id, table.c.sha256 == invoice)
    found = (_document_with(transaction, of, picture.sha256) for of in transaction.execute(clients).scalars().all())
    known = [document for document in found if document is not None and not document.withdrawn]
    origin = Origin(source=picture.source, path=_path(picture), at=transaction.now, container=picture.container)
    for document in known:
        _add_origin(transaction, document, origin)
    return known


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
        _learn_accounts(transaction, client, incoming, content)
    origin = Origin(source=incoming.source, path=_path(incoming), at=transaction.now, container=incoming.container)
    known = _document_with(transaction, client.id, incoming.sha256)
    if known is not None:
        _add_origin(transaction, known, origin)
        return known
    document = _document(transaction, services, incoming, content, placed, client)
    document = msgspec.structs.replace(document, origins=(origin,))
    picture_beside = related_files.picture_of(transaction, services, incoming.sha256)
    if picture_beside is not None:
        document = related_files.with_picture(transaction, document, picture_beside)
    document = text_values.with_text_values(transaction, document, client)
    if is_structured(document):
        known_companies.remember(transaction, document)
    same_as = earlier_with_same_key(transaction, document)
    picture = twins.earlier_picture(transaction, document) if document.picture is None else None
    if picture is not None and same_as in (None, picture.id):
        same_as = None  # a PDF whose text shows the e-invoice and gave it the same key
    else:
        picture = None
    if picture is not None and twins.is_in_use(transaction, picture):
        # What was sent stays at the receiver, so a person decides.
        same_as, picture = picture.id, None
    if same_as is not None:
        document = undecided(document, same_as)
    _insert(transaction, document)
    if picture is not None:
        twins.make_picture(transaction, services, picture, document)
    return ImportedDocument(
        document_id=document.id,
        client_id=client.id,
        folder=document.folder,
        outcome=Outcome.NEW,
        same_as=same_as,
        duplicate=document.duplicate,
        picture=document_of(picture).file_name if picture is not None else None,
    )


def file_picture(
    transaction: Transaction, services: Services, incoming: Incoming, content: Content, invoice: Document
) -> None:
    """Writes the document of a PDF that was joined to an e-invoice: a withdrawn one.

    A person who finds it wrongly joined restores it, as one that came before its e-invoice (`twins.make_picture`).
    """
    origin = Origin(source=incoming.source, path=_path(incoming), at=transaction.now, container=incoming.container)
    known = _document_with(transaction, invoice.client_id, incoming.sha256)
    if known is not None:
        _add_origin(transaction, known, origin)
        return
    client = ClientDirectory(transaction.connection, transaction.space_id).by_id(invoice.client_id)
    assert client is not None, "the e-invoice has a client"
    placed = Placed(client=client, folder=invoice.folder)
    document = _document(transaction, services, incoming, content, placed, client)
    document = text_values.with_text_values(transaction, document, client)
    what = message("history.picture-of", number=invoice.number or invoice.file_name)
    _insert(
        transaction,
        msgspec.structs.replace(
            document,
            origins=(origin,),
            withdrawn_at=transaction.now,
            duplicate=Duplicate.ONE_DOCUMENT,
            same_as=invoice.id,
            history=(HistoryEntry(at=transaction.now, by="", what=what),),
        ),
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


def _path(incoming: Incoming) -> str:
    return clean(incoming.path or incoming.file_name)[:_LONGEST_PATH]


def _add_origin(transaction: Transaction, known: ImportedDocument, origin: Origin) -> None:
    """Keeps as evidence that the same bytes came once more, unless they came from the same place."""
    table = tables.document
    row = transaction.execute(select(table.c.value).where(table.c.id == known.document_id)).one()
    document = _decoder.decode(row.value)
    origins = with_origin(document.origins, origin)
    if origins is not document.origins:
        value = msgspec.json.encode(msgspec.structs.replace(document, origins=origins))
        transaction.execute(update(table).where(table.c.id == known.document_id).values(value=value))
        transaction.changed(EntityKind.DOCUMENT, known.document_id, client_id=known.client_id)


def _learn_accounts(transaction: Transaction, client: Client, incoming: Incoming, content: Content) -> None:
    """Makes filing rules of the accounts of a statement, so that the next one is filed by itself.

    Only a person's choice of the client, or the client's own number in the statement, says whose an account is: that
    the statement lies beside others, or in some folder, does not.
    """
    is_chosen = incoming.client_id is not None and not incoming.bound
    for statement in content.statements:
        if statement.account and (is_chosen or _names_holder(transaction, statement, client)):
            key = account_key(statement.account, is_iban=statement.account_is_iban)
            filing_rules.learn_account(transaction, Learned(kind=RuleKind.IDENTIFIER, match=key), client)


def _names_holder(transaction: Transaction, statement: Statement, client: Client) -> bool:
    directory = ClientDirectory(transaction.connection, transaction.space_id)
    return client in clients_of_holder(statement, directory)


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
        "number_key": number_key(document),
        "created_seq": 0,
        "ready_seq": 0 if may_be_sent(document) else None,
        "seq": 0,
        "approved": document.approved,
        "processed": False,
        "attempted": False,
        "accounting_status": str(document.accounting_status),
        "duplicate": str(document.duplicate) if document.duplicate else None,
        "withdrawn_at": document.withdrawn_at,
        "value": msgspec.json.encode(document),
    }
    transaction.execute(_INSERT, row)
    transaction.changed(EntityKind.DOCUMENT, document.id, client_id=document.client_id)
