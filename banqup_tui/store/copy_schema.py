"""Tables of the local copy, and the migrations to them.

sqlite-utils is imported only when a copy is made or migrated: its import would delay every start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.store.codes import CREDIT_NOTE, PEPPOL, UNDATED, UNDECIDED, WITHDRAWN

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA = 10
"""The number of the schema; raise it with every migration, together with `copy.SCHEMA`.

A copy of a newer schema is renamed and begun again, never read.
"""

_DOCUMENTS = (
    """
    CREATE TABLE document (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, client INTEGER NOT NULL, folder INTEGER NOT NULL,
        day INTEGER NOT NULL, status INTEGER NOT NULL, flags INTEGER NOT NULL, currency TEXT,
        net INTEGER, vat INTEGER, gross INTEGER, ver INTEGER NOT NULL, gen INTEGER NOT NULL,
        number TEXT, counterparty TEXT, file_name TEXT NOT NULL, value BLOB NOT NULL
    )""",
    "CREATE INDEX document_filed ON document (client, folder, day)",
    "CREATE INDEX document_newest ON document (client, day)",
    "CREATE INDEX document_day ON document (day)",
    "CREATE INDEX document_waiting ON document (client, status, day) WHERE status <> 3",
    """
    CREATE TABLE delivery (
        id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL, integration_id TEXT NOT NULL, state TEXT NOT NULL,
        open INTEGER NOT NULL, look INTEGER NOT NULL, ver INTEGER NOT NULL, gen INTEGER NOT NULL, value BLOB NOT NULL
    )""",
    "CREATE INDEX delivery_document ON delivery (document_id)",
    """
    CREATE TABLE tally (
        client INTEGER NOT NULL, folder INTEGER NOT NULL, month INTEGER NOT NULL, status INTEGER NOT NULL,
        count INTEGER NOT NULL, PRIMARY KEY (client, folder, month, status)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE client_tally (
        client INTEGER NOT NULL, status INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (client, status)
    ) WITHOUT ROWID""",
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        text, content='', columnsize=0, detail=none, prefix='2 3', tokenize='unicode61 remove_diacritics 2'
    )""",
)
"""Documents, deliveries, their counts and the search index.

`n` of a document grows with the time at which the document was created, in whatever order documents arrive.
`day` is yyyymmdd, `month` yyyymm; `folder` and `status` are codes of store.codes; amounts are minor units.
`ver` is the change number of the row, `gen` the generation of the copy that brought it.
`look` is 1 for a failed or uncertain delivery that no user has dismissed; `cause` is then its cause (domain.causes).
`flags` adds up 1 approved, 2 processed, 4 attempted, 8 credit note (whose amounts are negative, domain.direction),
16 held as a duplicate, 32 replaced by a newer version, 64 withdrawn (counted in no tally), 128 without an issue date
(`day` is then the day on which it came in), 256 came over Peppol, 512 to ask for (domain.e_invoicing).
`value` is the JSON of the wire without the fields that have a column.
"""


def make(path: Path, step: int | None = None) -> None:
    """Makes the copy at `path`, or migrates it to `SCHEMA`. `step` replaces the copy's step."""
    from sqlite_utils import Database, Migrations

    steps = Migrations("copy")
    steps(name="0001")(_first)
    steps(name="0002")(_unfiled)
    steps(name="0003")(_causes)
    steps(name="0004")(_credit_notes)
    steps(name="0005")(_messages)
    steps(name="0006")(_messages_of_intake)
    steps(name="0007")(_undecided_and_withdrawn)
    steps(name="0008")(_undated)
    steps(name="0009")(_over_peppol)
    steps(name="0010")(_texts)
    database = Database(path)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # Killed here, a new copy is still under its other name, and an old one at its old step: the next start repeats
        # it.
        kill_point("copy.migrating")
        steps.apply(database)
        database.execute("UPDATE meta SET schema = ?, step = coalesce(?, step)", [SCHEMA, step])
        database.conn.commit()
    finally:
        database.close()


