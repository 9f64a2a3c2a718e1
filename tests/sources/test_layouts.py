import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.folder import Folder
from banqup_tui.sources.layouts import LAYOUTS, read_path

NUMBER = ("be:0912345673",)


@pytest.mark.parametrize(
    ("path", "layout", "folder"),
    [
        ("Invoice_import/Fournil_BE0912345673/AP/2026-11-24 F1 77.xml", "banqup-drive", Folder.PURCHASE_INVOICES),
        ("x/INVOICE_IMPORT/De_Bakker_bv_BE0912345673/ar/a.xml", "banqup-drive", Folder.SALES_INVOICES),
        ("invoice_import/TANNERIE_0912345673/purchases/a.xml", "banqup-drive", Folder.PURCHASE_INVOICES),
        ("drop/TANNERIE_0912345673/sales/2026/a.xml", "banqup-sftp", Folder.SALES_INVOICES),
        ("/0912.345.673/purchases/a.xml", "banqup-sftp", Folder.PURCHASE_INVOICES),
        ("_0912345673/cod/2026/a.cod", "banqup-sftp", Folder.ENRICHED_MOVEMENT_REPORTS),
        ("Fournil de la Tannerie_BE0912345673/inbound/a.xml", "synqup", Folder.PURCHASE_INVOICES),
        ("Fournil_BE0912345673\\statements\\a.cod", "synqup", Folder.ENRICHED_MOVEMENT_REPORTS),
        ("BE0998765448/FournilBE0912345673/Accounts Payable/Transfer/a.xml", "banqup-files", Folder.PURCHASE_INVOICES),
        ("BE0912345673/Achats/a.pdf", "banqup-sftp", Folder.PURCHASE_INVOICES),
        ("Fournil BE0912345673/Income/a.xml", "billit-sftp", Folder.SALES_INVOICES),
        ("billit/BE0912345673/Cost/a.pdf", "banqup-sftp", Folder.PURCHASE_INVOICES),
        ("Fournil BE 0912.345.673/Factures de vente/2026/03/a.pdf", "generic", Folder.SALES_INVOICES),
    ],
)
def test_a_path_tells_company_and_folder(path: str, layout: str, folder: Folder) -> None:
    hints = read_path(path)
    assert (hints.layout, hints.keys, hints.folder) == (layout, NUMBER, folder)


def test_the_firm_of_a_vault_is_not_taken_for_the_client() -> None:
    hints = read_path("BE0998765448/FournilBE0912345673/Accounts Receivable/Transfer/a.xml")
    assert (hints.firm, hints.keys, hints.names) == ("BE0998765448", NUMBER, ("Fournil",))


def test_a_bank_folder_is_told_by_its_account() -> None:
    hints = read_path("TANNERIE/2026/BE68539007547034/a.cod")
    assert (hints.layout, hints.account, hints.year) == ("codabox", "BE68539007547034", 2026)
    assert hints.folder is Folder.ENRICHED_MOVEMENT_REPORTS
    assert hints.names == ("TANNERIE",)


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("CARO", Folder.PURCHASE_RECEIPTS),
        ("Invoices-IN-01", Folder.PURCHASE_INVOICES),
        ("Invoices-OUT-01", Folder.SALES_INVOICES),
        ("SODA-from-socialoffice", Folder.OTHER_DOCUMENTS),
    ],
)
def test_the_kinds_of_a_collected_folder_are_known(kind: str, folder: Folder) -> None:
    assert read_path(f"TANNERIE/2026/{kind}/a.xml").folder is folder


def test_a_client_is_told_by_its_code_and_a_dutch_or_french_word() -> None:
    for word, folder in (("Verkopen", Folder.SALES_INVOICES), ("Achats", Folder.PURCHASE_INVOICES)):
        hints = read_path(f"clients/TANNERIE/{word}/a.pdf")
        assert (hints.names, hints.folder, hints.unknown) == (("TANNERIE",), folder, ("clients",))


def test_without_a_word_any_folder_may_be_the_clients_the_deepest_first() -> None:
    hints = read_path("scans/TANNERIE/misc/a.pdf")
    assert hints.folder is None
    assert hints.names == ("misc", "TANNERIE", "scans")


def test_a_file_at_the_top_says_nothing() -> None:
    hints = read_path("a.pdf")
    assert (hints.folder, hints.keys, hints.names) == (None, (), ())


def test_case_does_not_matter() -> None:
    path = "Invoice_import/Fournil_BE0912345673/AP/a.xml"
    assert read_path(path.upper()).keys == read_path(path.lower()).keys == NUMBER


SEGMENTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["AP", "AR", "2026", "BE0912345673", "a_BE0912345673", "Invoice_import", "..", "~", "Transfer", "_"]
    ),
)


@given(st.lists(SEGMENTS, max_size=9).map("/".join))
def test_no_path_is_an_error(path: str) -> None:
    hints = read_path(path)
    assert hints.layout in {layout.name for layout in LAYOUTS}
    assert all(key.partition(":")[2] for key in hints.keys)


def test_a_path_of_a_thousand_folders_is_read_at_once() -> None:
    assert read_path("/".join(["AP", "2026", "x_0912345673"] * 400) + "/a.xml").layout
