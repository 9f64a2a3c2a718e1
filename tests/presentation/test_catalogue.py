"""The French of the program is whole: every string has its translation, which says the same in its own way."""

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
KEYWORDS = {
    "_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2),
}  # fmt: skip
METHODS = [("**.py", "tools.messages:extract"), ("connectors/packages/**.toml", "tools.messages:extract_preset")]
"""As in `babel.cfg`."""

LANGUAGE = PACKAGE / "locale/fr/LC_MESSAGES"


def _wanted() -> set[tuple[str | None, str | tuple[str, ...]]]:
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS)
    return {(context, text) for _file, _line, text, _comments, context in found}


@pytest.fixture(scope="module")
def french() -> Catalog:
    with (LANGUAGE / "banqup.po").open("rb") as file:
        return read_po(file, locale="fr")


def _entries(catalogue: Catalog) -> Iterator[Message]:
    return (entry for entry in catalogue if entry.id)


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Returns the singular, and the plural where there is one."""
    if text is None:
        return ()
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_string_is_in_the_french_catalogue_and_nothing_else(french: Catalog) -> None:
    wanted = _wanted()
    assert len(wanted) > 600
    written = {(entry.context, entry.id) for entry in _entries(french)}
    assert sorted(map(str, wanted - written)) == [], "run `make messages` and translate what it adds"
    assert sorted(map(str, written - wanted)) == [], "run `make messages`"


def test_every_string_has_a_french_translation(french: Catalog) -> None:
    assert [entry.id for entry in _entries(french) if not all(_texts(entry.string))] == []
    assert [entry.id for entry in _entries(french) if entry.fuzzy] == []


def test_the_program_reads_what_the_translators_wrote(french: Catalog) -> None:
    with (LANGUAGE / "banqup.mo").open("rb") as file:
        shown = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    shown.pop("", None)
    expected: dict[object, object] = {}
    for entry in _entries(french):
        first = _texts(entry.id)[0]
        key = f"{entry.context}\x04{first}" if entry.context else first
        if isinstance(entry.id, tuple):
            expected |= {(key, number): text for number, text in enumerate(_texts(entry.string))}
        else:
            expected[key] = entry.string
    assert shown == expected, "run `make messages`"


def _places(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def test_every_translation_keeps_its_placeholders(french: Catalog) -> None:
    for entry in _entries(french):
        originals, translations = _texts(entry.id), _texts(entry.string)
        for original, translation in zip(originals, translations, strict=True):
            left_out = {"count"} if len(originals) > 1 and original is originals[0] else set()
            assert _places(translation) <= _places(original), entry.id
            assert _places(translation) | left_out >= _places(original), entry.id


def test_french_is_spaced_as_french_is(french: Catalog) -> None:
    """A no-break space before `: ; ? !` and inside guillemets, straight apostrophes, no exclamation mark."""
    wrong = []
    for entry in _entries(french):
        for text in _texts(entry.string):
            text = text.replace("!r}", "}")
            plain = re.sub(r"[&/:;.,]( \"'|\S)? pour|; pour|SHA256:|:\d\d[A-Z]?:|\.\.|«\u00a0|\u00a0»", "", text)
            if re.search(r" [:;?!»]|« |[^\u00a0\s:\"'&é]\?|[’!]|[a-zé)}»];|\}:", plain):
                wrong.append(text)
    assert [text for text in wrong if "AZERTY" not in text] == []


def test_no_line_of_french_is_much_longer_than_its_english(french: Catalog) -> None:
    """Menus, footers and columns were measured for the English; a word may grow, a label may not double."""
    long = [
        (entry.id, entry.string)
        for entry in _entries(french)
        if isinstance(entry.id, str)
        and 12 <= len(entry.id) <= 30
        and len(_texts(entry.string)[0]) > 2 * len(entry.id) + 4
    ]
    assert long == []


def test_to_place_and_to_dismiss_are_two_words_in_french(french: Catalog) -> None:
    """`Classer` puts a file where it belongs, `Écarter` lets it be: never one for the other."""
    placing, dismissing = (
        re.compile(r"\bclass(er|é|ée|és|ées)\b", re.I),
        re.compile(r"\bécart(er|é|ée|és|ées|ez)\b", re.I),
    )
    wrong = []
    for entry in _entries(french):
        english, text = " ".join(_texts(entry.id)).lower(), " ".join(_texts(entry.string))
        if bool(dismissing.search(text)) != ("dismiss" in english):
            wrong.append((entry.id, entry.string))
        if placing.search(text) and "plac" not in english:
            wrong.append((entry.id, entry.string))
    assert wrong == []
