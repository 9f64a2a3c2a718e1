"""Opens a file or an address in the program that this computer has for it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from banqup_tui.python_process import clean_environment


async def open_outside(target: str) -> bool:
    """Opens `target`. Returns false if there is no program to open it."""
    environment = clean_environment()
    path = environment.get("PATH")
    opener = shutil.which("xdg-open", path=path) or shutil.which("open", path=path)
    if opener is None:
        return False
    await asyncio.create_subprocess_exec(
        opener,
        target,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
        cwd=Path.home(),
    )
    return True
