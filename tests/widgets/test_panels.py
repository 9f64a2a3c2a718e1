"""Menus, choices, questions, sending, the palette and the help: shown over the place, left with Escape."""

import pytest
from textual.geometry import Region

from banqup_tui.widgets.choose import Choice, Choose
from banqup_tui.widgets.confirm import Confirm
from banqup_tui.widgets.document_table import DocumentTable
from banqup_tui.widgets.help import Help, HelpGroup
from banqup_tui.widgets.menu import SEPARATOR, Menu, MenuEntry
from banqup_tui.widgets.palette import Palette, PaletteEntry
from banqup_tui.widgets.panel import Button
from banqup_tui.widgets.send_panel import SendAnswer, SendNote, SendPanel, SendPlan, SendRow
from tests.widgets.support import ManyRows, Stage, rows

ENTRIES = [
    MenuEntry("send", "Resend to integrations…", "r", "To SFTP and Dropbox; Exact Online has it"),
    MenuEntry("mark", "Mark as processed", "m"),
    SEPARATOR,
    MenuEntry("outside", "Open in another program", "o", "Not over SSH: download it instead", enabled=False),
    MenuEntry("copy", "Copy…", "y"),
]


def stage(panel, **options) -> Stage:
    return Stage(DocumentTable(ManyRows(100)), panel, **options)


async def test_the_menu_hangs_from_its_row_with_its_right_edge_at_the_dots():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("2026-11874", ENTRIES, Region(117, 4, 1, 1))
        await pilot.pause()
        assert (menu.region.x, menu.region.right, menu.region.y) == (63, 117, 5)
        shown = [line[63:117] for line in rows(app)]
        assert shown[5].startswith("  2026-11874")
        assert shown[6] == "  Resend to integrations…                          r  "
        assert shown[7].startswith("    To SFTP and Dropbox; Exact Online has it")
        assert shown[9].strip() == "─" * 52
        assert shown[10].rstrip().endswith("–")


async def test_near_the_bottom_the_menu_opens_above_its_row():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("x", ENTRIES, Region(117, 36, 1, 1))
        await pilot.pause()
        assert menu.region.bottom == 36


async def test_a_disabled_entry_keeps_its_place_and_is_passed_over():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("x", ENTRIES, Region(117, 4, 1, 1))
        await pilot.pause()
        await pilot.press("down", "down")
        assert menu.item == 4
        await pilot.press("o")
        assert menu.visible
        await pilot.press("enter")
        assert [message.entry_id for message in app.said(Menu.Chosen)] == ["copy"]
        assert not menu.visible


async def test_the_key_of_an_entry_works_at_once_and_the_footer_shows_the_keys_of_the_menu():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("x", ENTRIES, Region(117, 4, 1, 1), subject="doc")
        await pilot.pause()
        assert rows(app)[39].startswith("  ↑↓ Move  Enter Choose  Esc Close")
        await pilot.press("m")
        assert (app.said(Menu.Chosen)[0].entry_id, app.said(Menu.Chosen)[0].subject) == ("mark", "doc")
        await pilot.pause()
        assert "Esc Close" not in rows(app)[39]


async def test_escape_gives_the_focus_back_and_keys_behind_a_panel_do_not_work():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        table = app.screen.focused
        menu.open_menu("x", ENTRIES, Region(117, 4, 1, 1))
        await pilot.pause()
        await pilot.press("A", "space", "G")
        assert table.selection.is_empty
        assert table.cursor == 0
        await pilot.press("escape")
        assert app.screen.focused is table


async def test_a_click_elsewhere_closes_the_menu():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("x", ENTRIES, Region(117, 4, 1, 1))
        await pilot.pause()
        await pilot.click(offset=(10, 30))
        await pilot.pause()
        assert not menu.visible


@pytest.mark.parametrize("theme", ["banqup-ansi"])
async def test_where_grounds_have_no_colour_a_panel_has_a_frame_in_its_empty_cells(theme):
    menu = Menu()
    app = stage(menu, theme=theme)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("2026-11874", ENTRIES, Region(117, 4, 1, 1))
        await pilot.pause()
        shown = [line[63:117] for line in rows(app)]
        assert shown[5].startswith("┌─ 2026-11874 ──")
        assert shown[6].startswith("│ Resend")
        assert shown[6].endswith("r │")
        assert shown[menu.region.bottom - 1] == "└" + "─" * 52 + "┘"


async def test_a_worker_can_ask_and_gets_the_answer():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        answers = []

        async def ask() -> None:
            answers.append(await menu.ask("x", ENTRIES, Region(117, 4, 1, 1)))
            answers.append(await menu.ask("x", ENTRIES, Region(117, 4, 1, 1)))

        worker = app.run_worker(ask(), group="ask", exit_on_error=False)
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("escape")
        await worker.wait()
        assert answers == ["send", None]


CHOICES = [
    Choice("exact", "Exact Online", "Already active for this client", enabled=False),
    Choice("octopus", "Octopus", "Asks for the e-mail address of the file"),
    Choice("mail", "E-mail"),
]


