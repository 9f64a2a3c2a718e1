"""Which stored files rows of the database name."""

from sqlalchemy import Connection, or_, select

from banqup_tui.backend.db import tables

_LETTER = "LETTER"
"""Outcome of a mail without a document, whose bytes are not kept."""


def is_named(connection: Connection, sha256: str) -> bool:
    """Returns whether a row names the file: a document, a file to place, a container, a picture.

    Deliveries do not count: they are the proof of what was sent, and need no file. A text goes with its file.
    """
    for table in tables.metadata.sorted_tables:
        names = [column for column in table.columns if column.name.endswith("sha256")]
        if table in (tables.delivery, tables.document_text) or not names:
            continue
        statement = select(*names).where(or_(*(name == sha256 for name in names)))
        if table is tables.source_file:
            statement = statement.where(table.c.outcome != _LETTER)
        if connection.execute(statement.limit(1)).first():
            return True
    return False
