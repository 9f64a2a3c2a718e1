"""Tables of installed extensions, integrations of clients with their settings, and sign-ins at providers."""

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
"""`settings`: JSON sealed by the vault, with the secrets."""

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
"""`folders`: separated by spaces. `postponed_until`: end of the back-off of the whole integration after `failures` in a
row. `timed_out`: the last attempt reached the deadline, so there is one slot. `claimed_round`: number of the last round
of claims, from the table `scheduler`. `concurrency`, `per_minute`: limits of the extension's manifest, as of the last
claim. `failing_since`, `failing_reason`: since when the receiver has not answered, and the last reason. `trouble`: what
a BROKEN integration needs. `sign_in_until`: when the sign-in of its settings ends, if that is known. `sign_in_id`: the
sign-in that its settings in use name.
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
"""`sealed`: the data of the pending sign-in, later its tokens, sealed by the vault. `version`: number of renewals.
`state_hash`: SHA-256 of OAuth's `state` parameter (RFC 6749, 4.1.1). `until`: when the sign-in ends. `reason`: why the
provider refused it.
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
"""External packages that the user has allowed: `package` is the distribution that may bring the extension."""

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
"""Settings of an integration by version, sealed by the vault. `own`: those of the client. `effective`: those of the
firm with those of the client over them.
"""
