"""The whole program on a local copy, driven as a user does: keys, clicks, and waiting until something is seen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from banqup_tui.app import BanqupApp
from banqup_tui.app_dirs import dirs_under
from banqup_tui.protocol.local import Endpoint
from banqup_tui.settings import UserSettings
from banqup_tui.sync.session import Session
from tests.screens.firm import FirmServer
from tests.sync.fake_server import Line

DEADLINE = 30.0
ENDPOINT = Endpoint(socket="nowhere", instance_id="i", protocol=2, space_id="s", pid=1)
PLAIN = {"LANG": "en_GB.UTF-8", "TERM": "xterm-256color"}
_CHARACTERS = {
    "space": " ", "full_stop": ".", "semicolon": ";", "comma": ",", "slash": "/", "colon": ":", "question_mark": "?",
    "exclamation_mark": "!", "quotation_mark": '"', "apostrophe": "'", "latin_small_letter_e_with_acute": "é",
}  # fmt: skip
NARROW, MIDDLE, BROAD = (80, 24), (120, 40), (160, 45)


def open_session(root: Path, server: FirmServer) -> Session:
    return Session.open(dirs_under(root).made(), lambda: ENDPOINT, make_server=lambda _endpoint: Line(server))


def found_in(directory: Path, pattern: str) -> list[Path]:
    return sorted(directory.glob(pattern))


class Program:
    """What a user sees and does. Every wait ends as soon as what is waited for is there."""

    def __init__(self, app: BanqupApp, pilot: Pilot[None], session: Session, server: FirmServer) -> None:
        self.app, self.pilot, self.session, self.server = app, pilot, session, server

    @property
    def screen(self) -> Any:
        """The screen that is shown. Each place has widgets of its own, so it is not typed."""
        return self.app.screen

    @property
    def rows(self) -> list[str]:
        lines = self.app.screen._compositor.render_strips(self.app.size)
        return ["".join(segment.text for segment in line).rstrip() for line in lines]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    @property
    def header(self) -> str:
        return self.rows[0]

    @property
    def title(self) -> str:
        return self.rows[1]

    @property
    def info(self) -> str:
        return self.rows[-2].strip()

    @property
    def footer(self) -> str:
        return self.rows[-1].strip()

    @property
    def into_table(self) -> tuple[str, ...]:
        """From the clients to the documents of the first one: under 110 columns the folders lie between."""
        return ("enter",) if self.app.size.width >= 110 else ("enter", "enter")

    async def press(self, *keys: str) -> None:
        """One key after the other, each when what the one before it did has been done."""
        for key in keys:
            named = key if len(key) > 1 or key.isalnum() else _character_to_key(key)
            self._send(events.Key(named, key if len(key) == 1 else _CHARACTERS.get(key)))
            for _round in range(3):
                await self.pilot.pause(0)

    async def write(self, text: str) -> None:
        """Typed fast, letter by letter."""
        for letter in text:
            key = "space" if letter == " " else letter if letter.isalnum() else _character_to_key(letter)
            self._send(events.Key(key, letter))
        await self.pilot.pause()

    def _send(self, event: events.Event) -> None:
        """As the terminal's driver does."""
        self.app.post_message(event.set_sender(self.app))

    async def paste(self, text: str) -> None:
        self._send(events.Paste(text))
        await self.pilot.pause()

    async def until(self, condition: Callable[..., Any], what: str = "") -> Any:
        deadline = time.monotonic() + DEADLINE
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {what}\n{self.text}")
            await self.pilot.pause(0.002)
        return found

    async def sees(self, *texts: str) -> None:
        for text in texts:
            await self.until(lambda text=text: text in self.text, text)

    async def sees_no_more(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"gone: {text}")

    def find(self, text: str) -> tuple[int, int]:
        """Column and row of a text on the screen."""
        for y, row in enumerate(self.rows):
            if text in row:
                return row.index(text), y
        raise AssertionError(f"not on the screen: {text}\n{self.text}")

    async def click(self, text: str, *, times: int = 1, button: int = 1, shift: int = 0) -> None:
        x, y = self.find(text)
        await self.pilot.click(offset=(x + shift, y), times=times, button=button)

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause()

    @property
    def focused(self) -> str:
        return type(self.app.screen.focused).__name__

    @property
    def place(self) -> str:
        return type(self.app.screen).__name__


Opened = Callable[..., AbstractAsyncContextManager[Program]]
"""`async with opened((80, 24)) as here`: the program on a copy that is in step."""


@asynccontextmanager
async def program(
    root: Path,
    server: FirmServer,
    size: tuple[int, int] = MIDDLE,
    *,
    settings: UserSettings | None = None,
    environment: dict[str, str] | None = None,
    session: Session | None = None,
) -> AsyncIterator[Program]:
    session = session or open_session(root, server)
    app = BanqupApp(
        session, settings or UserSettings(language="en", locale="en_GB", signs="unicode"), environment or PLAIN
    )
    try:
        async with app.run_test(size=size) as pilot:
            yield Program(app, pilot, session, server)
    finally:
        session.close()
