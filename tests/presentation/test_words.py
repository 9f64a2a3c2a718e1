"""The program speaks the user's language, and its catalogues are whole and in step."""

from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import banqup_tui
from banqup_tui.presentation.words import _, current_language, inside_sentence, ngettext, pgettext, use_language

LOCALES = Path(banqup_tui.__file__).parent / "locale"
CATALOGUES = sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/banqup.po"))


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use_language("en")


@pytest.mark.parametrize("language", CATALOGUES)
def test_what_translators_wrote_is_what_the_program_shows(language: str) -> None:
    directory = LOCALES / language / "LC_MESSAGES"
    written = read_po(BytesIO((directory / "banqup.po").read_bytes()), locale=language)
    shown = GNUTranslations(BytesIO((directory / "banqup.mo").read_bytes()))
    for entry in written:
        if not entry.id or not entry.string:
            continue
        if not isinstance(entry.id, str):
            singular, plural = entry.id
            assert shown.ngettext(singular, plural, 1) == entry.string[0], "run `make messages`"
        elif entry.context:
            assert shown.pgettext(entry.context, entry.id) == entry.string, "run `make messages`"
        else:
            assert shown.gettext(entry.id) == entry.string, "run `make messages`"


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_placeholder_is_kept_in_translation(language: str) -> None:
    from string import Formatter

    def names(text: str) -> set[str | None]:
        return {name for _text, name, _spec, _conversion in Formatter().parse(text)} - {None}

    written = read_po(BytesIO((LOCALES / language / "LC_MESSAGES/banqup.po").read_bytes()), locale=language)
    for entry in written:
        if isinstance(entry.id, str) and entry.id and isinstance(entry.string, str):
            assert names(entry.string) <= names(entry.id), entry.id


def test_the_language_is_changed_at_once_and_an_unknown_one_is_english() -> None:
    use_language("fr_BE.UTF-8")
    assert (_("Count"), current_language()) == ("Nombre", "fr")
    assert pgettext("in full", "Queued") == "En file d'attente"
    use_language("xx")
    assert _("Count") == "Count"
    use_language("C.UTF-8")
    assert (_("Count"), current_language()) == ("Count", "en")


def test_a_label_inside_a_sentence_has_small_letters_but_for_german_nouns() -> None:
    assert inside_sentence(_("Sales invoices")) == "sales invoices"
    use_language("fr")
    assert inside_sentence(_("Sales invoices")) == "factures de vente"
    use_language("de_BE")
    assert inside_sentence(_("Sales invoices")) == "Ausgangsrechnungen"


def test_a_sentence_without_a_translation_is_shown_in_english() -> None:
    use_language("fr")
    assert _("No such sentence") == "No such sentence"
    assert ngettext("{n} thing", "{n} things", 2) == "{n} things"
