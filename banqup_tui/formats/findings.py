"""Collects the warnings of a reader, and converts texts to values with a warning if that fails."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from banqup_tui.domain.messages import message
from banqup_tui.domain.money import from_minor, parse_decimal, to_minor
from banqup_tui.domain.warnings import ReadWarning

MOST_WARNINGS = 100
_FIRST_YEAR = 1901
_BEHIND = r"(?:[T ]\d.*|Z|[+-]\d\d:?\d\d)?"
_ISO_DAY = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d){_BEHIND}", re.ASCII)
_COMPACT_DAY = re.compile(rf"(\d{{4}})(\d\d)(\d\d)(?:\d{{4}}|\d{{6}}|{_BEHIND})", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d\d?)\2(\d\d?){_BEHIND}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d\d?)([-/.])(\d\d?)\2(\d{{4}}){_BEHIND}", re.ASCII)
_LONGEST = 100
"""The most characters of a parameter."""


class Findings:
    """The warnings of a document: in order, without doubles, at most `MOST_WARNINGS`. `earlier` come first."""

    def __init__(self, earlier: tuple[ReadWarning, ...] = ()) -> None:
        self._warnings = list(earlier)

    def warn(self, place: str, code: str, **params: str) -> None:
        """Adds a warning. `place` names element, line or tag."""
        if len(self._warnings) < MOST_WARNINGS:
            texts = {name: text[:_LONGEST] for name, text in params.items()}
            warning = ReadWarning(place=place, message=message(code, "", **texts))
            if warning not in self._warnings:
                self._warnings.append(warning)

    def minor(self, text: str, currency: str, place: str) -> int | None:
        """Returns an amount in minor units. A text that is no amount gives `None` and a warning; empty gives `None`."""
        if not text:
            return None
        try:
            amount, rounded = to_minor(text, currency)
        except ValueError:
            self.warn(place, "content.amount-unreadable", text=text)
            return None
        if rounded:
            self.warn(place, "content.amount-rounded", amount=text, currency=currency)
        return amount

    def decimal(self, text: str, place: str) -> Decimal | None:
        """Returns a decimal number. A text that is no number gives `None` and a warning; empty gives `None`."""
        if not text:
            return None
        try:
            return parse_decimal(text)
        except ValueError:
            self.warn(place, "content.number-unreadable", text=text)
            return None

    def day(self, text: str, place: str) -> date | None:
        """Returns the day of `YYYY-MM-DD` or `YYYYMMDD`. A time or time zone after it does not move it.

        Another way to write a day is read, with a warning, if it can mean one day only; `02/03/2026` can mean two.
        """
        if not text:
            return None
        match = _ISO_DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
        if match is not None:
            found = _day(match[1], match[2], match[3])
        else:
            found = _day_of_people(text)
            if found is not None:
                self.warn(place, "content.date-not-iso", text=text, taken=found.isoformat())
        if found is None:
            self.warn(place, "content.date-unreadable", text=text)
        return found

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        return tuple(self._warnings)


def _day(year: str, month: str, day: str) -> date | None:
    """Returns the day; `None` if it is not in the calendar, or so long ago that a program wrote it for *none*."""
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= _FIRST_YEAR else None


def _day_of_people(text: str) -> date | None:
    """Returns the day in a text such as `2026/3/2`, `2.3.2026` or `23/03/2026`; `None` if it may mean two days.

    Between points the day comes first in every country.
    """
    year_first = _YEAR_FIRST.fullmatch(text)
    if year_first is not None:
        return _day(year_first[1], year_first[3], year_first[4])
    match = _YEAR_LAST.fullmatch(text)
    if match is None:
        return None
    first, mark, second, year = match.groups()
    day_first = _day(year, second, first)
    month_first = None if mark == "." else _day(year, first, second)
    return day_first if month_first in (None, day_first) else month_first if day_first is None else None


def readable(amount: int, currency: str) -> str:
    """Returns an amount for a warning, with a point and the decimals of its currency."""
    return f"{from_minor(amount, currency):f} {currency}".rstrip()
