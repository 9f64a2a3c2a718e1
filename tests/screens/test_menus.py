"""The three-dot menu: however it is opened, what it says, and that it is never in the way."""

import pytest

from tests.screens.program import BROAD, MIDDLE, NARROW, Opened


@pytest.mark.parametrize("key", ["full_stop", "semicolon"])
async def test_a_dot_or_a_semicolon_opens_the_menu_of_the_document(opened: Opened, key: str) -> None:
    async with opened() as here:
        await here.press("enter", key)
        await here.sees("Resend to integrations…", "To SFTP; Exact Online has it", "1 delivered, 1 failed")


async def test_a_right_click_opens_the_menu_of_the_row_that_was_clicked(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("F26/004417")
        await here.click("F26/004417", button=3)
        await here.sees("Send to integrations…", "To Exact Online and SFTP")


@pytest.mark.parametrize("size", [NARROW, MIDDLE, BROAD])
async def test_a_click_on_the_three_dots_opens_the_menu(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await here.press(*here.into_table)
        await here.sees("26-1145")
        row = here.find("26-1145")[1]
        column = here.rows[row].index("⋮")
        await here.pilot.click(offset=(column, row))
        await here.sees("Waits for the client's approval")


@pytest.mark.parametrize("size", [(60, 16), NARROW, MIDDLE, BROAD])
async def test_the_menu_lies_inside_the_window_from_the_first_row_and_the_last(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await here.press(*here.into_table)
        for key in ("g", "G"):
            await here.press(key, "full_stop")
            menu = await here.until(lambda: next((one for one in here.app.screen.query("Menu.-shown")), None))
            await here.until(lambda menu=menu: menu.size.height > 3)
            assert menu.region.x >= 0
            assert menu.region.right <= size[0]
            assert menu.region.y >= 1
            assert menu.region.bottom <= size[1] - 1
            row = here.screen.table.region_of(here.screen.table.cursor).y
            if size != (60, 16):
                assert not menu.region.y <= row < menu.region.bottom
            await here.press("escape")
            await here.until(lambda menu=menu: not menu.is_open)


async def test_every_entry_of_a_menu_that_is_higher_than_the_window_can_be_reached(opened: Opened) -> None:
    async with opened((60, 16)) as here:
        await here.press(*here.into_table, "full_stop")
        await here.sees("Resend")
        await here.press(*["down"] * 12)
        await here.sees("Dismiss…")
        await here.press(*["up"] * 12)
        await here.sees("Resend")


async def test_a_dimmed_entry_says_why_and_its_key_does_no_harm(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "j", "j", "full_stop")
        await here.sees("Waits for the client's approval", "Nothing is queued")
        await here.press("r")
        assert "Resend" not in here.footer
        await here.press("escape")
        await here.press("r")
        await here.until(lambda: here.info == "Waits for the client's approval", "the reason")


async def test_a_client_without_integrations_says_so_in_the_menu(opened: Opened) -> None:
    async with opened() as here:
        await here.click("Transports", times=2)
        await here.sees("H-1")
        await here.press("full_stop")
        await here.sees("No active integration for this client")


async def test_the_key_of_an_entry_does_it_from_inside_the_menu(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "full_stop")
        await here.sees("Details and deliveries")
        await here.press("i")
        await here.sees("The receiver's disk is full.", "Make room there, then resend.")


async def test_enter_and_a_click_do_the_entry_one_is_on(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "full_stop")
        await here.sees("Mark as processed")
        await here.press("down", "enter")
        await here.sees("is processed")
        await here.press("full_stop")
        await here.sees("Details and deliveries")
        await here.click("Details and deliveries")
        await here.sees("Attempts")


async def test_after_the_menu_the_table_has_the_keys_again(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "full_stop")
        await here.sees("Download…")
        await here.press("escape", "j")
        await here.until(lambda: here.screen.table.cursor == 1)
        assert here.focused == "DocumentTable"
        await here.until(lambda: "Enter View" in here.footer, "the footer of the place")


async def test_a_click_beside_the_menu_closes_it(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("VF-0004")
        await here.press("full_stop")
        await here.sees("Download…")
        await here.click("25/10/26")
        await here.sees_no_more("Download…")
        assert here.focused == "DocumentTable"


async def test_the_footer_shows_the_keys_of_the_menu(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "full_stop")
        await here.until(lambda: here.footer.startswith("↑↓ Move  Enter Choose  Esc Close"))


@pytest.mark.parametrize("way", [(), ("3",), ("3", "enter"), ("4",), ("enter", "enter"), ("enter", "i")])
async def test_every_place_has_a_menu(opened: Opened, way: tuple[str, ...]) -> None:
    async with opened() as here:
        await here.press(*way)
        await here.pilot.pause()
        await here.press("full_stop")
        await here.until(lambda: "Esc Close" in here.footer)
        await here.press("escape")
        await here.until(lambda: "Esc Close" not in here.footer)


async def test_the_menu_stays_usable_while_the_window_changes(opened: Opened) -> None:
    async with opened(MIDDLE) as here:
        await here.press("enter", "full_stop")
        await here.sees("Download…")
        await here.resize(*NARROW)
        await here.sees("Download…")
        menu = here.app.screen.query_one("Menu")
        assert menu.region.right <= 80
        assert menu.region.bottom <= 23
        assert here.focused == "Menu"
        await here.press("escape")
        await here.sees_no_more("Download…")
        assert here.focused == "DocumentTable"
