"""The sources are seen with what is wrong, and added, edited, tested and removed from the screen."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol.commands import AddSource, RemoveSource, decode
from banqup_tui.settings import UserSettings
from banqup_tui.store.outbox_entry import CommandState
from tests.screens.firm import FirmServer
from tests.screens.program import MIDDLE, NARROW, Program
from tests.screens.test_hostile_text import sources

Opened = Callable[..., AbstractAsyncContextManager[Program]]


@pytest.fixture
def firm(firm: FirmServer) -> FirmServer:
    for source in sources():
        firm.put_source(source)
    return firm


def done(here: Program, kind: type) -> list[Any]:
    entries = here.session.outbox.history(20)
    return [decode(entry.kind, entry.body) for entry in entries if isinstance(decode(entry.kind, entry.body), kind)]


async def open_sources(here: Program) -> None:
    await here.until(lambda: here.session.readers.sources(), "the sources")
    await here.press("S")
    await here.until(lambda: here.place == "SourcesScreen")


async def test_each_source_is_seen_with_its_state_and_what_is_wrong(opened: Opened) -> None:
    async with opened(MIDDLE) as here:
        await open_sources(here)
        await here.sees("Watched folder", "1,204", "SFTP drop", "Mailbox", "1 needs attention", "a Add", "Enter Edit")
        await on(here, "s-drop")
        await here.sees("billit", "Purchase invoices")
        await on(here, "s-folder")
        await here.sees("The folder is not there", "Look at it")


async def test_at_80_columns_the_info_line_says_what_is_wrong(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await open_sources(here)
        await on(here, "s-folder")
        await here.sees("The folder is not there", "127.0.0.1:2022")


async def test_at_80_columns_the_kind_of_a_source_is_whole_in_french(opened: Opened) -> None:
    async with opened(NARROW, settings=UserSettings(language="fr", locale="fr_BE", signs="unicode")) as here:
        await open_sources(here)
        await here.sees("Dossier surveillé")


async def on(here: Program, source_id: str) -> None:
    await here.press("g")
    for _ in range(4):
        if here.screen.listing.key == source_id:
            break
        await here.press("down")
    await here.until(lambda: here.screen.listing.key == source_id)


async def test_a_folder_is_added_and_this_is_taken_back(opened: Opened, firm: FirmServer, tmp_path: Path) -> None:
    watched = tmp_path / "scans"
    watched.mkdir()
    async with opened(MIDDLE) as here:
        await open_sources(here)
        await here.press("a")
        await here.sees("Watched folder", "There is one already")
        await here.press("enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.write(str(watched / "none"))
        await here.sees("Correct first: Folder")
        await here.click(" Add ", shift=2)
        await here.until(lambda: here.place == "FormScreen")
        await here.press("ctrl+u")
        await here.write(str(watched))
        await here.click(" Add ", shift=2)
        await here.sees("is watched from now on")
        await here.until(lambda: str(watched) in {source.path for source in firm.sources.values()})
        await here.until(lambda: here.session.outbox.history(1)[0].state is CommandState.DONE)
        await here.press("u")
        await here.until(lambda: str(watched) not in {source.path for source in firm.sources.values()})


async def test_a_folder_that_is_removed_can_be_taken_back(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await open_sources(here)
        await on(here, "s-folder")
        await here.press("delete")
        await here.sees("is watched no longer")
        await here.until(lambda: "s-folder" not in firm.sources)
        await here.until(lambda: here.session.outbox.history(1)[0].state is CommandState.DONE)
        await here.press("u")
        await here.until(lambda: "s-folder" in firm.sources)
        assert firm.sources["s-folder"].path == "/srv/in"


async def test_the_drop_is_removed_only_after_a_question_and_cannot_be_taken_back(
    opened: Opened, firm: FirmServer
) -> None:
    async with opened(MIDDLE) as here:
        await open_sources(here)
        await on(here, "s-drop")
        await here.press("delete")
        await here.sees("Its accounts are gone for good")
        await here.press("escape")
        assert "s-drop" in firm.sources
        await here.press("delete", "tab", "enter")
        await here.until(lambda: "s-drop" not in firm.sources)
        assert done(here, RemoveSource) == [RemoveSource(source_id="s-drop")]


async def test_the_mailbox_is_tested_and_its_password_is_in_no_command(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await open_sources(here)
        await on(here, "s-mail")
        await here.press("T")
        await here.until(lambda: "test_source" in firm.calls)
        await here.press("enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.sees("imap.fiduciaire.example", "in@fiduciaire.example", "INBOX")
        await here.press(*["down"] * 7)
        await here.write("geheim")
        await here.click(" Keep ", shift=2)
        await here.until(lambda: "set_mailbox_password" in firm.calls)
        await here.until(lambda: here.place == "SourcesScreen")
        assert done(here, AddSource) == []


async def test_without_the_service_a_folder_waits_here_and_a_mailbox_says_why_not(
    opened: Opened, firm: FirmServer, tmp_path: Path
) -> None:
    async with opened(MIDDLE) as here:
        await open_sources(here)
        firm.down = True
        here.session.engine.wake()
        await here.until(lambda: "not answering" in here.header)
        await on(here, "s-mail")
        await here.press("enter")
        await here.sees("Not while offline")
        await here.press("a")
        await here.press("enter")
        await here.until(lambda: here.place == "FormScreen")
        await here.write(str(tmp_path))
        await here.click(" Add ", shift=2)
        await here.sees("Waits")
        assert done(here, AddSource)[0].kind is SourceKind.FOLDER
