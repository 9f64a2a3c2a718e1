"""What a reader collects on its way: warnings, and values taken out of texts with a warning where they
fail.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from banqup_tui.domain.messages import message
from banqup_tui.domain.money import from_minor, parse_decimal, to_minor
from banqup_tui.domain.warnings import ReadWarning

MOST_WARNINGS = 100
_LONGEST = 100
"""Characters of a parameter."""


class Findings:
    """The warnings of one document, in order, without doubles, at most MOST_WARNINGS."""

    def __init__(self) -> None:
        self._warnings: list[ReadWarning] = []

    def warn(self, place: str, code: str, **params: str) -> None:
        """Note an oddity."""
        if len(self._warnings) < MOST_WARNINGS:
            texts = {name: text[:_LONGEST] for name, text in params.items()}
            warning = ReadWarning(place=place, message=message(code, "", **texts))
            if warning not in self._warnings:
                self._warnings.append(warning)

    def minor(self, text: str, currency: str, place: str) -> int | None:
        """An amount in minor units; None, with a warning, where the text is no amount. Empty is None,
        silently.
        """
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
        """A decimal number; None, with a warning, where the text is none. Empty is None, silently."""
        if not text:
            return None
        try:
            return parse_decimal(text)
        except ValueError:
            self.warn(place, "content.number-unreadable", text=text)
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
            self.warn(place, "content.date-unreadable", text=text)
            return None

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        return tuple(self._warnings)


def readable(amount: int, currency: str) -> str:
    """An amount for a warning's sentence: a point, and as many decimals as the currency has."""
    return f"{from_minor(amount, currency):f} {currency}".rstrip()
