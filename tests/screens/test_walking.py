"""From the clients to a document and back."""

import pytest

from tests.screens.firm import BAKERY
from tests.screens.program import BROAD, MIDDLE, NARROW, Opened


@pytest.mark.parametrize("size", [MIDDLE, NARROW])
async def test_enter_opens_a_client(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await here.sees("Boulangerie du Parvis SRL")
        await here.press(*here.into_table)
        await here.sees("2026-11874")
        assert "Boulangerie du Parvis SRL › Purchase invoices" in here.title
        assert here.focused == "DocumentTable"


async def test_a_double_click_opens_a_client(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Transports")
        await here.click("Transports", times=2)
        await here.sees("H-1")


async def test_a_single_click_only_moves_the_cursor(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Transports")
        await here.click("Transports")
        await here.sees("BE 0403.170.701   ")
        assert here.place == "ClientDocuments"


async def test_folders_unfold_into_years_and_months_and_fold_again(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("▼ Purchase invoices")
        await here.press("left")
        assert here.focused == "FolderTree"
        await here.press("j", "right")
        await here.sees("November")
        await here.press("left")
        await here.sees_no_more("November")
        await here.press("h", "h")
        await here.sees("► Purchase invoices")


async def test_the_table_follows_the_folder_one_is_on(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "left", "j", "j")
        await here.sees("Purchase invoices › 2025", "6 documents")
        await here.press("right", "right")
        await here.until(lambda: here.focused == "DocumentTable")
        assert here.screen.table.row.date.year == 2025


async def test_enter_on_a_folder_goes_into_its_table(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "left", "G", "enter")
        await here.sees("Other documents", "lettre.pdf")
        assert here.focused == "DocumentTable"


async def test_a_click_on_a_folder_shows_its_documents(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("Other documents")
        await here.click("Other documents", shift=2)
        await here.sees("lettre.pdf")


async def test_at_80_columns_escape_goes_back_one_level_at_a_time(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await here.press("enter")
        await here.sees("Enriched movement reports")
        await here.press("enter")
        await here.sees("2026-11874")
        await here.press("enter")
        await here.sees("Raw")
        await here.press("escape")
        await here.until(lambda: here.focused == "DocumentTable")
        assert "Folders" not in here.text
        await here.press("escape")
        await here.sees("Enriched movement reports")
        assert here.focused == "FolderTree"
        assert "2026-11874" not in here.text
        await here.press("escape")
        await here.until(lambda: here.place == "ClientDocuments")
        await here.press("escape")
        assert here.place == "ClientDocuments"


async def test_escape_comes_back_to_the_client_and_the_document_one_was_on(opened: Opened) -> None:
    async with opened() as here:
        await here.press("j", "j", "k", "k", "enter")
        await here.press("j", "j", "enter")
        await here.sees("26-1145", "Raw")
        await here.press("escape")
        assert here.screen.table.row.id == "p-client"
        await here.press("escape")
        assert here.screen.table.row.client.id == BAKERY


async def test_left_and_right_in_a_document_go_to_the_previous_and_the_next(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "enter")
        await here.sees("1 of 66")
        await here.press("right")
        await here.sees("2 of 66", "F26/004417")
        await here.press("left", "left")
        await here.sees("1 of 66")
        await here.press("l", "escape")
        assert here.screen.table.row.id == "p-ready"


@pytest.mark.parametrize("keys", [("3", "4", "2"), ("quotation_mark", "apostrophe", "latin_small_letter_e_with_acute")])
async def test_digits_and_the_same_keys_without_shift_on_azerty_change_the_place(
    opened: Opened, keys: tuple[str, ...]
) -> None:
    async with opened() as here:
        for key, place in zip(keys, ("Clients", "StoreScreen", "ClientDocuments"), strict=True):
            await here.press(key)
            await here.until(lambda place=place: here.place == place, place)


async def test_a_click_on_a_place_in_the_header_goes_there(opened: Opened) -> None:
    async with opened() as here:
        await here.click("Banqup Store")
        await here.until(lambda: here.place == "StoreScreen")


async def test_a_place_is_as_one_left_it(opened: Opened) -> None:
    async with opened() as here:
        await here.press("j", "3", "2")
        await here.until(lambda: here.place == "ClientDocuments")
        assert here.screen.table.cursor == 1


async def test_t_takes_the_folders_away_and_brings_them_back(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("Folders")
        await here.press("t")
        await here.sees_no_more("Folders")
        assert here.focused == "DocumentTable"
        await here.press("t")
        await here.sees("Folders")


async def test_v_puts_the_document_beside_the_table_in_place_of_the_folders(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("Folders")
        await here.press("v")
        await here.sees("Invoice 2026-11874", "Farine")
        assert "Folders" not in here.text
        await here.press("v")
        await here.sees("Folders")
        await here.sees_no_more("Farine")


async def test_t_brings_the_folders_back_where_the_document_stands_in_their_place(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "v")
        await here.sees("Farine")
        await here.press("t")
        await here.sees("Folders")


async def test_at_160_columns_the_document_stands_beside_and_follows_the_cursor(opened: Opened) -> None:
    async with opened(BROAD) as here:
        await here.press("enter")
        await here.sees("Folders", "Invoice 2026-11874")
        await here.press("j")
        await here.sees("Invoice F26/004417")
        await here.press("v")
        await here.sees_no_more("Invoice F26")
        await here.sees("Folders")


async def test_v_at_80_columns_opens_the_document(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await here.press(*here.into_table)
        await here.sees("2026-11874")
        await here.press("v")
        await here.sees("Deliveries")


async def test_s_sorts_by_the_next_column_and_a_click_on_a_label_by_that_one(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("Date ↓")
        await here.press("s")
        await here.sees("Number ↑")
        await here.click("Gross")
        await here.sees("Gross↓", "1,240.00")
        await here.click("Gross")
        await here.sees("Gross↑")


async def test_s_sorts_the_clients(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Error↓")
        await here.press("s")
        await here.sees("Ready↓")


async def test_an_exclamation_mark_shows_errors_only_and_again_everything(opened: Opened) -> None:
    async with opened() as here:
        await here.press("exclamation_mark")
        await here.sees("2 of 24")
        await here.press("exclamation_mark")
        await here.sees("24 clients")
        await here.press("enter", "exclamation_mark")
        await here.sees("1 of 66")
        await here.press("escape")
        await here.sees("66 documents")


async def test_without_documents_the_table_says_where_they_come_from(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "left", "g")
        await here.sees("No sales invoices yet.", "Import files of your own")
        assert "0 documents" in here.title


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_escape_pressed_often_enough_always_leads_to_the_first_place(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        for way in (
            ("enter", "enter", "i"),
            ("enter", "slash", "x"),
            ("enter", "space", "full_stop"),
            ("enter", "r"),
            ("enter", "colon"),
            ("question_mark",),
            ("slash", "b"),
            ("enter", "d"),
            ("enter", "V", "j"),
            ("enter", "y"),
        ):
            await here.press(*way)
            for _step in range(8):
                if here.place == "ClientDocuments" and here.focused == "ClientTable" and "24 clients" in here.title:
                    break
                await here.press("escape")
            await here.until(lambda: here.place == "ClientDocuments", str(way))
            assert here.focused == "ClientTable", way
            await here.sees("24 clients")
        await here.press("3", "enter", "a", "enter")
        for _step in range(6):
            await here.press("escape")
        await here.until(lambda: here.place == "Clients")
