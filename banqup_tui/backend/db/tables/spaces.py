"""A space: who works in it and for which clients, its numbered changes, and the commands it has answered."""

from sqlalchemy import (
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

from banqup_tui.backend.db.tables.basis import UtcTime, metadata

LOCAL_USER = "00000000-0000-4000-8000-000000000001"
"""Identifier of the one user of a backend on the user's own computer, in `member`, `access` and `command`."""

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
