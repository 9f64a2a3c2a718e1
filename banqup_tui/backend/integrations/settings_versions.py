"""Versions of an integration's settings. A change makes a new one; old ones stay while an attempt needs them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import CompoundSelect, Connection, delete, insert, select, union, update

from banqup_tui.backend.connector_host.definition import Level, with_secrets
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import IntegrationRecord
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.vault import of_version
from banqup_tui.backend.integrations import settings_levels, sign_in_settings
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.redaction import AttemptSecrets
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType

FIRST = 1
_log = logging.getLogger(__name__)


def own_settings(connection: Connection, services: Services, integration: IntegrationRecord) -> Settings:
    """Returns the client's own settings of the version in use."""
    return _settings_of(connection, services, integration, "own")


def effective_settings(connection: Connection, services: Services, integration: IntegrationRecord) -> Settings:
    """Returns the settings in effect of the version in use."""
    return _settings_of(connection, services, integration, "effective")


def _settings_of(
    connection: Connection, services: Services, integration: IntegrationRecord, which: Literal["own", "effective"]
) -> Settings:
    table = tables.settings
    version = integration.settings_version
    used = (table.c.integration_id == integration.id, table.c.version == version)
    sealed = connection.execute(select(table.c[which]).where(*used)).scalar_one_or_none()
    return (
        {} if sealed is None else settings_levels.opened(services, of_version(integration.id, version, which), sealed)
    )


def checked(services: Services, extension_id: str, firm: Mapping[str, object], own: Mapping[str, object]) -> Settings:
    """Returns the settings in effect. Raises `CommandRefused` for the first that is missing or wrong."""
    return settings_levels.read(services, extension_id, settings_levels.in_effect(firm, own), Level.EFFECTIVE)


def destination_of(services: Services, extension_id: str, effective: Mapping[str, object]) -> str:
    """Returns the destination as stored and shown.

    A secret in it is replaced by a keyed tag, which still distinguishes two destinations.

    Raises:
        LookupError: the connector does not exist.
        CommandRefused: the connector fails on the settings.
    """
    connector = services.extensions.connector(extension_id)
    if connector is None:
        raise LookupError(extension_id)
    try:
        destination = connector.definition.destination(effective)
    except Exception as error:
        _log.exception("%s could not say where documents go", extension_id)
        raise CommandRefused(
            ProblemType.REFUSED,
            Message("extension.failed-on-settings"),
        ) from error
    shown = AttemptSecrets(with_secrets(connector.definition.extension, effective)).redactor().text(destination)
    if shown == destination:
        return destination
    return f"{shown} #{services.vault.tag('destination', destination.encode())[:16]}"


def sign_in_columns(
    transaction: Transaction, services: Services, extension_id: str, effective: Mapping[str, object]
) -> dict[str, object]:
    """Returns the columns of an integration for the sign-in in these settings and its end."""
    until = {"sign_in_until": _sign_in_until(services, extension_id, effective)}
    return until | sign_in_settings.columns(transaction, services, extension_id, effective)


def _sign_in_until(services: Services, extension_id: str, effective: Mapping[str, object]) -> datetime | None:
    """Returns the end of the sign-in, or `None` if the connector does not tell or fails."""
    connector = services.extensions.connector(extension_id)
    if connector is None:
        return None
    try:
        until = connector.definition.signed_in_until(effective)
    except Exception:
        _log.warning("the connector %s cannot tell how long its sign-in lasts", extension_id, exc_info=True)
        return None
    return until if until is None or until.tzinfo is not None else until.replace(tzinfo=UTC)


def write_version(
    transaction: Transaction,
    services: Services,
    integration_id: str,
    extension_id: str,
    version: int,
    own: Mapping[str, object],
    effective: Mapping[str, object],
) -> str:
    """Writes a version and returns its destination. The caller, or `use_version`, updates the integration."""
    destination = destination_of(services, extension_id, effective)
    transaction.execute(
        insert(tables.settings).values(
            integration_id=integration_id,
            version=version,
            destination=destination,
            own=settings_levels.seal(services, extension_id, of_version(integration_id, version, "own"), own),
            effective=settings_levels.seal(
                services, extension_id, of_version(integration_id, version, "effective"), effective
            ),
        )
    )
    return destination


def use_version(
    transaction: Transaction,
    services: Services,
    integration: IntegrationRecord,
    own: Mapping[str, object],
    effective: Mapping[str, object],
) -> None:
    """Writes the next version and makes the integration use it.

    The mark of an attempt tests the version, so a delivery prepared with the older settings is dropped before its
    effect.
    """
    version = integration.settings_version + 1
    destination = write_version(
        transaction, services, integration.id, integration.extension_id, version, own, effective
    )
    table = tables.integration
    values: dict[str, object] = {"settings_version": version, "destination": destination}
    values |= sign_in_columns(transaction, services, integration.extension_id, effective)
    transaction.execute(update(table).where(table.c.id == integration.id).values(values))
    transaction.changed(EntityKind.INTEGRATION, integration.id, client_id=integration.client_id)
    forget_older(transaction, integration.id, version)


def forget_older(transaction: Transaction, integration_id: str, version: int) -> None:
    """Deletes versions older than `version`, except those that an unsettled attempt needs."""
    settings_table = tables.settings
    transaction.execute(
        delete(settings_table).where(
            settings_table.c.integration_id == integration_id,
            settings_table.c.version < version,
            settings_table.c.version.not_in(_needed(integration_id)),
        )
    )


def _needed(integration_id: str) -> CompoundSelect[object]:
    """Returns versions of attempts that are under way, or that may still be looked up or rolled forward."""
    attempt, delivery = tables.attempt, tables.delivery
    is_open = (
        delivery.c.state.in_([str(DeliveryState.SENDING), str(DeliveryState.UNKNOWN)])
        | delivery.c.uncertain
        | delivery.c.recheck_by.is_not(None)
    )
    own = delivery.c.integration_id == integration_id
    marked = select(delivery.c.settings_version).where(own, is_open, delivery.c.settings_version.is_not(None))
    begun = (
        select(attempt.c.settings_version)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(own, is_open, attempt.c.generation == delivery.c.generation)
    )
    return union(marked, begun)
