"""Which values of the text of a PDF are believed, and which are only suggested."""

import time
from datetime import date

import pytest

from banqup_tui.domain.invoice_text import Believed, InvoiceText, believed_values
from banqup_tui.domain.suggestion import TextField

OWN = "be:0799000183"
MILL = "be:0998765448"
PAGE = """Minoterie Saint-Hubert SA
TVA BE 0998.765.448
Facture n° F-2026/00417
Date : 20/11/2026
Échéance : 20/12/2026
Boulangerie du Parvis SRL
TVA BE 0799.000.183
Farine T65   10   100,00   6 %   1.000,00
Total hors TVA 1.000,00 €
TVA 6 % 60,00 €
Total à payer 1.060,00 €
IBAN BE43 0689 9999 9501
Communication +++090/9337/55493+++"""


def read(text: str, *, known: bool = True, sells: bool = False, own: str = OWN) -> Believed:
    return believed_values(
        InvoiceText(text, date(2026, 11, 24)),
        own_keys={own},
        own_name="Boulangerie du Parvis SRL",
        sells=sells,
        known={MILL: "Minoterie Saint-Hubert"} if known else {},
    )


def suggested(found: Believed, field: TextField) -> tuple[str, ...]:
    return next((one.candidates for one in found.suggestions if one.field is field), ())


def test_all_values_of_an_invoice_whose_parts_agree_are_believed() -> None:
    found = read(PAGE)
    assert found.values == {
        TextField.NUMBER: "F-2026/00417",
        TextField.ISSUE_DATE: "2026-11-20",
        TextField.DUE_DATE: "2026-12-20",
        TextField.COUNTERPARTY: "Minoterie Saint-Hubert",
        TextField.VAT_NUMBER: "BE0998765448",
        TextField.CURRENCY: "EUR",
        TextField.NET_AMOUNT: "100000",
        TextField.VAT_AMOUNT: "6000",
        TextField.GROSS_AMOUNT: "106000",
        TextField.IBAN: "BE43068999999501",
        TextField.PAYMENT_REFERENCE: "090933755493",
    }
    assert found.suggestions == ()


@pytest.mark.parametrize(
    "text",
    [
        PAGE.replace("Facture n°", "Offre n°").replace("Facture", "Offre"),
        PAGE.replace("1.060,00", "1.061,00"),
        PAGE.replace("60,00 €\nTotal", "600,00 €\nTotal"),
        PAGE.replace("0998.765.448", "0998.765.449"),
        PAGE.replace("Farine", "Chez TVA BE 0912.345.673"),
        PAGE.replace("Total à payer 1.060,00 €", "Total à payer 1.060,00 € ou 1.100,00 USD"),
        f"Rappel\n{PAGE}",
    ],
    ids=["an offer", "no sum", "VAT too high", "check digits", "two others", "two currencies", "a reminder"],
)
def test_nothing_is_believed_unless_check_digits_sums_and_a_party_agree(text: str) -> None:
    assert read(text).values == {}


def test_an_unknown_seller_is_believed_only_where_the_client_is_named() -> None:
    found = read(PAGE, known=False)
    assert found.values[TextField.VAT_NUMBER] == "BE0998765448"
    assert TextField.COUNTERPARTY not in found.values
    assert suggested(found, TextField.COUNTERPARTY) == ("Minoterie Saint-Hubert SA",)
    assert read(PAGE.replace("TVA BE 0799.000.183", ""), known=False).values == {}
    assert read(PAGE.replace("TVA BE 0799.000.183", "")).values[TextField.NUMBER] == "F-2026/00417"


def test_a_value_of_which_there_are_two_is_only_suggested() -> None:
    found = read(f"{PAGE}\nFacture F-2026/00418\nIBAN BE68 5390 0754 7034")
    assert TextField.NUMBER not in found.values
    assert suggested(found, TextField.NUMBER) == ("F-2026/00417", "F-2026/00418")
    assert suggested(found, TextField.IBAN) == ("BE43068999999501", "BE68539007547034")
    assert found.values[TextField.GROSS_AMOUNT] == "106000"


def test_a_credit_note_has_negative_amounts() -> None:
    found = read(PAGE.replace("Facture n°", "Note de crédit\nNote de crédit n°"))
    assert found.values[TextField.NUMBER] == "F-2026/00417"
    assert [found.values[one] for one in (TextField.NET_AMOUNT, TextField.GROSS_AMOUNT)] == ["-100000", "-106000"]


def test_an_invoice_of_the_client_to_a_private_person_is_believed_without_another_party() -> None:
    found = read(PAGE.replace("TVA BE 0998.765.448", ""), known=False, sells=True)
    assert found.values[TextField.GROSS_AMOUNT] == "106000"
    assert found.party is None


def test_vat_of_two_rates_need_not_be_added_up_in_the_text() -> None:
    text = PAGE.replace("TVA 6 % 60,00 €", "TVA 6 % 600,00 36,00 €\nTVA 21 % 400,00 84,00 €").replace("1.060", "1.120")
    found = read(text)
    assert (found.values[TextField.VAT_AMOUNT], found.values[TextField.GROSS_AMOUNT]) == ("12000", "112000")


@pytest.mark.parametrize(
    ("head", "number", "day"),
    [
        ("Factuurnummer: 20260417\nFactuurdatum: 20 november 2026", "20260417", "2026-11-20"),
        ("FACTUUR 2026-417\nDatum 20.11.26", "2026-417", "2026-11-20"),
        ("Factuurnummer Datum Vervaldag\nVF26/417 20/11/2026 20/12/2026", "VF26/417", "2026-11-20"),
        ("Invoice No. INV-417\nInvoice date 2026-11-20", "INV-417", "2026-11-20"),
        ("Numéro de facture : 417\nDate de facture : 20-11-2026\nDate de livraison 18-11-2026", "417", "2026-11-20"),
        ("Facture du 20/11/2026\nN° facture A417", "A417", "2026-11-20"),
        ("Facture 2026 417\nDate : 20/11/2026", None, "2026-11-20"),
        ("Facture n° 417\nDate : 31/02/2026", "417", None),
    ],
)
def test_number_and_date_are_found_as_senders_write_them(head: str, number: str | None, day: str | None) -> None:
    rest = PAGE.split("\n")
    found = read("\n".join([*rest[:2], head, *rest[5:]]))
    assert found.values.get(TextField.NUMBER) == number
    assert found.values.get(TextField.ISSUE_DATE) == day


@pytest.mark.parametrize(
    "text",
    ["1,00 " * 4_000, "Total 1,00\n" * 1_800, "BE 0" * 5_000, "Facture " * 2_500, "BE68 5390 " * 2_000, "Date " * 4_000,
     "\n".join(f"Total {at},{at % 100:02}" for at in range(1_500)), "1.000." * 3_000, "a" * 20_000],
)  # fmt: skip
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    read(f"Facture\n{text}\nTVA BE 0998.765.448")
    assert time.process_time() - began < 1.0
