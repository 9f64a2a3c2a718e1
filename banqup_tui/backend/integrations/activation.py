"""Commands that activate an installation for a client and change the client's settings.

Pausing, resuming and removing an integration change its queue, so those commands are in the ledger.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import Connection, func, insert, select, update

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import IntegrationRecord, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.integrations import secret_binding, settings_levels, settings_versions, sign_in_settings
from banqup_tui.backend.integrations.installations import installation_row, loading_extension
from banqup_tui.backend.integrations.recovery import repair
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.ledger import lifecycle
from banqup_tui.backend.ledger.bulk_jobs import Task, begin
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import AddIntegration, ConfigureIntegration, Query
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType

MAX_LABEL = 60


def add_integration(transaction: Transaction, body: AddIntegration, context: CommandContext) -> dict[str, object]:
    """Activates an installation for a client.

    Documents created after the number of this activation are sent. Older documents are sent only as far as the user
    has confirmed their count in `backfill`.
    """
    _client_exists(transaction, body.client_id)
    installation = installation_row(transaction, body.installation_id)
    extension = loading_extension(context, installation.extension_id)
    folders = _folders(body.folders, extension)
    own = _own(transaction, context, extension, {}, body.settings)
    firm = settings_levels.of_firm(context.services, installation)
    secret_binding.refuse_inherited(context.services, extension.id, firm, own)
    effective = settings_versions.checked(context.services, extension.id, firm, own)
    label = _label(body.label, extension)
    existing = _same_label(transaction, body, label)
    if existing is None:
        integration_id = _insert(transaction, body, extension, label, folders, own, effective, context)
    else:
        integration_id = _revive(transaction, existing, folders, own, effective, context)
    result = {"integrationId": integration_id, "new": existing is None}
    if body.backfill is not None:
        query = Query(client_id=body.client_id)
        older = Task(query=query, integration_ids=(integration_id,), folders=folders, since=body.backfill.since)
        result |= begin(transaction, context, older, body.backfill.up_to, body.backfill.expected)
    return result


def configure_integration(
    transaction: Transaction, body: ConfigureIntegration, context: CommandContext
) -> dict[str, object]:
    integration = _integration_row(transaction, body.integration_id)
    extension = loading_extension(context, integration.extension_id)
    queued = 0
    if body.folders is not None:
        folders = _folders(body.folders, extension)
        table = tables.integration
        transaction.execute(update(table).where(table.c.id == integration.id).values(folders=" ".join(folders)))
        transaction.changed(EntityKind.INTEGRATION, integration.id, client_id=integration.client_id)
    if body.settings:
        installation = installation_row(transaction, integration.installation_id)
        stored = settings_versions.own_settings(transaction.connection, context.services, integration)
        own = _own(transaction, context, extension, stored, body.settings)
        firm = settings_levels.of_firm(context.services, installation)
        own = secret_binding.of_client(context.services, extension.id, firm, stored, own, body.settings)
        effective = settings_versions.checked(context.services, extension.id, firm, own)
        settings_versions.use_version(transaction, context.services, integration, own, effective)
        queued = repair(transaction, integration, context)
    return {"integrationId": integration.id, "queued": queued}


def _client_exists(transaction: Transaction, client_id: str) -> None:
    table = tables.client
    found = transaction.execute(
        select(table.c.id).where(table.c.id == client_id, table.c.space_id == transaction.space_id)
    )
    if found.one_or_none() is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("client.gone"))


def _integration_row(transaction: Transaction, integration_id: str) -> IntegrationRecord:
    table = tables.integration
    mine = select(table).where(table.c.id == integration_id, table.c.space_id == transaction.space_id)
    row = fetch_one(transaction, IntegrationRecord, mine.with_for_update())
    if row is None or row.state == IntegrationState.REMOVED:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("integration.removed-before"))
    return row


def _folders(wanted: tuple[Folder, ...] | None, extension: Extension) -> tuple[Folder, ...]:
    """Returns the folders in their fixed order; all that the extension accepts if none are named."""
    if wanted is None:
        return extension.folders
    if not wanted:
        raise CommandRefused(ProblemType.REFUSED, Message("integration.no-folder"), field="folders")
    refused = [folder for folder in wanted if folder not in extension.folders]
    if refused:
        reason = message("integration.folder-not-taken", title=extension.title["en"], folder=refused[0])
        raise CommandRefused(ProblemType.REFUSED, reason, field="folders")
    return tuple(folder for folder in Folder if folder in wanted)


def _own(
    transaction: Transaction, context: CommandContext, extension: Extension, stored: Settings, entered: Settings
) -> Settings:
    sign_in_settings.refuse_unknown(transaction, context.services, extension.id, entered)
    return settings_levels.read(context.services, extension.id, settings_levels.changed(stored, entered), Level.CLIENT)


def _label(wanted: str | None, extension: Extension) -> str:
    text = "".join(letter for letter in wanted or "" if unicodedata.category(letter)[0] != "C")
    label = " ".join(text.split()) or extension.title["en"]
    if len(label) > MAX_LABEL:
        raise CommandRefused(ProblemType.REFUSED, message("integration.name-too-long", limit=MAX_LABEL), field="label")
    return label


def _same_label(transaction: Transaction, body: AddIntegration, label: str) -> IntegrationRecord | None:
    """Returns the removed integration of this name, to be revived, or `None`. Refuses a name in use."""
    table = tables.integration
    same = select(table).where(
        table.c.space_id == transaction.space_id,
        table.c.client_id == body.client_id,
        table.c.installation_id == body.installation_id,
        table.c.label == label,
    )
    row = fetch_one(transaction, IntegrationRecord, same.with_for_update())
    if row is not None and row.state != IntegrationState.REMOVED:
        raise CommandRefused(
            ProblemType.REFUSED,
            message("integration.name-taken", label=label),
            field="label",
        )
    return row


def _insert(
    transaction: Transaction,
    body: AddIntegration,
    extension: Extension,
    label: str,
    folders: tuple[Folder, ...],
    own: Settings,
    effective: Settings,
    context: CommandContext,
) -> str:
    table = tables.integration
    if transaction.execute(select(func.count()).where(table.c.id == body.integration_id)).scalar_one():
        raise CommandRefused(ProblemType.REFUSED, Message("integration.id-taken"))
    destination = settings_versions.write_version(
        transaction, context.services, body.integration_id, extension.id, settings_versions.FIRST, own, effective
    )
    transaction.execute(
        insert(table).values(
            id=body.integration_id,
            space_id=transaction.space_id,
            client_id=body.client_id,
            installation_id=body.installation_id,
            extension_id=extension.id,
            label=label,
            state=str(IntegrationState.ACTIVE),
            folders=" ".join(folders),
            activated_seq=0,
            activated_at=transaction.now,
            planned_seq=0,
            settings_version=settings_versions.FIRST,
            destination=destination,
            seq=0,
            **settings_versions.sign_in_columns(transaction, context.services, extension.id, effective),
            **_limits(context, extension),
        )
    )
    integration_id = body.integration_id
    transaction.changed(EntityKind.INTEGRATION, integration_id, client_id=body.client_id)
    # After the numbers: the activation must be older than every document that it takes by itself.
    transaction.after_numbers(lambda connection, number: _activate(connection, integration_id, number))
    return integration_id


def _limits(context: CommandContext, extension: Extension) -> dict[str, object]:
    connector = context.services.extensions.connector(extension.id)
    if connector is None:
        return {}
    return {"concurrency": connector.manifest.concurrency, "per_minute": connector.manifest.per_minute}


def _revive(
    transaction: Transaction,
    removed: IntegrationRecord,
    folders: tuple[Folder, ...],
    own: Settings,
    effective: Settings,
    context: CommandContext,
) -> str:
    """Activates the removed row again, so that the ledger still knows what it has delivered."""
    settings_versions.use_version(transaction, context.services, removed, own, effective)
    table = tables.integration
    transaction.execute(update(table).where(table.c.id == removed.id).values(folders=" ".join(folders)))
    lifecycle.revive(transaction, removed)
    return removed.id


def _activate(connection: Connection, integration_id: str, number: int) -> None:
    table = tables.integration
    connection.execute(
        update(table).where(table.c.id == integration_id).values(activated_seq=number, planned_seq=number)
    )


HANDLERS: dict[type[Value], Handler] = {
    AddIntegration: add_integration,
    ConfigureIntegration: configure_integration,
}
