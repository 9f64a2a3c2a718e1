"""The text layer of a PDF is read in the reader process, within limits."""

from __future__ import annotations

import pytest

from banqup_tui.demo.pdf import text_pdf
from banqup_tui.formats import UnreadableDocument, pdf_text
from banqup_tui.formats.content import MOST_PDF_CHARACTERS

LINES_OF_A_PAGE = 50


def test_the_lines_of_a_pdf_are_read_page_by_page() -> None:
    lines = ["Facture n° 2026-00417", "Total à payer : 1 234,56 €"]
    found = pdf_text(text_pdf([*lines, *[""] * (LINES_OF_A_PAGE - 2), "second page"]))
    first, second = found.text.split("\f")
    assert first.split("\n")[:2] == lines
    assert second == "second page"
    assert (found.pages, found.is_whole) == (2, True)


def test_a_pdf_without_a_text_layer_and_a_file_that_is_none_have_an_empty_text() -> None:
    assert pdf_text(text_pdf([])).text == ""
    assert pdf_text(b"<?xml version='1.0'?><a/>").text == ""


def test_of_a_long_pdf_the_first_and_the_last_pages_are_read() -> None:
    pages = [[f"page {number}", *["."] * (LINES_OF_A_PAGE - 1)] for number in range(1, 41)]
    found = pdf_text(text_pdf([line for page in pages for line in page]))
    numbers = [int(page.split()[1]) for page in found.text.split("\f")]
    assert numbers == [*range(1, 21), 39, 40]
    assert (found.pages, found.is_whole) == (40, False)


def test_a_long_text_is_cut() -> None:
    found = pdf_text(text_pdf(["word " * 40] * 2_000))
    assert len(found.text) == MOST_PDF_CHARACTERS
    assert not found.is_whole


def test_a_damaged_pdf_is_refused() -> None:
    with pytest.raises(UnreadableDocument):
        pdf_text(b"%PDF-1.7\nnothing of it")
