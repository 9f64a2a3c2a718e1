"""A PDF is the picture of an e-invoice if its text shows that invoice, and no other document."""

from datetime import date

import msgspec
import pytest

from banqup_tui.domain.twins import InvoiceMarks, PictureText

MARKS = InvoiceMarks(
    number="2026-00417",
    issued=date(2026, 11, 20),
    currency="EUR",
    totals=(123456,),
    parts=(102030, 21426),
    seller_numbers=("BE0998765448", "BE43068999999501"),
    seller_name="Minoterie Saint-Hubert SA",
)
PAGE = """Minoterie Saint-Hubert SA
TVA BE 0998.765.448
Facture n° 2026-00417
Date : 20/11/2026
Total hors TVA 1.020,30 €
TVA 6 % et 21 % 214,26 €
Total à payer 1.234,56 €
Payable au plus tard le 20/12/2026 sur le compte BE43 0689 9999 9501"""


def shows(text: str, **changes: object) -> bool:
    return PictureText(text).shows(msgspec.structs.replace(MARKS, **changes))


def speaks_against(text: str) -> bool:
    return PictureText(text).speaks_against(MARKS)


def test_a_page_with_number_total_and_seller_shows_the_invoice() -> None:
    assert shows(PAGE)
    assert "202600417" in PictureText(PAGE).number_keys


@pytest.mark.parametrize(
    "spelling",
    [
        *("1234.56", "1.234,56", "1 234,56", "1'234.56", "1,234.56", "1234,56"),
        *("1\u202f234,56", "1\u00a0234,56", "1\u2019234.56"),
    ],
)
def test_the_total_is_known_in_every_spelling(spelling: str) -> None:
    assert shows(PAGE.replace("1.234,56", spelling))


@pytest.mark.parametrize("other", ["11.234,56", "1.234,567", "1.234,5", "2.234,56", "1.234.567,56", "1234"])
def test_an_amount_that_only_holds_the_total_is_another(other: str) -> None:
    assert not shows(PAGE.replace("1.234,56", other))


@pytest.mark.parametrize("spelling", ["2026/00417", "2026 00417", "202600417", "N°2026-00417", "F-2026-00417"])
def test_the_number_is_known_whatever_signs_it_is_written_with(spelling: str) -> None:
    assert shows(PAGE.replace("2026-00417", spelling))


@pytest.mark.parametrize(
    "other", ["2026-004178", "12026-00417", "2026-00417-1", "2025-2026-00417", "2026-00418", "00417"]
)
def test_a_number_that_only_holds_it_is_another(other: str) -> None:
    assert not shows(PAGE.replace("2026-00417", other))


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        (PAGE.replace("Minoterie Saint-Hubert SA", "").replace("BE43 0689 9999 9501", ""), True),
        (PAGE.replace("0998.765.448", "").replace("BE43 0689 9999 9501", ""), True),
        (PAGE.replace("0998.765.448", "").replace("Minoterie Saint-Hubert SA", "MINOTERIE  SAINT HUBERT s.a."), True),
        (PAGE.replace("0998.765.448", "0912.345.673").replace("Minoterie", "Moulin").replace("9501", "9502"), False),
    ],
    ids=["VAT number", "name and account", "name in capitals", "another seller"],
)
def test_the_seller_is_known_by_a_number_or_by_its_name(text: str, is_shown: bool) -> None:
    assert shows(text) is is_shown


def test_a_reminder_and_a_list_of_open_invoices_do_not_show_the_invoice() -> None:
    reminder = "\n".join(line for line in PAGE.split("\n") if "TVA 6" not in line and "hors TVA" not in line)
    assert not shows(reminder)
    assert not shows(f"Rappel\n{PAGE}")
    assert not shows(f"2e herinnering\n{PAGE}")
    assert not shows(f"Note de crédit NC-17\n{PAGE}")
    assert shows(f"Note de crédit\n{PAGE}", is_credit_note=True)


def test_a_short_number_counts_only_with_a_word_for_it_or_with_the_date() -> None:
    short = PAGE.replace("2026-00417", "12")
    assert shows(short, number="12")
    without_label = short.replace("Facture n° 12", "12 pièces")
    assert shows(without_label, number="12")
    assert not shows(without_label.replace("20/11/2026", "27/11/2026"), number="12")


@pytest.mark.parametrize(
    "day", ["20-11-2026", "20.11.26", "2026-11-20", "20 novembre 2026", "20 nov. 2026", "11/20/2026"]
)
def test_the_date_is_known_in_its_spellings(day: str) -> None:
    assert shows(PAGE.replace("Facture n° 2026-00417", "12 pièces").replace("20/11/2026", day), number="12")


def test_a_text_with_neither_number_nor_total_speaks_against_the_invoice() -> None:
    letter = (
        "Cher client, veuillez trouver ci-joint nos nouvelles conditions générales de vente pour l'année prochaine."
    )
    assert speaks_against(letter)
    assert not speaks_against(f"{letter} Facture 2026-00417")
    assert not speaks_against(f"{letter} 1 234,56")


def test_a_text_of_a_few_words_says_nothing() -> None:
    assert not speaks_against("")
    assert not speaks_against("Scanned by the machine on the second floor")


def test_a_currency_without_decimals_is_known_by_whole_amounts() -> None:
    yen = {"currency": "JPY", "totals": (123456,), "parts": ()}
    assert shows(PAGE.replace("1.234,56", "123,456"), **yen)
