"""The page of a plain PDF shows which values were read from its text, and what the text only suggests."""

from datetime import date

import pytest

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.suggestion import TextField, ValueCandidates
from banqup_tui.screens.document_reader import LoadedDocument, document_lines
from tests.sync.fake_server import a_document
from tests.widgets.test_layouts import text_of


def page(document: Document, width: int) -> str:
    lines = document_lines(LoadedDocument(document), width)
    return " ".join(text_of(lines, width).split())


def a_pdf() -> Document:
    return a_document(
        "pdf",
        kind=DocumentKind.OTHER,
        media_type="application/pdf",
        line_count=None,
        number="2026-00417",
        issue_date=date(2026, 3, 2),
        gross_amount=21486,
        counterparty=Party(vat_number="BE0998765448"),
        supplier=Party(vat_number="BE0998765448"),
        customer=Party(vat_number="BE0799000183"),
        from_text=(TextField.NUMBER, TextField.VAT_NUMBER),
        suggestions=(ValueCandidates(field=TextField.IBAN, candidates=("BE43068999999501", "BE68539007547034")),),
    )


@pytest.mark.parametrize("width", [40, 78, 118])
def test_a_value_of_the_text_is_marked_and_candidates_are_listed(width: int) -> None:
    shown = page(a_pdf(), width)
    assert "Number 2026-00417 (from its text)" in shown
    assert "VAT number BE 0998.765.448 (from its text)" in shown
    assert "Gross 214.86 EUR" in shown
    assert "214.86 EUR (from its text)" not in shown
    assert "IBAN BE43 0689 9999 9501 or BE68 5390 0754 7034" in shown
    assert "¿ To ask for: since 1 January 2026" in shown
