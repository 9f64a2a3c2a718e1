from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.currencies import minor_digits
from banqup_tui.domain.money import from_minor, to_minor


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("JPY", 0), ("HUF", 2), ("OMR", 3), ("CLF", 4), ("eur", 2), ("???", 2)],
)
def test_each_currency_has_its_own_decimals(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("text", "currency", "minor", "rounded"),
    [
        ("12.34", "EUR", 1234, False),
        ("12.345", "EUR", 1235, True),
        ("-12.345", "EUR", -1235, True),
        ("12.3449", "EUR", 1234, True),
        (" +12 ", "EUR", 1200, False),
        (".5", "EUR", 50, False),
        ("12.", "EUR", 1200, False),
        ("1500", "JPY", 1500, False),
        ("1.2345", "OMR", 1235, True),
        ("-0", "EUR", 0, False),
    ],
)
def test_an_amount_becomes_whole_minor_units(text: str, currency: str, minor: int, rounded: bool) -> None:
    assert to_minor(text, currency) == (minor, rounded)


@pytest.mark.parametrize("text", ["", "1,5", "1.000,00", "NaN", "Infinity", "1e5", "٣", "1 000", "9" * 25, "0x1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        to_minor(text, "EUR")


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("1E+999999"), Decimal("1E-999999"), Decimal("sNaN")])
def test_a_number_that_no_account_can_hold_is_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        to_minor(value, "EUR")


@given(st.decimals(-(10**12), 10**12, places=6), st.sampled_from(["EUR", "JPY", "OMR", "CLF"]))
def test_rounding_is_half_up_and_never_off_by_more_than_half_a_unit(value: Decimal, currency: str) -> None:
    minor, rounded = to_minor(value, currency)
    exact = value.scaleb(minor_digits(currency))
    assert minor == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert abs(minor - exact) <= Decimal("0.5")
    assert rounded == (minor != exact)
    assert to_minor(-value, currency) == (-minor, rounded)


@given(st.integers(-(2**62), 2**62), st.sampled_from(["EUR", "JPY", "OMR"]))
def test_minor_units_survive_the_way_to_a_decimal_and_back(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == (minor, False)
