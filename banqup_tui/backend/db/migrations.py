"""Creates the schema of the database, or migrates an older one step by step.

A new database gets all tables at once. Alembic is imported only when there is a step to run, because the import is
slow.
"""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    column,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy import table as sql_table

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.json_rows import row_field, rows_param
from banqup_tui.backend.db.known_companies import rows_of
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.db.transaction import Database
from banqup_tui.domain.direction import directed
from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import TEXT, message
from banqup_tui.domain.space import Role
from banqup_tui.domain.twins import number_key
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.local import EXIT_NEWER_VERSION

if TYPE_CHECKING:
    from alembic.operations import Operations
    from sqlalchemy import ColumnElement

SCHEMA = 17
"""Number of the current schema, stored in the table `schema_version`."""


def _sftp_drop_and_unfiled(operations: "Operations") -> None:
    """Adds the SFTP drop and what the program suggests for files to place."""
    operations.add_column("source", Column("fingerprint", Text))
    for name in ("source_id", "client_id", "folder", "seller_key", "buyer_key", "account_key"):
        operations.add_column("to_place", Column(name, tables.unfiled.c[name].type))
    operations.add_column("to_place", Column("seq", Integer, nullable=False, server_default=text("0")))
    tables.drop_account.create(operations.get_bind())
    tables.rule.create(operations.get_bind())


def _limits_and_health(operations: "Operations") -> None:
    """Adds limits and health of integrations, and the integration to each attempt."""
    for added in (
        Column("per_minute", Integer),
        Column("failing_since", tables.UtcTime),
        Column("failing_reason", Text),
        Column("failing_remedy", Text),
        Column("trouble", String(12)),
        Column("sign_in_until", tables.UtcTime),
    ):
        operations.add_column("integration", added)
    operations.add_column("attempt", Column("integration_id", String(36)))
    operations.create_index("attempt_of_integration", "attempt", ["integration_id", "started_at"])


def _sign_ins(operations: "Operations") -> None:
    tables.sign_in.create(operations.get_bind())
    operations.add_column("integration", Column("sign_in_id", String(36)))


def _credit_notes(operations: "Operations") -> None:
    """Makes the amounts of credit notes negative. `store.copy_schema` does the same to the copies of terminals."""
    connection = operations.get_bind()
    rows = connection.execute(select(tables.document.c.id, tables.document.c.value)).all()
    for document_id, value in rows:
        if b'"CREDIT_NOTE"' not in value:
            continue
        found = msgspec.json.decode(value, type=Document)
        changed = directed(found)
        if changed is not found:
            connection.execute(
                update(tables.document)
                .where(tables.document.c.id == document_id)
                .values(value=msgspec.json.encode(changed))
            )


def _reader_failures(operations: "Operations") -> None:
    tables.reader_failure.create(operations.get_bind(), checkfirst=True)


def _no_plain_hashes(operations: "Operations") -> None:
    """Clears the fingerprints of commands, which were plain hashes from which a password could be guessed.

    The keys of the commands stay, so repeated commands are recognised. Sealed values and destinations are renewed by
    `integrations.key_rotation`, which has the keys. The new table of allowed packages is empty.
    """
    operations.get_bind().execute(update(tables.command).values(fingerprint=""))
    tables.allowed_package.create(operations.get_bind(), checkfirst=True)


def _messages(operations: "Operations") -> None:
    """Turns reasons that are texts into messages that show the same text."""
    for table, name, remedy in (
        (tables.delivery, "reason", "remedy"),
        (tables.attempt, "reason", None),
        (tables.integration, "cause", "remedy"),
        (tables.integration, "failing_reason", "failing_remedy"),
    ):
        _make_messages(operations, table, name, remedy)


def _make_messages(operations: "Operations", table: Table, name: str, remedy: str | None) -> None:
    """Turns the texts of column `name` into messages, with the column `remedy`, which is dropped."""
    reason = column(name, Text)
    statement = update(sql_table(table.name, reason)).where(reason.is_not(None)).values({name: _message(name, remedy)})
    operations.get_bind().execute(statement)
    if remedy:
        operations.drop_column(table.name, remedy)


def _message(name: str, remedy: str | None = None) -> "ColumnElement[str]":
    advice = func.coalesce(column(remedy), "") if remedy else ""
    return func.json_object("code", TEXT, "params", func.json_object("text", column(name), "remedy", advice))


