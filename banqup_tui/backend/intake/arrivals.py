"""The one way in: a file that arrived is opened, each part of it is read, placed and filed, or waits as unfiled.

Import, watched folders, the SFTP drop and the mailbox all end here. Opening (`opened`) precedes the transaction, as a
large file must not block other writers. Filing (`take`) is one transaction for all parts, so that a crash leaves no
container half filed. A repetition finds the documents by their bytes.
"""

from typing import Final

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import filing_rules, pdf_texts, related_files, twins, unfiled
from banqup_tui.backend.intake.clients import ClientDirectory
from banqup_tui.backend.intake.document_intake import file, file_picture, known_beside
from banqup_tui.backend.intake.parsed_files import OpenedPart, open_stored
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Outdated, Services, prepared_by
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.file_names import stem_of
from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.messages import Message
from banqup_tui.domain.origin import Arrival, ContainerPlace, Incoming
from banqup_tui.domain.text import safe_file_name
from banqup_tui.domain.twins import PDF, PictureText, marks_of_invoice
from banqup_tui.domain.values import Sha256, Value
from banqup_tui.formats import bank_subset
from banqup_tui.formats.content import Content, ContentKind
from banqup_tui.formats.refusals import ReaderNotAvailable
from banqup_tui.protocol.commands import ImportFile
from banqup_tui.protocol.imports import ImportedDocument, ImportResult, JoinedPicture, WaitingPart
from banqup_tui.protocol.problems import ProblemType
from banqup_tui.sources.layouts import read_path
from banqup_tui.sources.sorter import NOBODY_NAMED, Hints, Placing, Unplaced, sort

BANK_FILE: Final = "BANK_FILE"
"""The kind of a bank file that holds statements of several clients."""


class BankFile(Value, frozen=True, kw_only=True):
    """A bank file of several accounts.

    Attributes:
        holders: client id of each statement, or its account where that is nobody's, at the time of the separation.
    """

    arrival: Incoming
    content: Content
    holders: tuple[str, ...]


class ArrivedPart(Value, frozen=True, kw_only=True):
    """A part of what arrived, after it was opened.

    Attributes:
        arrival: an `Incoming` if its bytes are stored.
        content: None if it cannot be read, as `refusal` says.
        text: as in `OpenedPart`.
        picture_of: SHA-256 of the e-invoice of which it is the picture; then it becomes no document of its own.
        bank_file: the bank file of several accounts that it is, or of which it is a part.
    """

    arrival: Arrival
    content: Content | None = None
    refusal: Message | None = None
    text: str | None = None
    picture_of: Sha256 | None = None
    bank_file: BankFile | None = None


# Opening


def opened(services: Services, incoming: Incoming) -> tuple[ArrivedPart, ...]:
    """Returns the parts of a file that arrived: the file itself, or what is in it if it is a container.

    Call it outside of a transaction.

    Raises:
        OSError, ReaderNotAvailable: no fault of the file; a later attempt may succeed.
    """
    parts = tuple(
        separated
        for part in open_stored(services, incoming.sha256, incoming.file_name)
        for separated in _separated(services, _arrived(incoming, part))
    )
    if incoming.beside is not None and len(parts) == 1:
        return (_beside(services, parts[0], incoming.beside),)
    return _paired(parts)


def _arrived(incoming: Incoming, part: OpenedPart) -> ArrivedPart:
    if not part.kind:
        return ArrivedPart(arrival=incoming, content=part.content, refusal=part.refusal, text=part.text)
    directory = (incoming.path or "").rpartition("/")[0]
    place = ContainerPlace(
        kind=part.kind,
        name=incoming.file_name,
        sha256=incoming.sha256,
        position=part.position,
        mail=part.mail,
        envelope=part.envelope,
    )
    values = {name: getattr(incoming, name) for name in Arrival.__struct_fields__} | {
        "file_name": safe_file_name(part.file_name),
        "path": f"{directory}/{part.path}" if directory else part.path,
        "container": place,
    }
    arrival = Incoming(sha256=part.sha256, **values) if part.sha256 else Arrival(**values)
    return ArrivedPart(arrival=arrival, content=part.content, refusal=part.refusal, text=part.text)


