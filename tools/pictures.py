"""Makes the pictures of the README, for `make pictures`: the program itself on a sample firm, drawn by Textual as SVG.

The fonts that Textual's template would fetch from elsewhere are left out: the reader's own monospaced font is used.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from banqup_tui import launcher
from banqup_tui.app import BanqupApp
from banqup_tui.app_dirs import AppDirs, dirs_under
from banqup_tui.demo.fill import fill
from banqup_tui.settings import UserSettings
from banqup_tui.sync.session import Session

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SIZE = (120, 34)
WAYS: dict[str, Sequence[str]] = {
    "client": ("g", "enter", "right", "down", "down"),
    "send": ("g", "enter", "right", "down", "down", "r"),
}
"""The keys that lead to each picture, from the first screen."""
_FETCHED = re.compile(r"@font-face\s*\{.*?\}|<!--.*?-->", re.DOTALL)
_SECONDS = 60.0


async def draw(dirs: AppDirs, name: str, keys: Sequence[str]) -> Path:
    session = Session.open(dirs, lambda: launcher.connect(dirs))
    app = BanqupApp(session, UserSettings(language="en", locale="en_GB", signs="unicode"), {"COLORTERM": "truecolor"})
    try:
        async with app.run_test(size=SIZE) as pilot:
            await _until(lambda: session.engine.state.word == "IN_STEP")
            await pilot.pause(0.5)
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.3)
            svg = app.export_screenshot(title=f"banqup: {name}")
    finally:
        session.close()
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.svg"
    path.write_text(_FETCHED.sub("", svg).replace("Fira Code", "JetBrains Mono, DejaVu Sans Mono"))
    return path


async def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.1)


def main() -> int:
    with tempfile.TemporaryDirectory() as root:
        dirs = dirs_under(Path(root)).made()
        fill(dirs, clients=14, documents=900, tell=lambda sentence: None)
        for name, keys in WAYS.items():
            sys.stdout.write(f"{asyncio.run(draw(dirs, name, keys)).relative_to(Path.cwd())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