def _messages_of_intake(operations: "Operations") -> None:
    """Turns the reasons of files to place, of installations and of sources into messages."""
    _make_messages(operations, tables.unfiled, "reason", "remedy")
    _make_messages(operations, tables.installation, "reason", None)
    operations.add_column("source", Column("problems", Text))
    problem, problems = column("problem", Text), column("problems", Text)
    changed = update(sql_table("source", problem, problems)).where(problem.is_not(None))
    operations.get_bind().execute(changed.values(problems=func.json_array(_message("problem"))))
    operations.drop_column("source", "problem")


def _messages_of_sign_ins(operations: "Operations") -> None:
    """Turns the reasons of refused sign-ins into messages that show the same text."""
    # Step 4 creates the table in its current form, so a database that came through step 4 just now has the column.
    if "reason" in {one["name"] for one in inspect(operations.get_bind()).get_columns("sign_in")}:
        return
    operations.add_column("sign_in", Column("reason", Text))
    sentence = column("sentence", Text)
    refused = update(sql_table("sign_in", column("reason"), sentence)).where(sentence.is_not(None))
    operations.get_bind().execute(refused.values(reason=_message("sentence", "remedy")))
    operations.drop_column("sign_in", "sentence")
    operations.drop_column("sign_in", "remedy")


def _duplicates_and_withdrawals(operations: "Operations") -> None:
    """Adds what becomes of duplicates and of withdrawn documents, and has the business keys computed anew.

    A job does that after the start (`intake.business_keys`), as it takes longer than a terminal waits. What came twice
    before stays as it is: it was sent, so nothing is held after the fact.
    """
    for name in ("duplicate", "replaced_by", "withdrawn_at"):
        operations.add_column("document", Column(name, tables.document.c[name].type))
    operations.create_index(
        "document_withdrawn", "document", ["withdrawn_at"], sqlite_where=text("withdrawn_at IS NOT NULL")
    )
    connection = operations.get_bind()
    for space_id in connection.execute(select(tables.space.c.id)).scalars().all():
        row = {"id": str(uuid.uuid4()), "space_id": space_id, "kind": "BUSINESS_KEYS", "query": b"", "state": "RUNNING"}
        connection.execute(insert(tables.job).values(row | {"upto_seq": 0, "expected": 0}))


_KEYS_AT_ONCE = 5_000
"""Documents whose number keys are computed at once, for little memory."""


def _origins(operations: "Operations") -> None:
    """Keeps how a file came with each unfiled file, and files that belong to a document.

    Two different files may now have the same path, so the table is made anew without the constraint.
    """
    connection = operations.get_bind()
    tables.related_file.create(connection, checkfirst=True)
    present = {one["name"] for one in inspect(connection).get_columns("to_place")}
    if "arrival" in present:
        return
    operations.rename_table("to_place", "to_place_before")
    tables.unfiled.create(connection)
    names = [name for name in (one.name for one in tables.unfiled.columns) if name in present]
    before = sql_table("to_place_before", *(column(name) for name in names))
    connection.execute(insert(tables.unfiled).from_select(names, select(before)))
    operations.drop_table("to_place_before")


class _Numbered(msgspec.Struct, frozen=True, rename="camel"):
    """The fields of a document that its number key is made of; to decode these alone is ten times as fast."""

    kind: DocumentKind
    media_type: str
    number: str | None = None
    line_count: int | None = None


def _texts_of_pdfs(operations: "Operations") -> None:
    """Adds the texts of PDFs, and the keys by which e-invoices are found from them.

    The texts of PDFs that are there already are not read, so those are never joined to an e-invoice.
    """
    connection = operations.get_bind()
    tables.document_text.create(connection, checkfirst=True)
    if "number_key" in {one["name"] for one in inspect(connection).get_columns("document")}:
        return
    document = tables.document
    operations.add_column("document", Column("number_key", document.c.number_key.type))
    portion = select(document.c.id, document.c.value).order_by(document.c.id).limit(_KEYS_AT_ONCE)
    keyed = update(document).where(document.c.id == row_field(0, String)).values(number_key=row_field(1, String))
    decoder, last = msgspec.json.Decoder(_Numbered), ""
    while rows := connection.execute(portion.where(document.c.id > last)).all():
        last = rows[-1].id
        connection.execute(keyed, rows_param((of, number_key(decoder.decode(value))) for of, value in rows))
    operations.create_index("document_number", "document", ["space_id", "number_key", "client_id", "created_at"])


def _mailbox(operations: "Operations") -> None:
    tables.mailbox.create(operations.get_bind(), checkfirst=True)


def _no_dispatchers(operations: "Operations") -> None:
    """Drops the table of dispatchers, in which nothing was ever written."""
    operations.drop_table("dispatcher", if_exists=True)