# A bank file of several clients


def _separated(services: Services, part: ArrivedPart) -> tuple[ArrivedPart, ...]:
    """Returns a part for each client of a bank file, and one for each account of nobody.

    The accounts of one client stay in one document.
    """
    content, arrival = part.content, part.arrival
    if content is None or len({statement.account for statement in content.statements}) < 2:
        return (part,)
    assert isinstance(arrival, Incoming)
    with services.database.read() as connection:
        holders = _holders(connection, services.space_id, arrival, content)
    bank_file = BankFile(arrival=arrival, content=content, holders=holders)
    if len(set(holders)) == 1:
        return (msgspec.structs.replace(part, bank_file=bank_file),)
    data = services.files.path(arrival.sha256).read_bytes()
    of_holders = [[at for at, other in enumerate(holders) if other == holder] for holder in dict.fromkeys(holders)]
    try:
        subsets = [bank_subset(data, indices) for indices in of_holders]
    except UnreadableDocument as error:
        return (ArrivedPart(arrival=arrival, refusal=error.message, bank_file=bank_file),)
    parts = []
    for indices, sha256 in zip(of_holders, services.files.put_parts(subsets), strict=True):
        statements = tuple(content.statements[index] for index in indices)
        place = ContainerPlace(
            kind=BANK_FILE, name=arrival.file_name, sha256=arrival.sha256, position=str(indices[0] + 1)
        )
        own = msgspec.structs.replace(arrival, sha256=sha256, container=_inside(arrival, place))
        of_holder = msgspec.structs.replace(content, statements=statements)
        parts.append(ArrivedPart(arrival=own, content=of_holder, bank_file=bank_file))
    return tuple(parts)


def _holders(connection: Connection, space_id: str, arrival: Incoming, content: Content) -> tuple[str, ...]:
    """Returns the client of each statement, or its account where that is nobody's."""
    holders = []
    for statement in content.statements:
        alone = ArrivedPart(arrival=arrival, content=msgspec.structs.replace(content, statements=(statement,)))
        placing = _placing(connection, space_id, alone)
        client = placing[0].client if isinstance(placing, tuple) else None
        holders.append(client.id if isinstance(client, Client) else f"account {statement.account}")
    return tuple(holders)


def check_separation(transaction: Transaction, parts: tuple[ArrivedPart, ...]) -> None:
    """Raises `Outdated` if a bank file would be separated otherwise by now: its accounts have other clients."""
    bank_files = {part.bank_file.arrival.sha256: part.bank_file for part in parts if part.bank_file is not None}
    for one in bank_files.values():
        if _holders(transaction.connection, transaction.space_id, one.arrival, one.content) != one.holders:
            raise Outdated


def _inside(arrival: Incoming, place: ContainerPlace) -> ContainerPlace:
    """Returns the place in a bank file that came in a container itself: that container, and the position in both."""
    outer = arrival.container
    if outer is None:
        return place
    return msgspec.structs.replace(outer, position=f"{outer.position}/{place.position}")


# A PDF beside an XML


def _beside(services: Services, part: ArrivedPart, xml: Sha256) -> ArrivedPart:
    """Marks a PDF as the picture of the XML that came with it, once that was read as an invoice."""
    if not services.files.has(xml) or not may_be_picture(part):
        return part
    contents = (one.content for one in open_stored(services, xml, "") if one.sha256 == xml)
    fits = any(content is not None and content.invoice and _fits(part, content.invoice) for content in contents)
    return msgspec.structs.replace(part, picture_of=xml) if fits else part


def _fits(part: ArrivedPart, invoice: Invoice) -> bool:
    """Tells whether the text of a PDF beside an e-invoice does not speak against it. Scans have none."""
    return not PictureText(part.text or "").speaks_against(marks_of_invoice(invoice))


