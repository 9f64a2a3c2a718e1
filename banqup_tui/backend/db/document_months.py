"""Documents dated on a day or later. Tables know the month under which one is filed; the day stands in its value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Row, and_, func, or_, select

from banqup_tui.backend.db.tables import document
from banqup_tui.domain.document import Document

_document = msgspec.json.Decoder(Document)


def since_month(since: date | None) -> list[Any]:
    """What a row has to be, but for the day within the month of `since`."""
    if since is None:
        return []
    same_year = and_(document.c.filed_year == since.year, document.c.filed_month >= since.month)
    return [or_(document.c.filed_year > since.year, same_year)]


def is_too_early(row: Row[Any], since: date | None) -> bool:
    """Of a row of `document` that `since_month` let through."""
    if since is None or (row.filed_year, row.filed_month) != (since.year, since.month):
        return False
    return _document.decode(row.value).sort_date < since


def count_since(connection: Any, which: Iterable[Any], since: date | None) -> int:
    """How many rows of `document` fulfil `which` and are dated then or later."""
    fulfilled = [*which, *since_month(since)]
    total = int(connection.execute(select(func.count()).select_from(document).where(*fulfilled)).scalar_one())
    if since is None or since.day == 1:
        return total
    in_month = [document.c.filed_year == since.year, document.c.filed_month == since.month]
    columns = (document.c.value, document.c.filed_year, document.c.filed_month)
    rows = connection.execute(select(*columns).where(*which, *in_month))
    return total - sum(is_too_early(row, since) for row in rows)
