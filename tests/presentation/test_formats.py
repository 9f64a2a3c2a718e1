"""Amounts, dates and names as an accountant expects to read them, and cut so that what matters is kept."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import banqup_tui
from banqup_tui.domain.currencies import CURRENCIES
from banqup_tui.domain.money import to_minor
from banqup_tui.presentation import formats, signs, words


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    formats.use_locale("en_GB")
    signs.use_ascii(False)
    yield
    formats.use_locale("en_GB")
    signs.use_ascii(False)


@pytest.mark.parametrize(
    ("locale", "written"),
    [("en_GB", "1,215.13"), ("fr_BE", "1\u00a0215,13"), ("nl_BE", "1.215,13"), ("de_BE", "1.215,13")],
)
def test_an_amount_is_written_as_in_the_users_country(locale: str, written: str) -> None:
    formats.use_locale(locale)
    assert formats.amount(121513) == written


def test_a_fleming_reads_dates_amounts_and_moments_as_at_home() -> None:
    formats.use_locale("nl_BE.UTF-8")
    assert formats.full_date(date(2026, 11, 30)) == "30/11/2026"
    assert (formats.amount(123456), formats.count(1500)) == ("1.234,56", "1.500")
    assert (formats.percent(5.5), formats.size(1_400_000)) == ("5,5%", "1,4\u00a0MB")
    words.use_language("nl")
    assert formats.moment(datetime(2026, 11, 30, 18, 58), date(2026, 11, 30)) == "vandaag 18:58"
    words.use_language("en")


def test_another_currency_stands_before_the_amount_and_euro_is_not_named() -> None:
    assert formats.amount(124000, "USD") == "USD 1,240.00"
    assert formats.amount(124000, "EUR") == "1,240.00"
    assert formats.amount_with_currency(121513) == "1,215.13\u00a0EUR"


def test_an_amount_has_the_decimals_of_its_currency() -> None:
    assert formats.amount(1240, "JPY") == "JPY 1,240"
    assert formats.amount(1240, "KWD") == "KWD 1.240"


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_an_amount_is_shown_as_it_was_read_also_of_a_currency_that_was_withdrawn(currency: str) -> None:
    minor, rounded = to_minor("1215", currency)
    assert not rounded
    assert formats.figure(minor, currency).partition(".")[0] == "1,215"


def test_belgian_francs_and_lire_have_no_cents() -> None:
    assert formats.amount(121500, "BEF") == "BEF 121,500"
    assert formats.amount(121500, "ITL") == "ITL 121,500"
    assert formats.amount(121500, "LUF") == "LUF 121,500"
    assert formats.amount(121500, "ESP") == "ESP 121,500"


def test_no_other_module_knows_the_decimals_of_a_currency() -> None:
    package = Path(banqup_tui.__file__).parent
    knowing = [path for path in package.rglob("*.py") if re.search(r"\bKWD\b", path.read_text())]
    assert knowing == [package / "domain" / "currencies.py"]


def test_a_credit_note_has_a_real_minus_and_a_plain_one_in_the_plain_set_and_when_copied() -> None:
    assert formats.amount(-21175) == "−211.75"
    assert formats.plain_amount(-121513) == "-1,215.13"
    signs.use_ascii(True)
    assert formats.amount(-21175) == "-211.75"


def test_copying_a_french_amount_gives_no_spaces() -> None:
    formats.use_locale("fr_BE")
    assert formats.plain_amount(-121513) == "-1215,13"


def test_dates_are_short_where_narrow_and_today_is_named() -> None:
    assert formats.full_date(date(2026, 11, 24)) == "24/11/2026"
    assert formats.short_date(date(2026, 11, 24)) == "24/11/26"
    assert formats.moment(datetime(2026, 11, 24, 9, 14), date(2026, 11, 24)) == "today 09:14"
    assert formats.moment(datetime(2026, 11, 23, 9, 14), date(2026, 11, 24)) == "23/11/2026 09:14"


def test_numbers_of_people_and_banks_are_grouped_as_on_paper() -> None:
    assert formats.vat_number("BE0465123710") == "BE 0465.123.710"
    assert formats.vat_number(None) == "–"
    assert formats.iban("BE68539007547034") == "BE68 5390 0754 7034"


def test_a_name_is_cut_at_its_end_and_a_number_in_its_middle() -> None:
    assert formats.cut("Verpakkingen Leiekant BV", 18) == "Verpakkingen Leie…"
    assert formats.cut("Levures et Ferments Benelux", 12) == "Levures et…"
    assert formats.cut_middle("PH-2026-771045", 13) == "PH-202…771045"
    assert formats.cut_middle("PH-2026-771045", 12) == "PH-20…771045"


@given(st.text(max_size=60), st.integers(min_value=0, max_value=40))
def test_a_cut_text_never_takes_more_cells_than_it_was_given(text: str, width: int) -> None:
    text = formats.shown(text)
    assert cell_len(formats.cut(text, width)) <= width
    assert cell_len(formats.cut_middle(text, width)) <= width


@given(st.text(alphabet="ab 字日é", max_size=60), st.integers(min_value=2, max_value=40))
def test_wrapped_lines_never_take_more_cells_than_they_were_given(text: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in formats.wrapped(text, width))


@given(st.text(max_size=60))
def test_a_strangers_text_shows_no_control_no_escape_and_no_change_of_direction(text: str) -> None:
    assert all(character.isprintable() or character == "\u00a0" for character in formats.shown(text))


def test_a_name_that_looks_like_markup_is_shown_as_it_is() -> None:
    assert formats.shown("a[/b]c") == "a[/b]c"
    assert "\x1b" not in formats.shown("\x1b[31mred")
    assert "\u202e" not in formats.shown("abc\u202edef")
