"""Finds the integrations that will be claimed next, so that connections to them are opened while claiming goes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.backend.connector_host.pool import Key
from banqup_tui.backend.db.tables import integration
from banqup_tui.backend.dispatch.requests import settings_of
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import IntegrationState

if TYPE_CHECKING:
    from banqup_tui.backend.services import Services

_AT_ONCE = 4


class Upcoming(msgspec.Struct, frozen=True):
    """An integration whose round is near, with what is needed to connect to it."""

    key: Key
    connector: HostedConnector
    settings: Mapping[str, Any]


def upcoming(connection: Connection, services: Services, now: datetime) -> list[Upcoming]:
    """Returns the next few integrations.

    Those without connector or valid settings are left out; their attempts fail with the reason.
    """
    found = []
    which = (integration.c.space_id == services.space_id, integration.c.state == str(IntegrationState.ACTIVE))
    wanted = (integration.c.id, integration.c.extension_id, integration.c.settings_version)
    in_order = select(*wanted).where(*which, integration.c.ready_at <= now, integration.c.timed_out.is_(False))
    for row in connection.execute(in_order.order_by(integration.c.claimed_round).limit(_AT_ONCE)):
        connector = services.extensions.connector(row.extension_id)
        if connector is None:
            continue
        try:
            settings = settings_of(connection, services, row.id, row.settings_version)
        except BanqupError:
            continue
        found.append(Upcoming((row.id, row.settings_version), connector, settings))
    return found
