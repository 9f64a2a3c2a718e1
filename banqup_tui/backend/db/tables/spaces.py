"""Tables of spaces: members and their access to clients, numbered changes, and answered commands."""

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
"""Id of the only user of a local backend, in `member`, `access` and `command`."""

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
"""`epoch`: renewed when a backup is restored. `seq`: highest change number. `tombstone_floor`, `key_floor`: highest
number of a pruned deletion and of a pruned command key. `cursor_secret`: key that signs cursors.
"""

member = Table(
    "member",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("role", String(16), nullable=False),
    Column("role_version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("space_id", "user_id"),
)
"""Users of a space. `role_version` is raised with every change of the role, which makes earlier cursors invalid."""

access = Table(
    "access",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("client_id", String(36), nullable=False),
    PrimaryKeyConstraint("space_id", "user_id", "client_id"),
)
"""The clients that an accountant sees. An administrator sees all."""

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
"""One row for each entity, at its newest change number. A deleted entity keeps a row (`op`), the tombstone.

A document that was moved has a further one for each client that it has left, a tombstone for users who do not see the
other (`transaction.moved_document`).
"""

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
"""Answered commands by idempotency key. `fingerprint`: tag of the body, to refuse the same key with another body."""
