"""The tables of the service, as SQLAlchemy Core sees them (docs/protocol.md, tables).

Domain values that are only ever read whole stand in one JSON column (`value`, msgspec's encoding of the wire type),
beside the columns that statements search by. On SQLite and PostgreSQL alike.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)

metadata = MetaData()


@event.listens_for(Table, "before_create")
def _partial_on_postgresql(table: Table, connection: Connection, **_: Any) -> None:
    """Partial indexes are written with `sqlite_where`: a word for PostgreSQL would load its dialect at each start."""
    if connection.dialect.name == "postgresql":
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as ISO 8601 in UTC with microseconds: sorts as text, and SQLite cannot forget its zone."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


@lru_cache(64)
def stamp(value: datetime) -> str:
    """The many rows of one transaction bear one time. `2026-11-24T09:12:00.000000+00:00`"""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def utc_now() -> datetime:
    return datetime.now(UTC)


space = Table(
    "space",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("epoch", String(36), nullable=False),
    Column("seq", Integer, nullable=False, server_default=text("0")),
    Column("tombstone_floor", Integer, nullable=False, server_default=text("0")),
    Column("key_floor", Integer, nullable=False, server_default=text("0")),
    Column("cursor_secret", LargeBinary, nullable=False),
)

member = Table(
    "member",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("role", String(16), nullable=False),
    Column("role_version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("space_id", "user_id"),
)
"""Who works in the space. `role_version` is raised with every change of the role, and ends the cursors given before."""

access = Table(
    "access",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("client_id", String(36), nullable=False),
    PrimaryKeyConstraint("space_id", "user_id", "client_id"),
)
"""Which clients an accountant sees. An administrator sees them all."""

change = Table(
    "change",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entity_id", String(80), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("op", String(8), nullable=False),
    Column("client_id", String(36)),
    Column("user_id", String(36)),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("space_id", "kind", "entity_id"),
    UniqueConstraint("space_id", "seq"),
)

command = Table(
    "command",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("key", String(36), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("space_id", "key"),
    Index("command_seq", "space_id", "seq"),
)

client = Table(
    "client",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("reference", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("space_id", "reference"),
)

client_key = Table(
    "client_key",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("key", String(80), nullable=False),
    Column("client_id", String(36), nullable=False),
    PrimaryKeyConstraint("space_id", "key", "client_id"),
)
"""Normalised identifiers (VAT and enterprise numbers, IBANs) by which the sorter knows a client."""

document = Table(
    "document",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("client_id", String(36), nullable=False),
    Column("folder", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("filed_year", Integer, nullable=False),
    Column("filed_month", Integer, nullable=False),
    Column("business_key", String(64)),
    Column("created_seq", Integer, nullable=False),
    Column("ready_seq", Integer),
    Column("seq", Integer, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("processed", Boolean, nullable=False),
    Column("attempted", Boolean, nullable=False, server_default=text("0")),
    Column("accounting_status", String(24), nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("space_id", "client_id", "sha256"),
    Index("document_ready", "client_id", "ready_seq"),
    Index("document_newest", "space_id", "created_at", "id"),
    Index("document_business", "client_id", "business_key"),
)

installation = Table(
    "installation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("extension_id", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("settings", LargeBinary, nullable=False),
    Column("state", String(24), nullable=False),
    Column("reason", Text),
    UniqueConstraint("space_id", "extension_id"),
)
"""`settings`: encrypted JSON, secrets included."""

integration = Table(
    "integration",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("client_id", String(36), nullable=False),
    Column("installation_id", String(36), nullable=False),
    Column("extension_id", String(64), nullable=False),
    Column("label", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("folders", Text, nullable=False),
    Column("activated_seq", Integer, nullable=False),
    Column("activated_at", UtcTime, nullable=False),
    Column("planned_seq", Integer, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("destination", Text, nullable=False),
    Column("concurrency", Integer, nullable=False, server_default=text("4")),
    Column("per_minute", Integer),
    Column("ready_at", UtcTime),
    Column("held_until", UtcTime),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("timed_out", Boolean, nullable=False, server_default=text("0")),
    Column("claimed_turn", Integer, nullable=False, server_default=text("0")),
    Column("cause", Text),
    Column("remedy", Text),
    Column("last_sent_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("failing_reason", Text),
    Column("failing_remedy", Text),
    Column("trouble", String(12)),
    Column("sign_in_until", UtcTime),
    Column("sign_in_id", String(36)),
    Column("seq", Integer, nullable=False),
    UniqueConstraint("client_id", "installation_id", "label"),
    Index(
        "integration_ready",
        "claimed_turn",
        sqlite_where=text("state='ACTIVE' AND ready_at IS NOT NULL"),
    ),
)
"""`folders`: space-separated. `held_until`: back-off of the whole integration after `failures` in a row.

