"""The settings of a form as they would take effect: the stored settings with the entered ones over them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import InstallationRecord, IntegrationRecord, fetch_one
from banqup_tui.backend.integrations import secret_binding, settings_levels, settings_versions
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.services import Services
from banqup_tui.protocol.messages import FormSettings


class SettingsInput(msgspec.Struct, frozen=True):
    """Settings in effect. `client_id`: the client that they are for; `None` for those of the firm."""

    settings: Settings
    client_id: str | None


def read_settings_input(
    connection: Connection, services: Services, request: FormSettings, also_entered: Collection[str] = ()
) -> SettingsInput:
    """Returns the settings in effect if the form were stored.

    Args:
        also_entered: names of settings that are about to be entered again.

    Raises:
        CommandRefused: a stored secret would go to another place than it was entered for.
    """
    entered_names = {*request.settings, *also_entered}
    integration = _integration(connection, services, request.integration_id)
    client_id = request.client_id or (integration.client_id if integration else None)
    firm = _firm(connection, services, request, integration)
    if client_id is None:
        changed = settings_levels.changed(firm, request.settings)
        return SettingsInput(secret_binding.of_firm(services, request.extension_id, firm, changed, entered_names), None)
    stored = settings_versions.own_settings(connection, services, integration) if integration is not None else {}
    changed = settings_levels.changed(stored, request.settings)
    own = secret_binding.of_client(services, request.extension_id, firm, stored, changed, entered_names)
    return SettingsInput(settings_levels.in_effect(firm, own), client_id)


def _integration(connection: Connection, services: Services, integration_id: str | None) -> IntegrationRecord | None:
    table = tables.integration
    mine = select(table).where(table.c.id == integration_id, table.c.space_id == services.space_id)
    return fetch_one(connection, IntegrationRecord, mine)


def _firm(
    connection: Connection, services: Services, request: FormSettings, integration: IntegrationRecord | None
) -> Settings:
    """Returns the firm's settings of this extension; empty before it is installed."""
    table = tables.installation
    named = request.installation_id or (integration.installation_id if integration else None)
    which = table.c.id == named if named else table.c.extension_id == request.extension_id
    mine = select(table).where(which, table.c.space_id == services.space_id)
    row = fetch_one(connection, InstallationRecord, mine)
    if row is None or row.extension_id != request.extension_id:
        return {}
    return settings_levels.of_firm(services, row)
