"""What this computer lacks is said where one is, stands in the header until it is over, and ends nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from banqup_tui import app
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.windows import DocumentRows
from banqup_tui.sync import rounds
from banqup_tui.sync.errors import ServerDown
from tests.screens.program import MIDDLE, NARROW, Opened, Program


def raising(code: str, path: Path | None) -> Callable[..., None]:
    def failing(*_arguments: Any, **_more: Any) -> None:
        raise LocalFault(FaultCode(code), path)

    return failing


async def up_to_date(here: Program) -> None:
    await here.sees("Up to date")


@pytest.mark.parametrize(
    ("code", "text", "header"),
    [
        (FaultCode.DISK_FULL, "Make room", "The disk is full"),
        (FaultCode.READ_ONLY, "Make its disk or folder writable", "The disk is read-only"),
        (FaultCode.NO_PERMISSION, "Give yourself the right", "No rights to the program's files"),
        (FaultCode.TOO_MANY_FILES, "Close other programs", "Too many open files"),
        (FaultCode.NO_MEMORY, "not enough free memory", "Not enough memory"),
    ],
)
async def test_an_act_that_cannot_be_kept_is_said_and_the_header_says_why_until_it_is_over(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, code: str, text: str, header: str
) -> None:
    async with opened(MIDDLE) as here:
        await up_to_date(here)
        await here.press("enter", "j")
        outbox = here.session.outbox
        monkeypatch.setattr(rounds, "probe", raising(code, outbox.path))
        monkeypatch.setattr(outbox, "give", raising(code, outbox.path))
        await here.press("m")
        await here.sees(text, header)
        await here.sees_no_more("Server not answering")
        monkeypatch.undo()
        here.session.engine.wake()
        await up_to_date(here)
        assert here.focused == "DocumentTable"


async def test_a_copy_that_cannot_be_read_for_a_moment_leaves_the_place_as_it_is(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(MIDDLE) as here:
        await up_to_date(here)
        path = here.session.copy.path
        monkeypatch.setattr(here.session.readers, "clients", raising(FaultCode.IO_ERROR, path))
        here.app.screen.call_later(here.screen.data_changed)
        await here.press("e")
        await here.sees("Have the disk looked at", "Boulangerie")
        monkeypatch.undo()
        await here.press("enter")
        await here.until(lambda: here.focused == "DocumentTable")


async def test_rows_that_cannot_be_read_while_they_are_drawn_come_when_they_can(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(MIDDLE) as here:
        await up_to_date(here)
        monkeypatch.setattr(DocumentRows, "window", raising(FaultCode.IO_ERROR, here.session.copy.path))
        await here.press("enter")
        await here.sees("Have the disk looked at")
        monkeypatch.undo()
        here.app.screen.call_later(here.screen.data_changed)
        await here.until(lambda: here.screen.table.row is not None)


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_nothing_takes_the_keys_of_somebody_who_types_when_the_server_goes(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(app, "ENOUGH_TRIES", 1)
    async with opened(size) as here:
        await up_to_date(here)
        here.server.fault = ServerDown()
        here.session.engine.wake()
        await here.sees("The server does not answer.")
        assert here.focused == "ClientTable"
        await here.press("slash")
        await here.write("Ardenne")
        assert here.focused == "FilterLine"
        await here.press("escape")
        here.server.fault = None
        here.session.engine.wake()
        await here.sees_no_more("The server does not answer.")


async def test_a_mistake_in_an_action_is_said_and_is_in_the_log(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(MIDDLE) as here:
        await up_to_date(here)
        await here.press("enter", "j")

        def failing(*_arguments: Any, **_more: Any) -> None:
            raise KeyError("nobody has foreseen it")

        monkeypatch.setattr(here.session.outbox, "give", failing)
        await here.press("m")
        await here.sees("The program made a mistake (KeyError).")
        (log,) = here.session.copy.path.parents[3].rglob("banqup.log")
        assert "nobody has foreseen it" in log.read_text()
