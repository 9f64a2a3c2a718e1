from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.connectors.common.path_template import PLACEHOLDERS, check, fill
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from tests.support.delivery_requests import delivery_request

NOWHERE = Path("/nowhere")


def path(template: str, name_template: str = "", /, **changed: Any) -> str:
    return fill(template, delivery_request(NOWHERE, **changed), name_template).path


def test_a_path_is_filled_with_the_client_the_folder_and_the_year_and_the_file_is_called_after_its_number() -> None:
    assert path("/in/[external_id]/[folder]/[year]") == "/in/PARVIS/purchases/2026/2026-11874.xml"


def test_every_placeholder_has_a_value() -> None:
    template = "/".join(f"[{name}]" for name in PLACEHOLDERS)
    assert path(template) == (
        "PARVIS/BE0465123710/0465123710/Boulangerie du Parvis SRL/purchases/purchases/2026/11/2026-11874/"
        "2026-11-20/Facture 11874.xml"
    )


@pytest.mark.parametrize(
    ("folder", "word"), list(zip(Folder, ["sales", "purchases", "receipts", "movements", "other"], strict=True))
)
def test_each_folder_has_its_word(folder: Folder, word: str) -> None:
    assert path("[folder]/[invoice_type]/", folder=folder) == f"{word}/{word}/2026-11874.xml"


def test_a_wrong_placeholder_is_shown_where_it_stands_with_the_nearest_right_one() -> None:
    (problem,) = check("/in/[external_id]/[foldr]/[year]")
    assert (problem.start, problem.end) == (18, 25)
    assert problem.message == message("setting.variable-near", variable="[foldr]", near="[folder]")


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("/in/[external_id]", []),
        ("/in/[External-ID]", ["setting.variable-near"]),
        ("/in/[zzzzzz]", ["setting.variable"]),
        ("/in/[folder/[year]", ["setting.bracket-not-closed-near"]),
        ("/in/folder]/x", ["setting.bracket-not-opened"]),
        ("/in/../[folder]", ["setting.climbs"]),
        ("..", ["setting.climbs"]),
        ("/in/a..b", []),
        ("", ["setting.empty"]),
        ("/in/\u202egnp", ["setting.unseen"]),
        ("/[foldr]/[yeer]", ["setting.variable-near", "setting.variable-near"]),
    ],
)
def test_what_is_wrong_with_a_template_is_said(template: str, found: list[str]) -> None:
    assert [problem.message.code for problem in check(template)] == found


def test_a_path_that_ends_in_a_number_or_an_extension_names_the_file_itself() -> None:
    assert path("/in/[date]_[number]") == "/in/2026-11-20_2026-11874.xml"
    assert path("/in/[external_id].xml") == "/in/PARVIS.xml"
    assert path("/in/[file_name]") == "/in/Facture 11874.xml"


def test_a_path_that_ends_in_a_separator_names_a_folder() -> None:
    assert path("/in/[number]/") == "/in/2026-11874/2026-11874.xml"


def test_a_document_without_a_number_keeps_the_name_that_it_came_with() -> None:
    assert path("/in", number=None) == "/in/Facture 11874.xml"
    assert path("/in", number=None, file_name="...") == f"/in/{delivery_request(NOWHERE).sha256[:16]}.xml"


def test_a_missing_value_does_not_make_a_folder_disappear() -> None:
    assert path("/in/[vat_number]/[number]/", vat_number=None, number=None).startswith("/in/no_vat_number/no_number/")


def test_the_extension_fits_what_is_in_the_file() -> None:
    pdf = {"media_type": "application/pdf", "file_name": "SCAN.PDF"}
    assert path("/in/[number].xml", **pdf) == "/in/2026-11874.xml.pdf"
    assert path("/in/[file_name].pdf", **pdf) == "/in/SCAN.pdf"
    assert path("/in", media_type="text/plain", file_name="x.cod") == "/in/2026-11874.cod"
    assert path("/in", media_type="no/such", file_name="x") == "/in/2026-11874.bin"


def test_a_template_for_the_file_name_goes_before_the_number() -> None:
    assert path("/in/[folder]", "[client_name] [date]") == "/in/purchases/Boulangerie du Parvis SRL 2026-11-20.xml"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("../../etc/passwd", "_-..-etc-passwd"),
        ("/etc/passwd", "_-etc-passwd"),
        ("..", "Facture 11874"),
        ("a\\b:c", "a-b-c"),
        ("CON", "_CON"),
        ("nul.xml", "_nul"),
        ("-rf", "_-rf"),
        (".ssh", "ssh"),
        ("2026\n11874", "2026 11874"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\u202eb\u200b", "ab"),
        ("[year]", "[year]"),
        ("Créance n° 12 – été", "Créance n° 12 – été"),
        ("発票一二三", "発票一二三"),
        ("\ud800x", "x"),
        ("x. ", "x"),
    ],
)
def test_a_hostile_number_stays_one_harmless_name(number: str, name: str) -> None:
    assert path("/in", number=number) == f"/in/{name}.xml"


strangers = st.text(max_size=400) | st.sampled_from(["..", ".", "/", "\\", "../x", "C:\\x", "~", "[", "[year]", "\0"])
templates = st.lists(
    st.sampled_from([f"[{name}]" for name in PLACEHOLDERS]) | st.sampled_from(["a", "-", ".", "..", " "]),
    min_size=1,
    max_size=4,
).map("".join)


@given(st.lists(templates, min_size=1, max_size=4).map("/".join), strangers, strangers, strangers, strangers)
def test_no_value_ever_leaves_its_place(template: str, number: str, name: str, client: str, vat: str) -> None:
    changed: dict[str, Any] = {"number": number, "file_name": name, "client_name": client, "client_reference": client}
    place = fill(f"/srv/in/{template}", delivery_request(NOWHERE, vat_number=vat, **changed))
    parts = place.path.split("/")
    assert place.path.startswith("/srv/in/")
    assert len(parts) <= 3 + len(template.split("/")) + 1
    assert all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in parts[1:])
    assert not place.name.startswith((".", "-", "~"))
    assert not any(ord(letter) < 32 or letter in '\\:*?"<>|\x7f\u202e' for letter in place.path)


@given(templates, strangers)
def test_a_value_never_makes_a_path_absolute(template: str, stranger: str) -> None:
    place = fill(template, delivery_request(NOWHERE, number=stranger, client_reference=stranger, file_name=stranger))
    assert not place.path.startswith("/")


@given(st.text(max_size=60))
def test_checking_any_text_answers_with_places_within_it(template: str) -> None:
    for problem in check(template):
        assert 0 <= problem.start <= problem.end <= len(template)
