"""Translations by gettext: `_("…")` looks an English sentence up in the catalogue of the current language.

Texts are looked up when they are shown, not when a module is imported, so that a change of language needs no restart.
English is the key and has no catalogue. Catalogues are in `banqup_tui/locale`, as `.po` for translators and `.mo` for
the program; `make messages` compiles them.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

DOMAIN = "banqup"
CATALOGUES = Path(__file__).parent.parent / "locale"
"""The directory of the catalogues: `fr/LC_MESSAGES/banqup.mo` is that of French."""
_CODE = re.compile(r"[a-z]{2,3}")
"""A language code of ISO 639; the C locale has none."""
_CAPITAL_NOUNS = ("de",)
"""The languages that write nouns with a capital letter also inside a sentence."""
_state = {"language": "en"}
_for_a_while: ContextVar[str] = ContextVar("language", default="")
"""The language of this task or thread alone, which overrides that of the program."""


def use_language(language: str) -> None:
    """Sets the program's language: `fr`, `fr_BE`, `fr-BE.UTF-8`. Without a catalogue texts stay English."""
    code = language.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    _state["language"] = code if _CODE.fullmatch(code) else "en"


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Sets the language of this task or thread inside the `with`, for example for a page in the browser's language."""
    token = _for_a_while.set(language)
    try:
        yield
    finally:
        _for_a_while.reset(token)


def languages() -> tuple[str, ...]:
    """Returns the codes of English and of each language that has a catalogue."""
    found = CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")
    return ("en", *sorted(path.parents[1].name for path in found))


def current_language() -> str:
    return _for_a_while.get() or _state["language"]


def _(message: str) -> str:
    """Returns `message` in the current language; itself if the catalogue does not have it."""
    return _catalogue(current_language()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Returns the form for `number`, by the plural rule of the current language."""
    return _catalogue(current_language()).ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """Returns `message` by its context, for a word with several translations: `pgettext("in full", "Queued")`."""
    return _catalogue(current_language()).pgettext(context, message)


def own_text(words: Mapping[str, str]) -> str:
    """The text of an extension in the language in use: as it brings it, else as the catalogue has its English."""
    text = words.get(current_language()) or words["en"]
    return _(text) if text else ""


def inside_sentence(label: str) -> str:
    """Returns a translated label as it is written inside a sentence: in small letters, but for abbreviations, and for
    nouns where they keep a capital.
    """
    if current_language()[:2] in _CAPITAL_NOUNS:
        return label
    return " ".join(
        word if len(word) > 1 and word.isalpha() and word.isupper() else word.lower() for word in label.split(" ")
    )


def N_(message: str) -> str:
    """Marks a sentence for the catalogue that is translated later, where it is shown."""
    return message


def NP_(context: str, message: str) -> str:
    """Marks a sentence with a context, as `N_`."""
    return message


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    try:
        with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
            return gettext.GNUTranslations(file)
    except OSError:
        return gettext.NullTranslations()
