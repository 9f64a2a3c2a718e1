"""Commands that install an extension in the space, change the firm's settings, and remove the installation."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import InstallationRecord, IntegrationRecord, fetch_all, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.vault import of_installation
from banqup_tui.backend.integrations import (
    secret_binding,
    settings_levels,
    settings_rollout,
    settings_versions,
    sign_in_settings,
)
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.ledger import lifecycle
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler
from banqup_tui.domain.extension import Extension, InstallationState
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import Configure, Deactivate, Install, Uninstall
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.protocol.problems import ProblemType


def install(transaction: Transaction, body: Install, context: CommandContext) -> dict[str, object]:
    """Installs an extension once in a space.

    A repeated install returns the same installation, with the new settings.
    """
    extension = loading_extension(context, body.extension_id)
    table = tables.installation
    same = select(table).where(table.c.space_id == transaction.space_id, table.c.extension_id == extension.id)
    existing = fetch_one(transaction, InstallationRecord, same.with_for_update())
    if existing is not None:
        queued = _configure(transaction, existing, body.settings, context) if body.settings else 0
        return {"installationId": existing.id, "new": False, "queued": queued}
    _refuse_taken_id(transaction, body.installation_id)
    sign_in_settings.refuse_unknown(transaction, context.services, extension.id, body.settings)
    settings = settings_levels.read(
        context.services, extension.id, settings_levels.changed({}, body.settings), Level.FIRM
    )
    transaction.execute(
        insert(table).values(
            id=body.installation_id,
            space_id=transaction.space_id,
            extension_id=extension.id,
            seq=0,
            settings=settings_levels.seal(
                context.services, extension.id, of_installation(body.installation_id), settings
            ),
            state=str(InstallationState.INSTALLED),
        )
    )
    transaction.changed(EntityKind.INSTALLATION, body.installation_id)
    _take_over_removed(transaction, extension.id, body.installation_id)
    return {"installationId": body.installation_id, "new": True}


def configure(transaction: Transaction, body: Configure, context: CommandContext) -> dict[str, object]:
    installation = installation_row(transaction, body.installation_id)
    loading_extension(context, installation.extension_id)
    queued = _configure(transaction, installation, body.settings, context)
    return {"installationId": installation.id, "queued": queued}


def uninstall(transaction: Transaction, body: Uninstall, context: CommandContext) -> dict[str, object]:
    """Removes an installation without integrations.

    Removed integrations stay, as the ledger needs what they delivered.
    """
    installation = installation_row(transaction, body.installation_id)
    used_by = [row for row in _integrations(transaction, installation.id) if row.state != IntegrationState.REMOVED]
    if used_by:
        title = _title(context, installation.extension_id)
        clients = sorted({settings_rollout.client_name(transaction, row.client_id) for row in used_by})
        raise CommandRefused(
            ProblemType.REFUSED,
            message("extension.in-use", title=title, clients=_listed(clients)),
        )
    for row in _integrations(transaction, installation.id):
        settings_versions.forget_older(transaction, row.id, row.settings_version + 1)
    transaction.execute(delete(tables.installation).where(tables.installation.c.id == installation.id))
    transaction.changed(EntityKind.INSTALLATION, installation.id, op=Op.DELETE)
    return {"installationId": installation.id}


def deactivate(transaction: Transaction, body: Deactivate, context: CommandContext) -> dict[str, object]:
    """Removes every client's integration in one transaction. The firm's settings stay for a later activation."""
    installation = installation_row(transaction, body.installation_id)
    used_by = [row for row in _integrations(transaction, installation.id) if row.state != IntegrationState.REMOVED]
    count = len(used_by)
    if count > body.expected:
        raise CommandRefused(
            ProblemType.COUNT_CHANGED, message("extension.count-changed", count=count, expected=body.expected)
        )
    cancelled = sum(lifecycle.remove(transaction, row) for row in used_by)
    return {"installationId": installation.id, "removed": count, "cancelled": cancelled}


def loading_extension(context: CommandContext, extension_id: str) -> Extension:
    extension = context.services.extensions.get(extension_id)
    if extension is None:
        raise CommandRefused(
            ProblemType.NOT_FOUND,
            message("extension.not-in-store", id=extension_id),
        )
    if extension.problem is not None:
        raise CommandRefused(ProblemType.REFUSED, extension.problem)
    return extension


def installation_row(transaction: Transaction, installation_id: str) -> InstallationRecord:
    table = tables.installation
    mine = select(table).where(table.c.id == installation_id, table.c.space_id == transaction.space_id)
    row = fetch_one(transaction, InstallationRecord, mine.with_for_update())
    if row is None:
        raise CommandRefused(ProblemType.NOT_FOUND, Message("extension.not-installed"))
    return row


def _configure(
    transaction: Transaction, installation: InstallationRecord, entered: Settings, context: CommandContext
) -> int:
    """Stores the firm's settings, and a new version for every client that inherits them.

    Returns:
        The number of deliveries that the new settings have repaired and that are queued again.
    """
    services = context.services
    sign_in_settings.refuse_unknown(transaction, services, installation.extension_id, entered)
    stored = settings_levels.of_firm(services, installation)
    firm = settings_levels.changed(stored, entered)
    firm = settings_levels.read(services, installation.extension_id, firm, Level.FIRM)
    firm = secret_binding.of_firm(services, installation.extension_id, stored, firm, entered)
    settings_rollout.refuse_unfit(transaction, services, installation.id, stored, firm)
    table = tables.installation
    transaction.execute(
        update(table)
        .where(table.c.id == installation.id)
        .values(
            settings=settings_levels.seal(services, installation.extension_id, of_installation(installation.id), firm),
            state=str(InstallationState.INSTALLED),
            reason=None,
        )
    )
    transaction.changed(EntityKind.INSTALLATION, installation.id)
    return settings_rollout.begin(transaction, context, installation.id, firm)


def _integrations(transaction: Transaction, installation_id: str) -> list[IntegrationRecord]:
    """Returns the integrations, locked in the order of their ids as everywhere, so that no deadlock arises."""
    table = tables.integration
    mine = select(table).where(table.c.installation_id == installation_id).order_by(table.c.id)
    return fetch_all(transaction, IntegrationRecord, mine.with_for_update())


def _take_over_removed(transaction: Transaction, extension_id: str, installation_id: str) -> None:
    table = tables.integration
    transaction.execute(
        update(table)
        .where(
            table.c.space_id == transaction.space_id,
            table.c.extension_id == extension_id,
            table.c.state == str(IntegrationState.REMOVED),
        )
        .values(installation_id=installation_id)
    )


def _refuse_taken_id(transaction: Transaction, installation_id: str) -> None:
    table = tables.installation
    if transaction.execute(select(func.count()).where(table.c.id == installation_id)).scalar_one():
        raise CommandRefused(ProblemType.REFUSED, Message("extension.id-taken"))


def _title(context: CommandContext, extension_id: str) -> str:
    extension = context.services.extensions.get(extension_id)
    return extension.title["en"] if extension else extension_id


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown}, …"


HANDLERS: dict[type[Value], Handler] = {
    Install: install,
    Configure: configure,
    Uninstall: uninstall,
    Deactivate: deactivate,
}
