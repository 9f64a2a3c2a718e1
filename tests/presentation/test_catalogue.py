"""The catalogues are whole: every string has its translation, which says the same in its language's own way."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import banqup_tui

PACKAGE = Path(banqup_tui.__file__).parent
LOCALES = PACKAGE / "locale"
KEYWORDS = {
    "_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2),
}  # fmt: skip
METHODS = [("**.py", "tools.messages:extract"), ("connectors/packages/**.toml", "tools.messages:extract_preset")]
"""As in `babel.cfg`."""

COMPLETE = ("fr", "nl", "de")
"""The languages in which every string must be translated."""
BEGUN = tuple(sorted(path.parents[1].name for path in LOCALES.glob("*/LC_MESSAGES/banqup.po")))
"""The languages that have a catalogue; whatever is in it must be right."""

of_each_complete = pytest.mark.parametrize("language", COMPLETE)
of_each = pytest.mark.parametrize("language", BEGUN)


@pytest.fixture(scope="module")
def wanted() -> set[tuple[str | None, str | tuple[str, ...]]]:
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS)
    return {(context, text) for _file, _line, text, _comments, context in found}


@pytest.fixture(scope="module")
def catalogues() -> dict[str, Catalog]:
    read = {}
    for language in BEGUN:
        with (LOCALES / language / "LC_MESSAGES/banqup.po").open("rb") as file:
            read[language] = read_po(file, locale=language)
    return read


def _entries(catalogue: Catalog) -> Iterator[Message]:
    return (entry for entry in catalogue if entry.id)


def _translated(catalogue: Catalog) -> Iterator[Message]:
    return (entry for entry in _entries(catalogue) if all(_texts(entry.string)))


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Returns the singular, and the plural where there is one."""
    if text is None:
        return ()
    return (text,) if isinstance(text, str) else tuple(text)


@of_each_complete
def test_every_string_is_in_the_catalogue_and_nothing_else(
    language: str, catalogues: dict[str, Catalog], wanted: set[tuple[str | None, str | tuple[str, ...]]]
) -> None:
    assert len(wanted) > 600
    written = {(entry.context, entry.id) for entry in _entries(catalogues[language])}
    assert sorted(map(str, wanted - written)) == [], "run `make messages` and translate what it adds"
    assert sorted(map(str, written - wanted)) == [], "run `make messages`"


@of_each_complete
def test_every_string_has_a_translation(language: str, catalogues: dict[str, Catalog]) -> None:
    assert [entry.id for entry in _entries(catalogues[language]) if not all(_texts(entry.string))] == []
    assert [entry.id for entry in _entries(catalogues[language]) if entry.fuzzy] == []


@of_each
def test_the_program_reads_what_the_translators_wrote(language: str, catalogues: dict[str, Catalog]) -> None:
    with (LOCALES / language / "LC_MESSAGES/banqup.mo").open("rb") as file:
        shown = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    shown.pop("", None)
    expected: dict[object, object] = {}
    for entry in _entries(catalogues[language]):
        first = _texts(entry.id)[0]
        key = f"{entry.context}\x04{first}" if entry.context else first
        if isinstance(entry.id, tuple):  # Babel compiles the English of a plural that is not translated
            texts = entry.string if all(_texts(entry.string)) else entry.id
            expected |= {(key, number): text for number, text in enumerate(_texts(texts))}
        elif entry.string:
            expected[key] = entry.string
    assert shown == expected, "run `make messages`"


def _places(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


@of_each
def test_every_translation_keeps_its_placeholders(language: str, catalogues: dict[str, Catalog]) -> None:
    for entry in _translated(catalogues[language]):
        originals, translations = _texts(entry.id), _texts(entry.string)
        for original, translation in zip(originals, translations, strict=True):
            left_out = {"count"} if len(originals) > 1 and original is originals[0] else set()
            assert _places(translation) <= _places(original), entry.id
            assert _places(translation) | left_out >= _places(original), entry.id
            assert translation.count("\n\n") == original.count("\n\n"), entry.id


@of_each
def test_no_line_is_much_longer_than_its_english(language: str, catalogues: dict[str, Catalog]) -> None:
    """Menus, footers and columns were measured for the English; a word may grow, a label may not double."""
    long = [
        (entry.id, entry.string)
        for entry in _translated(catalogues[language])
        if isinstance(entry.id, str)
        and 12 <= len(entry.id) <= 30
        and len(_texts(entry.string)[0]) > 2 * len(entry.id) + 4
    ]
    assert long == []


def _plain(catalogue: Catalog) -> Iterator[str]:
    """The translations without what stands in them as it stands in every language: conversions, keys, formats."""
    for entry in _translated(catalogue):
        for text in _texts(entry.string):
            if "AZERTY" not in text:
                yield re.sub(r"!r(?=})|:\d\d[A-Z]?:|\.\.|(?<=\{)[^}]*(?=})", "", text)


@of_each
def test_no_language_raises_its_voice_or_curls_its_apostrophes(language: str, catalogues: dict[str, Catalog]) -> None:
    assert [text for text in _plain(catalogues[language]) if re.search("[’!]", text)] == []


def test_french_is_spaced_as_french_is(catalogues: dict[str, Catalog]) -> None:
    """A no-break space before `: ; ? !` and inside guillemets."""
    wrong = []
    for text in _plain(catalogues["fr"]):
        plain = re.sub(r"[&/:;.,]( \"'|\S)? pour|; pour|«\u00a0|\u00a0»", "", text)
        if re.search(r" [:;?!»]|« |[^\u00a0\s:\"'&é]\?|[a-zé)}»];|\}:", plain):
            wrong.append(text)
    assert wrong == []


def test_dutch_is_spaced_and_quoted_as_dutch_is(catalogues: dict[str, Catalog]) -> None:
    """No space before `: ; ? !`, “quotes”, `u` for the reader, and `btw` in small letters as in the law."""
    wrong = r"[ \u00a0][:;?!](?!\w)|[«»„]|“ | ”|\b(je|jij|jou|jouw|jullie|BTW|BTW-\w+)\b|  "
    assert [text for text in _plain(catalogues["nl"]) if re.search(wrong, text)] == []


@pytest.mark.parametrize(
    ("language", "placed", "dismissed", "dismiss"),
    [
        ("fr", r"\bclass(er|é|ée|és|ées)\b", r"\bécart(er|é|ée|és|ées|ez)\b", r"dismiss"),
        ("nl", r"\b(ge)?klasse(er|ren|erd)\b", r"\b(ge)?nege(er|ert|ren|erd)\b", r"dismiss|\blets?\b.*\bbe\b"),
    ],
)
def test_to_place_and_to_dismiss_are_two_words(
    language: str, placed: str, dismissed: str, dismiss: str, catalogues: dict[str, Catalog]
) -> None:
    """The first puts a file where it belongs, the second lets it be: never one for the other."""
    placing, dismissing = re.compile(placed, re.I), re.compile(dismissed, re.I)
    wrong = []
    for entry in _translated(catalogues[language]):
        english, text = " ".join(_texts(entry.id)).lower(), " ".join(_texts(entry.string))
        if dismissing.search(text) and not re.search(dismiss, english):
            wrong.append((entry.id, entry.string))
        if "dismiss" in english and not dismissing.search(text):
            wrong.append((entry.id, entry.string))
        if placing.search(text) and "plac" not in english:
            wrong.append((entry.id, entry.string))
    assert wrong == []
