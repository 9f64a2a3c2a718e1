"""What a reader collects on its way: warnings, and values taken out of texts with a warning where they
fail.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from banqup_tui.domain.money import from_minor, parse_decimal, to_minor
from banqup_tui.domain.warnings import ReadWarning

MOST_WARNINGS = 100


class Findings:
    """The warnings of one document, in order, without doubles, at most MOST_WARNINGS."""

    def __init__(self) -> None:
        self._warnings: dict[ReadWarning, None] = {}

    def warn(self, place: str, code: str, *args: str) -> None:
        """Note an oddity; `code` is a key of `banqup_tui.domain.warnings.SENTENCES`."""
        if len(self._warnings) < MOST_WARNINGS:
            self._warnings[ReadWarning(place=place, code=code, args=tuple(arg[:100] for arg in args))] = None

    def minor(self, text: str, currency: str, place: str) -> int | None:
        """An amount in minor units; None, with a warning, where the text is no amount. Empty is None,
        silently.
        """
        if not text:
            return None
        try:
            amount, rounded = to_minor(text, currency)
        except ValueError:
            self.warn(place, "amount-unreadable", text)
            return None
        if rounded:
            self.warn(place, "amount-rounded", text, currency)
        return amount

    def decimal(self, text: str, place: str) -> Decimal | None:
        """A decimal number; None, with a warning, where the text is none. Empty is None, silently."""
        if not text:
            return None
        try:
            return parse_decimal(text)
        except ValueError:
            self.warn(place, "number-unreadable", text)
            return None

    def day(self, text: str, place: str) -> date | None:
        """The calendar day of `YYYY-MM-DD` or `YYYYMMDD`; a time or time zone behind it does not move it."""
        if not text:
            return None
        digits = text[:10].replace("-", "") if text[4:5] == "-" else text[:8]
        try:
            if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
                raise ValueError
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            self.warn(place, "date-unreadable", text)
            return None

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        return tuple(self._warnings)


def readable(amount: int, currency: str) -> str:
    """An amount for a warning's sentence: a point, and as many decimals as the currency has."""
    return f"{from_minor(amount, currency):f} {currency}".rstrip()
