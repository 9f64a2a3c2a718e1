"""Filter, search, palette and help."""

import pytest

from banqup_tui.domain.client import ClientStatus
from tests.screens.firm import FirmServer
from tests.screens.program import MIDDLE, NARROW, Opened
from tests.sync.fake_server import a_client


async def test_clients_are_found_by_part_of_their_name_while_one_types(opened: Opened) -> None:
    async with opened() as here:
        await here.press("slash")
        await here.write("ardenne")
        await here.sees("1 of 24", "Transports")
        await here.press("enter")
        await here.sees("/ ardenne")
        await here.press("enter")
        await here.sees("H-1")
        await here.press("escape", "escape")
        await here.sees("24 clients")


async def test_clients_are_found_by_vat_number_as_it_is_written(opened: Opened) -> None:
    async with opened() as here:
        await here.press("slash")
        await here.write("0465.123.710")
        await here.sees("1 of 24", "Boulangerie")


async def test_an_archived_client_is_neither_listed_nor_counted_and_found_by_a_search(
    opened: Opened, firm: FirmServer
) -> None:
    firm.put_client(a_client("c-old", name="Maréchalerie du Condroz", status=ClientStatus.ARCHIVED))
    async with opened() as here:
        await here.sees("24 clients")
        assert "Maréchalerie" not in here.text
        await here.press("slash")
        await here.write("marechal")
        await here.sees("1 of 25", "Maréchalerie")


async def test_a_search_that_finds_nobody_says_so(opened: Opened) -> None:
    async with opened() as here:
        await here.press("slash")
        await here.write("zzz")
        await here.sees("No client is called that.")
        await here.press("escape")
        await here.sees("24 clients")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_a_filter_narrows_the_table_while_one_types(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await here.press(*here.into_table, "slash")
        await here.write("from:levures")
        await here.sees("1 of 66", "F26/004417")
        await here.press("enter")
        await here.until(lambda: "/ from:levures" in here.title)
        await here.press("escape")
        await here.sees("66 documents")
        assert here.place == "ClientFolders"


async def test_a_filter_that_cannot_be_read_is_marked_where_it_is_wrong(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("status:error dte:2026")
        await here.sees(" ^^^ unknown field; did you mean date: ?", "Still shown: the last filter that could be read")
        mark, below = here.find("^^^")
        typed, above = here.find("dte:2026")
        assert (mark, below) == (typed, above + 1)
        await here.press("escape")
        await here.sees("66 documents")
        assert "Still shown" not in here.text


async def test_without_which_word_something_would_match(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("status:error from:zavel")
        await here.sees("Nothing matches this filter.", "Without from:zavel 1 document would match.")
        await here.press("enter")
        await here.sees("Change the filter")
        await here.press("slash")
        await here.until(lambda: here.focused == "FilterLine")
        await here.press("escape")
        await here.sees("66 documents")


async def test_the_footer_shows_the_keys_of_the_filter_as_long_as_one_types(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("f")
        here.screen.data_changed()
        await here.pilot.pause(0.2)
        assert here.footer == "Enter Apply  ↑↓ Move  Esc Clear"
        await here.press("enter")
        await here.until(lambda: here.footer.startswith("Enter View"))


async def test_in_the_filter_letters_are_letters(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.press("q", "2", "question_mark", "full_stop", "t")
        assert here.place == "ClientFolders"
        assert "q2?.t" in here.title


async def test_the_filter_can_be_left_to_the_table_by_an_arrow(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("vf")
        await here.sees("60 of 66")
        await here.press("down")
        assert here.focused == "DocumentTable"
        assert here.screen.table.cursor == 1


async def test_a_click_beside_the_filter_keeps_it_and_leaves_it(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("vf")
        await here.sees("60 of 66")
        await here.click("VF-0003")
        await here.until(lambda: here.focused == "DocumentTable")
        assert "/ vf" in here.title


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_finds_an_action_and_runs_it(opened: Opened, key: str) -> None:
    async with opened() as here:
        await here.press("enter", key)
        await here.sees("Commands")
        await here.write("details")
        await here.sees("Details and deliveries")
        await here.press("enter")
        await here.sees("The receiver's disk is full.")


async def test_the_palette_opens_a_client(opened: Opened) -> None:
    async with opened() as here:
        await here.press("4", "colon")
        await here.sees("Commands")
        await here.write("transports")
        await here.press("enter")
        await here.sees("H-1")


async def test_what_cannot_be_done_is_dimmed_in_the_palette_and_says_why(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "colon")
        await here.write("cancel sending")
        await here.sees("Nothing is queued")
        await here.press("enter")
        await here.sees_no_more("Commands")
        await here.press("colon")
        await here.write("zzzz")
        await here.sees("No command is called that.")


async def test_letters_in_the_palette_are_letters(opened: Opened) -> None:
    async with opened() as here:
        await here.press("colon", "q", "question_mark", "comma")
        await here.sees("q?,")
        assert "Help" not in here.footer


PLACES = {
    "client documents": (), "folders": ("enter",), "document": ("enter", "enter"), "clients": ("3",),
    "client": ("3", "enter"), "store": ("4",),
}  # fmt: skip


@pytest.mark.parametrize("size", [(60, 16), MIDDLE])
@pytest.mark.parametrize("way", PLACES.values(), ids=PLACES)
async def test_help_shows_the_keys_of_the_place_and_goes_again(
    opened: Opened, way: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        keys = (*here.into_table, *way[1:]) if way[:1] == ("enter",) else way
        await here.press(*keys)
        await here.pilot.pause()
        focused = here.focused
        await here.press("question_mark" if size != MIDDLE else "comma")
        await here.sees("Keys: ", "Esc closes", "Move")
        panel = here.screen.overlay
        assert panel.region.right <= size[0]
        assert panel.region.bottom <= size[1] - 1
        await here.press(*["pagedown"] * 4)
        await here.sees("AZERTY")
        await here.press("question_mark")
        await here.sees_no_more("Keys: ")
        assert here.focused == focused


async def test_help_and_palette_are_reached_from_inside_a_menu(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "full_stop")
        await here.sees("Download…")
        await here.press("question_mark")
        await here.sees("Keys: ")
        assert here.focused == "Help"
        await here.press("colon")
        await here.sees("Commands")
        await here.sees_no_more("Keys: ")


async def test_a_click_on_a_key_of_the_footer_is_that_key(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.until(lambda: "Space Select" in here.footer)
        await here.click("Space Select")
        await here.sees("1 selected")
        await here.click(". Actions")
        await here.sees("Download…")
        await here.click("Esc Close")
        await here.sees_no_more("Download…")
        assert "1 selected" in here.text
        await here.click("? Help")
        await here.sees("Keys: ")
