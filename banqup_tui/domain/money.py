"""Money as whole minor units: cents for EUR, yen for JPY, baisa for OMR.

The number of decimals of each currency is the "minor unit" column of ISO 4217, list one; a few withdrawn
currencies that still stand in old files are added.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

_ACTIVE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST
XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_WITHDRAWN = "ANG ATS BEF CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE ROL SIT SKK TRL"

CURRENCIES: frozenset[str] = frozenset(_ACTIVE.split()) | frozenset(_WITHDRAWN.split())
"""Codes of ISO 4217 that are accepted as a currency where a format glues one to an account number."""

_NO_DECIMALS = """
BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BEF ESP GRD ITL LUF PTE TRL
"""
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_OTHER_THAN_TWO: dict[str, int] = {
    currency: digits
    for digits, currencies in ((0, _NO_DECIMALS), (3, _THREE_DECIMALS), (4, _FOUR_DECIMALS))
    for currency in currencies.split()
}

_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
_CONTEXT = Context(prec=120, rounding=ROUND_HALF_UP)
_LARGEST = 2**63 - 1


def minor_digits(currency: str) -> int:
    """The number of decimals of a currency, by its code; two for a code that is not known."""
    return _OTHER_THAN_TWO.get(currency.upper(), 2)


def parse_decimal(text: str) -> Decimal:
    """The value of a plain decimal number (`xs:decimal`: no exponent, no thousands separator).

    Raises ValueError for anything else, `NaN` and `Infinity` included.
    """
    stripped = text.strip()
    if not _DECIMAL.fullmatch(stripped):
        raise ValueError(f"not a decimal number: {stripped[:40]!r}")
    return Decimal(stripped)


def to_minor(value: str | Decimal, currency: str) -> tuple[int, bool]:
    """An amount in minor units of `currency`, and whether it was finer than that and had to be rounded half
    up.

    Half up means away from zero, so that an invoice and its credit note round alike. Raises ValueError for
    a text that is no decimal number and for an amount beyond 64 bits.
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
    """The exact decimal value of an amount in minor units."""
    return Decimal(amount).scaleb(-minor_digits(currency), _CONTEXT)
