"""Converts amounts of money between decimals and whole minor units: cents for EUR, yen for JPY, baisa for OMR."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from banqup_tui.domain.currencies import minor_digits

_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
_CONTEXT = Context(prec=120, rounding=ROUND_HALF_UP)
_LARGEST = 2**63 - 1


def parse_decimal(text: str) -> Decimal:
    """Reads a decimal number without exponent and thousands separators (`xs:decimal`, XML Schema Part 2, 3.2.3).

    Raises `ValueError` for any other text, `NaN` and `Infinity` included.
    """
    stripped = text.strip()
    if not _DECIMAL.fullmatch(stripped):
        raise ValueError(f"not a decimal number: {stripped[:40]!r}")
    return Decimal(stripped)


def to_minor(value: str | Decimal, currency: str) -> tuple[int, bool]:
    """Returns an amount in minor units of `currency`, and whether it had more decimals and was rounded.

    Halves are rounded away from zero, so that an invoice and its credit note are rounded alike. Raises `ValueError`
    for a text that is no decimal number, and for an amount beyond 64 bits.
    """
    amount = parse_decimal(value) if isinstance(value, str) else value
    if not amount.is_finite() or abs(amount.adjusted()) > 60:
        if amount.is_zero():
            return 0, False
        raise ValueError("not an amount of money")
    scaled = amount.scaleb(minor_digits(currency), _CONTEXT)
    whole = scaled.quantize(Decimal(1), context=_CONTEXT)
    if abs(whole) > _LARGEST:
        raise ValueError("not an amount of money: too large")
    return int(whole), whole != scaled


def from_minor(amount: int, currency: str) -> Decimal:
    """Returns the exact decimal value of an amount in minor units."""
    return Decimal(amount).scaleb(-minor_digits(currency), _CONTEXT)
