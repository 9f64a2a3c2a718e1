"""Formats quantities and unit prices, with the names of units."""

from __future__ import annotations

from decimal import Decimal

from banqup_tui.presentation.formats import decimal
from banqup_tui.presentation.words import N_, _

_PIECE, _BAG, _BOX, _CARTON, _FIXED = N_("pc"), N_("bag"), N_("box"), N_("ctn"), N_("fixed")
_UNITS = {
    **dict.fromkeys(("C62", "EA", "H87", "NAR", "XPP", "PCE"), _PIECE),
    **dict.fromkeys(("BG", "XBG"), _BAG),
    **dict.fromkeys(("BX", "XBX"), _BOX),
    **dict.fromkeys(("CT", "XCT"), _CARTON),
    "XPX": N_("pallet"), "HUR": N_("h"), "DAY": N_("day"), "MON": N_("month"), "ANN": N_("year"), "WEE": N_("week"),
    "KGM": "kg", "GRM": "g", "TNE": "t", "LTR": "l", "MTR": "m", "MTK": "m²", "MTQ": "m³", "KMT": "km",
    "KWH": "kWh", "MWH": "MWh", "LS": _FIXED, "E48": N_("unit"), "ZZ": "", "MIN": "min", "PR": N_("pair"),
    "SET": N_("set"), "P1": "%",
}  # fmt: skip
"""The names of units by their code in UN/ECE Recommendation 20 (21 for packages); other units are shown as their code.
"""


def quantity(number: Decimal | None, unit_code: str, *, named: bool) -> str:
    """Returns a quantity, with the name of its unit if `named`; empty without a number."""
    if number is None:
        return ""
    text = decimal(_plain(number))
    unit = _(_UNITS[unit_code]) if _UNITS.get(unit_code) else _UNITS.get(unit_code, unit_code)
    return f"{text} {unit}".rstrip() if named else text


def unit_price(price: Decimal | None) -> str:
    if price is None:
        return ""
    text = _plain(price)
    whole, _dot, rest = text.partition(".")
    return decimal(f"{whole}.{rest.ljust(2, '0')}")


def _plain(number: Decimal) -> str:
    """Returns a number without exponent and trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
