"""Finds the command that undoes one which the server has carried out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from banqup_tui.domain.client_details import normalised
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol.commands import (
    AddSource,
    Cancel,
    CommandBody,
    CorrectDocument,
    CreateClient,
    DecideDuplicate,
    EditClient,
    MoveDocument,
    PauseIntegration,
    RemoveSource,
    ReopenDuplicate,
    Resend,
    Restore,
    ResumeIntegration,
    Send,
    SetArchived,
    SetProcessed,
    Withdraw,
)

_KEYS = uuid.UUID("6f0d5f0e-6c0e-5d1b-8a35-2a1f3a1f9b44")
"""The namespace of the keys of opposite commands."""

REVERSIBLE: tuple[type[CommandBody], ...] = (
    Send, Resend, SetProcessed, PauseIntegration, DecideDuplicate, Withdraw, Restore, MoveDocument, CorrectDocument,
    CreateClient, EditClient, SetArchived,
    AddSource, RemoveSource,
)  # fmt: skip


def is_reversible(body: CommandBody) -> bool:
    """Tells whether there is an opposite. A drop has accounts, and a mailbox a password, that would not come back."""
    if isinstance(body, AddSource | RemoveSource):
        return body.kind is SourceKind.FOLDER
    return isinstance(body, REVERSIBLE)


def inverse_key(key: str) -> str:
    """Returns the key of the command's opposite: the same on every terminal, so that it is done only once."""
    return str(uuid.uuid5(_KEYS, key))


def inverse(body: CommandBody, deliveries: Iterable[Delivery]) -> CommandBody | None:
    """Returns the command that undoes `body`, given the present deliveries of the documents that it concerned.

    Returns `None` if it is too late, or if the command has no opposite.
    """
    if not is_reversible(body):
        return None
    match body:
        case AddSource(source_id=one, path=path):
            return RemoveSource(source_id=one, kind=SourceKind.FOLDER, path=path)
        case RemoveSource(source_id=one, path=path):
            return AddSource(source_id=one, path=path)
        case SetProcessed(document_ids=ids, processed=processed):
            return SetProcessed(document_ids=ids, processed=not processed)
        case PauseIntegration(integration_id=one):
            return ResumeIntegration(integration_id=one)
        case DecideDuplicate(document_id=one):
            return ReopenDuplicate(document_id=one)
        case CorrectDocument(document_id=one, values=values, before=before):
            return CorrectDocument(document_id=one, values=before, before=values)
        case CreateClient(client_id=one):
            return SetArchived(client_ids=(one,), archived=True)
        case EditClient(client_id=one, details=details, before=before):
            return EditClient(client_id=one, details=before, before=normalised(details))
        case SetArchived(client_ids=clients, archived=archived):
            return SetArchived(client_ids=clients, archived=not archived)
        case Withdraw(document_ids=ids):
            return Restore(document_ids=ids)
        case Restore(document_ids=ids):
            return Withdraw(document_ids=ids)
        case MoveDocument() as moved:
            return MoveDocument(
                document_id=moved.document_id,
                client_id=moved.from_client_id,
                folder=moved.from_folder,
                from_client_id=moved.client_id,
                from_folder=moved.folder,
                back=True,
            )
        case Send(integration_ids=wanted):
            return _cancel(delivery for delivery in deliveries if wanted is None or delivery.integration_id in wanted)
        case Resend(copies=copies):
            asked = {copy.delivery_id for copy in copies}
            return _cancel(delivery for delivery in deliveries if delivery.id in asked)
    return None


def _cancel(deliveries: Iterable[Delivery]) -> Cancel | None:
    queued = tuple(delivery.id for delivery in deliveries if delivery.state is DeliveryState.QUEUED)
    return Cancel(delivery_ids=queued) if queued else None