async def test_a_choice_stands_on_the_first_that_can_be_taken_and_tab_goes_to_its_buttons():
    panel = Choose()
    app = stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.open_choice("Add integration", CHOICES, right="1 of 2", button="Continue")
        await pilot.pause()
        assert panel.item == 1
        text = "\n".join(rows(app))
        assert "Add integration" in text
        assert "1 of 2" in text
        await pilot.press("tab", "tab")
        assert panel.button == 1
        await pilot.press("enter")
        assert not app.said(Choose.Chosen)
        panel.open_choice("Add integration", CHOICES, button="Continue")
        await pilot.pause()
        await pilot.press("down", "enter")
        assert app.said(Choose.Chosen)[0].choice_id == "mail"


async def test_a_question_has_its_first_button_ready_and_says_in_the_footer_what_enter_does():
    panel = Confirm()
    app = stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        buttons = [Button("on", "Go on without it"), Button("again", "Try again")]
        panel.open_question("The server does not answer", ["No answer since 09:02.", "", "Kept."], buttons)
        await pilot.pause()
        assert rows(app)[23].startswith("  Enter Go on without it  Tab Next button  Esc Close")
        await pilot.press("tab")
        await pilot.pause()
        assert rows(app)[23].startswith("  Enter Try again")
        await pilot.press("enter")
        assert app.said(Confirm.Answered)[0].button_id == "again"


SENDING = [
    SendRow("sftp", "SFTP", "error", "error", "Nothing: failed at 09:12"),
    SendRow("exact", "Exact Online", "done", "ok", "The same, since 08:31"),
]


def plan(ticked, again):
    notes = [SendNote("Exact Online has it: it will be there twice.", is_warning=True)] if "exact" in ticked else []
    sends = {row.id: "The document" if row.id in ticked else "Nothing" for row in SENDING}
    return SendPlan(sends, f"Send to {len(ticked)} integrations", f"Send to {len(ticked)}", notes, bool(ticked))


async def test_sending_says_what_follows_from_each_tick_and_needs_one():
    panel = SendPanel()
    app = stage(panel)
    async with app.run_test(size=(120, 40)) as pilot:
        panel.open_sending("Resend to integrations", "Invoice 2026-11874", SENDING, frozenset({"sftp"}), plan)
        await pilot.pause()
        text = "\n".join(rows(app))
        assert "[x] SFTP            × Nothing: failed at 09:12" in text
        assert "[ ] Exact Online    √ The same, since 08:31" in text
        assert "twice" not in text
        await pilot.press("down", "space")
        await pilot.pause()
        text = "\n".join(rows(app))
        assert "! Exact Online has it: it will be there twice." in text
        assert " Send to 2 integrations " in text
        await pilot.press("space", "up", "space")
        await pilot.pause()
        await pilot.press("enter")
        assert not app.said(SendPanel.Confirmed)
        await pilot.press("space", "enter")
        assert app.said(SendPanel.Confirmed)[0].answer == SendAnswer(frozenset({"sftp"}), False)


async def test_at_80_columns_what_an_integration_has_is_not_cut():
    panel = SendPanel()
    app = stage(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.open_sending("Resend", "Invoice", SENDING, frozenset({"sftp"}), plan)
        await pilot.pause()
        assert "Nothing: failed at 09:12  " in "\n".join(rows(app))


async def test_the_palette_is_searched_while_typing_and_letters_are_letters_there():
    panel = Palette()
    app = stage(panel)
    everything = [PaletteEntry("send", "Resend to integrations…", "2026-11874", "r"), PaletteEntry("quit", "Quit")]
    async with app.run_test(size=(120, 40)) as pilot:
        panel.open_palette(lambda text: [one for one in everything if text in one.label.lower()])
        await pilot.pause()
        await pilot.press("q", "u", "i")
        await pilot.pause()
        text = "\n".join(rows(app))
        assert "qui" in text
        assert "Resend" not in text
        await pilot.press("enter")
        assert app.said(Palette.Chosen)[0].entry_id == "quit"


async def test_the_help_can_be_searched_and_fits_80_by_24():
    panel = Help()
    app = stage(panel)
    left = [HelpGroup("Move", [("↑↓ j k", "Row"), ("Enter", "In")])]
    right = [HelpGroup("Document", [(".", "Actions menu"), ("r", "Send or resend")])]
    async with app.run_test(size=(80, 24)) as pilot:
        panel.open_help("Keys: client documents", left, right)
        await pilot.pause()
        assert "↑↓ j k" in "\n".join(rows(app))
        await pilot.press("slash", *"resend")
        await pilot.pause()
        text = "\n".join(rows(app))
        assert "Send or resend" in text
        assert "Actions menu" not in text
        await pilot.press("escape", "escape")
        assert not panel.visible


async def test_a_panel_fits_again_when_the_window_gets_smaller():
    panel = Choose()
    app = stage(panel)
    async with app.run_test(size=(120, 40)) as pilot:
        panel.open_choice("Title", [Choice(str(index), f"Choice {index}") for index in range(40)])
        await pilot.pause()
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert panel.region.right <= 70
        assert panel.region.bottom <= 20
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert panel.item > 20


async def test_hostile_words_in_a_panel_do_no_harm():
    menu = Menu()
    app = stage(menu)
    async with app.run_test(size=(120, 40)) as pilot:
        menu.open_menu("a[/b]c\x1b[31m", [MenuEntry("x", "\u202ename [red]", "r", "日本" * 60)], Region(117, 4, 1, 1))
        await pilot.pause()
        text = "\n".join(rows(app))
        assert "\x1b" not in text
        assert "a[/b]c" in text
