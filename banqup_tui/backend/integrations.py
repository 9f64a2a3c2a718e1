"""Activating an installation for one client, and changing that client's settings of it.

Pausing, resuming and removing concern what is queued: they are the ledger's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from banqup_tui.backend import settings_versions, tables, two_levels
from banqup_tui.backend.context import Context, Handler, Refused
from banqup_tui.backend.extensions import Level
from banqup_tui.backend.installations import installation_row, loading_extension
from banqup_tui.backend.ledger import jobs
from banqup_tui.backend.mending import mend
from banqup_tui.backend.two_levels import Settings
from banqup_tui.backend.work import Work
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import AddIntegration, Backfill, ConfigureIntegration
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.protocol.problems import ProblemType

MAX_LABEL = 60


def add_integration(work: Work, body: AddIntegration, context: Context) -> dict[str, Any]:
    """Takes by itself what is created after the number of this activation; older ones only as confirmed."""
    _client_exists(work, body.client_id)
    installation = installation_row(work, body.installation_id)
    extension = loading_extension(context, installation.extension_id)
    folders = _folders(body.folders, extension)
    own = _own(context, extension, {}, body.settings)
    firm = two_levels.opened(context.services, installation.settings)
    effective = settings_versions.checked(context.services, extension.id, firm, own)
    label = _label(body.label, extension)
    older = _confirmed(work, body.client_id, folders, body.backfill) if body.backfill else None
    there = _same_label(work, body, label)
    if there is None:
        integration_id = _insert(work, body, extension, label, folders, own, effective, context)
    else:
        integration_id = _revive(work, there, folders, own, effective, context)
    work.changed(EntityKind.INTEGRATION, integration_id, client_id=body.client_id)
    work.after_numbers(lambda connection, number: _activate(connection, integration_id, number))
    if older is not None:
        queue_backfill(work, integration_id, body.client_id, folders, *older, context)
    return {"integrationId": integration_id, "new": there is None}


def configure_integration(work: Work, body: ConfigureIntegration, context: Context) -> dict[str, Any]:
    integration = _integration_row(work, body.integration_id)
    extension = loading_extension(context, integration.extension_id)
    if body.folders is not None:
        folders = _folders(body.folders, extension)
        table = tables.integration
        work.execute(update(table).where(table.c.id == integration.id).values(folders=" ".join(folders)))
        work.changed(EntityKind.INTEGRATION, integration.id, client_id=integration.client_id)
    if body.settings:
        installation = installation_row(work, integration.installation_id)
        kept = settings_versions.own_settings(work, context.services, integration)
        own = _own(context, extension, kept, body.settings)
        firm = two_levels.opened(context.services, installation.settings)
        effective = settings_versions.checked(context.services, extension.id, firm, own)
        settings_versions.use_version(work, context.services, integration, own, effective)
        mend(work, integration, context)
    return {"integrationId": integration.id}


def count_before(connection: Connection, space_id: str, client_id: str, folders: Iterable[Folder], up_to: int) -> int:
    """How many documents of the client were ready at `up_to`: what a backfill would send."""
    table = tables.document
    statement = select(func.count()).where(
        table.c.space_id == space_id,
        table.c.client_id == client_id,
        table.c.folder.in_([str(folder) for folder in folders]),
        table.c.ready_seq.is_not(None),
        table.c.ready_seq <= up_to,
    )
    return int(connection.execute(statement).scalar_one())


def queue_backfill(
    work: Work,
    integration_id: str,
    client_id: str,
    folders: tuple[Folder, ...],
    up_to: int,
    expected: int,
    context: Context,
) -> None:
    """The one place where a confirmed backfill is handed to the ledger."""
    jobs.queue_backfill(work, context, integration_id, client_id, folders, up_to, expected)


def _client_exists(work: Work, client_id: str) -> None:
    table = tables.client
    found = work.execute(select(table.c.id).where(table.c.id == client_id, table.c.space_id == work.space_id))
    if found.one_or_none() is None:
        raise Refused(ProblemType.NOT_FOUND, "There is no such client.", "Look at the list of clients again.")


def _integration_row(work: Work, integration_id: str) -> Row[Any]:
    table = tables.integration
    row: Row[Any] | None = work.execute(
        select(table).where(table.c.id == integration_id, table.c.space_id == work.space_id).with_for_update()
    ).one_or_none()
    if row is None or row.state == IntegrationState.REMOVED:
        raise Refused(ProblemType.NOT_FOUND, "This integration has been removed.", "Add it again to change it.")
    return row


def _folders(wanted: tuple[Folder, ...] | None, extension: Extension) -> tuple[Folder, ...]:
    """In the order of the folders; those that the extension takes if none are named."""
    if wanted is None:
        return extension.folders
    if not wanted:
        raise Refused(ProblemType.REFUSED, "No folder is chosen.", "Tick at least one folder.", field="folders")
    refused = [folder for folder in wanted if folder not in extension.folders]
    if refused:
        name = refused[0].replace("_", " ").lower()
        raise Refused(
            ProblemType.REFUSED,
            f"{extension.title['en']} does not take {name}.",
            "Untick that folder.",
            field="folders",
        )
    return tuple(folder for folder in Folder if folder in wanted)


def _own(context: Context, extension: Extension, kept: Settings, given: Settings) -> Settings:
    return two_levels.read(context.services, extension.id, two_levels.changed(kept, given), Level.CLIENT)


def _label(wanted: str | None, extension: Extension) -> str:
    text = "".join(letter for letter in wanted or "" if unicodedata.category(letter)[0] != "C")
    label = " ".join(text.split()) or extension.title["en"]
    if len(label) > MAX_LABEL:
        raise Refused(
            ProblemType.REFUSED, f"The name is longer than {MAX_LABEL} letters.", "Choose a shorter one.", field="label"
        )
    return label


def _confirmed(work: Work, client_id: str, folders: tuple[Folder, ...], backfill: Backfill) -> tuple[int, int]:
    """The number up to which, and how many; refused if there are more than the user saw."""
    epoch, _, number = backfill.up_to.rpartition(".")
    table = tables.space
    now = work.execute(select(table.c.epoch, table.c.seq).where(table.c.id == work.space_id)).one()
    if epoch != now.epoch or not number.isdigit() or int(number) > now.seq:
        raise Refused(
            ProblemType.COUNT_CHANGED,
            "The number of older documents was counted in another state of the server.",
            "Look at the number again and confirm it.",
            field="backfill",
        )
    up_to = int(number)
    count = count_before(work.connection, work.space_id, client_id, folders, up_to)
    if count > backfill.expected:
        raise Refused(
            ProblemType.COUNT_CHANGED,
            f"There are {count} older documents, not {backfill.expected}.",
            "Look at the number again and confirm it.",
            field="backfill",
        )
    return up_to, count


def _same_label(work: Work, body: AddIntegration, label: str) -> Row[Any] | None:
    """The removed one that is to live again, or none; refused where one of this name is there."""
    table = tables.integration
    row: Row[Any] | None = work.execute(
        select(table)
        .where(
            table.c.space_id == work.space_id,
            table.c.client_id == body.client_id,
            table.c.installation_id == body.installation_id,
            table.c.label == label,
        )
        .with_for_update()
    ).one_or_none()
    if row is not None and row.state != IntegrationState.REMOVED:
        raise Refused(
            ProblemType.REFUSED,
            f"This client has {label} already.",
            "Change its settings, or give the new one another name.",
            field="label",
        )
    return row


def _insert(
    work: Work,
    body: AddIntegration,
    extension: Extension,
    label: str,
    folders: tuple[Folder, ...],
    own: Settings,
    effective: Settings,
    context: Context,
) -> str:
    table = tables.integration
    if work.execute(select(func.count()).where(table.c.id == body.integration_id)).scalar_one():
        raise Refused(ProblemType.REFUSED, "Another integration has this id.", "Try again.")
    destination = settings_versions.write_version(
        work, context.services, body.integration_id, extension.id, settings_versions.FIRST, own, effective
    )
    work.execute(
        insert(table).values(
            id=body.integration_id,
            space_id=work.space_id,
            client_id=body.client_id,
            installation_id=body.installation_id,
            extension_id=extension.id,
            label=label,
            state=str(IntegrationState.ACTIVE),
            folders=" ".join(folders),
            activated_seq=0,
            activated_at=work.now,
            planned_seq=0,
            settings_version=settings_versions.FIRST,
            destination=destination,
            seq=0,
        )
    )
    return body.integration_id


def _revive(
    work: Work,
    removed: Row[Any],
    folders: tuple[Folder, ...],
    own: Settings,
    effective: Settings,
    context: Context,
) -> str:
    """The same row, and with it all that the ledger knows of what it has."""
    settings_versions.use_version(work, context.services, removed, own, effective)
    table = tables.integration
    work.execute(
        update(table)
        .where(table.c.id == removed.id)
        .values(
            state=str(IntegrationState.ACTIVE),
            folders=" ".join(folders),
            activated_at=work.now,
            held_until=None,
            failures=0,
            cause=None,
            remedy=None,
        )
    )
    return str(removed.id)


def _activate(connection: Connection, integration_id: str, number: int) -> None:
    table = tables.integration
    connection.execute(
        update(table).where(table.c.id == integration_id).values(activated_seq=number, planned_seq=number)
    )


HANDLERS: dict[type[Value], Handler] = {
    AddIntegration: add_integration,
    ConfigureIntegration: configure_integration,
}
