"""Reads days as people write them: `24/11/2026`, `24.11.26`, `2026-11-24`."""

import re
from datetime import date

_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})\Z")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z")
CENTURY = 2000


def read_day(text: str) -> date | None:
    """Returns the day, or `None` if the text is none. A year of two digits is of this century."""
    found = _YEAR_FIRST.match(text.strip())
    if found is not None:
        return _day(*map(int, found.groups()))
    found = _DAY_FIRST.match(text.strip())
    if found is None:
        return None
    day, month, year = map(int, found.groups())
    return _day(year if year > 99 else year + CENTURY, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
