"""How a database of an older program becomes one of this."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Column, Text, create_mock_engine, inspect, select, text
from sqlalchemy.dialects import postgresql

from banqup_tui.backend.db import migrations, tables
from banqup_tui.backend.db.migrations import NewerSchema, bring_up_to_date, the_space
from banqup_tui.backend.db.transaction import Database, sqlite_engine
from banqup_tui.backend.intake import business_keys
from banqup_tui.backend.ledger import bulk_jobs
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.messages import text_message
from tests.sync.fake_server import a_document

NOW = migrations.SCHEMA


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    engine = sqlite_engine(str(tmp_path / "banqup.sqlite"))
    yield Database(engine)
    engine.dispose()


def add_nickname(operations: Any) -> None:
    operations.add_column("client", Column("nickname", Text))


def add_motto(operations: Any) -> None:
    operations.add_column("space", Column("motto", Text))


def columns(database: Database, table: str) -> set[str]:
    return {column["name"] for column in inspect(database.engine).get_columns(table)}


def version(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(text("SELECT version FROM schema_version")).scalar_one())


def test_a_fresh_database_is_of_this_programs_schema_and_needs_no_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from banqup_tui.backend.db.migrations import *; from banqup_tui.backend.db.transaction import *;"
        f"d = Database(sqlite_engine({str(tmp_path / 'x.sqlite')!r})); bring_up_to_date(d); bring_up_to_date(d);"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_an_older_database_is_brought_up_step_by_step_and_keeps_its_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_up_to_date(database)
    space_id = the_space(database, "Meuse Fiduciaire")
    monkeypatch.setattr(migrations, "SCHEMA", NOW + 2)
    monkeypatch.setattr(migrations, "STEPS", {NOW + 1: add_nickname, NOW + 2: add_motto})
    bring_up_to_date(database)
    assert version(database) == NOW + 2
    assert "nickname" in columns(database, "client")
    assert "motto" in columns(database, "space")
    assert the_space(database, "Another") == space_id


def test_a_step_that_fails_leaves_what_was_there_and_is_done_at_the_next_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(operations: Any) -> None:
        add_motto(operations)
        raise RuntimeError("in the midst")

    bring_up_to_date(database)
    monkeypatch.setattr(migrations, "SCHEMA", NOW + 2)
    monkeypatch.setattr(migrations, "STEPS", {NOW + 1: add_nickname, NOW + 2: fails})
    with pytest.raises(RuntimeError):
        bring_up_to_date(database)
    assert version(database) == NOW + 1
    assert "motto" not in columns(database, "space")
    monkeypatch.setattr(migrations, "STEPS", {NOW + 1: add_nickname, NOW + 2: add_motto})
    bring_up_to_date(database)
    assert version(database) == NOW + 2


def test_a_program_killed_between_two_steps_goes_on_where_it_stood(tmp_path: Path, database: Database) -> None:
    bring_up_to_date(database)
    program = (
        "from banqup_tui.backend.db import migrations as m; from banqup_tui.backend.db.transaction import *;"
        "from tests.backend.test_migrations import add_nickname, add_motto;"
        "n = m.SCHEMA; m.SCHEMA = n + 2; m.STEPS = {n + 1: add_nickname, n + 2: add_motto};"
        f"m.bring_up_to_date(Database(sqlite_engine({str(tmp_path / 'banqup.sqlite')!r})))"
    )
    environment = {**os.environ, "BANQUP_KILL_AT": "migrate.step:2"}
    killed = subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert version(database) == NOW + 1
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
    assert version(database) == NOW + 2
    assert "motto" in columns(database, "space")


def test_a_newer_database_is_refused_before_anything_is_touched(database: Database, tmp_path: Path) -> None:
    bring_up_to_date(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE schema_version SET version = 77"))
    with pytest.raises(NewerSchema) as raised:
        bring_up_to_date(database)
    assert raised.value.message.code == "service.newer-schema"
    assert version(database) == 77
    with sqlite3.connect(tmp_path / "banqup.sqlite") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


def test_postgresql_gets_the_same_partial_indexes() -> None:
    printed: list[str] = []
    engine = create_mock_engine("postgresql+psycopg://", lambda statement, *_, **__: printed.append(_sql(statement)))
    tables.metadata.create_all(engine, checkfirst=False)
    partial = [one for one in printed if " WHERE " in one]
    assert len(partial) == 6
    assert "ON delivery (integration_id, due_at, id) WHERE state='QUEUED'" in " ".join(partial)


def _sql(statement: Any) -> str:
    return " ".join(str(statement.compile(dialect=postgresql.dialect())).split())  # type: ignore[no-untyped-call]


def test_a_database_of_the_first_version_is_this_programs_after_its_steps(database: Database, tmp_path: Path) -> None:
    bring_up_to_date(database)
    wanted = {name: columns(database, name) for name in inspect(database.engine).get_table_names()}
    with database.engine.begin() as connection:
        for statement in FIRST_VERSION:
            connection.execute(text(statement))
    bring_up_to_date(database)
    assert {name: columns(database, name) for name in inspect(database.engine).get_table_names()} == wanted
    indexes = inspect(database.engine).get_indexes("attempt")
    assert [index["column_names"] for index in indexes] == [["integration_id", "started_at"]]


@pytest.mark.parametrize("sign", [1, -1])
def test_credit_notes_of_an_older_database_get_their_sign_and_nothing_else_changes(
    database: Database, sign: int
) -> None:
    bring_up_to_date(database)
    kinds = {"credit": DocumentKind.CREDIT_NOTE, "invoice": DocumentKind.INVOICE, "letter": DocumentKind.OTHER}
    documents = {
        name: a_document(name, kind=kind, gross_amount=7203 * (sign if name == "credit" else 1), number="CREDIT_NOTE")
        for name, kind in kinds.items()
    }
    with database.engine.begin() as connection:
        connection.execute(tables.document.insert(), [_row(one) for one in documents.values()])
        for statement in BEFORE_MESSAGES:
            connection.execute(text(statement))
        connection.execute(text("UPDATE schema_version SET version = 4"))
    bring_up_to_date(database)
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, value, seq FROM document"))
        found = {row.id: (msgspec.json.decode(row.value, type=Document), row.seq) for row in rows}
    assert found["credit"] == (msgspec.structs.replace(documents["credit"], gross_amount=-7203), 7)
    assert {found[name] for name in ("invoice", "letter")} == {(documents[name], 7) for name in ("invoice", "letter")}


def test_what_an_older_database_gave_as_a_reason_is_shown_as_it_was(database: Database) -> None:
    bring_up_to_date(database)
    with database.engine.begin() as connection:
        for statement in BEFORE_MESSAGES:
            connection.execute(text(statement))
        connection.execute(
            text(
                "INSERT INTO delivery (id, space_id, client_id, integration_id, document_id, sha256, generation,"
                " generation_seq, state, due_at, updated_at, seq, reason, remedy) VALUES"
                " ('d', 's', 'c', 'i', 'x', '0', 1, 1, 'FAILED', '', '', 1, 'The \"disk\" is full.', 'Make room.'),"
                " ('e', 's', 'c', 'i', 'x', '1', 1, 1, 'FAILED', '', '', 1, 'Cancelled.', NULL),"
                " ('f', 's', 'c', 'i', 'x', '2', 1, 1, 'QUEUED', '', '', 1, NULL, NULL)"
            )
        )
        connection.execute(text("UPDATE schema_version SET version = 7"))
    bring_up_to_date(database)
    with database.engine.connect() as connection:
        found = dict(connection.execute(select(tables.delivery.c.id, tables.delivery.c.reason)).all())
    assert found["d"] == text_message('The "disk" is full.', "Make room.")
    assert (found["e"].params["text"], found["f"]) == ("Cancelled.", None)


def test_why_a_file_waited_and_what_was_wrong_with_a_source_is_shown_as_it_was(database: Database) -> None:
    bring_up_to_date(database)
    with database.engine.begin() as connection:
        for statement in (*BEFORE_MESSAGES_OF_INTAKE, *BEFORE_DUPLICATES):
            connection.execute(text(statement))
        connection.execute(
            text(
                "INSERT INTO to_place (id, space_id, source, file_name, reason, remedy, at) VALUES"
                " ('w', 's', '/in', 'a.pdf', 'The \"PDF\" is damaged.', 'Ask again.', '')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO source (id, space_id, kind, path, problem, seq) VALUES"
                " ('a', 's', 'FOLDER', '/in', '/in is not there.', 1), ('b', 's', 'FOLDER', '/out', NULL, 1)"
            )
        )
        connection.execute(text("UPDATE schema_version SET version = 8"))
    bring_up_to_date(database)
    with database.engine.connect() as connection:
        assert connection.execute(select(tables.unfiled.c.reason)).scalar_one() == text_message(
            'The "PDF" is damaged.', "Ask again."
        )
        problems = dict(connection.execute(select(tables.source.c.id, tables.source.c.problems)).all())
    assert [one.params["text"] for one in problems["a"]] == ["/in is not there."]
    assert problems["b"] == ()


def test_why_a_sign_in_was_refused_is_shown_as_it_was(database: Database) -> None:
    bring_up_to_date(database)
    with database.engine.begin() as connection:
        for statement in BEFORE_MESSAGES_OF_SIGN_INS:
            connection.execute(text(statement))
        connection.execute(
            text(
                "INSERT INTO sign_in (id, space_id, extension_id, provider, state, state_hash, version, sealed,"
                " used_at, sentence, remedy) VALUES"
                " ('a', 's', 'email', 'p', 'REFUSED', '1', 0, '', '', 'No.', 'Begin it again.'),"
                " ('b', 's', 'email', 'p', 'WAITING', '2', 0, '', '', NULL, NULL)"
            )
        )
        connection.execute(text("UPDATE schema_version SET version = 9"))
    bring_up_to_date(database)
    with database.engine.connect() as connection:
        found = dict(connection.execute(select(tables.sign_in.c.id, tables.sign_in.c.reason)).all())
    assert found == {"a": text_message("No.", "Begin it again."), "b": None}


def test_business_keys_are_computed_anew_by_a_job_and_nothing_is_held_after_the_fact(database: Database) -> None:
    bring_up_to_date(database)
    the_space(database, "Firm")
    with database.engine.begin() as connection:
        connection.execute(tables.document.insert(), [_row(a_document("one")) | {"business_key": "of before"}])
        for statement in BEFORE_DUPLICATES:
            connection.execute(text(statement))
        connection.execute(text("UPDATE schema_version SET version = 10"))
    bring_up_to_date(database)
    with database.engine.connect() as connection:
        (row,) = connection.execute(select(tables.document))
        (job,) = connection.execute(select(tables.job))
    assert (row.business_key, row.duplicate) == ("of before", None)
    assert (job.kind, job.state, job.position) == (business_keys.KIND, bulk_jobs.RUNNING, "")


def test_e_invoices_of_an_older_database_are_found_by_their_numbers(database: Database) -> None:
    bring_up_to_date(database)
    one = a_document("one", number="A-17/2026", line_count=2)
    letter = a_document("letter", kind=DocumentKind.OTHER, media_type="application/pdf")
    with database.engine.begin() as connection:
        connection.execute(tables.document.insert(), [_row(one), _row(letter)])
        for statement in BEFORE_TEXTS:
            connection.execute(text(statement))
        connection.execute(text("UPDATE schema_version SET version = 12"))
    bring_up_to_date(database)
    with database.engine.connect() as connection:
        found = dict(connection.execute(select(tables.document.c.id, tables.document.c.number_key)).all())
    assert found == {"one": "a172026", "letter": ""}


def _row(document: Document) -> dict[str, Any]:
    return {
        "id": document.id, "space_id": "s", "client_id": document.client_id, "folder": document.folder,
        "sha256": document.sha256, "created_at": document.created_at, "filed_year": 2026, "filed_month": 11,
        "created_seq": 7, "seq": 7, "approved": True, "processed": False, "attempted": False,
        "accounting_status": document.accounting_status, "value": msgspec.json.encode(document),
    }  # fmt: skip


BEFORE_MESSAGES_OF_INTAKE = (
    "ALTER TABLE to_place ADD COLUMN remedy TEXT",
    "ALTER TABLE source ADD COLUMN problem TEXT",
    "ALTER TABLE source DROP COLUMN problems",
)

BEFORE_TEXTS = (
    "DROP TABLE document_text",
    "DROP INDEX document_number",
    "ALTER TABLE document DROP COLUMN number_key",
)

BEFORE_DUPLICATES = (
    *BEFORE_TEXTS,
    "DROP INDEX document_withdrawn",
    "ALTER TABLE document DROP COLUMN duplicate",
    "ALTER TABLE document DROP COLUMN replaced_by",
    "ALTER TABLE document DROP COLUMN withdrawn_at",
)

BEFORE_MESSAGES_OF_SIGN_INS = (
    *BEFORE_DUPLICATES,
    "ALTER TABLE sign_in ADD COLUMN sentence TEXT",
    "ALTER TABLE sign_in ADD COLUMN remedy TEXT",
    "ALTER TABLE sign_in DROP COLUMN reason",
)

BEFORE_MESSAGES = (
    "ALTER TABLE delivery ADD COLUMN remedy TEXT",
    "ALTER TABLE integration ADD COLUMN remedy TEXT",
    "ALTER TABLE integration ADD COLUMN failing_remedy TEXT",
    *BEFORE_MESSAGES_OF_INTAKE,
    *BEFORE_MESSAGES_OF_SIGN_INS,
)
"""What makes the schema before the one with messages out of this one."""

FIRST_VERSION = (
    "CREATE TABLE dispatcher (id VARCHAR(36) PRIMARY KEY, beat INTEGER NOT NULL, dead BOOLEAN NOT NULL)",
    "DROP TABLE sign_in",
    "DROP TABLE reader_failure",
    "ALTER TABLE integration DROP COLUMN sign_in_id",
    "DROP TABLE drop_account",
    "DROP TABLE rule",
    *(
        f"ALTER TABLE to_place DROP COLUMN {name}"
        for name in ("source_id", "client_id", "folder", "seller_key", "buyer_key", "account_key", "seq")
    ),
    "ALTER TABLE source DROP COLUMN fingerprint",
    "DROP INDEX attempt_of_integration",
    "ALTER TABLE attempt DROP COLUMN integration_id",
    *(
        f"ALTER TABLE integration DROP COLUMN {name}"
        for name in ("per_minute", "failing_since", "failing_reason", "trouble", "sign_in_until")
    ),
    "ALTER TABLE delivery ADD COLUMN remedy TEXT",
    "ALTER TABLE integration ADD COLUMN remedy TEXT",
    *BEFORE_MESSAGES_OF_INTAKE,
    *BEFORE_DUPLICATES,
    "UPDATE schema_version SET version = 1",
)
"""What makes the schema of the first version out of this one."""
