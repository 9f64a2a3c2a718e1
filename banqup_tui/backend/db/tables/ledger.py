"""Tables of the delivery ledger: deliveries and attempts, jobs and the number of the last round
(docs/ledger.md)."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
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
    Column("remnant", Text, key="resume_token"),
    Column("key_at", UtcTime),
    Column("check_at", UtcTime),
    Column("checks", Integer, nullable=False, server_default=text("0")),
    Column("dismissed", Boolean, nullable=False, server_default=text("0")),
    Column("for_cause", Boolean, nullable=False, server_default=text("0")),
    Column("settled_seq", Integer, nullable=False, server_default=text("0")),
    Column("recheck_by", String(36)),
    Column("reason", MessageText),
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
"""One row for each integration and content; `generation` counts the copies that were asked for.

`destination`, `settings_version`, `resume_token`: of the last marked attempt. `uncertain`: an earlier attempt at this
generation may have arrived. `fence`: raised by every claim, cancellation and take-over; a result counts only under the
current one. `key_at`: first use of the idempotency key after which something may have arrived. `tries`: failed
attempts, `deaths`: attempts that ended the process, `checks`: look-ups. `for_cause`: failed with the integration, and
queued again when that is mended. `generation_seq`, `settled_seq`: change numbers at which the generation was asked for
and last settled. `recheck_by`: user who asked whether the delivered document is still there.
"""

attempt = Table(
    "attempt",
    metadata,
    Column("delivery_id", String(36), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("destination", Text),
    Column("remnant", Text, key="resume_token"),
    Column("phase", String(12), nullable=False),
    Column("asked_by", String(36)),
    Column("started_at", UtcTime, nullable=False),
    Column("committed_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", String(16)),
    Column("reason", MessageText),
    Column("receipt", Text),
    Column("integration_id", String(36)),
    PrimaryKeyConstraint("delivery_id", "fence"),
    Index("attempt_of_integration", "integration_id", "started_at"),
)
"""One row for each attempt or look-up. `integration_id`: of the delivery, for counting the attempts of a minute."""

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
"""Long tasks that are done in portions. `query`: the task, encoded as the kind expects. `position`: the next portion
begins after it. `upto_seq`, `expected`: what the user had seen and confirmed.
"""

scheduler = Table(
    "turn",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""Counters by name; `dispatch` is the number of the last round of claims."""
