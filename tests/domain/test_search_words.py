"""A text is found by the words that say something about it."""

import time

from banqup_tui.domain.search_words import MOST_CHARACTERS, MOST_WORDS, folded, tokens, words_of_text


def test_words_are_compared_without_accents_and_capitals() -> None:
    assert folded("Échéance Œuvre") == "echeance oeuvre"
    assert tokens("F-2026/00417 d'Élan") == ["f", "2026", "00417", "d", "elan"]


def test_a_text_is_found_by_its_words_and_numbers_but_not_by_amounts_dates_and_common_words() -> None:
    text = (
        "Facture du 20/11/2026\nPneus Michelin 205/55 R16 1-ABC-234\n"
        "Total TVAC 1.060,00 € 21 %\nContrat 88123456\npneus"
    )
    assert words_of_text(text) == "pneus michelin r16 abc contrat 88123456"
    assert words_of_text(text, ["Michelin NV", "contrat.pdf"]) == "pneus r16 abc 88123456"
    assert words_of_text("") == ""


def test_only_so_many_words_are_kept() -> None:
    assert len(words_of_text(" ".join(f"a{at:03}" for at in range(1_000))).split()) == MOST_WORDS
    assert len(words_of_text(" ".join(f"{'b' * 20}{at:03}" for at in range(1_000)))) <= MOST_CHARACTERS


def test_a_hostile_text_takes_no_long_time() -> None:
    began = time.process_time()
    for text in ("1.000" * 4_000, "1 " * 10_000, "é" * 20_000, "1" * 20_000, "1/" * 10_000):
        words_of_text(text)
    assert time.process_time() - began < 1.0
