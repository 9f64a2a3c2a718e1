"""Short lists with a cursor, pages to read, and tabs."""

from collections.abc import Callable

from banqup_tui.widgets.list_view import Item, Listing
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.tabs import TabLabel, Tabs
from banqup_tui.widgets.text_lines import BLANK, Line, left
from tests.widgets.support import Stage, rows


def items(*keys: str) -> Callable[[int], tuple[Line, list[Item]]]:
    return lambda _width: (
        (left(0, "Label"),),
        [Item("", (left(0, "Heading"),)), *(Item(key, (left(2, f"row {key}"),)) for key in keys)],
    )


async def test_the_cursor_passes_over_headings_and_stays_inside() -> None:
    listing = Listing()
    listing.show(items("a", "b", "c"))
    async with Stage(listing).run_test(size=(80, 24)) as pilot:
        assert listing.key == "a"
        await pilot.press("k")
        assert listing.key == "a"
        await pilot.press("j", "j", "j", "j")
        assert listing.key == "c"
        await pilot.press("g")
        assert listing.key == "a"


async def test_the_cursor_stays_on_its_row_while_rows_come_and_go() -> None:
    listing = Listing()
    listing.show(items("a", "b", "c"))
    async with Stage(listing).run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        listing.show(items("new", "a", "b"))
        assert listing.key == "b"
        listing.show(items("a", "c"))
        assert listing.key in ("a", "c")
        listing.show(items())
        assert listing.key is None


async def test_a_list_can_begin_elsewhere_than_at_its_first_row() -> None:
    listing = Listing()
    listing.show(items("a", "b", "c"), start="b")
    async with Stage(listing).run_test(size=(80, 24)) as pilot:
        assert listing.key == "b"
        await pilot.press("j")
        listing.show(items("a", "b", "c"), start="b")
        assert listing.key == "c"


async def test_a_long_list_scrolls_with_the_cursor() -> None:
    listing = Listing()
    listing.show(items(*map(str, range(100))))
    async with Stage(listing).run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        assert "row 99" in "\n".join(rows(pilot.app))
        assert rows(pilot.app)[2] == "  Label"
        region = listing.cursor_region()
        assert rows(pilot.app)[region.y].strip() == "row 99"


async def test_clicks_choose_open_and_ask_for_the_menu() -> None:
    listing = Listing()
    listing.show(items("a", "b"))
    app = Stage(listing)
    async with app.run_test(size=(80, 24)) as pilot:
        y = listing.region.y + 3
        await pilot.click(offset=(5, y))
        assert listing.key == "b"
        await pilot.click(offset=(5, y), times=2)
        assert [one.key for one in app.posted(Listing.Opened)] == ["b"]
        await pilot.click(offset=(5, y), button=3)
        assert [one.key for one in app.posted(Listing.MenuAsked)] == ["b"]


async def test_a_page_is_built_for_the_width_there_is_and_keeps_its_place() -> None:
    page = Page()
    widths: list[int] = []
    async with Stage(page).run_test(size=(80, 24)) as pilot:

        def lines(width: int) -> list[Line]:
            widths.append(width)
            return [(left(0, f"line {at}"),) for at in range(100)]

        page.show(lines)
        assert widths[-1] == 76
        await pilot.press("pagedown")
        assert "line 0" not in rows(pilot.app)[2]
        top = page.scroll_offset.y
        page.show(lambda _width: [(left(0, f"new {at}"),) for at in range(100)], keep_place=True)
        assert page.scroll_offset.y == top
        await pilot.press("G")
        assert "new 99" in "\n".join(rows(pilot.app))
        page.show(lambda _width: [BLANK, (left(0, "short"),)])
        await pilot.pause()
        assert "short" in "\n".join(rows(pilot.app))


async def test_tabs_go_around_and_are_clicked() -> None:
    tabs = Tabs()
    tabs.set([TabLabel("a", "Document"), TabLabel("b", "Lines", "6"), TabLabel("c", "Raw")], "a")
    assert (tabs.beside_current(1), tabs.beside_current(-1)) == ("b", "c")
    app = Stage(tabs)
    async with app.run_test(size=(80, 24)) as pilot:
        line = next(row for row in rows(app) if "Lines 6" in row)
        await pilot.click(offset=(line.index("Lines"), tabs.region.y))
        assert [one.id for one in app.posted(Tabs.Asked)] == ["b"]
