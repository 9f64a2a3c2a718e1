"""Sheets of clients: what each row would do, from files as people have them."""

from pathlib import Path

import msgspec
import pytest

from banqup_tui.actions.client_sheet.columns import HEADINGS, find_columns
from banqup_tui.actions.client_sheet.files import NoSheet, read_rows, write_rows
from banqup_tui.actions.client_sheet.plan import PlannedRow, RowKind, commands, plan, sheet_of
from banqup_tui.domain.client import Client, ClientDetails
from banqup_tui.protocol.commands import CreateClient, EditClient

BAKERY = Client(
    id="1", reference="FOURNIL", name="Fournil SRL", vat_number="BE0912345673", accounts=("BE56363123456788",)
)
MILL = Client(id="2", reference="MILL", name="Minoterie SA", vat_number="BE0998765448", city="Namur")


def planned(path: Path, *clients: Client) -> list[PlannedRow]:
    rows = read_rows(path)
    columns = find_columns(rows)
    assert columns is not None
    return plan(rows, columns, clients)


def sheet(tmp_path: Path, text: str, encoding: str = "utf-8", name: str = "clients.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_what_was_exported_changes_nothing_when_it_is_imported(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clients{suffix}"
    formula = msgspec.structs.replace(MILL, city="Liège", street="Rue de l'Église; 7")
    path.write_bytes(write_rows(path, sheet_of([BAKERY, formula])))
    assert [row.kind for row in planned(path, BAKERY, formula)] == [RowKind.SAME, RowKind.SAME]
    assert list(commands(planned(path, BAKERY, formula))) == []


@pytest.mark.parametrize(
    "text",
    [
        "Legal name*,VAT\nFournil SRL,BE 0912.345.673\n",
        "Raison sociale;N° de TVA\nFournil SRL;BE0912345673\n",
        "Juridische naam\tBTW-nummer\nFournil SRL\tBE0912345673\n",
        "Rechtlicher Name;MwSt.-Nr.\nFournil SRL;BE0912345673\n",
        "Liste des clients 2026;\n;\nRaison sociale;TVA\nFournil SRL;0912345673\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_headings_are_found_in_four_languages_with_every_delimiter_and_encoding(
    tmp_path: Path, text: str, encoding: str
) -> None:
    (row,) = planned(sheet(tmp_path, text, encoding), BAKERY)
    assert (row.kind, row.client) == (RowKind.SAME, BAKERY)


def test_a_number_that_the_spreadsheet_took_for_a_number_is_read(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "clients.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        page = workbook.add_worksheet()
        page.write_row(0, 0, ["Legal name", "Company number", "Postal code"])
        page.write_row(1, 0, ["Fournil SRL", 912345673, 4000])
    (row,) = planned(path)
    assert (row.kind, row.details.enterprise_number, row.details.postal_code) == (RowKind.NEW, "0912345673", "4000")


def test_each_row_says_what_it_would_do(tmp_path: Path) -> None:
    rows = planned(
        sheet(
            tmp_path,
            "External reference;Legal name;VAT;City;Remark\n"
            "FOURNIL;Fournil SRL;BE0912345673;;the same\n"
            ";Minoterie SA;BE0998765448;Liège;moved\n"
            "NEW;Garage SA;BE0911111102;;new\n"
            ";;;;\n"
            "BAD;Bad SA;BE0911111100;;check digits\n"
            "FOURNIL;Fournil bis;;;again\n"
            "FOURNIL;Both;BE0998765448;;two clients\n"
            ";;BE0911111102;;no name\n",
        ),
        BAKERY,
        MILL,
    )
    assert [(row.number, str(row.kind)) for row in rows] == [
        (2, "SAME"), (3, "CHANGED"), (4, "NEW"), (6, "WRONG"), (7, "WRONG"), (8, "WRONG"), (9, "WRONG"),
    ]  # fmt: skip
    assert rows[1].changed == ("city",)
    assert [flaw.message.code for row in rows[3:] for flaw in row.flaws] == [
        "client.no-vat-number", "sheet.client-of-row", "sheet.several-clients", "client.text-length",
    ]  # fmt: skip
    created, edited = None, None
    for body in commands(rows):
        created = body if isinstance(body, CreateClient) else created
        edited = body if isinstance(body, EditClient) else edited
    assert created is not None
    assert edited is not None
    assert (created.reference, edited.details.city, edited.before.city) == ("NEW", "Liège", "Namur")


def test_columns_that_are_no_detail_are_named(tmp_path: Path) -> None:
    columns = find_columns(read_rows(sheet(tmp_path, "Legal name,VAT,Favourite colour\nA,,red\n")))
    assert columns is not None
    assert columns.left_out == ("Favourite colour",)


def test_several_accounts_stand_in_one_cell(tmp_path: Path) -> None:
    text = "Legal name;IBAN\nFournil;BE56 3631 2345 6788, BE43 0689 9999 9501\n"
    (row,) = planned(sheet(tmp_path, text))
    assert row.details.accounts == ("BE56363123456788", "BE43068999999501")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x00\xff\x00", b"just a line of text\n"])
@pytest.mark.parametrize("name", ["clients.csv", "clients.xlsx", "clients.ods"])
def test_a_file_that_is_no_sheet_of_clients_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NoSheet):
        read_rows(path)


def test_a_name_never_becomes_a_formula(tmp_path: Path) -> None:
    evil = Client(id="3", reference="EVIL", name="=cmd|' /C calc'!A0", vat_number=None)
    path = tmp_path / "clients.csv"
    content = write_rows(path, sheet_of([evil])).decode("utf-8-sig")
    assert ";'=cmd" in content or content.splitlines()[1].startswith("'=cmd")
    spreadsheet = tmp_path / "clients.xlsx"
    spreadsheet.write_bytes(write_rows(spreadsheet, sheet_of([evil])))
    (row,) = planned(spreadsheet, evil)
    assert row.kind is RowKind.SAME


def test_every_detail_of_a_client_has_a_column() -> None:
    assert set(HEADINGS) == set(ClientDetails.__struct_fields__)
