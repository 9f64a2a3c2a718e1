"""The JSON of the command line: objects of the wire in which every key is there, null if it has no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document, Party
from banqup_tui.domain.e_invoicing import came_over_peppol, is_to_ask_for
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.failures import FailureGroup
from banqup_tui.domain.health import Health, Summary
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import ClientRow
from banqup_tui.domain.source import Source
from banqup_tui.presentation.messages import json_of, remedy_of_delivery

_OF_DOCUMENT = (
    "currency", "netAmount", "vatAmount", "grossAmount", "payableAmount", "lineCount", "attachmentCount", "iban",
    "paymentReference", "account", "statementNumber", "openingBalance", "closingBalance", "movementCount",
    "accountingStatus", "fileName", "mediaType", "sha256", "createdAt", "sameAs", "duplicate", "replacedBy",
    "withdrawnAt", "origins", "picture", "fromText", "suggestions",
)  # fmt: skip


def client_of(client: Client | None) -> dict[str, object]:
    return {"reference": client.reference if client else None, "name": client.name if client else None}


def client_value(row: ClientRow) -> dict[str, object]:
    counts = row.counts
    return {
        "id": row.client.id,
        "reference": row.client.reference,
        "name": row.client.name,
        "vatNumber": row.client.vat_number,
        "status": row.client.status,
        "counts": {
            "total": counts.total,
            "clientActionNeeded": counts.client_action_needed,
            "queued": counts.queued,
            "readyToProcess": counts.ready,
            "processed": counts.processed,
            "error": counts.error,
        },
    }


def document_value(
    document: Document, client: Client | None, deliveries: Iterable[Delivery], labels: Mapping[str, str]
) -> dict[str, object]:
    wire: dict[str, object] = msgspec.to_builtins(document)
    return {
        "id": document.id,
        "client": client_of(client),
        "folder": document.folder,
        "kind": document.kind,
        "number": document.number,
        "issueDate": wire.get("issueDate"),
        "dueDate": wire.get("dueDate"),
        "counterparty": party_value(document.counterparty),
        "supplier": party_value(document.supplier),
        "customer": party_value(document.customer),
        **{key: wire.get(key) for key in _OF_DOCUMENT},
        "overPeppol": came_over_peppol(document),
        "toAskFor": is_to_ask_for(document),
        "deliveries": [
            {
                "integration": labels.get(delivery.integration_id),
                "state": delivery.state,
                "attempts": delivery.attempts,
                "reason": json_of(delivery.reason, remedy_of_delivery(delivery)),
            }
            for delivery in deliveries
        ],
    }


def party_value(party: Party | None) -> dict[str, object] | None:
    return None if party is None else {"name": party.name, "vatNumber": party.vat_number}


def delivery_value(
    delivery: Delivery, document: Document | None, client: Client | None, labels: Mapping[str, str]
) -> dict[str, object]:
    """Returns the delivery of the wire, with the names of document, client and integration."""
    wire: dict[str, Any] = msgspec.to_builtins(delivery)
    for attempt, shown in zip(delivery.log, wire["log"], strict=True):
        shown["reason"] = json_of(attempt.reason)
    return {
        **wire,
        "reason": json_of(delivery.reason, remedy_of_delivery(delivery)),
        "integration": labels.get(delivery.integration_id),
        "client": client_of(client),
        "number": document.number if document else None,
        "fileName": document.file_name if document else None,
    }


def failures_value(group: FailureGroup, clients: Mapping[str, Client]) -> dict[str, object]:
    """Returns a group of failures, with the integrations that it concerns."""
    return {
        "key": group.key,
        "extension": group.extension_id,
        "state": group.state,
        "cause": json_of(group.message),
        "count": group.count,
        "clients": group.clients,
        "integrations": [
            {
                "id": part.integration_id,
                "integration": part.label,
                "state": part.state,
                "client": client_of(clients.get(part.client_id)),
                "count": part.count,
            }
            for part in group.parts
        ],
    }


def integration_value(integration: Integration, client: Client | None, health: Health) -> dict[str, object]:
    return {
        **msgspec.to_builtins(integration),
        "cause": json_of(integration.cause),
        "failingReason": json_of(integration.failing_reason),
        "client": client_of(client),
        "health": health,
    }


def extension_value(extension: Extension, installation: Installation | None, health: Summary) -> dict[str, object]:
    wire: dict[str, object] = msgspec.to_builtins(extension)
    return {
        **wire,
        "problem": json_of(extension.problem),
        "installation": _installation_value(installation) if installation else None,
        "health": msgspec.to_builtins(health),
    }


def _installation_value(installation: Installation) -> dict[str, object]:
    return {**msgspec.to_builtins(installation), "reason": json_of(installation.reason)}


def source_value(source: Source) -> dict[str, object]:
    return {**msgspec.to_builtins(source), "problems": [json_of(problem) for problem in source.problems]}
