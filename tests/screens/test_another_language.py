"""A new language is one catalogue: with it no English is left on any place, panel and menu."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.path_template import FOLDER_WORDS, PLACEHOLDERS
from banqup_tui.settings import UserSettings
from tests.screens.firm import FirmServer
from tests.screens.program import MIDDLE, NARROW, Program
from tests.screens.test_hostile_text import CLICK, WALK, sources, waiting_files
from tests.screens.test_refused_changes import PROBLEM, refuse
from tests.support import pseudo

Opened = Callable[..., AbstractAsyncContextManager[Program]]

WORD = re.compile(r"[A-Za-z]{3,}")
OF_THE_PROGRAM = frozenset(
    [
        "Banqup",
        "Fiduciaire",
        "Esc",
        "Tab",
        "Enter",
        "Ctrl",
        "Shift",
        "Space",
        "PgUp",
        "PgDn",
        "Home",
        "End",
        "Del",
        "Up",
        "Down",
        "Alt",
    ]
)
"""Names: of the program, of the firm, of keys."""
OF_PATHS = frozenset(word for name in (*PLACEHOLDERS, *FOLDER_WORDS.values()) for word in WORD.findall(name))
"""Placeholders are written in paths as they are in every language."""


def words_of_data(value: Any) -> Iterator[str]:
    """Every word that stands in what the server sends: names, numbers, and what extensions say of themselves."""
    if isinstance(value, str):
        yield from WORD.findall(value)
    elif isinstance(value, bytes):
        yield from WORD.findall(value.decode("utf-8", "replace"))
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from words_of_data(getattr(value, name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from words_of_data(key)
            yield from words_of_data(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from words_of_data(inner)


@pytest.fixture
def spoken(tmp_path: Path) -> Iterator[None]:
    with pseudo.spoken(tmp_path / "locale"):
        yield


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_in_a_language_of_one_catalogue_no_english_is_left_in_any_place(
    spoken: None, opened: Opened, firm: FirmServer, size: tuple[int, int]
) -> None:
    for one in waiting_files():
        firm.put_unfiled(one)
    for source in sources():
        firm.put_source(source)
    data = {word for part in (*vars(firm).values(), PROBLEM, str(Path.home())) for word in words_of_data(part)}
    known = (data - {""}) | OF_THE_PROGRAM | OF_PATHS
    left: dict[str, str] = {}
    settings = UserSettings(language=pseudo.LANGUAGE, locale="en_GB", signs="unicode")
    async with opened(size, settings=settings) as here:
        await here.until(lambda: "Parvis" in here.text)
        refuse(here, "p-ready", "F26/004417")
        await here.until(lambda: here.session.readers.extensions(), "the extensions")
        click = pseudo.accented(CLICK.strip())
        for what, keys in WALK.items():
            for key in keys:
                if key == CLICK:
                    await here.sees(click)
                    await here.click(click, shift=2)
                    await here.until(lambda: here.place == "ReviewScreen")
                else:
                    await here.press(key)
                    if key == "enter" and what.endswith("form"):
                        await here.until(lambda: here.place == "FormScreen")
                for word in WORD.findall(here.text):
                    if not any(word in one for one in known):
                        left.setdefault(word, f"{what}: {key}")
    assert left == {}, sorted(left.items())
