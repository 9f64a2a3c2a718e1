"""Installing an extension in the space, changing the firm's settings of it, taking it out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from banqup_tui.backend import renewing, secret_binding, settings_versions, tables, two_levels
from banqup_tui.backend.context import Context, Handler, Refused
from banqup_tui.backend.extensions import Level
from banqup_tui.backend.ledger import lifecycle
from banqup_tui.backend.sign_in import in_settings
from banqup_tui.backend.two_levels import Settings
from banqup_tui.backend.vault import of_installation
from banqup_tui.backend.work import Work
from banqup_tui.domain.extension import Extension, InstallationState
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import Configure, Deactivate, Install, Uninstall
from banqup_tui.protocol.messages import EntityKind, Op
from banqup_tui.protocol.problems import ProblemType


def install(work: Work, body: Install, context: Context) -> dict[str, Any]:
    """Once in a space: installing it again gives the same installation, with the settings given now."""
    extension = loading_extension(context, body.extension_id)
    table = tables.installation
    there = work.execute(
        select(table).where(table.c.space_id == work.space_id, table.c.extension_id == extension.id).with_for_update()
    ).one_or_none()
    if there is not None:
        queued = _configure(work, there, body.settings, context) if body.settings else 0
        return {"installationId": there.id, "new": False, "queued": queued}
    _refuse_taken_id(work, body.installation_id)
    in_settings.refuse_unknown(work, context.services, extension.id, body.settings)
    settings = two_levels.read(context.services, extension.id, two_levels.changed({}, body.settings), Level.FIRM)
    work.execute(
        insert(table).values(
            id=body.installation_id,
            space_id=work.space_id,
            extension_id=extension.id,
            seq=0,
            settings=two_levels.seal(context.services, extension.id, of_installation(body.installation_id), settings),
            state=str(InstallationState.INSTALLED),
        )
    )
    work.changed(EntityKind.INSTALLATION, body.installation_id)
    _take_over_removed(work, extension.id, body.installation_id)
    return {"installationId": body.installation_id, "new": True}


def configure(work: Work, body: Configure, context: Context) -> dict[str, Any]:
    installation = installation_row(work, body.installation_id)
    loading_extension(context, installation.extension_id)
    queued = _configure(work, installation, body.settings, context)
    return {"installationId": installation.id, "queued": queued}


def uninstall(work: Work, body: Uninstall, context: Context) -> dict[str, Any]:
    """What was delivered stays known: the removed integrations wait for the extension to be installed again."""
    installation = installation_row(work, body.installation_id)
    used_by = [row for row in _integrations(work, installation.id) if row.state != IntegrationState.REMOVED]
    if used_by:
        title = _title(context, installation.extension_id)
        clients = sorted({renewing.client_name(work, row.client_id) for row in used_by})
        raise Refused(
            ProblemType.REFUSED,
            message("extension.in-use", title=title, clients=_listed(clients)),
        )
    for row in _integrations(work, installation.id):
        settings_versions.forget_older(work, row.id, row.settings_version + 1)
    work.execute(delete(tables.installation).where(tables.installation.c.id == installation.id))
    work.changed(EntityKind.INSTALLATION, installation.id, op=Op.DELETE)
    return {"installationId": installation.id}


def deactivate(work: Work, body: Deactivate, context: Context) -> dict[str, Any]:
    """Every client's integration is removed, in one transaction; the firm's settings stay for a later activation."""
    installation = installation_row(work, body.installation_id)
    used_by = [row for row in _integrations(work, installation.id) if row.state != IntegrationState.REMOVED]
    count = len(used_by)
    if count > body.expected:
        raise Refused(
            ProblemType.COUNT_CHANGED, message("extension.count-changed", count=count, expected=body.expected)
        )
    cancelled = sum(lifecycle.remove(work, row) for row in used_by)
    return {"installationId": installation.id, "removed": count, "cancelled": cancelled}


def loading_extension(context: Context, extension_id: str) -> Extension:
    extension = context.services.extensions.get(extension_id)
    if extension is None:
        raise Refused(
            ProblemType.NOT_FOUND,
            message("extension.not-in-store", id=extension_id),
        )
    if extension.problem is not None:
        raise Refused(ProblemType.REFUSED, extension.problem)
    return extension


def installation_row(work: Work, installation_id: str) -> Row[Any]:
    table = tables.installation
    row: Row[Any] | None = work.execute(
        select(table).where(table.c.id == installation_id, table.c.space_id == work.space_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise Refused(ProblemType.NOT_FOUND, Message("extension.not-installed"))
    return row


def _configure(work: Work, installation: Row[Any], given: Settings, context: Context) -> int:
    """The firm's settings, and a new version of those of every client that inherits them.

    Returns how many deliveries this has mended at once, so that they are queued again.
    """
    services = context.services
    in_settings.refuse_unknown(work, services, installation.extension_id, given)
    kept = two_levels.of_firm(services, installation)
    firm = two_levels.changed(kept, given)
    firm = two_levels.read(services, installation.extension_id, firm, Level.FIRM)
    firm = secret_binding.of_firm(services, installation.extension_id, kept, firm, given)
    renewing.refuse_unfit(work, services, installation.id, kept, firm)
    table = tables.installation
    work.execute(
        update(table)
        .where(table.c.id == installation.id)
        .values(
            settings=two_levels.seal(services, installation.extension_id, of_installation(installation.id), firm),
            state=str(InstallationState.INSTALLED),
            reason=None,
        )
    )
    work.changed(EntityKind.INSTALLATION, installation.id)
    return renewing.begin(work, context, installation.id, firm)


def _integrations(work: Work, installation_id: str) -> Sequence[Row[Any]]:
    """Locked in the order of their ids, as everywhere."""
    table = tables.integration
    rows: Sequence[Row[Any]] = work.execute(
        select(table).where(table.c.installation_id == installation_id).order_by(table.c.id).with_for_update()
    ).all()
    return rows


def _take_over_removed(work: Work, extension_id: str, installation_id: str) -> None:
    table = tables.integration
    work.execute(
        update(table)
        .where(
            table.c.space_id == work.space_id,
            table.c.extension_id == extension_id,
            table.c.state == str(IntegrationState.REMOVED),
        )
        .values(installation_id=installation_id)
    )


def _refuse_taken_id(work: Work, installation_id: str) -> None:
    table = tables.installation
    if work.execute(select(func.count()).where(table.c.id == installation_id)).scalar_one():
        raise Refused(ProblemType.REFUSED, Message("extension.id-taken"))


def _title(context: Context, extension_id: str) -> str:
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