def _first(database: Database) -> None:
    _small_tables(database)
    for statement in _DOCUMENTS:
        database.execute(statement)
    database.table("meta").insert(
        {"id": 1, "epoch": "", "cursor": None, "seq": 0, "gen": 0, "step": 0, "schema": SCHEMA, "role": None}
        | {"space_id": "", "space_name": "", "expected": 0, "arrived": 0, "before": 0, "extensions_at": ""},
        pk="id",
    )


def _unfiled(database: Database) -> None:
    """Adds the tables of unfiled files and of rules; where they were missing, has all rows fetched again."""
    missing = [name for name in _UNFILED if not database.table(name).exists()]
    for name in missing:
        database.table(name).create({"id": str} | _WHOLE, pk="id")
    if missing:
        database.execute("UPDATE meta SET cursor = NULL")


def _causes(database: Database) -> None:
    """Adds the cause of failures, which `_messages` fills in. A migration that was killed halfway runs again."""
    if "cause" not in database.table("delivery").columns_dict:
        database.execute("ALTER TABLE delivery ADD COLUMN cause TEXT")
    database.execute(
        "CREATE INDEX IF NOT EXISTS delivery_look ON delivery (integration_id, state, cause, look) WHERE look = 1"
    )


def _credit_notes(database: Database) -> None:
    """Marks credit notes and makes their amounts negative. Running it twice changes nothing."""
    is_one = "json_extract(CAST(value AS TEXT), '$.kind') = 'CREDIT_NOTE'"
    payable = "json_extract(CAST(value AS TEXT), '$.payableAmount')"
    database.execute(f"UPDATE document SET flags = flags | {CREDIT_NOTE} WHERE {is_one}")  # noqa: S608
    database.execute(
        f"UPDATE document SET net = -net, vat = -vat, gross = -gross, value = CASE WHEN {payable} IS NULL THEN value"  # noqa: S608
        f" ELSE CAST(json_set(CAST(value AS TEXT), '$.payableAmount', -{payable}) AS BLOB) END"
        f" WHERE flags & {CREDIT_NOTE} AND coalesce(nullif(gross, 0), nullif({payable}, 0), nullif(net, 0), vat, 0) > 0"
    )


def _messages(database: Database) -> None:
    """Turns reasons that are texts into messages, and sets the causes of failures. Running it twice changes nothing."""
    from banqup_tui.domain.causes import cause_of
    from banqup_tui.domain.messages import Message

    for table, names in _REASONS.items():
        for name, remedy in names:
            _make_messages(database, table, name, remedy)
    database.execute(_ATTEMPTS)
    message = msgspec.json.Decoder(Message)
    failed = database.execute("SELECT id, json_extract(CAST(value AS TEXT), '$.reason') FROM delivery WHERE look = 1")
    causes = [(cause_of(message.decode(reason) if reason else None), of) for of, reason in failed.fetchall()]
    database.conn.executemany("UPDATE delivery SET cause = ? WHERE id = ?", causes)


def _make_messages(database: Database, table: str, name: str, remedy: str) -> None:
    """Turns the text in one field of packed values, and its remedy in another, into a message."""
    database.execute(
        f"UPDATE {table} SET value = CAST(json_remove(json_set(CAST(value AS TEXT), '$.{name}',"  # noqa: S608
        f" {_message(name, remedy)}), '$.{remedy}') AS BLOB) WHERE json_type(CAST(value AS TEXT), '$.{name}') = 'text'"
    )


def _message(name: str, remedy: str) -> str:
    text = f"json_extract(CAST(value AS TEXT), '$.{name}')"
    advice = f"coalesce(json_extract(CAST(value AS TEXT), '$.{remedy}'), '')"
    return f"json_object('code', 'text', 'params', json_object('text', {text}, 'remedy', {advice}))"


def _messages_of_intake(database: Database) -> None:
    """Does the same for unfiled files, installations, extensions and sources. Running it twice changes nothing."""
    _make_messages(database, "to_place", "reason", "remedy")
    _make_messages(database, "installation", "reason", "remedy")
    _make_messages(database, "extension", "problem", "remedy")
    database.execute(
        "UPDATE source SET value = CAST(json_remove(json_set(CAST(value AS TEXT), '$.problems',"  # noqa: S608
        f" json_array({_message('problem', 'remedy')})), '$.problem') AS BLOB)"
        " WHERE json_type(CAST(value AS TEXT), '$.problem') = 'text'"
    )


