"""Selects documents dated on a day or later.

The table `document` has columns for the month only, so the day is read from the document's JSON within that one month.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from banqup_tui.backend.db.records import BaseRecord, DocumentRecord, Executor, fetch_all
from banqup_tui.backend.db.tables import document
from banqup_tui.domain.document import Document

_document = msgspec.json.Decoder(Document)


class FiledDocument(BaseRecord, frozen=True):
    """The columns of a document that say when it is dated."""

    value: bytes
    filed_year: int
    filed_month: int


def since_month(since: date | None) -> list[ColumnElement[bool]]:
    """Returns the conditions over `document` for months from `since` on; none for `None`.

    Rows of the month of `since` itself must also pass `is_too_early`.
    """
    if since is None:
        return []
    same_year = and_(document.c.filed_year == since.year, document.c.filed_month >= since.month)
    return [or_(document.c.filed_year > since.year, same_year)]


def is_too_early(row: FiledDocument | DocumentRecord, since: date | None) -> bool:
    """Returns whether a row that fulfils `since_month` is dated before `since`."""
    if since is None or (row.filed_year, row.filed_month) != (since.year, since.month):
        return False
    return _document.decode(row.value).sort_date < since


def count_since(connection: Executor, conditions: Iterable[ColumnElement[bool]], since: date | None) -> int:
    """Returns the number of rows of `document` that fulfil `conditions` and are dated `since` or later.

    Args:
        connection: A transaction or a connection.
    """
    with_month = [*conditions, *since_month(since)]
    total = int(connection.execute(select(func.count()).select_from(document).where(*with_month)).scalar_one())
    if since is None or since.day == 1:
        return total
    in_month = [document.c.filed_year == since.year, document.c.filed_month == since.month]
    columns = [document.c[name] for name in FiledDocument.__struct_fields__]
    rows = fetch_all(connection, FiledDocument, select(*columns).where(*conditions, *in_month))
    return total - sum(is_too_early(row, since) for row in rows)
