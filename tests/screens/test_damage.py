"""Damage in the program's own files: the user is told in the program, and goes on."""

from contextlib import closing
from pathlib import Path

from banqup_tui.store.outbox import Outbox
from tests.screens.program import NARROW, Opened
from tests.store.test_outbox_rescue import noise_on, root_page_of


def damaged_outbox(root: Path) -> None:
    path = root / "data" / "copies" / "local" / "outbox.sqlite"
    with closing(Outbox.open(path)) as outbox:
        outbox.give("SET_PROCESSED", b'{"documentIds": [], "processed": true}', "e.1", label="some change")
    noise_on(path, root_page_of(path, "command_drawn"))


async def test_what_was_saved_of_a_damaged_outbox_is_said_until_it_is_confirmed(opened: Opened, tmp_path: Path) -> None:
    damaged_outbox(tmp_path / "home")
    async with opened(NARROW) as here:
        await here.sees("Changes in a damaged file", "1 change that waited in it was saved.", "outbox.sqlite.aside-1")
        await here.press("escape")
        await here.sees_no_more("Changes in a damaged file")
        assert here.session.outbox.rescues()
    async with opened(NARROW) as here:
        await here.sees("Changes in a damaged file")
        await here.press("enter")
        await here.sees_no_more("Changes in a damaged file")
        await here.until(lambda: not here.session.outbox.rescues())
