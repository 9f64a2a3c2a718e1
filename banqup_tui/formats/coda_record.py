"""One record of a CODA file, its fields taken by position."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from banqup_tui.domain.money import to_minor
from banqup_tui.domain.text import clean
from banqup_tui.formats.bank_text import short_date
from banqup_tui.formats.findings import Findings


class Record(msgspec.Struct, frozen=True):
    """A line of at least 128 characters, and its number in the file."""

    line: int
    text: str

    @property
    def kind(self) -> str:
        """`0`, `1`, `4`, `8`, `9`, or two digits for movements (`21`) and information (`31`)."""
        return self.text[:2] if self.text[0] in "23" else self.text[0]

    @property
    def place(self) -> str:
        return f"line {self.line}"

    def take(self, position: int, length: int) -> str:
        """The characters from a position, counted from 1."""
        return self.text[position - 1 : position - 1 + length]

    def day(self, position: int, findings: Findings) -> date | None:
        """The date `DDMMYY` at a position; None for zeros."""
        digits = self.take(position, 6)
        return short_date(digits[4:6], digits[2:4], digits[:2], findings, self.place)


def amount(record: Record, position: int, currency: str, findings: Findings) -> int | None:
    """The amount at a position, without its sign: 15 digits, the last three of them decimals."""
    digits = record.take(position, 15)
    if not (digits.isascii() and digits.isdigit()):
        findings.warn(record.place, "content.amount-unreadable", text=clean(digits))
        return None
    value = Decimal(int(digits)).scaleb(-3)
    minor, rounded = to_minor(value, currency)
    if rounded:
        findings.warn(record.place, "content.amount-rounded", amount=f"{value:f}", currency=currency)
    return minor


def signed(unsigned: int | None, sign: str, record: Record, findings: Findings) -> int | None:
    """The amount with its sign, which is a digit of its own: 0 for credit, 1 for debit."""
    if unsigned is None:
        return None
    if sign not in "01":
        findings.warn(record.place, "content.sign-unreadable", text=clean(sign))
        return None
    return -unsigned if sign == "1" else unsigned
