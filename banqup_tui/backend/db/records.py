"""Rows of the tables as frozen values, and the two functions that read them.

A row of SQLAlchemy has no types: a misspelt column is found when the line runs. A record is made where a statement is
run, and has a field for each column of its table, in the order of the table (tests/backend/test_records.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import starmap
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from sqlalchemy import CursorResult, Executable, Table

from banqup_tui.backend.db import tables
from banqup_tui.domain.messages import Message


class BaseRecord(msgspec.Struct, frozen=True):
    """The base of all rows. Its fields are filled by their position."""


class StoredRecord(BaseRecord, frozen=True):
    """A row of a table of which an entity has one row, by its `id`."""

    TABLE: ClassVar[Table]

    id: str


R = TypeVar("R", bound=BaseRecord)


Parameters = Mapping[str, object] | Sequence[Mapping[str, object]]
"""The parameters of one run of a statement, or of several runs."""

Result = CursorResult[*tuple[Any, ...]]
"""The result of any statement. Its columns are not typed: records are made of its rows."""


class Executor(Protocol):
    """A transaction or a connection."""

    def execute(self, statement: Executable, parameters: Parameters | None = None, /) -> Result: ...


def fetch_all(on: Executor, kind: type[R], statement: Executable, parameters: Parameters | None = None) -> list[R]:
    """Runs a statement whose columns are the fields of `kind`, and returns its rows."""
    return list(starmap(kind, on.execute(statement, parameters)))


def fetch_one(on: Executor, kind: type[R], statement: Executable, parameters: Parameters | None = None) -> R | None:
    """Returns the only row of a statement, or `None`. Raises SQLAlchemy's `MultipleResultsFound` for two."""
    row = on.execute(statement, parameters).one_or_none()
    return None if row is None else kind(*row)


class ChangeRecord(BaseRecord, frozen=True):
    """A row of `change`."""

    TABLE: ClassVar[Table] = tables.change

    space_id: str
    kind: str
    entity_id: str
    seq: int
    op: str
    client_id: str | None
    user_id: str | None
    at: datetime


class ClientRecord(StoredRecord, frozen=True):
    """A row of `client`."""

    TABLE: ClassVar[Table] = tables.client

    space_id: str
    reference: str
    seq: int
    value: bytes


class CommandRecord(BaseRecord, frozen=True):
    """A row of `command`."""

    TABLE: ClassVar[Table] = tables.command

    space_id: str
    key: str
    user_id: str
    fingerprint: str
    answer: bytes
    seq: int
    at: datetime


class DeliveryRecord(StoredRecord, frozen=True):
    """A row of `delivery`."""

    TABLE: ClassVar[Table] = tables.delivery

    space_id: str
    client_id: str
    integration_id: str
    document_id: str
    sha256: str
    generation: int
    generation_seq: int
    state: str
    phase: str | None
    fence: int
    owner: str | None
    due_at: datetime
    tries: int
    deaths: int
    attempts: int
    uncertain: bool
    destination: str | None
    settings_version: int | None
    resume_token: str | None
    key_at: datetime | None
    check_at: datetime | None
    checks: int
    dismissed: bool
    for_cause: bool
    settled_seq: int
    recheck_by: str | None
    reason: Message | None
    receipt: str | None
    sent_as: str | None
    asked_by: str | None
    asked_at: datetime | None
    updated_at: datetime
    seq: int


class DocumentRecord(StoredRecord, frozen=True):
    """A row of `document`."""

    TABLE: ClassVar[Table] = tables.document

    space_id: str
    client_id: str
    folder: str
    sha256: str
    created_at: datetime
    filed_year: int
    filed_month: int
    business_key: str | None
    number_key: str | None
    created_seq: int
    ready_seq: int | None
    seq: int
    approved: bool
    processed: bool
    attempted: bool
    accounting_status: str
    duplicate: str | None
    replaced_by: str | None
    withdrawn_at: datetime | None
    value: bytes


class DropAccountRecord(BaseRecord, frozen=True):
    """A row of `drop_account`."""

    TABLE: ClassVar[Table] = tables.drop_account

    id: str
    space_id: str
    source_id: str
    name: str
    client_id: str | None
    folder: str | None
    secret: str | None
    public_key: str | None
    at: datetime