def _paired(parts: tuple[ArrivedPart, ...]) -> tuple[ArrivedPart, ...]:
    """Marks the PDFs in a container that lie beside an e-invoice of the same name."""
    invoices = {
        stem: (part.arrival.sha256, part.content.invoice)
        for part in parts
        if isinstance(part.arrival, Incoming)
        and part.content is not None
        and part.content.invoice is not None
        and (stem := stem_of(part.arrival.path or "", ".xml")) is not None
    }
    return tuple(_picture_in(part, invoices) if may_be_picture(part) else part for part in parts)


def _picture_in(part: ArrivedPart, invoices: dict[str, tuple[Sha256, Invoice]]) -> ArrivedPart:
    found = invoices.get(stem_of(part.arrival.path or "", ".pdf") or "")
    if found is None or not _fits(part, found[1]):
        return part
    return msgspec.structs.replace(part, picture_of=found[0])


def may_be_picture(part: ArrivedPart) -> bool:
    """Tells whether a part is a PDF without an invoice in it."""
    content = part.content
    return content is not None and content.kind is ContentKind.PLAIN and content.media_type == PDF


def is_invoice(content: Content | None) -> bool:
    return content is not None and content.invoice is not None


# Filing


def take(transaction: Transaction, services: Services, parts: tuple[ArrivedPart, ...]) -> ImportResult:
    """Files each part, or records it as unfiled with the reason. Nothing of an arrival is left out."""
    documents: list[ImportedDocument] = []
    waiting: list[WaitingPart] = []
    pictures: list[str] = []
    joined: list[JoinedPicture] = []
    created: list[str] = []
    for part in sorted(parts, key=may_be_picture):  # an e-invoice precedes its picture
        container = part.arrival.container
        place = {"file_name": part.arrival.file_name, "position": container.position} if container else {}
        if part.text is not None and isinstance(part.arrival, Incoming):
            pdf_texts.keep(transaction, part.arrival.sha256, part.text)
        if part.picture_of is not None and isinstance(part.arrival, Incoming):
            # It may have come before by itself: it waits no longer, and what is a document already stays one.
            unfiled.remove_for(transaction, part.arrival)
            known = known_beside(transaction, part.arrival, part.picture_of)
            documents += [msgspec.structs.replace(document, **place) for document in known]
            if not known:
                related_files.add_picture(transaction, services, part.picture_of, part.arrival)
                pictures.append(part.arrival.file_name)
            continue
        placing = _placing(transaction.connection, transaction.space_id, part)
        invoice = _invoice_shown(transaction, services, part, placing)
        if invoice is not None:
            joined.append(msgspec.structs.replace(_joined(transaction, services, part, invoice), **place))
            continue
        if isinstance(placing, Unplaced):
            unfiled.add(transaction, part.arrival, placing.reason, part.content)
            waiting.append(WaitingPart(reason=placing.reason, **place))
            continue
        assert isinstance(part.arrival, Incoming)
        assert part.content is not None
        filed = file(transaction, services, part.arrival, part.content, placing)
        documents += [msgspec.structs.replace(document, **place) for document in filed.documents]
        created += filed.created_clients
    return ImportResult(
        documents=tuple(documents),
        waiting=tuple(waiting),
        pictures=tuple(pictures),
        joined=tuple(joined),
        created_clients=tuple(created),
    )


def _invoice_shown(
    transaction: Transaction, services: Services, part: ArrivedPart, placing: Placing
) -> Document | None:
    """Returns the e-invoice of which a PDF becomes the picture by its text.

    It is one of the client of the PDF; of a PDF of which nothing says whose it is, the only one of all clients.
    """
    if not part.text or not isinstance(part.arrival, Incoming):
        return None
    client_id = None
    if isinstance(placing, Unplaced):
        if placing.reason.code != NOBODY_NAMED:
            return None
    elif len(placing) == 1 and isinstance(placing[0].client, Client):
        client_id = placing[0].client.id
    else:
        return None
    invoice = twins.invoice_shown(transaction, part.text, client_id)
    if invoice is None or not twins.may_be_picture(transaction, services, invoice, part.arrival.sha256, part.text):
        return None
    return invoice


