"""Extensions that are installed, integrations of clients, their settings, and sign-ins at providers."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from banqup_tui.backend.db.tables.basis import MessageText, UtcTime, metadata

installation = Table(
    "installation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("extension_id", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("settings", LargeBinary, nullable=False),
    Column("state", String(24), nullable=False),
    Column("reason", MessageText),
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
    Column("held_until", UtcTime, key="postponed_until"),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("timed_out", Boolean, nullable=False, server_default=text("0")),
    Column("claimed_turn", Integer, key="claimed_round", nullable=False, server_default=text("0")),
    Column("cause", MessageText),
    Column("last_sent_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("failing_reason", MessageText),
    Column("trouble", String(12)),
    Column("sign_in_until", UtcTime),
    Column("sign_in_id", String(36)),
    Column("seq", Integer, nullable=False),
    UniqueConstraint("client_id", "installation_id", "label"),
    Index(
        "integration_ready",
        "claimed_round",
        sqlite_where=text("state='ACTIVE' AND ready_at IS NOT NULL"),
    ),
)
"""`folders`: space-separated. `postponed_until`: back-off of the whole integration after `failures` in a row.

`timed_out`: its last attempt reached the deadline, so it has one slot. `claimed_round`: when its turn last came.
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
    Column("reason", MessageText),
    Column("used_at", UtcTime, nullable=False),
)
"""A sign-in at a provider. `sealed`: what it waits with, then its tokens, encrypted; `version`: how often renewed.

`state_hash`: SHA-256 of the text by which the provider's answer is known to belong to it.
`until`: when it ends. `reason`: why it was refused.
"""

allowed_package = Table(
    "allowed_package",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("extension_id", String(64), nullable=False),
    Column("package", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("space_id", "extension_id"),
)
"""Packages of others that the owner lets in: `package` is the distribution that may bring the extension."""

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
