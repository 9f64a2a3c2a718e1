"""Rollout of new firm settings to every integration that inherits them, in a durable job after the first portion.

The job keeps transactions small, whatever the number of clients. A delivery sent meanwhile with the older settings was
asked for before, and its attempt names the version. The job reads the firm's settings at each integration, so of two
changes the later one wins.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import InstallationRecord, IntegrationRecord, JobRecord, fetch_all, fetch_one
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.integrations import secret_binding, settings_levels, settings_versions
from banqup_tui.backend.integrations.recovery import repair
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.ledger import bulk_jobs, lifecycle
from banqup_tui.backend.services import CommandContext, CommandRefused, Services
from banqup_tui.domain.client import Client
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.values import Value

KIND = "RENEW"
AT_ONCE = 100


class Renewal(Value, frozen=True, kw_only=True):
    """Body of a job of this kind: the installation to roll out."""

    installation_id: str


_renewal = msgspec.json.Decoder(Renewal)


def refuse_unfit(
    transaction: Transaction, services: Services, installation_id: str, before: Settings, firm: Settings
) -> None:
    """Raises `CommandRefused` with the name of the first client that could not work with these settings."""
    for row in _every(transaction, installation_id):
        own = settings_versions.own_settings(transaction.connection, services, row)
        try:
            settings_versions.checked(services, row.extension_id, firm, own)
            secret_binding.refuse_left_behind(services, row.extension_id, before, firm, own)
        except CommandRefused as error:
            raise settings_levels.refused(error.problem, client_name(transaction, row.client_id)) from None


def begin(transaction: Transaction, context: CommandContext, installation_id: str, firm: Settings) -> int:
    """Rolls out the first portion. Returns the number of deliveries that were repaired and queued again."""
    rows = _portion(transaction, installation_id, "")
    queued = sum(_renew(transaction, row, firm, context) for row in rows)
    if len(rows) == AT_ONCE:
        task = msgspec.json.encode(Renewal(installation_id=installation_id))
        bulk_jobs.write(transaction, context, KIND, task, position=rows[-1].id)
    return queued


def portion(transaction: Transaction, services: Services, found: JobRecord) -> bulk_jobs.JobProgress:
    """Rolls out the next portion of a job. An integration that cannot work with the settings is marked broken."""
    installation_id = _renewal.decode(found.query).installation_id
    table = tables.installation
    installation = fetch_one(transaction, InstallationRecord, select(table).where(table.c.id == installation_id))
    if installation is None:
        return bulk_jobs.JobProgress(found.position, 0, ended=True)
    firm = settings_levels.of_firm(services, installation)
    context = CommandContext(services=services, user_id=found.asked_by or LOCAL_USER, seen_seq=0)
    rows = _portion(transaction, installation_id, found.position)
    for row in rows:
        try:
            _renew(transaction, row, firm, context)
        except CommandRefused as error:
            lifecycle.mark_broken(transaction, row, error.message)
    position = rows[-1].id if rows else found.position
    return bulk_jobs.JobProgress(position, len(rows), ended=len(rows) < AT_ONCE)


def _renew(transaction: Transaction, integration: IntegrationRecord, firm: Settings, context: CommandContext) -> int:
    """Writes a new version unless the client overrides every change. The integration is resumed in any case."""
    own = settings_versions.own_settings(transaction.connection, context.services, integration)
    effective = settings_versions.checked(context.services, integration.extension_id, firm, own)
    if effective != settings_versions.effective_settings(transaction.connection, context.services, integration):
        settings_versions.use_version(transaction, context.services, integration, own, effective)
    return repair(transaction, integration, context)


def _portion(transaction: Transaction, installation_id: str, after: str) -> list[IntegrationRecord]:
    """Returns the next integrations, locked in the order of their ids as everywhere, so that no deadlock arises."""
    table = tables.integration
    statement = select(table).where(
        table.c.installation_id == installation_id,
        table.c.state != str(IntegrationState.REMOVED),
        table.c.id > after,
    )
    return fetch_all(transaction, IntegrationRecord, statement.order_by(table.c.id).limit(AT_ONCE).with_for_update())


def _every(transaction: Transaction, installation_id: str) -> Iterator[IntegrationRecord]:
    """Yields all integrations, unlocked.

    Each change of an integration locks its installation first, and the caller has that lock.
    """
    table, after = tables.integration, ""
    while True:
        statement = select(table).where(
            table.c.installation_id == installation_id,
            table.c.state != str(IntegrationState.REMOVED),
            table.c.id > after,
        )
        rows = fetch_all(transaction, IntegrationRecord, statement.order_by(table.c.id).limit(AT_ONCE))
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def client_name(transaction: Transaction, client_id: str) -> str:
    table = tables.client
    value = transaction.execute(select(table.c.value).where(table.c.id == client_id)).scalar_one_or_none()
    return msgspec.json.decode(value, type=Client).name if value else client_id
