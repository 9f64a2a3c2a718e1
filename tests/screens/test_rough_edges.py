"""Small windows, changing windows, hostile names, other looks, and leaving."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from banqup_tui.settings import UserSettings
from tests.screens.firm import HOSTILE, FirmServer
from tests.screens.program import BROAD, MIDDLE, NARROW, PLAIN, Opened, Program, open_session


async def test_a_window_of_44_by_12_says_one_sentence_and_how_to_quit(opened: Opened) -> None:
    async with opened((44, 12)) as here:
        await here.sees("The window is 44 × 12.", "60 × 16 is needed", "q Quit")
        assert "Boulangerie" not in here.text
        await here.press("m", "enter", "r")
        assert here.place == "ClientDocuments"
        await here.press("q")
        await here.until(lambda: not here.app.is_running)


async def test_from_a_small_window_one_comes_back_to_where_one_was(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "j", "j", "full_stop")
        await here.sees("Download…")
        await here.resize(44, 12)
        await here.sees("The window is 44 × 12.")
        await here.resize(*MIDDLE)
        await here.sees("Download…")
        await here.until(lambda: here.focused == "Menu")
        await here.press("escape")
        await here.sees_no_more("Download…")
        await here.resize(44, 12)
        await here.resize(*MIDDLE)
        await here.until(lambda: here.focused == "DocumentTable")
        await here.press("j")
        await here.until(lambda: here.screen.table.cursor == 3)


async def test_a_resize_keeps_the_document_one_is_on(opened: Opened) -> None:
    async with opened(MIDDLE) as here:
        await here.press("enter", "pagedown", *["j"] * 9)
        row = here.screen.table.row.id
        for size in (NARROW, BROAD, MIDDLE, (60, 16), BROAD, NARROW, MIDDLE):
            await here.resize(*size)
            assert here.screen.table.row.id == row
            assert here.focused == "DocumentTable"
            table = here.screen.table
            assert table.top <= table.cursor < table.top + table.page_height
        assert row != "p-failed"


async def test_a_resize_while_one_types_a_filter_leaves_it_open(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("vf")
        await here.resize(*NARROW)
        await here.write("-0003")
        await here.sees("vf-0003", "1 of 66")
        assert here.focused == "FilterLine"


async def test_a_resize_keeps_the_folder_one_is_on(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await here.press("enter", "j", "j")
        node = here.screen.tree_view.node.id
        await here.resize(*MIDDLE)
        assert here.screen.tree_view.node.id == node
        await here.resize(*NARROW)
        assert here.screen.tree_view.node.id == node


def assert_harmless(here: Program) -> None:
    for row, strip in zip(here.rows, here.app.screen._compositor.render_strips(here.app.size), strict=True):
        assert strip.cell_length == here.app.size.width, row
        assert cell_len(row) <= here.app.size.width
        assert not any(letter < " " or letter in "\x7f\x9b‮⁦‏" for letter in row), repr(row)


WAYS = {
    "clients": (), "table": ("enter",), "document": ("enter", "enter"), "raw": ("enter", "enter", "shift+tab"),
    "deliveries": ("enter", "i"), "menu": ("enter", "full_stop"), "send": ("enter", "r"),
    "palette": ("enter", "colon"), "help": ("enter", "question_mark"), "download": ("enter", "d"),
    "copy": ("enter", "y"),
}  # fmt: skip


async def test_a_program_that_ends_before_its_first_frame_ends_quietly(opened: Opened) -> None:
    async with opened(NARROW) as here:
        pass
    await here.app._take_early_keys()  # as the timer does that was set before


@pytest.mark.parametrize("size", [NARROW, BROAD])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_hostile_names_are_shown_harmlessly(opened: Opened, way: tuple[str, ...], size: tuple[int, int]) -> None:
    async with opened(size) as here:
        table = here.screen.table
        table.move_to(next(at for at, row in enumerate(here.screen._found) if row.client.id == HOSTILE))
        if way:
            await here.press(*here.into_table, *way[1:])
        await here.sees("a[/b]c")
        assert_harmless(here)


@pytest.mark.parametrize("size", [NARROW, BROAD])
async def test_hostile_names_of_clients_and_integrations_in_the_register_and_the_store(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await here.press("3")
        screen = here.screen
        screen.table.move_to(next(at for at, row in enumerate(screen._found) if row.client.id == HOSTILE))
        await here.press("enter")
        await here.until(lambda: here.place == "ClientScreen")
        await here.sees("a[/b]c")
        assert_harmless(here)
        await here.press("tab")
        await here.sees("Reference")
        assert_harmless(here)
        await here.press("4")
        await here.sees("Exact Online")
        assert_harmless(here)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_is_prompt(opened: Opened, key: str) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        started = time.monotonic()
        await here.press(key)
        await here.until(lambda: not here.app.is_running)
    assert time.monotonic() - started < 1.0


async def test_quitting_is_prompt_while_the_server_hangs(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as here:
        await here.sees("Up to date")

        async def hang(*_args: Any, **_more: Any) -> None:
            await asyncio.sleep(3600)

        monkeypatch.setattr(here.server, "commands", hang)
        monkeypatch.setattr(here.server, "changes", hang)
        await here.press("enter", "j", "m")
        await here.sees("is processed")
        started = time.monotonic()
        await here.press("q")
        await here.until(lambda: not here.app.is_running)
    assert time.monotonic() - started < 1.0


async def test_what_was_done_before_quitting_is_still_there(opened: Opened, firm: FirmServer, tmp_path: Path) -> None:
    firm.down = True
    async with opened() as here:
        await here.press("enter", "j", "m")
        await here.sees("is processed")
    session = open_session(tmp_path / "home", firm)
    assert [entry.label for entry in session.outbox.waiting()] == ["F26/004417 is processed"]
    document = session.readers.document("p-ready")
    assert document is not None
    assert document.accounting_status == "PROCESSED"
    session.close()


@pytest.mark.parametrize("environment", [{**PLAIN, "NO_COLOR": "1"}, PLAIN])
@pytest.mark.parametrize("theme", ["dark", "ansi"])
async def test_menus_without_grounds_have_a_frame(
    opened: Opened, theme: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = UserSettings(language="en", locale="en_GB", signs="unicode", theme=theme)
    async with opened(settings=settings, environment=environment) as here:
        await here.press("enter", "full_stop")
        await here.sees("Download…")
        framed = theme == "ansi" or "NO_COLOR" in environment
        assert ("┌─ 2026-11874" in here.text) is framed
        assert ("└" in here.text) is framed


async def test_in_ascii_every_sign_is_ascii(opened: Opened) -> None:
    settings = UserSettings(language="en", locale="en_GB", signs="ascii", theme="ansi")
    async with opened(NARROW, settings=settings) as here:
        here.screen.table.move_to(0)
        await here.press(*here.into_table, "full_stop")
        await here.sees("Download")
        assert [letter for letter in here.text if ord(letter) > 126] == []


async def test_french_from_the_settings(opened: Opened) -> None:
    async with opened(settings=UserSettings(language="fr", locale="fr_BE", signs="unicode")) as here:
        await here.sees("Documents client", "À jour")
        await here.press("enter")
        await here.sees("Dossiers", "Fournisseur", "1\u00a0215,13")
