from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.identifiers import (
    belgian_check_holds,
    belgian_number,
    check_communication,
    communication_in,
    creditor_reference,
    iban_check_digits,
    is_iban,
    normalise_vat,
    party_keys,
    pretty_account,
    pretty_communication,
    pretty_enterprise_number,
    pretty_vat,
    vat_number_holds,
)


@pytest.mark.parametrize(
    "text",
    [
        "BE0465123710",
        "BE 0465.123.710",
        "TVA BE 0465 123 710",
        "BTW-0465.123.710",
        "465123710",
        "RPM 0465123710",
        "BTW-nr. BE 0465.123.710",
        "N° TVA : BE0465123710",
        "Numéro d'entreprise 0465.123.710",
        "Ondernemingsnummer 0465.123.710",
        "0465.123.710 RPR Gent",
        "RPM Liège 0465.123.710",
        "Nr 0465.123.710",
    ],
)
def test_a_belgian_number_is_one_however_it_is_written(text: str) -> None:
    assert belgian_number(text) == "0465123710"


@pytest.mark.parametrize(
    "text", ["2465123710", "Nr 465123710", "ID 0465123711", "BE04651237", "NL123456789B01", "", "BE", "٠٤٦٥١٢٣٧١٠"]
)
def test_what_is_no_belgian_enterprise_is_not_taken_for_one(text: str) -> None:
    assert belgian_number(text) is None


def test_numbers_of_the_series_that_begins_with_one_are_belgian() -> None:
    assert belgian_number("BE1404666914") == "1404666914"
    assert not belgian_check_holds("1404666914")


@given(st.integers(0, 19_999_999))
def test_the_check_digits_of_a_belgian_number_are_found_right_and_a_slip_is_noticed(start: int) -> None:
    number = f"{start:08}{97 - start % 97:02}"
    assert belgian_check_holds(number)
    assert vat_number_holds(f"BE{number}")
    slipped = f"{(start + 1) % 20_000_000:08}{number[8:]}"
    assert not belgian_check_holds(slipped)


@pytest.mark.parametrize(
    ("text", "country", "vat"),
    [
        ("nl 1234.56.789.B01", "", "NL123456789B01"),
        ("123456789", "DE", "DE123456789"),
        ("GR123456789", "", "EL123456789"),
        ("0465.123.710", "BE", "BE0465123710"),
        ("BTW-nr. 0465.123.710", "BE", "BE0465123710"),
        ("TVA: BE 0465.123.710", "", "BE0465123710"),
        ("VAT no. NL123456789B01", "", "NL123456789B01"),
        ("VAT NO 995525828 MVA", "", "NO995525828MVA"),
        ("CHE-123.456.788 MWST", "", "CHE123456788MWST"),
        ("201/113/40209", "DE", None),
        ("hello", "", None),
    ],
)
def test_a_vat_number_gets_one_form(text: str, country: str, vat: str | None) -> None:
    assert normalise_vat(text, country) == vat


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ATU13585627", "ATU13585626"),
        ("BE0202239951", "BE0202239950"),
        ("CHE107787577MWST", "CHE107787578MWST"),
        ("CHE107787577", "CHE107787578"),
        ("DE136695976", "DE136695978"),
        ("EL094259216", "EL094259217"),
        ("ESA28015865", "ESA28015866"),
        ("FR44732829320", "FR45732829320"),
        ("IE6433435F", "IE6433435E"),
        ("IT00743110157", "IT00743110158"),
        ("LU15027442", "LU15027443"),
        ("NL004495445B01", "NL004495446B01"),
        ("NO995525828MVA", "NO995525829MVA"),
        ("SE556188840401", "SE556188840501"),
        ("XI110305878", "XI110305879"),
    ],
)
def test_the_check_digits_of_a_vat_number_are_those_of_its_country(right: str, wrong: str) -> None:
    assert vat_number_holds(right)
    assert not vat_number_holds(wrong)


def test_wrong_check_digits_are_no_reason_to_leave_a_number_out() -> None:
    assert normalise_vat("136695977", "DE") == "DE136695977"
    assert not vat_number_holds("DE136695977")


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("0208", "0465123710"),
        ("9925", "BE0465123710"),
        ("9925", "be0465123710"),
        ("9956", "0465.123.710"),
        ("BE:VAT", "BE0465123710"),
        ("BE:CBE", "0465123710"),
        ("VAT", "BE 0465.123.710"),
        ("VA", "BE0465123710"),
        ("BTW", "BE0465123710"),
        ("TVA", "0465.123.710"),
        ("MwSt.", "BE0465123710"),
        ("0208", "0208:0465123710"),
        ("", "9925:BE0465123710"),
        ("iso6523-actorid-upis", "0208:0465123710"),
        ("", "iso6523-actorid-upis::0208:0465123710"),
        ("", "urn:oasis:names:tc:ebcore:partyid-type:iso6523:0208:0465123710"),
        ("", "BE:VAT:BE0465123710"),
        ("", "BE0465123710"),
        ("", "0465123710"),
    ],
)
def test_every_way_to_name_a_belgian_company_gives_the_same_key(scheme: str, value: str) -> None:
    assert party_keys([(scheme, value)], "BE") == ("be:0465123710",)
    assert party_keys([(scheme, value)]) == ("be:0465123710",)