def _joined(transaction: Transaction, services: Services, part: ArrivedPart, invoice: Document) -> JoinedPicture:
    assert isinstance(part.arrival, Incoming)
    related_files.add_picture(transaction, services, invoice.sha256, part.arrival)
    assert part.content is not None
    file_picture(transaction, services, part.arrival, part.content, invoice)
    related_files.add_container(transaction, part.arrival)
    unfiled.remove_for(transaction, part.arrival)
    return JoinedPicture(document_id=invoice.id, client_id=invoice.client_id, number=invoice.number or "")


def _placing(connection: Connection, space_id: str, part: ArrivedPart) -> Placing:
    arrival, content = part.arrival, part.content
    if content is None:
        assert part.refusal is not None, "what was not read was refused"
        return Unplaced(reason=part.refusal)
    if arrival.waits_for is not None:
        return Unplaced(reason=arrival.waits_for)
    directory = ClientDirectory(connection, space_id)
    client = directory.by_id(arrival.client_id) if arrival.client_id else None
    path = read_path(arrival.path) if arrival.path else None
    by_mail = filing_rules.for_mail(connection, space_id, arrival)
    if isinstance(by_mail, Unplaced):
        return by_mail
    if by_mail is not None:
        return _with_mail_reason(sort(content, msgspec.structs.replace(by_mail, path=path), directory))
    hints = Hints(
        client=client,
        folder=arrival.folder,
        path=path,
        create_clients=arrival.create_clients,
        bound=arrival.bound,
    )
    placing = sort(content, hints, directory)
    if isinstance(placing, Unplaced):
        learned = filing_rules.for_path(connection, space_id, arrival)
        placing = sort(content, learned, directory) if learned else placing
    return placing


_OF_MAIL: Final = {
    "placing.account-and-path-differ": "placing.mail-rule-and-address-differ",
    "placing.account-and-path-folder-differ": "placing.mail-rule-and-address-folder-differ",
}
"""A rule on mails binds as an account of the drop does, and the path of a mail is its address: other words say so."""


def _with_mail_reason(placing: Placing) -> Placing:
    code = _OF_MAIL.get(placing.reason.code) if isinstance(placing, Unplaced) else None
    if code is None or not isinstance(placing, Unplaced):
        return placing
    return Unplaced(reason=msgspec.structs.replace(placing.reason, code=code))


# Import


def _incoming(body: ImportFile) -> Incoming:
    return Incoming(
        sha256=body.sha256,
        file_name=safe_file_name(body.file_name),
        client_id=body.client_id,
        folder=body.folder,
        create_clients=body.create_clients,
        approved=body.approved,
        path=body.path,
        dated=body.dated,
        beside=body.beside,
    )


def _prepare_import(services: Services, body: ImportFile) -> object:
    """Opens the file outside of the transaction. Returns its parts, or the fault that is raised when it runs."""
    try:
        return opened(services, _incoming(body))
    except (ReaderNotAvailable, OSError, SQLAlchemyError) as fault:
        return fault


@prepared_by(_prepare_import, grouped=True)
def import_file(transaction: Transaction, body: ImportFile, context: CommandContext) -> object:
    """Imports a file. What cannot be read or placed waits as unfiled, which is no refusal."""
    services = context.services
    if not services.files.has(body.sha256):
        raise CommandRefused(ProblemType.NOT_FOUND, Message("file.not-uploaded"), field="sha256")
    directory = ClientDirectory(transaction.connection, transaction.space_id)
    if body.client_id and directory.by_id(body.client_id) is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"), field="clientId")
    if isinstance(context.prepared, Exception):
        raise context.prepared
    assert isinstance(context.prepared, tuple), "a body that can be read was prepared"
    check_separation(transaction, context.prepared)
    taken = take(transaction, services, context.prepared)
    return msgspec.json.decode(msgspec.json.encode(taken))


HANDLERS: Final[dict[type[Value], Handler]] = {
    ImportFile: import_file,
}
