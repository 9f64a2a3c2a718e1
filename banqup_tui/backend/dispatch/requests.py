"""Reads the inputs of attempts: the document's file and data as a `DeliveryRequest`, and the connector's settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, Select, select

from banqup_tui.backend.connector_host.definition import with_secrets
from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.backend.db.json_rows import ids_param, in_ids
from banqup_tui.backend.db.tables import client, document, settings
from banqup_tui.backend.db.vault import of_version
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.claim import Claim
from banqup_tui.backend.ledger.enqueue import delivery_key
from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, PdfFile, Rejected
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble

if TYPE_CHECKING:
    from banqup_tui.backend.services import Services

# Built at import: msgspec 0.22 crashes the process when two threads decode a type for the first time at once.
_document = msgspec.json.Decoder(Document)
_client = msgspec.json.Decoder(Client)


class AttemptInput(msgspec.Struct, frozen=True):
    """The input of one attempt."""

    connector: HostedConnector
    settings: Mapping[str, Any]
    delivery_request: DeliveryRequest


def inputs_of(services: Services, claims: Sequence[Claim]) -> list[AttemptInput | Exception]:
    """Reads the inputs of all claims in one snapshot.

    Returns:
        The inputs in the order of the claims; an exception stands for an attempt that cannot begin, as its result.
    """
    with services.database.read() as connection:
        documents = _encoded(connection, _DOCUMENTS, [claim.document_id for claim in claims])
        clients = _encoded(connection, _CLIENTS, [claim.client_id for claim in claims])
        opened: dict[tuple[str, int], dict[str, object]] = {}
        return [_input(connection, services, claim, documents, clients, opened) for claim in claims]


def _input(
    connection: Connection,
    services: Services,
    claim: Claim,
    documents: Mapping[str, bytes],
    clients: Mapping[str, bytes],
    opened: dict[tuple[str, int], dict[str, object]],
) -> AttemptInput | Exception:
    try:
        connector = services.extensions.connector(claim.extension_id)
        if connector is None:
            return NotSent(messages.NO_CONNECTOR, fault=Fault.PERSON, trouble=Trouble.EXTENSION)
        version = (claim.integration_id, claim.settings_version)
        if version not in opened:
            settings = settings_of(connection, services, *version)
            # A newer version of the connector may call secret what was stored before as a plain text.
            opened[version] = with_secrets(connector.definition.extension, settings)
        delivery_request = _delivery_request(
            services, claim, documents.get(claim.document_id), clients.get(claim.client_id)
        )
        return AttemptInput(connector, opened[version], delivery_request)
    except Exception as error:
        return error


_DOCUMENTS = select(document.c.id, document.c.value).where(in_ids(document.c.id))
_CLIENTS = select(client.c.id, client.c.value).where(in_ids(client.c.id))


def _encoded(connection: Connection, of: Select[str, bytes], ids: Iterable[str]) -> dict[str, bytes]:
    """Returns the values of rows as they are stored, by id."""
    return dict(connection.execute(of, ids_param(set(ids))).all())


def _delivery_request(
    services: Services, claim: Claim, encoded: bytes | None, encoded_client: bytes | None
) -> DeliveryRequest:
    """Returns the request of a claim; raises `Rejected` if the document or its client is gone."""
    if encoded is None or encoded_client is None:
        raise Rejected(messages.DOCUMENT_GONE)
    return build_request(
        services,
        _document.decode(encoded),
        _client.decode(encoded_client),
        key=delivery_key(claim.integration_id, claim.sha256, claim.generation),
        delivery_id=claim.delivery_id,
        generation=claim.generation,
        attempt=claim.fence,
    )


def build_request(
    services: Services,
    document: Document,
    client: Client,
    *,
    key: str,
    delivery_id: str,
    generation: int = 1,
    attempt: int = 0,
) -> DeliveryRequest:
    """Returns the request for a document of a client.

    Args:
        key: Idempotency key of the generation.
        attempt: Fence of the attempt.
    """
    return DeliveryRequest(
        key=key,
        delivery_id=delivery_id,
        generation=generation,
        file=services.files.path(document.sha256),
        file_name=document.file_name,
        media_type=document.media_type,
        size=document.size,
        sha256=document.sha256,
        client_reference=client.reference,
        client_name=client.name,
        vat_number=client.vat_number,
        enterprise_number=client.enterprise_number,
        folder=document.folder,
        number=document.number,
        issue_date=document.sort_date,
        attempt=attempt,
        pdf=_pdf(services, document),
    )


def _pdf(services: Services, document: Document) -> PdfFile | None:
    picture = document.picture
    if picture is None:
        return None
    file = services.files.path(picture.sha256)
    return PdfFile(file=file, file_name=picture.file_name, size=picture.size, sha256=picture.sha256)


def settings_of(connection: Connection, services: Services, integration_id: str, version: int) -> dict[str, object]:
    """Returns the effective settings of one version by name, with secrets as `Secret`.

    Raises:
        NotSent: If there are none or they cannot be opened; a person has to mend that.
    """
    statement = select(settings.c.effective).where(
        settings.c.integration_id == integration_id, settings.c.version == version
    )
    sealed = connection.execute(statement).scalar_one_or_none()
    if sealed is None:
        raise NotSent(messages.NO_SETTINGS, fault=Fault.PERSON)
    try:
        return services.vault.open(of_version(integration_id, version, "effective"), sealed)
    except BanqupError as error:
        raise NotSent(error.message, fault=Fault.PERSON) from error
