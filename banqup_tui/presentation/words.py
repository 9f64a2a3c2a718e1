"""The language the user reads: `_("…")` looks an English sentence up in the catalogue of the language in use.

Words are looked up when they are shown, not when a module is imported, so that a change of language needs no new
start. English is the key and needs no catalogue of its own. Catalogues lie in `banqup_tui/locale`, as `.po` for
people and `.mo` for the program; `make messages` writes the second from the first.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

DOMAIN = "banqup"
CATALOGUES = Path(__file__).parent.parent / "locale"
"""Where gettext finds a language: `fr/LC_MESSAGES/banqup.mo`."""
_CODE = re.compile(r"[a-z]{2,3}")
"""A code of ISO 639; the C locale has none."""
_state = {"language": "en"}
_for_a_while: ContextVar[str] = ContextVar("language", default="")
"""The language of this task or thread alone, in place of that of the program."""


def use_language(language: str) -> None:
    """Sets the program's language: `fr`, `fr_BE`, `fr-BE.UTF-8`. A language without a catalogue is read as English."""
    code = language.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    _state["language"] = code if _CODE.fullmatch(code) else "en"


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """What this task or thread says in the meantime is in `language`: a page for a browser, which has its own."""
    token = _for_a_while.set(language)
    try:
        yield
    finally:
        _for_a_while.reset(token)


def languages() -> tuple[str, ...]:
    """English, and each language that has a catalogue."""
    found = CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")
    return ("en", *sorted(path.parents[1].name for path in found))


def current_language() -> str:
    return _for_a_while.get() or _state["language"]


def _(message: str) -> str:
    """`message` in the language in use, or itself where the catalogue lacks it."""
    return _catalogue(current_language()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form that goes with `number`, by the plural rule of the language in use."""
    return _catalogue(current_language()).ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """`message` where one English word has several translations: `pgettext("in full", "Queued")`."""
    return _catalogue(current_language()).pgettext(context, message)


def N_(message: str) -> str:
    """Marks a sentence for the catalogue where it is written down but not yet shown."""
    return message


def NP_(context: str, message: str) -> str:
    """As `N_`, with a context."""
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
