"""The program speaks the user's language."""

from collections.abc import Iterator

import pytest

from banqup_tui.presentation.words import _, current_language, inside_sentence, ngettext, pgettext, use_language


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use_language("en")


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


def test_an_abbreviation_keeps_its_capitals_inside_a_sentence() -> None:
    assert inside_sentence("VAT number") == "VAT number"
    use_language("fr")
    assert inside_sentence(_("VAT number")).replace("\u00a0", " ") == "n° de TVA"
    use_language("nl")
    assert inside_sentence(_("VAT")) == "btw"


def test_a_sentence_without_a_translation_is_shown_in_english() -> None:
    use_language("fr")
    assert _("No such sentence") == "No such sentence"
    assert ngettext("{n} thing", "{n} things", 2) == "{n} things"
