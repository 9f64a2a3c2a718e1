"""What CODA says in digits is said in words: card payments, interest, direct debits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.statement import Movement
from banqup_tui.formats import read
from banqup_tui.formats.coda_communications import read_communication
from banqup_tui.presentation.messages import sentence_of
from tests.formats import format_documents as make


def explained(*records: str) -> tuple[Movement, list[str]]:
    (statement,) = read(make.coda(*records, make.coda_closing(999_000)).encode()).statements
    (movement,) = statement.movements
    return movement, [sentence_of(one) for one in movement.explanations]


def structured_movement(zone: str) -> list[str]:
    """The records of a movement with a structured communication of any length up to 159 characters."""
    second = make.record(at1="2200010000", at11=zone[53:106].ljust(53))
    third = make.record(at1="2300010000", at83=zone[106:149].ljust(43))
    return [make.coda_movement(1, 1_000, sign=1, structured=1, text=zone), second, third]


CARD_PAYMENT = "113" + "6703009204917907" + "1" + "000000" + "129198" + "260326" + "2154"
NO_AMOUNT = "0" * 15


@pytest.mark.parametrize(
    ("zone", "sentences"),
    [
        ("103" + "000000004711", ["Cheque or card 4711."]),
        ("103" + "670300920491", ["Cheque or card …0491."]),
        (
            "105" + "000000000100000" + "000000000110000" + "000110000000" + "USD" + "123456789002" + "US",
            ["Originally 110.00 USD, rate 1.1."],
        ),
        ("106" + "000000000021000" + "000000000100000" + "002100000000" + "0", ["21 per cent of 100.00 EUR."]),
        (
            "107" + "000000004711" + "020326" + "ELEKTRICITEIT".ljust(30) + "D" + "00465123710",
            ["Direct debit, mandate 4711, creditor 465123710.", "Not paid: the payer disagrees."],
        ),
        (
            "108" + NO_AMOUNT + "0" * 15 + "000450000000" + "010126" + "310326",
            ["Interest of 4.5 per cent from 01/01/2026 to 31/03/2026."],
        ),
        (
            "111" + "1" + "004711" + "001" + "000001" + "010326" + "000009" + "020326" + "0" + "BAKKERIJ DE K GENT",
            ["Card payments from 01/03/2026 to 02/03/2026, terminal 4711."],
        ),
        (CARD_PAYMENT + "7" + "KAASHANDEL BREM".ljust(26), ["Card payment, card ending 7907, 26/03/2026 21:54."]),
        (
            CARD_PAYMENT + "1" + "AUTOMAT".ljust(26) + "000000000110000" + "000110000000" + "USD",
            ["Cash withdrawal, card ending 7907, 26/03/2026 21:54.", "Originally 110.00 USD, rate 1.1."],
        ),
        (
            "114"
            + "1"
            + "004711"
            + "001"
            + "000017"
            + "260326"
            + "2154"
            + "5"
            + "BAKKERIJ".ljust(26)
            + "REF-17".ljust(16),
            ["Paid by card, 26/03/2026 21:54, terminal 4711."],
        ),
        (
            "115" + "6703009204917907" + "9" + "000001" + "000002" + "260326" + "0715",
            ["Cash deposit, card ending 7907, 26/03/2026 07:15."],
        ),
        (
            "121" + "000000001000000" + "300426" + "300426" + "010326" + "00465123710" + "EUR" + "0000000000004711",
            ["Bill 4711 of 1000.00 EUR, due 30/04/2026."],
        ),
        (
            "122" + "0030" + "000450000000" + "000000001000000" + "2" + "0000000004711" + "300426",
            ["Interest of 4.5 per cent on 1000.00 EUR, bill 4711."],
        ),
        (
            "123" + "010126" + "310326" + "000000001000000" + "000150000000" + "0090" + "2" + "0000000004711",
            ["Fees from 01/01/2026 to 31/03/2026.", "1.5 per cent of 1000.00 EUR.", "Guarantee 4711."],
        ),
        (
            "124" + "54XXXXXXXXXX4917".ljust(20) + "1" + "000000000017" + " " * 15 + "310326",
            ["Mastercard, card ending 4917.", "Statement 17 of 31/03/2026."],
        ),
        (
            "125"
            + "000123456789".ljust(27)
            + "000000001000000"
            + "000000000900000"
            + NO_AMOUNT
            + "EUR"
            + "010126310326"
            "000450000000",
            [
                "Credit 123456789.",
                "Balance 1000.00 EUR before, 900.00 EUR after.",
                "Interest of 4.5 per cent from 01/01/2026 to 31/03/2026.",
            ],
        ),
        (
            "126"
            + "000000000004711"
            + "000000001000000"
            + NO_AMOUNT
            + "010126310326"
            + "000250000000"
            + NO_AMOUNT
            + "EUR",
            [
                "Term deposit 4711 of 1000.00 EUR, 01/01/2026 to 31/03/2026.",
                "Interest of 2.5 per cent from 01/01/2026 to 31/03/2026.",
            ],
        ),
        (
            "127" + "020326" + "114" + "BE99ZZZ0465123710".ljust(35) + "MANDAAT-7".ljust(35),
            [
                "Direct debit, mandate MANDAAT-7, creditor BE99ZZZ0465123710.",
                "Not paid: a problem of the payer's account.",
            ],
        ),
    ],
    ids=lambda value: value[:3] if isinstance(value, str) else "",
)
def test_structured_communications_of_coda_are_said_in_words(zone: str, sentences: list[str]) -> None:
    movement, shown = explained(*structured_movement(zone))
    assert shown == sentences
    assert "67030092" not in "".join((movement.free_communication, movement.counterparty_name, *shown))


def test_a_card_payment_names_the_shop() -> None:
    for shop, name in (("KAASHANDEL BREM", "KAASHANDEL BREM"), ("BROOD EN BANKET DE KORSTGENT", None)):
        movement, _ = explained(*structured_movement(f"{CARD_PAYMENT}5{shop}"))
        assert movement.counterparty_name == (name or shop)
        assert movement.free_communication == ""


def test_an_equivalent_amount_may_have_a_structured_communication_beside_it() -> None:
    zone = "105" + NO_AMOUNT * 2 + "0" * 12 + "EUR" + "123456789002"
    assert explained(*structured_movement(zone))[0].structured_communication == "123456789002"


@pytest.mark.parametrize("zone", ["199NIEUW SOORT", "113", "113NIET INGEVULD", "124" + " " * 50])
def test_a_communication_that_is_not_understood_is_text(zone: str) -> None:
    movement, shown = explained(*structured_movement(zone))
    assert (movement.free_communication or movement.counterparty_name, shown) == (zone[3:].strip(), [])


def test_no_card_number_is_shown_whole_where_a_communication_is_not_understood() -> None:
    movement, _ = explained(*structured_movement("199KAART 6703009204917907"))
    assert movement.free_communication == "KAART …7907"


@given(st.text(alphabet="0123456789 AX", max_size=159))
def test_no_communication_whatever_brings_the_reader_of_coda_down(text: str) -> None:
    for kind in (100, 103, 105, 107, 113, 115, 121, 124, 126, 127):
        found = read_communication(f"{kind}{text}", is_structured=True, currency="EUR")
        assert all(sentence_of(one) for one in found.explanations)
