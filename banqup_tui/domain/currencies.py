"""The currencies of ISO 4217 and their decimals. No other module has the decimals of a currency."""

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
"""Currencies of ISO 4217 list three (withdrawn) that old documents have."""

CURRENCIES: frozenset[str] = frozenset(_ACTIVE.split()) | frozenset(_WITHDRAWN.split())
"""The codes that are read as a currency where a format writes it directly after an account number."""

_NO_DECIMALS = """
BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BEF ESP GRD ITL LUF PTE TRL
"""
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"

USUAL_DIGITS = 2
MOST_DIGITS = 4
DIGITS: dict[int, frozenset[str]] = {
    digits: frozenset(currencies.split())
    for digits, currencies in ((0, _NO_DECIMALS), (3, _THREE_DECIMALS), (MOST_DIGITS, _FOUR_DECIMALS))
}
"""Currencies with other than two decimals, by their number of decimals.

These are the minor units of ISO 4217 list one. List three (withdrawn) has none, so those currencies have the decimals
that were in use. Amounts are stored in minor units, so a currency that changes its place here needs a migration of the
stored amounts.
"""

_DIGITS_OF = {currency: digits for digits, currencies in DIGITS.items() for currency in currencies}


def minor_digits(currency: str) -> int:
    """Returns the number of decimals of a currency by its code; two for an unknown code."""
    return _DIGITS_OF.get(currency.upper(), USUAL_DIGITS)
