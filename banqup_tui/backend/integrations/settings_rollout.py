"""New settings of the firm reach every integration that inherits them: the first at once, the others by a durable job.

So that no transaction grows with the number of clients. What is sent meanwhile with the settings of before was asked
for before; every attempt names the version it was made with. The job reads the firm's settings as they are when it
comes to an integration: of two changes in a row the last one stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Row, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.integrations import secret_binding, settings_levels, settings_versions
from banqup_tui.backend.integrations.recovery import mend
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.ledger import bulk_jobs, lifecycle
from banqup_tui.backend.services import Context, Refused, Services
from banqup_tui.domain.client import Client
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.values import Value

KIND = "RENEW"
AT_ONCE = 100


class Renewal(Value, frozen=True, kw_only=True):
    """Whose settings a job of this kind makes anew."""

    installation_id: str


_renewal = msgspec.json.Decoder(Renewal)


def refuse_unfit(
    transaction: Transaction, services: Services, installation_id: str, before: Settings, firm: Settings
) -> None:
    """Refused by the name of the first client that could not work with these settings of the firm."""
    for row in _every(transaction, installation_id):
        own = settings_versions.own_settings(transaction.connection, services, row)
        try:
            settings_versions.checked(services, row.extension_id, firm, own)
            secret_binding.refuse_left_behind(services, row.extension_id, before, firm, own)
        except Refused as error:
            raise settings_levels.refused(error.problem, client_name(transaction, row.client_id)) from None


def begin(transaction: Transaction, context: Context, installation_id: str, firm: Settings) -> int:
    """Returns how many deliveries the first portion has mended, so that they are queued again."""
    rows = _portion(transaction, installation_id, "")
    queued = sum(_renew(transaction, row, firm, context) for row in rows)
    if len(rows) == AT_ONCE:
        task = msgspec.json.encode(Renewal(installation_id=installation_id))
        bulk_jobs.write(transaction, context, KIND, task, position=rows[-1].id)
    return queued


def portion(transaction: Transaction, services: Services, found: Row[Any]) -> bulk_jobs.Progress:
    """The next integrations of a job. One that cannot work with the settings now needs a person."""
    installation_id = _renewal.decode(found.query).installation_id
    table = tables.installation
    installation = transaction.execute(select(table).where(table.c.id == installation_id)).one_or_none()
    if installation is None:
        return bulk_jobs.Progress(found.position, 0, ended=True)
    firm = settings_levels.of_firm(services, installation)
    context = Context(services=services, user_id=found.asked_by, seen_seq=0)
    rows = _portion(transaction, installation_id, found.position)
    for row in rows:
        try:
            _renew(transaction, row, firm, context)
        except Refused as error:
            lifecycle.break_off(transaction, row, error.message)
    position = rows[-1].id if rows else found.position
    return bulk_jobs.Progress(position, len(rows), ended=len(rows) < AT_ONCE)


def _renew(transaction: Transaction, integration: Row[Any], firm: Settings, context: Context) -> int:
    """No new version where the client overrides all that has changed; what waited for a person goes on in any case."""
    own = settings_versions.own_settings(transaction.connection, context.services, integration)
    effective = settings_versions.checked(context.services, integration.extension_id, firm, own)
    if effective != settings_versions.effective_settings(transaction.connection, context.services, integration):
        settings_versions.use_version(transaction, context.services, integration, own, effective)
    return mend(transaction, integration, context)


def _portion(transaction: Transaction, installation_id: str, after: str) -> list[Row[Any]]:
    """Locked in the order of their ids, as everywhere."""
    table = tables.integration
    statement = select(table).where(
        table.c.installation_id == installation_id,
        table.c.state != str(IntegrationState.REMOVED),
        table.c.id > after,
    )
    return list(transaction.execute(statement.order_by(table.c.id).limit(AT_ONCE).with_for_update()))


def _every(transaction: Transaction, installation_id: str) -> Iterator[Row[Any]]:
    """All of them, some at a time, not locked: who changes one holds the installation first, as its caller does."""
    table, after = tables.integration, ""
    while True:
        statement = select(table).where(
            table.c.installation_id == installation_id,
            table.c.state != str(IntegrationState.REMOVED),
            table.c.id > after,
        )
        rows = transaction.execute(statement.order_by(table.c.id).limit(AT_ONCE)).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def client_name(transaction: Transaction, client_id: str) -> str:
    table = tables.client
    value = transaction.execute(select(table.c.value).where(table.c.id == client_id)).scalar_one_or_none()
    return msgspec.json.decode(value, type=Client).name if value else client_id
