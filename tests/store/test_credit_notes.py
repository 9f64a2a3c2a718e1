"""A credit note takes from what invoices come to, in every sum, order and filter of the copy."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.listing import DocumentRow, Totals
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.query import DocumentQuery, Filter, SortColumn, parse
from banqup_tui.store.readers import Readers
from tests.store.test_windows import CopySetup
from tests.sync.fake_server import a_document

_KINDS = {"credit": DocumentKind.CREDIT_NOTE, "invoice": DocumentKind.INVOICE, "negative": DocumentKind.INVOICE}


def documents(sign: int) -> list[Document]:
    """`sign`: of the credit note, as a server of an older version or of this one has it."""
    amounts = {"invoice": (10671, 2241), "credit": (5953 * sign, 1250 * sign), "negative": (-100, -21)}
    return [
        a_document(
            name, minute=at, kind=_KINDS[name], net_amount=net, vat_amount=vat, gross_amount=net + vat,
            payable_amount=net + vat,
        )
        for at, (name, (net, vat)) in enumerate(amounts.items())
    ]  # fmt: skip


def is_as_it_should_be(readers: Readers) -> None:
    two = Totals(currency="EUR", count=2, net=10671 - 5953, vat=2241 - 1250, gross=12912 - 7203)
    assert readers.totals(["invoice", "credit"]) == [two]
    assert two.gross == 5709
    assert [(row.id, row.gross_amount, row.is_credit_note) for row in sorted_by_gross(readers)] == [
        ("credit", -7203, True),
        ("negative", -121, False),
        ("invoice", 12912, False),
    ]
    assert matching(readers, "gross:<0") == {"credit", "negative"}
    assert matching(readers, "gross:-72.03") == {"credit"}
    assert matching(readers, "net:>0") == {"invoice"}
    assert matching(readers, "72.03") == {"credit"}, "an amount is found as it stands on the paper"
    whole = readers.document("credit")
    assert whole is not None
    assert (whole.kind, whole.net_amount, whole.vat_amount) == (DocumentKind.CREDIT_NOTE, -5953, -1250)
    assert (whole.gross_amount, whole.payable_amount) == (-7203, -7203)


def sorted_by_gross(readers: Readers) -> list[DocumentRow]:
    return list(readers.listing(DocumentQuery(client_id="c1", sort=SortColumn.GROSS, descending=False)))


def matching(readers: Readers, line: str) -> set[str]:
    found = parse(line)
    assert isinstance(found, Filter)
    return {row.id for row in readers.listing(DocumentQuery(client_id="c1", filter=found))}


@pytest.fixture
def copy_setup(tmp_path: Path) -> Iterator[CopySetup]:
    copy_setup = CopySetup(tmp_path)
    yield copy_setup
    copy_setup.close()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_note_is_taken_off_whichever_version_the_server_is_of(copy_setup: CopySetup, sign: int) -> None:
    copy_setup.put(*documents(sign))
    is_as_it_should_be(copy_setup.readers)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_copy_of_an_older_program_gets_the_sign_of_its_credit_notes(
    copy_setup: CopySetup, tmp_path: Path, sign: int
) -> None:
    copy_setup.put(*documents(sign))
    copy_setup.copy.close()
    path = tmp_path / "copy.sqlite"
    with sqlite3.connect(path) as old:
        turned = "net = net * ?1, vat = vat * ?1, gross = gross * ?1"
        packed = json.loads(old.execute("SELECT value FROM document WHERE id = 'credit'").fetchone()[0])
        packed["payableAmount"] = 7203 * sign
        old.execute(
            f"UPDATE document SET flags = flags & 7, {turned}, value = ?2 WHERE id = 'credit'",
            (-sign, json.dumps(packed).encode()),
        )
        old.execute("DELETE FROM _sqlite_migrations WHERE name > '0003'")
        old.execute("UPDATE meta SET schema = 3")
    old.close()
    copy_setup.copy = LocalCopy.open(path)
    is_as_it_should_be(Readers(copy_setup.copy, copy_setup.outbox))
    assert list(tmp_path.glob("*aside*")) == []
