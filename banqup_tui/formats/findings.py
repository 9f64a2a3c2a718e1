"""Collects the warnings of a reader, and converts texts to values with a warning if that fails."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from banqup_tui.domain.messages import message
from banqup_tui.domain.money import from_minor, parse_decimal, to_minor
from banqup_tui.domain.warnings import ReadWarning

MOST_WARNINGS = 100
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
        """Returns the day of `YYYY-MM-DD` or `YYYYMMDD`. A time or time zone after it does not move it."""
        if not text:
            return None
        digits = text[:10].replace("-", "") if text[4:5] == "-" else text[:8]
        try:
            if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
                raise ValueError
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            self.warn(place, "content.date-unreadable", text=text)
            return None

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        return tuple(self._warnings)


def readable(amount: int, currency: str) -> str:
    """Returns an amount for a warning, with a point and the decimals of its currency."""
    return f"{from_minor(amount, currency):f} {currency}".rstrip()
