"""What a command leaves to the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.app_dirs import dirs_under
from banqup_tui.cli.command_runner import in_runtime
from banqup_tui.cli.runtime import Tools


def test_a_fault_of_the_event_loop_is_in_the_log_and_not_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def open_runtime(_dirs: Any) -> AsyncIterator[Any]:
        yield None

    async def work(_runtime: Any) -> int:
        asyncio.get_running_loop().call_soon(int, "no number")
        await asyncio.sleep(0)
        return 0

    found = dirs_under(tmp_path)
    assert in_runtime(Tools(dirs=lambda: found, open_runtime=open_runtime), work, sync=False) == 0
    assert capfd.readouterr().err == ""
    assert "no number" in (found.log / "banqup.log").read_text(encoding="utf-8")
