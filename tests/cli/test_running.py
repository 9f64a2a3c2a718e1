"""What a command leaves to the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.cli.house import Tools
from banqup_tui.cli.running import in_house
from banqup_tui.homes import homes_under


def test_a_fault_of_the_event_loop_is_in_the_log_and_not_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def open_house(_homes: Any) -> AsyncIterator[Any]:
        yield None

    async def work(_house: Any) -> int:
        asyncio.get_running_loop().call_soon(int, "no number")
        await asyncio.sleep(0)
        return 0

    found = homes_under(tmp_path)
    assert in_house(Tools(homes=lambda: found, open_house=open_house), work, sync=False) == 0
    assert capfd.readouterr().err == ""
    assert "no number" in (found.log / "banqup.log").read_text(encoding="utf-8")