@pytest.mark.parametrize(
    ("scheme", "value", "keys"),
    [
        ("0009", "73282932000074", ("fr:732829320",)),
        ("0002", "732829320", ("fr:732829320",)),
        ("9957", "FR44732829320", ("vat:FR44732829320", "fr:732829320")),
        ("VAT", "FR44732829320", ("vat:FR44732829320", "fr:732829320")),
        ("9944", "NL123456789B01", ("vat:NL123456789B01",)),
        ("0106", "12345678", ("0106:12345678",)),
        ("NL:KVK", "12345678", ("0106:12345678",)),
        ("0088", "5412345000013", ("0088:5412345000013",)),
        ("EM", "In@Firma.be", ("em:in@firma.be",)),
        ("", "K-1001", ()),
        ("", "1001", ()),
        ("0208", "", ()),
    ],
)
def test_other_identifiers_keep_their_scheme_and_homemade_ones_match_nobody(
    scheme: str, value: str, keys: tuple[str, ...]
) -> None:
    assert party_keys([(scheme, value)]) == keys


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=5), st.text(max_size=3))
def test_no_identifier_whatever_brings_the_keys_down(pairs: list[tuple[str, str]], country: str) -> None:
    keys = party_keys(pairs, country)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "iban",
    ["BE68 5390 0754 7034", "be68539007547034", "NL91ABNA0417164300", "MT84MALT011000012345MTLCAST001S"],
)
def test_a_good_iban_is_known(iban: str) -> None:
    assert is_iban(iban)


@pytest.mark.parametrize("text", ["BE69539007547034", "BE6853900754703", "XX68539007547034", "5555-5555", "", "BE"])
def test_a_bad_iban_is_noticed(text: str) -> None:
    assert not is_iban(text)
    assert pretty_account(text) == text


@given(st.integers(0, 10**12 - 1), st.integers(0, 15), st.integers(1, 9))
def test_iban_check_digits_are_made_right_and_a_changed_digit_is_noticed(number: int, at: int, by: int) -> None:
    account = f"{number:012}"
    iban = f"BE{iban_check_digits('BE', account)}{account}"
    assert is_iban(iban)
    assert pretty_account(iban).replace(" ", "") == iban
    if at >= 2:
        changed = iban[:at] + str((int(iban[at]) + by) % 10) + iban[at + 1 :]
        assert not is_iban(changed)


@given(st.integers(0, 10**10 - 1))
def test_a_structured_communication_has_the_check_digits_that_are_expected(number: int) -> None:
    expected = f"{number % 97 or 97:02}"
    check = check_communication(f"{number:010}{expected}")
    assert check is not None
    assert check.holds
    wrong = check_communication(f"{number:010}{int(expected) % 97 + 1:02}")
    assert wrong is not None
    assert not wrong.holds
    assert wrong.expected == expected


@pytest.mark.parametrize("text", ["+++123/4567/89002+++", "***123/4567/89002***", "123456789002", " 123/4567/89002 "])
def test_a_structured_communication_is_one_however_it_is_written(text: str) -> None:
    assert pretty_communication(text) == "+++123/4567/89002+++"


def test_numbers_are_shown_as_people_write_them() -> None:
    assert pretty_vat("BE0465123710") == "BE 0465.123.710"
    assert pretty_enterprise_number("0465123710") == "0465.123.710"
    assert pretty_vat("NL123456789B01") == "NL123456789B01"
    assert pretty_account("BE68539007547034") == "BE68 5390 0754 7034"
    assert pretty_communication("Brood van maart") == "Brood van maart"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("BETALING FACTUUR 123/4567/89002 DANK U", "123456789002"),
        ("Klant +++123/4567/89002+++", "123456789002"),
        ("***123 4567 89002***", "123456789002"),
        ("123456789002", "123456789002"),
        ("123 / 4567 / 89002", "123456789002"),
        ("zie rf18 5390 0754 7034 dank u", "RF18539007547034"),
        ("RF18539007547034.", "RF18539007547034"),
        ("123/4567/89002 en nog eens +++123/4567/89002+++", "123456789002"),
        ("123/4567/89003", ""),
        ("1123/4567/89002", ""),
        ("123/4567/890025", ""),
        ("telefoon 123456789002", ""),
        ("000/0000/00097", ""),
        ("RF19539007547034", ""),
        ("123/4567/89002 en 090/9337/55493", ""),
        ("", ""),
    ],
)
def test_one_structured_communication_is_found_in_a_text_if_its_check_digits_fit(text: str, found: str) -> None:
    assert communication_in(text) == found


@given(st.text())
def test_no_text_whatever_brings_the_search_for_communications_down(text: str) -> None:
    assert communication_in(text) == "" or communication_in(communication_in(text)) == communication_in(text)


def test_a_creditor_reference_is_written_in_groups_of_four() -> None:
    assert creditor_reference(" rf18 5390 0754 7034 ") == "RF18539007547034"
    assert creditor_reference("RF18 5390 0754 7035") is None
    assert pretty_communication("RF18539007547034") == "RF18 5390 0754 7034"


@pytest.mark.parametrize(
    "text", ["RPM" * 60 + "!", "IDNR" * 45 + "BE1", "USTID" * 35 + "+", "N" * 199, "0208:" * 40_000]
)
def test_a_label_without_end_is_looked_at_once(text: str) -> None:
    assert belgian_number(text) is None
    assert normalise_vat(text, "BE") is None
    assert len(party_keys([("VAT", text), ("", text), ("0208", text)])) < 3
    assert communication_in("+++" + " " * 50_000 + text) == ""