`timed_out`: its last attempt reached the deadline, so it has one slot. `claimed_turn`: when its turn last came.
`concurrency`, `per_minute`: what its extension's manifest says that one integration bears, as of the last claim.
`failing_since`: nothing has been answered since then, and why at last. `trouble`: what a BROKEN one lacks.
`sign_in_until`: when the sign-in of its settings ends, where its extension or its provider can tell. `sign_in_id`:
the sign-in that its settings in use name.
"""

sign_in = Table(
    "sign_in",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("extension_id", String(64), nullable=False),
    Column("provider", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("state_hash", String(64), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", UtcTime),
    Column("sentence", Text),
    Column("remedy", Text),
    Column("used_at", UtcTime, nullable=False),
)
"""A sign-in at a provider. `sealed`: what it waits with, then its tokens, encrypted; `version`: how often renewed.

`state_hash`: SHA-256 of the text by which the provider's answer is known to belong to it. `until`: when it ends.
"""

settings = Table(
    "settings",
    metadata,
    Column("integration_id", String(36), nullable=False),
    Column("version", Integer, nullable=False),
    Column("destination", Text, nullable=False),
    Column("own", LargeBinary, nullable=False),
    Column("effective", LargeBinary, nullable=False),
    PrimaryKeyConstraint("integration_id", "version"),
)
"""Per version: the client's own settings and those in effect (firm's with the client's over them), encrypted."""

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("client_id", String(36), nullable=False),
    Column("integration_id", String(36), nullable=False),
    Column("document_id", String(36), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("generation_seq", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("phase", String(12)),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(36)),
    Column("due_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("uncertain", Boolean, nullable=False, server_default=text("0")),
    Column("destination", Text),
    Column("settings_version", Integer),
    Column("remnant", Text),
    Column("key_at", UtcTime),
    Column("check_at", UtcTime),
    Column("checks", Integer, nullable=False, server_default=text("0")),
    Column("dismissed", Boolean, nullable=False, server_default=text("0")),
    Column("for_cause", Boolean, nullable=False, server_default=text("0")),
    Column("settled_seq", Integer, nullable=False, server_default=text("0")),
    Column("recheck_by", String(36)),
    Column("reason", Text),
    Column("remedy", Text),
    Column("receipt", Text),
    Column("sent_as", Text),
    Column("asked_by", String(36)),
    Column("asked_at", UtcTime),
    Column("updated_at", UtcTime, nullable=False),
    Column("seq", Integer, nullable=False),
    UniqueConstraint("integration_id", "sha256"),
    CheckConstraint("(state = 'SENDING') = (owner IS NOT NULL)", name="sending_has_an_owner"),
    Index("delivery_document", "document_id"),
    Index(
        "delivery_due",
        "integration_id",
        "due_at",
        "id",
        sqlite_where=text("state='QUEUED'"),
    ),
    Index(
        "delivery_open",
        "integration_id",
        sqlite_where=text("state='SENDING'"),
    ),
    Index(
        "delivery_check",
        "check_at",
        sqlite_where=text("state='UNKNOWN' AND check_at IS NOT NULL"),
    ),
    Index(
        "delivery_recheck",
        "updated_at",
        sqlite_where=text("recheck_by IS NOT NULL"),
    ),
)
"""One for each integration and content; `generation` counts the copies that were wanted.

`destination`, `settings_version`, `remnant`: of the last attempt that was marked. `uncertain`: an earlier attempt at
this generation may have arrived. `key_at`: when its key was first used. `for_cause`: failed with the integration, and
queued again when that is mended. `settled_seq`: the number under which it last settled. `recheck_by`: someone asked
whether what was delivered is still there.
"""

attempt = Table(
    "attempt",
    metadata,
    Column("delivery_id", String(36), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("destination", Text),
    Column("remnant", Text),
    Column("phase", String(12), nullable=False),
    Column("asked_by", String(36)),
    Column("started_at", UtcTime, nullable=False),
    Column("committed_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", String(16)),
    Column("reason", Text),
    Column("receipt", Text),
    Column("integration_id", String(36)),
    PrimaryKeyConstraint("delivery_id", "fence"),
    Index("attempt_of_integration", "integration_id", "started_at"),
)
"""One try, or one look-up. `integration_id` is that of its delivery: by it the tries of a minute are counted."""

job = Table(
    "job",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("query", LargeBinary, nullable=False),
    Column("upto_seq", Integer, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("position", String(80), nullable=False, server_default=text("''")),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("state", String(12), nullable=False),
    Column("asked_by", String(36)),
)

dispatcher = Table(
    "dispatcher",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("beat", Integer, nullable=False),
    Column("dead", Boolean, nullable=False, server_default=text("0")),
)

turn = Table(
    "turn",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("value", Integer, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("path", Text, nullable=False),
    Column("taken", Integer, nullable=False, server_default=text("0")),
    Column("refused", Integer, nullable=False, server_default=text("0")),
    Column("problem", Text),
    Column("last_at", UtcTime),
    Column("fingerprint", Text),
    Column("seq", Integer, nullable=False),
)
"""`path`: the folder that is watched, or where an SFTP drop listens (`HOST:PORT`); `fingerprint`: of its host key."""

drop_account = Table(
    "drop_account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("source_id", String(36), nullable=False),
    Column("name", String(64), nullable=False),
    Column("client_id", String(36)),
    Column("folder", String(32)),
    Column("secret", Text),
    Column("public_key", Text),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("source_id", "name"),
)
"""Who may put files into an SFTP drop. `secret`: a slow salted hash (`domain.passwords`); it or `public_key`."""

source_file = Table(
    "source_file",
    metadata,
    Column("source_id", String(36), nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("outcome", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("source_id", "path"),
)
"""What a source has brought. A watched folder does not read the same (path, size, time) again.

In an SFTP drop the first part of `path` is the account's name, and `mtime_ns` the time at which it was taken.
"""

to_place = Table(
    "to_place",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("source", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64)),
    Column("reason", Text, nullable=False),
    Column("remedy", Text),
    Column("at", UtcTime, nullable=False),
    Column("source_id", String(36)),
    Column("client_id", String(36)),
    Column("folder", String(32)),
    Column("seller_key", String(80)),
    Column("buyer_key", String(80)),
    Column("account_key", String(80)),
    Column("seq", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("space_id", "source", "file_name"),
)
"""`client_id` and `folder` seem likely; the keys stand on the document (`domain.source.ToPlace`)."""

rule = Table(
    "rule",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("match", Text, nullable=False),
    Column("source", Text, nullable=False, server_default=text("''")),
    Column("client_id", String(36), nullable=False),
    Column("folder", String(32)),
    Column("by", String(36)),
    Column("at", UtcTime, nullable=False),
    Column("seq", Integer, nullable=False),
    UniqueConstraint("space_id", "kind", "source", "match"),
)
"""What was learned from placements by hand. `source` goes with PATH."""