class _Traded(msgspec.Struct, frozen=True, rename="camel"):
    """The fields of a document that have companies; `line_count` is that of an e-invoice."""

    supplier: Party | None = None
    customer: Party | None = None
    line_count: int | None = None


def _known_companies(operations: "Operations") -> None:
    """Adds the companies of the e-invoices that are there."""
    connection = operations.get_bind()
    tables.known_company.create(connection, checkfirst=True)
    document, known = tables.document, tables.known_company
    portion = select(document.c.id, document.c.space_id, document.c.value).order_by(document.c.id).limit(_KEYS_AT_ONCE)
    decoder, last = msgspec.json.Decoder(_Traded), ""
    found = {(row.space_id, row.key) for row in connection.execute(select(known.c.space_id, known.c.key))}
    while rows := connection.execute(portion.where(document.c.id > last)).all():
        last = rows[-1].id
        new = []
        for row in rows:
            traded = decoder.decode(row.value)
            parties = (traded.supplier, traded.customer) if traded.line_count is not None else ()
            for one in rows_of(row.space_id, parties):
                if (one["space_id"], one["key"]) not in found:
                    found.add((one["space_id"], one["key"]))
                    new.append(one)
        if new:
            connection.execute(insert(known), new)


def _folder_for_mails(operations: "Operations") -> None:
    if "move_to" not in {one["name"] for one in inspect(operations.get_bind()).get_columns("mailbox")}:
        operations.add_column("mailbox", Column("move_to", Text))


STEPS: dict[int, Callable[["Operations"], None]] = {
    2: _sftp_drop_and_unfiled,
    3: _limits_and_health,
    4: _sign_ins,
    5: _credit_notes,
    6: _reader_failures,
    7: _no_plain_hashes,
    8: _messages,
    9: _messages_of_intake,
    10: _messages_of_sign_ins,
    11: _duplicates_and_withdrawals,
    12: _origins,
    13: _texts_of_pdfs,
    14: _mailbox,
    15: _no_dispatchers,
    16: _known_companies,
    17: _folder_for_mails,
}
"""`STEPS[n]` changes schema n - 1 into schema n."""

_version = Table("schema_version", MetaData(), Column("version", Integer, nullable=False))


class NewerSchema(BanqupError):
    """The database was written by a newer version of the program."""

    exit_code = EXIT_NEWER_VERSION

    def __init__(self, found: int) -> None:
        super().__init__(message("service.newer-schema", schema=found))


def bring_up_to_date(database: Database) -> None:
    """Creates the tables of an empty database, or runs the missing steps.

    Raises:
        NewerSchema: If the schema is newer than `SCHEMA`; then nothing is changed, because this version could destroy
            data that it does not know.
    """
    with database.engine.connect() as connection:
        _begin(connection)
        found = _version_of(connection)
        if found > SCHEMA:
            raise NewerSchema(found)
        if found == 0:
            tables.metadata.create_all(connection)
            _version.create(connection)
            connection.execute(insert(_version).values(version=SCHEMA))
            # A kill here rolls the creation back.
            kill_point("migrate.step")
            found = SCHEMA
        connection.commit()
    for version in range(found + 1, SCHEMA + 1):
        _step(database, version)


def _step(database: Database, version: int) -> None:
    """Runs one step. Step and version number are one transaction, so a kill within it leaves the schema before it."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with database.engine.connect() as connection:
        _begin(connection)
        if _version_of(connection) < version:
            STEPS[version](Operations(MigrationContext.configure(connection)))
            connection.execute(_version.update().values(version=version))
            # A kill here rolls the step and its number back; the next start runs the step again.
            kill_point("migrate.step")
        connection.commit()


def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _version_of(connection: Connection) -> int:
    if not inspect(connection).has_table(_version.name):
        return 0
    return int(connection.execute(select(func.max(_version.c.version))).scalar_one() or 0)


def the_space(database: Database, name: str) -> str:
    """Returns the id of the one space of a local backend; creates the space at the first start."""
    with database.engine.connect() as connection:
        _begin(connection)
        found = connection.execute(select(tables.space.c.id)).scalars().first()
        if found is None:
            found = _new_space(connection, name)
        connection.commit()
    return str(found)


def _new_space(connection: Connection, name: str) -> str:
    import secrets

    space_id = str(uuid.uuid4())
    space = {"id": space_id, "name": name, "epoch": str(uuid.uuid4()), "cursor_secret": secrets.token_bytes(32)}
    connection.execute(insert(tables.space), space)
    member = {"space_id": space_id, "user_id": LOCAL_USER, "role": str(Role.ADMINISTRATOR)}
    connection.execute(insert(tables.member), member)
    return space_id
