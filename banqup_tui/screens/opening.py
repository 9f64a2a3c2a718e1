"""Give a file or an address to the program that this computer has for it."""

from __future__ import annotations

import asyncio
import shutil


async def open_outside(what: str) -> bool:
    """False where there is nothing to open it with."""
    opener = shutil.which("xdg-open") or shutil.which("open")
    if opener is None:
        return False
    await asyncio.create_subprocess_exec(
        opener,
        what,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    return True
