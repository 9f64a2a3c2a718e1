"""Keeps the text layers of plain PDFs, by the hash of their bytes."""

from sqlalchemy import bindparam, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.domain.values import Sha256

_table = tables.document_text
_TEXT = select(_table.c.text).where(_table.c.sha256 == bindparam("sha256"))


def keep(transaction: Transaction, sha256: Sha256, text: str) -> None:
    """Keeps the text of a PDF, with which what comes later is compared."""
    insert = transaction.insert(_table).values(sha256=sha256, text=text)
    transaction.execute(insert.on_conflict_do_nothing(index_elements=["sha256"]))


def text_of(transaction: Transaction, sha256: Sha256) -> str:
    """Returns the text of a PDF; empty if it has none, and for other files."""
    text: str | None = transaction.execute(_TEXT, {"sha256": sha256}).scalar()
    return text or ""
