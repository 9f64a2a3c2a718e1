"""Documents that nobody here wrote: a folder `shared` beside the repository, where there is one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from banqup_tui.formats import Content, ContentKind, UnreadableDocument, read

ABOVE = Path(__file__).resolve().parents[3:5]
SAMPLES = next((found for one in ABOVE if (found := one / "shared" / "samples").is_dir()), Path("none"))
FILES = [path for path in sorted(SAMPLES.rglob("*.*")) if path.suffix in (".xml", ".pdf", ".cod", ".sta")]
FRAGMENTS = {"sparkassen.sta"}


@pytest.mark.skipif(not FILES, reason="no folder of real documents beside the repository")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_document_is_read_or_refused_with_its_reason(path: Path) -> None:
    if path.name in FRAGMENTS:
        with pytest.raises(UnreadableDocument, match="fragment"):
            read(path.read_bytes())
        return
    content = read(path.read_bytes(), path.name)
    if path.suffix in (".cod", ".sta") or "camt" in str(path.parent):
        assert content.kind is ContentKind.STATEMENTS
        assert all(one.account and one.currency and one.movements for one in content.statements)
        return
    invoice = content.invoice
    assert invoice is not None
    assert invoice.number
    assert invoice.issue_date
    assert invoice.seller.name
    assert invoice.buyer.name
    assert None not in (invoice.net, invoice.gross, invoice.payable)
    assert "content.totals-differ" not in {warning.message.code for warning in invoice.warnings}


@pytest.mark.skipif(not FILES, reason="no folder of real documents beside the repository")
def test_what_was_read_survives_the_wire() -> None:
    for path in FILES:
        if path.name not in FRAGMENTS:
            content = read(path.read_bytes())
            assert msgspec.json.decode(msgspec.json.encode(content), type=Content) == content
