"""Seals every value again under the current key, after an update from 0.4.0 or to replace a key.

The new key is in its file before anything is sealed with it, all rows change in one transaction, and then the older key
is deleted. After a crash at any point the next start continues.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, Select, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import BaseRecord, fetch_all
from banqup_tui.backend.db.vault import (
    SealedContent,
    SealedElsewhere,
    SealedPlace,
    of_installation,
    of_mailbox,
    of_sign_in,
    of_version,
)
from banqup_tui.backend.integrations.settings_versions import destination_of
from banqup_tui.backend.services import Services
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.secret import Secret
from banqup_tui.kill_points import kill_point

_log = logging.getLogger(__name__)


def replace_key(services: Services) -> int:
    """Replaces the key. Returns the number of values that were sealed again."""
    services.vault.begin_new_key()
    # Kill point: two keys are in the file and all rows have the older one; the next start continues.
    kill_point("reseal.keyed")
    return finish(services)


def finish(services: Services) -> int:
    """Completes a key change.

    Does nothing if all values have the current key. Values that no key opens stay as they are.
    """
    if not services.vault.is_between_keys:
        return 0
    resealed = unreadable = 0
    with services.database.engine.begin() as connection:
        for place, extension_id, sealed in list(_sealed(connection)):
            if services.vault.is_current(sealed):
                continue
            try:
                content = services.vault.content_of_before(place, sealed)
            except SealedElsewhere:
                unreadable += 1
                continue
            resealed_value = services.vault.seal_content(place, _with_current_secrets(services, extension_id, content))
            _write(connection, place, resealed_value)
            resealed += 1
        for row in fetch_all(connection, _SettingsVersion, _VERSIONS):
            _hide_destination(connection, services, row)
    # Kill point: all rows have the new key; the next start deletes the older one.
    kill_point("reseal.committed")
    if unreadable and not resealed:
        _log.warning("%d sealed values cannot be opened: the older key is not forgotten", unreadable)
        return 0
    services.vault.forget_older_keys()
    return resealed


class _SettingsVersion(BaseRecord, frozen=True):
    """Settings of one version, with the extension that they are for."""

    integration_id: str
    version: int
    destination: str
    own: bytes
    effective: bytes
    extension_id: str


_VERSIONS: Select[object] = select(
    tables.settings.c.integration_id,
    tables.settings.c.version,
    tables.settings.c.destination,
    tables.settings.c.own,
    tables.settings.c.effective,
    tables.integration.c.extension_id,
).join(tables.integration, tables.integration.c.id == tables.settings.c.integration_id)


def _sealed(connection: Connection) -> Iterator[tuple[SealedPlace, str, bytes]]:
    installation, sign_in = tables.installation, tables.sign_in
    firms: Select[object] = select(installation.c.id, installation.c.extension_id, installation.c.settings)
    sign_ins: Select[object] = select(sign_in.c.id, sign_in.c.sealed).where(sign_in.c.sealed != b"")
    for row in connection.execute(firms):
        yield of_installation(row.id), row.extension_id, row.settings
    for version in fetch_all(connection, _SettingsVersion, _VERSIONS):
        key = (version.integration_id, version.version)
        yield of_version(*key, "own"), version.extension_id, version.own
        yield of_version(*key, "effective"), version.extension_id, version.effective
    for row in connection.execute(sign_ins):
        yield of_sign_in(row.id), "", row.sealed
    mailbox = tables.mailbox
    mailboxes: Select[object] = select(mailbox.c.id, mailbox.c.sealed).where(mailbox.c.sealed.is_not(None))
    for row in connection.execute(mailboxes):
        yield of_mailbox(row.id), "", row.sealed


def _write(connection: Connection, place: SealedPlace, sealed: bytes) -> None:
    table = tables.metadata.tables[place.table]
    row, _, version = place.row.partition("/")
    which = [table.c.id == row] if not version else [table.c.integration_id == row, table.c.version == int(version)]
    connection.execute(update(table).where(*which).values({place.column: sealed}))


def _with_current_secrets(services: Services, extension_id: str, content: SealedContent) -> SealedContent:
    """Moves settings that have become secret since they were sealed, such as the address of a webhook."""
    now_secret = services.extensions.secret_names(extension_id) if extension_id else frozenset()
    moved = {name: value for name, value in content.shown.items() if name in now_secret}
    if not moved:
        return content
    shown = {name: value for name, value in content.shown.items() if name not in moved}
    return msgspec.structs.replace(content, shown=shown, secret={**content.secret, **moved})


def _hide_destination(connection: Connection, services: Services, row: _SettingsVersion) -> None:
    """Replaces a destination that contains a secret by its hidden form, in every table that has it."""
    try:
        effective = services.vault.open(of_version(row.integration_id, row.version, "effective"), row.effective)
        if not any(
            isinstance(value, Secret) and value.reveal() in row.destination for value in effective.values() if value
        ):
            return
        hidden = destination_of(services, row.extension_id, effective)
    except (BanqupError, LookupError, msgspec.ValidationError):
        return
    for table, key in (
        (tables.settings, tables.settings.c.integration_id),
        (tables.integration, tables.integration.c.id),
        (tables.delivery, tables.delivery.c.integration_id),
        (tables.attempt, tables.attempt.c.integration_id),
    ):
        which = (key == row.integration_id, table.c.destination == row.destination)
        connection.execute(update(table).where(*which).values(destination=hidden))
