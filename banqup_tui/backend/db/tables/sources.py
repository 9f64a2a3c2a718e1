"""Tables of sources of documents, the files they brought, unfiled files, and the rules learned from placing them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
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

from banqup_tui.backend.db.tables.basis import MessagesText, MessageText, UtcTime, metadata

source = Table(
    "source",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("path", Text, nullable=False),
    Column("taken", Integer, nullable=False, server_default=text("0")),
    Column("refused", Integer, nullable=False, server_default=text("0")),
    Column("problems", MessagesText),
    Column("last_at", UtcTime),
    Column("fingerprint", Text),
    Column("seq", Integer, nullable=False),
)
"""`path`: the watched folder, the address of an SFTP drop (`HOST:PORT`), or that of a mailbox. `fingerprint`: of the
drop's host key.
"""

mailbox = Table(
    "mailbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("since", Date),
    Column("sealed", LargeBinary),
    Column("uid_validity", BigInteger),
    Column("last_uid", BigInteger, nullable=False, server_default=text("0")),
    Column("to_mark", Text),
    Column("letters", Integer, nullable=False, server_default=text("0")),
    Column("move_to", Text),
)
"""How far a mailbox was read. `id` is that of its source; `sealed` has the password with the address that it is for.

`last_uid`: no mail up to it has to be looked at, as long as UIDVALIDITY is `uid_validity`. `to_mark`: numbers of mails
that are committed and not yet marked as read (JSON). `letters`: mails without a document, which stay unread. `move_to`:
the folder of the server to which mails are moved.
"""

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
"""Accounts of SFTP drops. One of `secret`, a salted password hash (`domain.passwords`), and `public_key` is set."""

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
"""Files that a source has brought. A watched folder does not read a file with the same path, size and time again.

In an SFTP drop the first part of `path` is the account's name, and `mtime_ns` the time at which the file was taken. In
a mailbox the file is the raw mail, and `path` has its number and UIDVALIDITY.
"""

reader_failure = Table(
    "reader_failure",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("version", Text, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("details", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""Files that ended the process that read them. `reason` and `details` (JSON) are code and parameters of the message.
Another `version` of the program reads the file once more.
"""

unfiled = Table(
    "to_place",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("space_id", String(36), nullable=False),
    Column("source", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64)),
    Column("reason", MessageText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("source_id", String(36)),
    Column("client_id", String(36)),
    Column("folder", String(32)),
    Column("seller_key", String(80)),
    Column("buyer_key", String(80)),
    Column("account_key", String(80)),
    Column("container", Text),
    Column("arrival", Text),
    Column("seq", Integer, nullable=False, server_default=text("0")),
    Index("unfiled_file", "space_id", "source", "file_name"),
)
"""`client_id`, `folder`: suggestions. The keys are identifiers found in the document (`domain.source.Unfiled`).

`container`: name of the container in which it came. `arrival`: how it came (`domain.origin.Arrival`, JSON); NULL in
rows of versions before 0.6.
"""

related_file = Table(
    "related_file",
    metadata,
    Column("space_id", String(36), nullable=False),
    Column("of_sha256", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("space_id", "of_sha256", "sha256", "kind"),
    Index("related_file_sha256", "space_id", "sha256"),
)
"""Files kept with a document whose bytes have the hash `of_sha256`: its picture, the container in which it came."""

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
"""Rules learned from files that a user placed. `source` is set in rules of kind PATH."""
