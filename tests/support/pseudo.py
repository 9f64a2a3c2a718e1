"""A language that nobody speaks: every English letter with an accent, made of the catalogue's English texts.

What is still plain ASCII on a screen or in an output in this language was not looked up: it is data, or a text that a
translator cannot reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from banqup_tui.presentation import words

LANGUAGE = "xx"
_ACCENTED = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž"
)
_LEFT_ALONE = re.compile(r"(\{[^{}]*\}|%\([a-z_]+\)[a-z]|`[^`]*`)")
"""Places for values, and commands that are the same in every language."""


def accented(text: str) -> str:
    parts = _LEFT_ALONE.split(text)
    return "".join(part if at % 2 else part.translate(_ACCENTED) for at, part in enumerate(parts))


def write_catalogue(directory: Path) -> None:
    """The one file that a new language is: `xx/LC_MESSAGES/banqup.mo`, of all texts that French has."""
    source = words.CATALOGUES / "fr" / "LC_MESSAGES" / f"{words.DOMAIN}.po"
    catalogue = Catalog(locale=None)
    for entry in read_po(BytesIO(source.read_bytes()), locale="fr"):
        if entry.id:
            texts = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
            translated = tuple(accented(text) for text in texts)
            catalogue.add(entry.id, translated if isinstance(entry.id, tuple) else translated[0], context=entry.context)
    target = directory / LANGUAGE / "LC_MESSAGES" / f"{words.DOMAIN}.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue)


@contextmanager
def spoken(directory: Path) -> Iterator[None]:
    """The program knows this language beside English, and no other."""
    write_catalogue(directory)
    words._catalogue.cache_clear()  # made of the directory of before
    try:
        with patch.object(words, "CATALOGUES", directory):
            yield
    finally:
        words._catalogue.cache_clear()
        words.use_language("en")
