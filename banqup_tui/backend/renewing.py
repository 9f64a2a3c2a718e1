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

from banqup_tui.backend import secret_binding, settings_versions, tables, two_levels
from banqup_tui.backend.context import Context, Refused, Services
from banqup_tui.backend.ledger import jobs, lifecycle
from banqup_tui.backend.mending import mend
from banqup_tui.backend.two_levels import Settings
from banqup_tui.backend.work import Work
from banqup_tui.domain.client import Client
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.values import Value

KIND = "RENEW"
AT_ONCE = 100


class Renewal(Value, frozen=True, kw_only=True):
    """Whose settings a job of this kind makes anew."""

    installation_id: str


_renewal = msgspec.json.Decoder(Renewal)


def refuse_unfit(work: Work, services: Services, installation_id: str, before: Settings, firm: Settings) -> None:
    """Refused by the name of the first client that could not work with these settings of the firm."""
    for row in _every(work, installation_id):
        own = settings_versions.own_settings(work.connection, services, row)
        try:
            settings_versions.checked(services, row.extension_id, firm, own)
            secret_binding.refuse_left_behind(services, row.extension_id, before, firm, own)
        except Refused as error:
            raise two_levels.refused(error.problem, client_name(work, row.client_id)) from None


def begin(work: Work, context: Context, installation_id: str, firm: Settings) -> int:
    """Returns how many deliveries the first portion has mended, so that they are queued again."""
    rows = _portion(work, installation_id, "")
    queued = sum(_renew(work, row, firm, context) for row in rows)
    if len(rows) == AT_ONCE:
        task = msgspec.json.encode(Renewal(installation_id=installation_id))
        jobs.write(work, context, KIND, task, position=rows[-1].id)
    return queued


def portion(work: Work, services: Services, found: Row[Any]) -> jobs.Progress:
    """The next integrations of a job. One that cannot work with the settings now needs a person."""
    installation_id = _renewal.decode(found.query).installation_id
    table = tables.installation
    installation = work.execute(select(table).where(table.c.id == installation_id)).one_or_none()
    if installation is None:
        return jobs.Progress(found.position, 0, ended=True)
    firm = two_levels.of_firm(services, installation)
    context = Context(services=services, user_id=found.asked_by, seen_seq=0)
    rows = _portion(work, installation_id, found.position)
    for row in rows:
        try:
            _renew(work, row, firm, context)
        except Refused as error:
            lifecycle.break_off(work, row, error.message)
    position = rows[-1].id if rows else found.position
    return jobs.Progress(position, len(rows), ended=len(rows) < AT_ONCE)


def _renew(work: Work, integration: Row[Any], firm: Settings, context: Context) -> int:
    """No new version where the client overrides all that has changed; what waited for a person goes on in any case."""
    own = settings_versions.own_settings(work.connection, context.services, integration)
    effective = settings_versions.checked(context.services, integration.extension_id, firm, own)
    if effective != settings_versions.effective_settings(work.connection, context.services, integration):
        settings_versions.use_version(work, context.services, integration, own, effective)
    return mend(work, integration, context)


def _portion(work: Work, installation_id: str, after: str) -> list[Row[Any]]:
    """Locked in the order of their ids, as everywhere."""
    table = tables.integration
    statement = select(table).where(
        table.c.installation_id == installation_id,
        table.c.state != str(IntegrationState.REMOVED),
        table.c.id > after,
    )
    return list(work.execute(statement.order_by(table.c.id).limit(AT_ONCE).with_for_update()))


def _every(work: Work, installation_id: str) -> Iterator[Row[Any]]:
    """All of them, some at a time, not locked: who changes one holds the installation first, as its caller does."""
    table, after = tables.integration, ""
    while True:
        statement = select(table).where(
            table.c.installation_id == installation_id,
            table.c.state != str(IntegrationState.REMOVED),
            table.c.id > after,
        )
        rows = work.execute(statement.order_by(table.c.id).limit(AT_ONCE)).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def client_name(work: Work, client_id: str) -> str:
    table = tables.client
    value = work.execute(select(table.c.value).where(table.c.id == client_id)).scalar_one_or_none()
    return msgspec.json.decode(value, type=Client).name if value else client_id
