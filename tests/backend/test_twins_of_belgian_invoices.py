"""Of many invoices that come twice, as an e-invoice and as a PDF, each PDF finds its own e-invoice or none."""

import random
from pathlib import Path

import pytest

from banqup_tui.domain.twins import PictureText, marks_of_invoice
from banqup_tui.formats import embedded_invoice_xml, pdf_text, read
from banqup_tui.protocol.commands import ImportFile
from tests.formats.test_read_real_documents import SAMPLES
from tests.support.belgian_pictures import Pair, pairs
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY

HYBRID = sorted((SAMPLES / "factur-x").glob("*.pdf"))
LEAST_JOINED = 0.98


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.campaign)])
def test_the_pdfs_of_a_year_are_joined_to_their_own_e_invoices_whichever_comes_first(
    tmp_path: Path, count: int
) -> None:
    harness = IntakeHarness(tmp_path)
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    invoices = pairs(count)
    files = [(pair, kind) for pair in invoices for kind in ("xml", "pdf")]
    random.Random(3).shuffle(files)
    for at, (pair, kind) in enumerate(files):
        data = pair.xml if kind == "xml" else pair.pdf
        harness.do(ImportFile(sha256=harness.put(data), file_name=f"{at}.{kind}", client_id=client.id))
    _is_joined(harness, invoices)
    for at, pair in enumerate(invoices[::10]):
        sha256 = harness.put(pair.reminder)
        done = harness.do(ImportFile(sha256=sha256, file_name=f"reminder {at}.pdf", client_id=client.id))
        assert (len(done["documents"]), done["joined"]) == (1, [])


def _is_joined(harness: IntakeHarness, invoices: list[Pair]) -> None:
    own = {pair.number: harness.put(pair.pdf) for pair in invoices}
    documents = [one for one in harness.documents() if not one.is_withdrawn]
    pictures = {one.number: one.picture.sha256 for one in documents if one.picture is not None and one.number}
    assert [number for number, sha256 in pictures.items() if own[number] != sha256] == []
    assert len(pictures) >= LEAST_JOINED * len(invoices)
    assert len(documents) == 2 * len(invoices) - len(pictures)


@pytest.mark.skipif(not HYBRID, reason="no folder of real documents beside the repository")
def test_the_pdf_of_a_real_hybrid_invoice_shows_the_e_invoice_in_it_and_no_other() -> None:
    data = [path.read_bytes() for path in HYBRID]
    texts = [PictureText(pdf_text(one).text) for one in data]
    marks = []
    for one in data:
        embedded = embedded_invoice_xml(one)
        assert embedded is not None
        invoice = read(embedded[1]).invoice
        assert invoice is not None
        marks.append(marks_of_invoice(invoice))
    for text, own in zip(texts, marks, strict=True):
        assert text.shows(own)
        assert not text.speaks_against(own)
        wrong = [other for other in marks if (other.number, other.totals) != (own.number, own.totals)]
        assert not any(text.shows(other) for other in wrong)