class InstallationRecord(StoredRecord, frozen=True):
    """A row of `installation`."""

    TABLE: ClassVar[Table] = tables.installation

    space_id: str
    extension_id: str
    seq: int
    settings: bytes
    state: str
    reason: Message | None


class IntegrationRecord(StoredRecord, frozen=True):
    """A row of `integration`."""

    TABLE: ClassVar[Table] = tables.integration

    space_id: str
    client_id: str
    installation_id: str
    extension_id: str
    label: str
    state: str
    folders: str
    activated_seq: int
    activated_at: datetime
    planned_seq: int
    settings_version: int
    destination: str
    concurrency: int
    per_minute: int | None
    ready_at: datetime | None
    postponed_until: datetime | None
    failures: int
    timed_out: bool
    claimed_round: int
    cause: Message | None
    last_sent_at: datetime | None
    failing_since: datetime | None
    failing_reason: Message | None
    trouble: str | None
    sign_in_until: datetime | None
    sign_in_id: str | None
    seq: int


class JobRecord(BaseRecord, frozen=True):
    """A row of `job`."""

    TABLE: ClassVar[Table] = tables.job

    id: str
    space_id: str
    kind: str
    query: bytes
    upto_seq: int
    expected: int
    position: str
    done: int
    state: str
    asked_by: str | None


class RelatedFileRecord(BaseRecord, frozen=True):
    """A row of `related_file`."""

    TABLE: ClassVar[Table] = tables.related_file

    space_id: str
    of_sha256: str
    sha256: str
    kind: str
    file_name: str
    at: datetime


class RuleRecord(StoredRecord, frozen=True):
    """A row of `rule`."""

    TABLE: ClassVar[Table] = tables.rule

    space_id: str
    kind: str
    match: str
    source: str
    client_id: str
    folder: str | None
    by: str | None
    at: datetime
    seq: int


class SettingsRecord(BaseRecord, frozen=True):
    """A row of `settings`."""

    TABLE: ClassVar[Table] = tables.settings

    integration_id: str
    version: int
    destination: str
    own: bytes
    effective: bytes


class SignInRecord(BaseRecord, frozen=True):
    """A row of `sign_in`."""

    TABLE: ClassVar[Table] = tables.sign_in

    id: str
    space_id: str
    extension_id: str
    provider: str
    state: str
    state_hash: str
    version: int
    sealed: bytes
    until: datetime | None
    reason: Message | None
    used_at: datetime


class SourceRecord(StoredRecord, frozen=True):
    """A row of `source`."""

    TABLE: ClassVar[Table] = tables.source

    space_id: str
    kind: str
    path: str
    taken: int
    refused: int
    problems: tuple[Message, ...]
    last_at: datetime | None
    fingerprint: str | None
    seq: int


class MailboxRecord(BaseRecord, frozen=True):
    """A row of `mailbox`."""

    TABLE: ClassVar[Table] = tables.mailbox

    id: str
    space_id: str
    since: date | None
    sealed: bytes | None
    uid_validity: int | None
    last_uid: int
    to_mark: str | None
    letters: int
    move_to: str | None


class SourceFileRecord(BaseRecord, frozen=True):
    """A row of `source_file`."""

    TABLE: ClassVar[Table] = tables.source_file

    source_id: str
    path: str
    size: int
    mtime_ns: int
    sha256: str | None
    outcome: str
    at: datetime


class SpaceRecord(StoredRecord, frozen=True):
    """A row of `space`."""

    TABLE: ClassVar[Table] = tables.space

    name: str
    epoch: str
    seq: int
    tombstone_floor: int
    key_floor: int
    cursor_secret: bytes


class UnfiledRecord(StoredRecord, frozen=True):
    """A row of `unfiled`."""

    TABLE: ClassVar[Table] = tables.unfiled

    space_id: str
    source: str
    file_name: str
    sha256: str | None
    reason: Message
    at: datetime
    source_id: str | None
    client_id: str | None
    folder: str | None
    seller_key: str | None
    buyer_key: str | None
    account_key: str | None
    container: str | None
    arrival: str | None
    seq: int
