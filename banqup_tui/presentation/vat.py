"""Formats VAT rates, with the names of VAT categories (UNTDID 5305)."""

from __future__ import annotations

from decimal import Decimal

from banqup_tui.domain.invoice import VatBreakdown
from banqup_tui.presentation.formats import cut, percent, shown
from banqup_tui.presentation.words import N_, _

_CATEGORIES = {
    "Z": N_("Zero rate"),
    "E": N_("Exempt"),
    "AE": N_("Reverse charge"),
    "K": N_("Within the EU"),
    "G": N_("Export"),
    "O": N_("Outside VAT"),
    "L": "IGIC",
    "M": "IPSI",
}


def vat_rate(rate: Decimal | None) -> str:
    return cut(percent(float(rate)), 6) if rate is not None else ""


def vat_rate_or_category(rate: VatBreakdown) -> str:
    return vat_rate(rate.rate) if rate.rate is not None else cut(shown(rate.category), 6)


def vat_category(rate: VatBreakdown) -> str:
    if rate.category in _CATEGORIES:
        return _(_CATEGORIES[rate.category])
    if rate.category != "S" or rate.rate is None:
        return ""
    return _("Standard") if rate.rate >= 15 else _("Reduced") if rate.rate > 0 else ""
