"""Clients and their documents."""

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

from banqup_tui.backend.db.tables.basis import UtcTime, metadata

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
"""Normalised identifiers (VAT and enterprise numbers, IBANs) by which the intake finds the client of a document."""

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
    Column("number_key", String(40)),
    Column("created_seq", Integer, nullable=False),
    Column("ready_seq", Integer),
    Column("seq", Integer, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("processed", Boolean, nullable=False),
    Column("attempted", Boolean, nullable=False, server_default=text("0")),
    Column("accounting_status", String(24), nullable=False),
    Column("duplicate", String(16)),
    Column("replaced_by", String(36)),
    Column("withdrawn_at", UtcTime),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("space_id", "client_id", "sha256"),
    Index("document_ready", "client_id", "ready_seq"),
    Index("document_newest", "space_id", "created_at", "id"),
    Index("document_business", "client_id", "business_key"),
    Index("document_number", "space_id", "number_key", "client_id", "created_at"),
    Index("document_withdrawn", "withdrawn_at", sqlite_where=text("withdrawn_at IS NOT NULL")),
)
"""`filed_year`, `filed_month`: the month under which the document is filed. `business_key`: hash by which a document
that came twice with other bytes is found. `number_key`: an e-invoice is found by it from the text of its picture, and
empty it stands for a PDF that may be such a picture (`domain.twins.number_key`). `created_seq`, `ready_seq`: change
numbers at which it was created and became ready to send; no `ready_seq`: it is not approved, held as a duplicate,
replaced or withdrawn, and is never sent by itself or in bulk. `attempted`: something of it was sent, or tried.
`duplicate`, `replaced_by`, `withdrawn_at`: as in `domain.document`.
"""

known_company = Table(
    "known_company",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("key", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("bare_name", Text, nullable=False),
    PrimaryKeyConstraint("space_id", "key"),
    Index("known_company_name", "space_id", "bare_name"),
)
"""Sellers and buyers of e-invoices by the best key of their numbers; a PDF is compared with them (`invoice_text`).

`bare_name`: `domain.twins.bare_name`.
"""

document_text = Table(
    "document_text",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
"""The text layers of plain PDFs by the hash of their bytes; empty for those that have none or cannot be read."""
