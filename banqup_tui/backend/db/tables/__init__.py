"""The tables of the service in SQLAlchemy Core, for SQLite and PostgreSQL.

Domain values that are always read whole are in one JSON column (`value`, encoded by msgspec as on the wire), beside the
columns that statements search by. Some tables and columns have another name in the database than in the code (`key=`,
or the first argument of `Table`): those names are of earlier versions, and renaming them would need a migration.
"""

from banqup_tui.backend.db.tables.basis import UtcTime, metadata, stamp, utc_now
from banqup_tui.backend.db.tables.documents import client, client_key, document, document_text, known_company
from banqup_tui.backend.db.tables.integrations import (
    allowed_package,
    installation,
    integration,
    settings,
    sign_in,
)
from banqup_tui.backend.db.tables.ledger import attempt, delivery, job, scheduler
from banqup_tui.backend.db.tables.sources import (
    drop_account,
    mailbox,
    reader_failure,
    related_file,
    rule,
    source,
    source_file,
    unfiled,
)
from banqup_tui.backend.db.tables.spaces import access, change, command, member, space

__all__ = [
    "UtcTime",
    "access",
    "allowed_package",
    "attempt",
    "change",
    "client",
    "client_key",
    "command",
    "delivery",
    "document",
    "document_text",
    "drop_account",
    "installation",
    "integration",
    "job",
    "known_company",
    "mailbox",
    "member",
    "metadata",
    "reader_failure",
    "related_file",
    "rule",
    "scheduler",
    "settings",
    "sign_in",
    "source",
    "source_file",
    "space",
    "stamp",
    "unfiled",
    "utc_now",
]