def _undecided_and_withdrawn(database: Database) -> None:
    """Adds indexes for documents that are held and that are withdrawn, which are few. Running it twice is harmless."""
    for name, flag in (("held", UNDECIDED), ("withdrawn", WITHDRAWN)):
        database.execute(
            f"CREATE INDEX IF NOT EXISTS document_{name} ON document (client, day) WHERE flags & {flag} <> 0"
        )


def _undated(database: Database) -> None:
    """Marks documents without an issue date, whose `day` is that on which they came in. Twice changes nothing."""
    has_none = "json_extract(CAST(value AS TEXT), '$.issueDate') IS NULL"
    database.execute(f"UPDATE document SET flags = flags | {UNDATED} WHERE {has_none}")  # noqa: S608


def _over_peppol(database: Database) -> None:
    """Marks documents that came over Peppol. Those to ask for are known from this version on. Twice changes nothing."""
    processes = "json_each(CAST(d.value AS TEXT), '$.origins') AS one"
    named = "coalesce(json_extract(one.value, '$.container.envelope.processId'), '') <> ''"
    database.execute(
        f"UPDATE document AS d SET flags = flags | {PEPPOL} WHERE instr(CAST(value AS TEXT), '\"processId\"') > 0"  # noqa: S608
        f" AND EXISTS (SELECT 1 FROM {processes} WHERE {named})"
    )


def _texts(database: Database) -> None:
    """Adds the search index of the texts of PDFs, and the words that it has of each document (`_TEXTS`)."""
    for statement in _TEXTS:
        database.execute(statement)


_TEXTS = (
    "CREATE TABLE IF NOT EXISTS document_words (n INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    """
    CREATE VIRTUAL TABLE IF NOT EXISTS text_words USING fts5 (
        text, content='document_words', content_rowid='n', columnsize=0, detail=none,
        tokenize='unicode61 remove_diacritics 2'
    )""",
)
"""`n` as in `document`. A table of its own, so that lists do not read past the words; only few documents have any."""

_REASONS = {
    "delivery": (("reason", "remedy"),),
    "integration": (("cause", "remedy"), ("failingReason", "failingRemedy")),
}
"""The fields that had a text, by table, each with the field of its remedy."""

_ATTEMPTS = """
    UPDATE delivery SET value = CAST(json_set(CAST(value AS TEXT), '$.log', (
        SELECT json_group_array(json_remove(json_set(one.value, iif(one.value ->> '$.outcome' = 'DELIVERED',
            '$.receipt', '$.reason'), json(iif(one.value ->> '$.outcome' = 'DELIVERED', one.value -> '$.answer',
            json_object('code', 'text', 'params', json_object('text', one.value ->> '$.answer'))))), '$.answer'))
        FROM json_each(CAST(delivery.value AS TEXT), '$.log') AS one
    )) AS BLOB) WHERE json_type(CAST(value AS TEXT), '$.log[0].answer') = 'text'
"""
"""Splits the field `answer` of attempts: it was the receipt of an attempt that delivered, the reason of any other."""

_UNFILED = ("to_place", "rule")
_WHOLE = {"ver": int, "gen": int, "value": bytes}


def _small_tables(database: Database) -> None:
    meta_words = {"epoch": str, "cursor": str, "role": str, "space_id": str, "space_name": str, "extensions_at": str}
    meta_numbers = dict.fromkeys(("id", "seq", "gen", "step", "schema", "expected", "arrived", "before"), int)
    database.table("meta").create(meta_numbers | meta_words, pk="id")
    database.table("backfill").create({"scope": str, "before": str}, pk="scope")
    database.table("client").create({"n": int, "id": str, "name": str} | _WHOLE, pk="n").create_index(
        ["id"], unique=True
    )
    database.table("integration").create(
        {"id": str, "client_id": str, "label": str, "state": str} | _WHOLE, pk="id"
    ).create_index(["client_id"])
    for name in ("installation", "extension", "source", *_UNFILED):
        database.table(name).create({"id": str} | _WHOLE, pk="id")
