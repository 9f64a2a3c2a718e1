"""Each place is drawn as it was when somebody last looked at it: at two sizes, in each look, in each language.

The pictures are SVG files, to be opened in a browser. Where the program now draws another one, the test fails and
leaves it in `build/pictures/` under the same name. If it is as wanted, write all pictures anew and look at them once
more:

    .venv/bin/python -m pytest tests/screens/test_pictures.py --write-pictures

pytest-textual-snapshot does the same with a report, but the current one (1.1) needs a pytest that is older than ours.
"""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from banqup_tui.app import BanqupApp
from banqup_tui.screens.sync_words import header_state
from banqup_tui.settings import UserSettings
from banqup_tui.sync.state import SyncWord
from tests.screens.firm import NOON, FirmServer
from tests.screens.program import MIDDLE, NARROW, PLAIN, Program
from tests.screens.test_hostile_text import sources, waiting_files

PICTURES = Path(__file__).parent / "pictures"
DRAWN = Path(__file__).parents[2] / "build" / "pictures"

INTO = "into the table"
WAYS: dict[str, tuple[Sequence[str], *tuple[str, ...]]] = {
    "clients": ((), "Exact Online, SFTP"),
    "documents": ((INTO,), "SFTP"),
    "document": ((INTO, "enter"), "Lines 2"),
    "deliveries": ((INTO, "i"), "Lines 2", "quota exceeded"),
    "menu": ((INTO, "full_stop"), "Download"),
    "send": ((INTO, "r"), "Exact Online"),
    "failures": (("f",), "a[/b]c"),
    "to-place": (("w",), "Say it."),
    "sources": (("S",), "needs attention", "Enter Edit"),
    "client": (("3", "enter"), "Test connection"),
    "store": (("4",), "Test connection"),
    "help": (("question_mark",), "Keys"),
}
"""The keys that lead to each place, and what is seen there at last: a row is explained when the cursor rests."""
LOOKS: dict[str, tuple[str, dict[str, str]]] = {
    "light": ("light", PLAIN),
    "high-contrast": ("high-contrast", PLAIN),
    "ansi": ("auto", {**PLAIN, "TERM": "xterm"}),
    "no-colour": ("auto", {**PLAIN, "NO_COLOR": "1"}),
    "ascii": ("auto", {"LANG": "C", "TERM": "vt100"}),
}

Opened = Callable[..., AbstractAsyncContextManager[Program]]


@pytest.fixture(autouse=True)
def at_a_fixed_time(monkeypatch: pytest.MonkeyPatch, firm: FirmServer) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(BanqupApp, "now", lambda _app: NOON + timedelta(hours=1))
    for file in waiting_files():
        firm.put_unfiled(file)
    for source in sources():
        firm.put_source(source)


@pytest.mark.parametrize("size", [NARROW, MIDDLE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("place", WAYS)
async def test_a_place_looks_as_it_did(
    opened: Opened, place: str, size: tuple[int, int], pytestconfig: pytest.Config
) -> None:
    async with opened(size) as here:
        await go(here, place)
        compare(here, f"{place}-{size[0]}x{size[1]}", pytestconfig)


@pytest.mark.parametrize("place", ["documents", "send"])
@pytest.mark.parametrize("look", LOOKS)
async def test_a_look_is_as_it_was(
    opened: Opened, look: str, place: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme, environment = LOOKS[look]
    for name, value in environment.items():  # Textual itself asks for NO_COLOR too
        monkeypatch.setenv(name, value)
    settings = UserSettings(language="en", locale="en_GB", signs="auto", theme=theme)
    async with opened(NARROW, settings=settings, environment=environment) as here:
        await go(here, place)
        compare(here, f"{place}-{look}", pytestconfig)


@pytest.mark.parametrize("place", ["documents", "failures"])
async def test_french_fits_where_english_does(opened: Opened, place: str, pytestconfig: pytest.Config) -> None:
    async with opened(NARROW, settings=UserSettings(language="fr", locale="fr_BE", signs="unicode")) as here:
        await go(here, place)
        compare(here, f"{place}-fr", pytestconfig)


async def go(here: Program, place: str) -> None:
    """To the place, when all that is counted there has come."""
    readers, engine = here.session.readers, here.session.engine
    await here.until(lambda: readers.extensions() and readers.unfiled_count(), "all that the server has")
    await here.sees("Parvis")
    if here.app.size.width > NARROW[0]:
        await here.sees("(2)")
    keys, *texts = WAYS[place]
    for key in keys:
        await here.press(*(here.into_table if key is INTO else (key,)))
        if key is INTO:
            await here.sees("SFTP")  # at the cursor, also where the next key covers it
    await here.sees(*texts)
    await here.until(lambda: engine.state.word is SyncWord.IN_STEP, "in step")
    state = header_state(engine.state)
    await here.until(lambda: state.text in here.header or state.short in here.header, "the header in step")
    before = ""
    while before != (before := picture(here)):
        await here.pilot.pause(0.1)


def picture(here: Program) -> str:
    """The screen as SVG, without the fonts that Rich's template fetches and the number in the names of its classes."""
    drawn = re.sub(r"@font-face\s*\{.*?\}|<!--.*?-->", "", here.app.export_screenshot(title="banqup"), flags=re.DOTALL)
    return re.sub(r"terminal-\d+-", "t-", drawn).replace("Fira Code", "JetBrains Mono, DejaVu Sans Mono")


def compare(here: Program, name: str, config: pytest.Config) -> None:
    drawn, file = picture(here), PICTURES / f"{name}.svg"
    if config.getoption("--write-pictures"):
        file.write_text(drawn, encoding="utf-8")
    elif drawn != (file.read_text(encoding="utf-8") if file.exists() else ""):
        DRAWN.mkdir(parents=True, exist_ok=True)
        (DRAWN / file.name).write_text(drawn, encoding="utf-8")
        pytest.fail(f"{DRAWN / file.name} is not {file}; the screen reads:\n{here.text}", pytrace=False)
