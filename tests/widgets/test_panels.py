"""What lies over the sheet: inside the window always, with a frame where there are no grounds, and reachable."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from banqup_tui.presentation import signs
from banqup_tui.widgets.buttons import Button
from banqup_tui.widgets.document_table.table import DocumentTable
from banqup_tui.widgets.panels.choose import Choose, Option
from banqup_tui.widgets.panels.confirm import Confirm
from banqup_tui.widgets.panels.help import Help, HelpGroup
from banqup_tui.widgets.panels.menu import Menu, MenuEntry
from banqup_tui.widgets.panels.palette import Palette, PaletteEntry
from banqup_tui.widgets.panels.panel import Panel
from banqup_tui.widgets.panels.prompt import Prompt
from banqup_tui.widgets.panels.tick import OPTION, Effects, TickLine, TickPanel, TickQuestion
from tests.widgets.support import ManyRows, Stage, rows

HOSTILE = "a[/b]c \x1b[31m ‮ " + "漢" * 300
WINDOWS = [(60, 16), (80, 24), (120, 40)]


def menu() -> Menu:
    panel = Menu()
    entries = [MenuEntry(f"e{at}", f"Entry {at}", "r", ("r",), note=f"note {at}", part=at // 4) for at in range(9)]
    panel.fill("2026-11874", [*entries, MenuEntry("no", HOSTILE, "x", ("x",), reason=HOSTILE)])
    return panel


def choose() -> Choose:
    panel = Choose()
    options = [Option(f"o{at}", f"Option {at}", "what it is") for at in range(20)]
    panel.fill(HOSTILE, [*options, Option("no", HOSTILE, reason=HOSTILE)], step="1 of 2", confirm="Continue")
    return panel


def tick() -> TickPanel:
    panel = TickPanel()
    lines = [TickLine(f"t{at}", HOSTILE, HOSTILE, None, True, HOSTILE, True) for at in range(12)]
    columns = ("Integration", "What it has", "What will be sent")

    def effects(ids: frozenset[str], option: bool, processed: bool) -> Effects:
        return Effects(dict.fromkeys(ids, "The document"), [HOSTILE], f"Send {len(ids)}" if ids else "")

    panel.fill(TickQuestion("Send", HOSTILE, columns, lines, effects, "Again"), frozenset({"t0"}))
    return panel


def confirm() -> Confirm:
    panel = Confirm()
    panel.fill(HOSTILE, [HOSTILE, "", "Is that so?"], [Button("no", "Cancel"), Button("yes", "Remove SFTP")])
    return panel


def prompt() -> Prompt:
    panel = Prompt()
    panel.fill(HOSTILE, "/home", complete=lambda text: text + "/user/")
    return panel


def palette() -> Palette:
    panel = Palette()
    entries = [
        PaletteEntry("a", "Download", "2026", "d"),
        PaletteEntry("b", HOSTILE, HOSTILE),
        PaletteEntry("c", "Cancel", "no", "", False),
    ]
    panel.fill(lambda text: [one for one in entries if text in one.label.lower()])
    return panel


def help_panel() -> Help:
    panel = Help()
    groups = [HelpGroup(f"Group {at}", [("Ctrl+U Ctrl+D", HOSTILE)] * 5) for at in range(4)]
    panel.fill("Keys: client documents", groups[:2], groups[2:])
    return panel


KINDS: dict[str, Callable[[], Panel]] = {
    "menu": menu, "choose": choose, "tick": tick, "confirm": confirm, "prompt": prompt, "palette": palette,
    "help": help_panel,
}  # fmt: skip


class Opened:
    """A panel over a table, opened as a place opens it."""

    def __init__(self, panel: Any, **options: Any) -> None:
        self.panel = panel
        self.answers: list[Any] = []
        self.table = DocumentTable(ManyRows(200))
        self.stage = Stage(self.table, panel, **options)

    async def open(self, pilot: Pilot[None], row: int | None = None) -> None:
        region = None if row is None else self.table.region_of(row)

        async def ask() -> None:
            self.answers.append(await self.panel.ask(hangs_from=region))

        self.stage.screen.run_worker(ask())
        for _round in range(50):
            await pilot.pause()
            if self.panel.is_open and self.panel.region.height == self.panel.size.height > 2:
                return

    async def answered(self, pilot: Pilot[None]) -> Any:
        for _round in range(200):
            await pilot.pause()
            if self.answers:
                return self.answers[-1]
        raise AssertionError("no answer")


@pytest.mark.parametrize("size", WINDOWS)
@pytest.mark.parametrize("kind", KINDS)
async def test_no_panel_is_larger_than_the_window_and_hostile_texts_stay_inside(
    kind: str, size: tuple[int, int]
) -> None:
    opened = Opened(KINDS[kind]())
    async with opened.stage.run_test(size=size) as pilot:
        await opened.open(pilot)
        region = opened.panel.region
        assert region.x >= 0
        assert region.right <= size[0]
        assert region.y >= 1
        assert region.bottom <= size[1] - 1
        for y in range(region.height):
            assert opened.panel.render_line(y).cell_length == region.width
        assert not any(letter in "".join(rows(opened.stage)) for letter in "\x1b‮")


@pytest.mark.parametrize("kind", ["menu", "choose", "tick"])
async def test_what_does_not_fit_scrolls_with_the_cursor_and_the_title_stays(kind: str) -> None:
    opened = Opened(KINDS[kind]())
    async with opened.stage.run_test(size=(60, 16)) as pilot:
        await opened.open(pilot)
        title = rows(opened.stage)[opened.panel.region.y]
        for _step in range(30):
            await pilot.press("down")
        last = opened.panel.keys[-1]
        assert opened.panel.cursor == last
        shown = [opened.panel.row_at(y).key for y in range(opened.panel.size.height)]
        assert last in shown
        assert rows(opened.stage)[opened.panel.region.y] == title


@pytest.mark.parametrize("size", WINDOWS)
async def test_a_menu_hangs_below_its_row_and_stands_above_it_near_the_bottom(size: tuple[int, int]) -> None:
    for row, is_below in ((0, True), (size[1] - 6, False)):
        opened = Opened(menu())
        async with opened.stage.run_test(size=size) as pilot:
            await opened.open(pilot, row)
            at, region = opened.table.region_of(row).y, opened.panel.region
            assert (region.y == at + 1) is is_below
            assert (region.bottom == at) is not is_below


@pytest.mark.parametrize("theme", ["banqup-ansi", "banqup-dark", "banqup-light"])
@pytest.mark.parametrize("kind", KINDS)
async def test_where_there_are_no_grounds_a_panel_has_a_frame(kind: str, theme: str) -> None:
    opened = Opened(KINDS[kind](), theme=theme)
    async with opened.stage.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot)
        region = opened.panel.region
        lines = [row[region.x :] for row in rows(opened.stage)[region.y : region.bottom]]
        if theme == "banqup-ansi":
            assert lines[0].startswith("┌─ ")
            assert lines[-1].startswith("└──")
            assert all(line.startswith("│") for line in lines[1:-1])
        else:
            assert not any(line.startswith(("┌", "│", "└")) for line in lines)


async def test_in_ascii_the_frame_is_ascii() -> None:
    signs.use_ascii(True)
    try:
        opened = Opened(confirm(), theme="banqup-ansi")
        opened.panel.fill("Remove?", ["Yes or no."], [Button("yes", "Remove")])
        async with opened.stage.run_test(size=(80, 24)) as pilot:
            await opened.open(pilot)
            region = opened.panel.region
            assert all(row[region.x :].isascii() for row in rows(opened.stage)[region.y : region.bottom])
    finally:
        signs.use_ascii(False)


async def test_a_dangerous_question_is_answered_by_the_button_one_is_on() -> None:
    opened = Opened(confirm())
    async with opened.stage.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot)
        await pilot.press("right", "enter")
        assert await opened.answered(pilot) == "yes"


async def test_escape_answers_nothing_and_the_keyboard_is_back_where_it_was() -> None:
    opened = Opened(confirm())
    async with opened.stage.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot)
        await pilot.press("escape")
        assert await opened.answered(pilot) is None
        assert opened.stage.screen.focused is opened.table


async def test_ticks_and_the_option_are_answered_together() -> None:
    opened = Opened(tick())
    async with opened.stage.run_test(size=(120, 40)) as pilot:
        await opened.open(pilot)
        await pilot.press("down", "space")
        opened.panel.go_to(OPTION)
        await pilot.press("space", "enter")
        assert await opened.answered(pilot) == (frozenset({"t0", "t1"}), True, False)


async def test_tab_completes_a_path_and_enter_answers_it() -> None:
    opened = Opened(prompt())
    async with opened.stage.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot)
        await pilot.press("tab", "x", "enter")
        assert await opened.answered(pilot) == "/home/user/x"


async def test_a_letter_of_the_menu_chooses_and_that_of_a_dimmed_entry_does_not() -> None:
    opened = Opened(menu())
    async with opened.stage.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot)
        await pilot.press("x")
        await pilot.pause()
        assert opened.panel.is_open
        await pilot.press("r")
        assert await opened.answered(pilot) == "e0"


async def test_the_wheel_moves_through_a_menu() -> None:
    opened = Opened(menu())
    async with opened.stage.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot)
        opened.panel.action_move(1)
        assert opened.panel.cursor == "e1"
