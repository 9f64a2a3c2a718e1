"""The rows every place has, and what is said where they do not fit."""

import pytest
from textual.app import App
from textual.pilot import Pilot

from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.header import Header, PlaceLabel, SyncLabel
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.sheet import Sheet
from banqup_tui.widgets.theme import register_themes

PLACES = [
    PlaceLabel(str(number), label)
    for number, label in enumerate(("Today", "Client documents", "Clients", "Banqup Store"), 1)
]


class Place(Sheet):
    def on_mount(self) -> None:
        self.header.set_places(PLACES, "2")
        self.header.set_firm("Fiduciaire de la Meuse SRL")
        self.header.set_sync(SyncLabel("done", "ok", "Up to date"))
        self.title_line.set_path(["Boulangerie du Parvis SRL", "Purchase invoices", "2026"], right="486 documents")
        self.footer.set_keys([FooterKey("Enter", "View"), FooterKey("r", "Send"), FooterKey("d", "Download", False)])


class Book(App[None]):
    def __init__(self) -> None:
        super().__init__()
        register_themes(self)

    def get_default_screen(self) -> Place:
        return Place()


def sheet_of(pilot: Pilot[None]) -> Sheet:
    screen = pilot.app.screen
    assert isinstance(screen, Sheet)
    return screen


def rows(app: App[None]) -> list[str]:
    """The screen as lines of text."""
    size = app.size
    lines = app.screen._compositor.render_strips(size)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


async def test_the_first_rows_say_where_one_is_and_the_last_one_what_can_be_done() -> None:
    async with Book().run_test(size=(120, 40)) as pilot:
        shown = rows(pilot.app)
        assert shown[0].startswith("  1 Today  2 Client documents  3 Clients  4 Banqup Store")
        assert shown[0].endswith("Fiduciaire de la Meuse SRL   √ Up to date")
        assert shown[1].startswith("  Boulangerie du Parvis SRL › Purchase invoices › 2026")
        assert shown[1].endswith("486 documents")
        assert shown[2] == ""
        assert shown[39].startswith("  Enter View  r Send  ")
        assert shown[39].endswith(": Palette  ? Help")
        assert "Download" not in shown[39]


async def test_at_80_columns_the_firm_goes_and_the_sync_state_stays() -> None:
    async with Book().run_test(size=(80, 24)) as pilot:
        shown = rows(pilot.app)
        assert "Fiduciaire" not in shown[0]
        assert shown[0].endswith("√ Up to date")
        assert len(shown[0]) == 78


async def test_offline_at_80_columns_places_one_is_not_in_keep_their_digit() -> None:
    async with Book().run_test(size=(80, 24)) as pilot:
        state = SyncLabel("warning", "warn", "Hors ligne depuis 08:58 · 3 gardés", "Hors ligne · 3 gardés")
        sheet_of(pilot).header.set_sync(state)
        await pilot.pause()
        assert rows(pilot.app)[0].startswith("  1  2 Client documents  3  4  ")
        assert rows(pilot.app)[0].endswith("! Hors ligne · 3 gardés")


async def test_a_long_path_gives_up_its_first_parts() -> None:
    async with Book().run_test(size=(60, 24)) as pilot:
        title = sheet_of(pilot).title_line
        title.set_path(
            ["Boulangerie du Parvis SRL", "Purchase invoices", "2026"], applied_filter="status:error", right="3 of 486"
        )
        await pilot.pause()
        assert rows(pilot.app)[1].startswith("  Purchase invoices › 2026  / status:error")


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (44, 9)])
async def test_a_window_that_is_too_small_says_what_is_needed(size: tuple[int, int]) -> None:
    async with Book().run_test(size=size) as pilot:
        text = " ".join(" ".join(rows(pilot.app)).split())
        assert f"The window is {size[0]} × {size[1]}. 60 × 16 is needed: make it larger" in text
        assert "Today" not in text


async def test_a_message_goes_before_totals_and_totals_before_the_state_of_the_row() -> None:
    async with Book().run_test(size=(80, 24)) as pilot:
        info = sheet_of(pilot).info
        info.set_state([Word("state")], at_once=True)
        info.set_totals([Word("totals")])
        info.say([Word("message")])
        assert info.text == "message"
        info.say()
        assert info.text == "totals"
        info.set_totals()
        assert info.text == "state"


async def test_names_that_look_like_markup_or_colour_codes_do_no_harm() -> None:
    async with Book().run_test(size=(80, 24)) as pilot:
        sheet_of(pilot).title_line.set_path(["a[/b]c", "\x1b[31mred\u202e"], right="x")
        await pilot.pause()
        assert rows(pilot.app)[1].startswith("  a[/b]c ›  [31mred")


async def test_a_click_on_a_place_asks_for_it() -> None:
    asked: list[str] = []

    class Clicked(Book):
        def on_header_place_asked(self, message: Header.PlaceAsked) -> None:
            asked.append(message.key)

    async with Clicked().run_test(size=(120, 40)) as pilot:
        await pilot.click(offset=(33, 0))
        assert asked == ["3"]


async def test_a_place_one_comes_back_to_is_shown_whole() -> None:
    async with Book().run_test(size=(120, 40)) as pilot:
        first = rows(pilot.app)
        await pilot.app.push_screen(Place())
        await pilot.app.pop_screen()
        await pilot.pause()
        assert rows(pilot.app) == first


async def test_a_theme_can_be_changed_while_working() -> None:
    async with Book().run_test(size=(120, 40)) as pilot:
        before = list(sheet_of(pilot)._compositor.render_strips(pilot.app.size)[0])
        pilot.app.theme = "banqup-light"
        await pilot.pause()
        after = list(sheet_of(pilot)._compositor.render_strips(pilot.app.size)[0])
        assert [segment.text for segment in before] == [segment.text for segment in after]
        assert [segment.style for segment in before] != [segment.style for segment in after]
