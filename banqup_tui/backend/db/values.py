"""Converts rows of the tables to domain values, as they go on the wire."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import (
    BaseRecord,
    ClientRecord,
    DeliveryRecord,
    DocumentRecord,
    DropAccountRecord,
    InstallationRecord,
    IntegrationRecord,
    MailboxRecord,
    RuleRecord,
    SettingsRecord,
    SourceRecord,
    UnfiledRecord,
    fetch_all,
)
from banqup_tui.backend.db.vault import of_installation, of_version
from banqup_tui.backend.services import Services
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import NEWEST_ATTEMPTS, Attempt, Delivery, DeliveryState
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.extension import Installation, InstallationState
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration, IntegrationState, Trouble
from banqup_tui.domain.messages import Message
from banqup_tui.domain.source import DropAccount, PlacingRule, RuleKind, Source, SourceKind, Unfiled
from banqup_tui.domain.status import AccountingStatus

_client = msgspec.json.Decoder(Client)
_document = msgspec.json.Decoder(Document)


def client_of(row: ClientRecord) -> Client:
    """Returns the client of a row of `client`."""
    return _client.decode(row.value)


def document_of(row: DocumentRecord) -> Document:
    """Returns the document of a row of `document`; fields that change after the intake come from their columns."""
    return msgspec.structs.replace(
        _document.decode(row.value),
        approved=row.approved,
        processed=row.processed,
        attempted=row.attempted,
        accounting_status=AccountingStatus(row.accounting_status),
        duplicate=Duplicate(row.duplicate) if row.duplicate else None,
        replaced_by=row.replaced_by,
        withdrawn_at=row.withdrawn_at,
    )


def deliveries_of(connection: Connection, rows: Sequence[DeliveryRecord]) -> list[Delivery]:
    """Returns the deliveries of rows of `delivery` in their order, each with its `NEWEST_ATTEMPTS` newest attempts."""
    logs = _newest_attempts(connection, [row.id for row in rows])
    return [_delivery(row, tuple(logs.get(row.id, ()))) for row in rows]


def _delivery(row: DeliveryRecord, log: tuple[Attempt, ...]) -> Delivery:
    return Delivery(
        id=row.id,
        integration_id=row.integration_id,
        document_id=row.document_id,
        sha256=row.sha256,
        state=DeliveryState(row.state),
        generation=row.generation,
        attempts=row.attempts,
        reason=row.reason,
        receipt=row.receipt,
        sent_as=row.sent_as,
        asked_by=row.asked_by,
        due_at=row.due_at,
        check_at=row.check_at,
        updated_at=row.updated_at,
        dismissed=row.dismissed,
        log=log,
    )


class _AttemptColumns(BaseRecord, frozen=True):
    """The columns of an attempt that go on the wire, and its key."""

    delivery_id: str
    fence: int
    started_at: datetime
    ended_at: datetime | None
    asked_by: str | None
    outcome: str | None
    receipt: str | None
    reason: Message | None
    settings_version: int
    destination: str | None
    phase: str


_ATTEMPT_COLUMNS = _AttemptColumns.__struct_fields__


def attempts_of(connection: Connection, delivery_id: str) -> list[Attempt]:
    """Returns all attempts of a delivery, newest first."""
    attempt = tables.attempt
    wanted = [attempt.c[name] for name in _ATTEMPT_COLUMNS]
    statement = select(*wanted).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.fence.desc())
    return [_attempt(row) for row in fetch_all(connection, _AttemptColumns, statement)]


def _newest_attempts(connection: Connection, delivery_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    attempt = tables.attempt
    wanted = [attempt.c[name] for name in _ATTEMPT_COLUMNS]
    rank = func.row_number().over(partition_by=attempt.c.delivery_id, order_by=attempt.c.fence.desc())
    logs: dict[str, list[Attempt]] = {}
    for batch in in_batches(delivery_ids):
        ranked = select(*wanted, rank.label("rank")).where(attempt.c.delivery_id.in_(batch)).subquery()
        columns = [ranked.c[name] for name in _ATTEMPT_COLUMNS]
        newest = select(*columns).where(ranked.c.rank <= NEWEST_ATTEMPTS).order_by(ranked.c.fence.desc())
        for row in fetch_all(connection, _AttemptColumns, newest):
            logs.setdefault(row.delivery_id, []).append(_attempt(row))
    return logs


def _attempt(row: _AttemptColumns) -> Attempt:
    return Attempt(
        started_at=row.started_at,
        ended_at=row.ended_at,
        asked_by=row.asked_by,
        outcome=row.outcome,
        receipt=row.receipt,
        reason=row.reason,
        settings_version=row.settings_version,
        destination=row.destination,
        look_up=row.phase == "CHECKING",
    )


def installation_of(row: InstallationRecord, services: Services) -> Installation:
    """Returns the installation of a row of `installation`, with the names of its secrets but not the secrets."""
    shown, secrets = services.vault.shown(row.extension_id, of_installation(row.id), row.settings)
    return Installation(
        id=row.id,
        extension_id=row.extension_id,
        settings=shown,
        secrets=secrets,
        state=InstallationState(row.state),
        reason=row.reason,
    )


def integration_of(
    row: IntegrationRecord, own: bytes | None, effective: bytes | None, services: Services
) -> Integration:
    """Returns the integration of a row of `integration`, with the names of its secrets but not the secrets.

    Args:
        own: The client's sealed settings of the version in use.
        effective: The sealed settings in effect of that version.
    """
    version = row.settings_version
    shown, secrets = services.vault.shown(row.extension_id, of_version(row.id, version, "own"), own)
    in_effect, _ = services.vault.shown(row.extension_id, of_version(row.id, version, "effective"), effective)
    return Integration(
        id=row.id,
        client_id=row.client_id,
        installation_id=row.installation_id,
        extension_id=row.extension_id,
        label=row.label,
        state=IntegrationState(row.state),
        folders=tuple(Folder(name) for name in row.folders.split()),
        settings=shown,
        effective=in_effect,
        secrets=secrets,
        activated_seq=row.activated_seq,
        activated_at=row.activated_at,
        last_sent_at=row.last_sent_at,
        cause=row.cause,
        trouble=Trouble(row.trouble) if row.trouble else None,
        failing_since=row.failing_since,
        failing_reason=row.failing_reason,
        postponed_until=row.postponed_until,
        sign_in_until=row.sign_in_until,
        destination=row.destination,
    )


def integrations_of(connection: Connection, rows: Sequence[IntegrationRecord], services: Services) -> list[Integration]:
    """Returns the integrations of rows of `integration`, in their order."""
    settings_table = tables.settings
    found: dict[tuple[str, int], SettingsRecord] = {}
    for batch in in_batches([row.id for row in rows]):
        statement = select(settings_table).where(settings_table.c.integration_id.in_(batch))
        for version in fetch_all(connection, SettingsRecord, statement):
            found[version.integration_id, version.version] = version
    values = []
    for row in rows:
        used = found.get((row.id, row.settings_version))
        values.append(integration_of(row, used.own if used else None, used.effective if used else None, services))
    return values


def sources_of(connection: Connection, rows: Sequence[SourceRecord]) -> list[Source]:
    """Returns the sources of rows of `source` in their order; SFTP drops with their accounts."""
    table = tables.drop_account
    found: dict[str, list[DropAccount]] = {}
    drops = [row.id for row in rows if row.kind == SourceKind.SFTP_DROP]
    for batch in in_batches(drops):
        statement = select(table).where(table.c.source_id.in_(batch)).order_by(table.c.name)
        for account in fetch_all(connection, DropAccountRecord, statement):
            found.setdefault(account.source_id, []).append(_account_of(account))
    mailboxes: dict[str, MailboxRecord] = {}
    if any(row.kind == SourceKind.MAILBOX for row in rows):
        mailboxes = {row.id: row for row in fetch_all(connection, MailboxRecord, select(tables.mailbox))}
    return [_source(row, tuple(found.get(row.id, ())), mailboxes.get(row.id)) for row in rows]


def _account_of(row: DropAccountRecord) -> DropAccount:
    """Returns the account without its password hash and public key."""
    return DropAccount(
        id=row.id,
        name=row.name,
        client_id=row.client_id,
        folder=Folder(row.folder) if row.folder else None,
        by_key=row.public_key is not None,
    )


def _source(row: SourceRecord, accounts: tuple[DropAccount, ...], mailbox: MailboxRecord | None) -> Source:
    return Source(
        id=row.id,
        kind=SourceKind(row.kind),
        path=row.path,
        taken=row.taken,
        refused=row.refused,
        problems=row.problems or (),
        last_at=row.last_at,
        fingerprint=row.fingerprint,
        accounts=accounts,
        letters=mailbox.letters if mailbox else 0,
        move_to=mailbox.move_to if mailbox else None,
    )


def unfiled_of(row: UnfiledRecord) -> Unfiled:
    return Unfiled(
        id=row.id,
        source=row.source,
        file_name=row.file_name,
        reason=row.reason,
        sha256=row.sha256,
        at=row.at,
        client_id=row.client_id,
        folder=Folder(row.folder) if row.folder else None,
        seller_key=row.seller_key,
        buyer_key=row.buyer_key,
        account_key=row.account_key,
        container=row.container,
    )


def rule_of(row: RuleRecord) -> PlacingRule:
    return PlacingRule(
        id=row.id,
        kind=RuleKind(row.kind),
        match=row.match,
        client_id=row.client_id,
        folder=Folder(row.folder) if row.folder else None,
        source=row.source or None,
        at=row.at,
    )
