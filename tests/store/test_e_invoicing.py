"""Documents that came over Peppol, and those to ask for, are found in the copy."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.origin import ContainerPlace, EnvelopeOrigin, Origin
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.query import DocumentQuery, Filter, FilterProblem, parse
from banqup_tui.store.readers import Readers
from tests.store.test_windows import CopySetup
from tests.sync.fake_server import a_document

ENVELOPE = EnvelopeOrigin(process_id="urn:fdc:peppol.eu:2017:poacc:billing:01:1.0")
PLACE = ContainerPlace(kind="ENVELOPE", name="sbd.xml", sha256="1" * 64, position="1", envelope=ENVELOPE)
PARTIES = {"supplier": Party(vat_number="BE0998765448"), "customer": Party(vat_number="BE0799000183")}


def documents() -> list[Document]:
    peppol = Origin(source="import", path="a", at=datetime(2026, 11, 24, tzinfo=UTC), container=PLACE)
    pdf: dict[str, Any] = {"kind": DocumentKind.OTHER, "line_count": None, "issue_date": date(2026, 3, 2)} | PARTIES
    return [
        a_document("peppol", origins=(peppol,)),
        a_document("pdf", **pdf),
        a_document("mail", origins=(Origin(source="import", path="b", at=peppol.at),)),
    ]


@pytest.fixture
def copy_setup(tmp_path: Path) -> Iterator[CopySetup]:
    copy_setup = CopySetup(tmp_path)
    copy_setup.put(*documents())
    yield copy_setup
    copy_setup.close()


def matching(readers: Readers, line: str) -> set[str]:
    found = parse(line)
    assert isinstance(found, Filter)
    return {row.id for row in readers.listing(DocumentQuery(client_id="c1", filter=found))}


def test_the_filter_finds_what_came_over_peppol_and_what_to_ask_for(copy_setup: CopySetup) -> None:
    readers = copy_setup.readers
    assert matching(readers, "is:peppol") == {"peppol"}
    assert matching(readers, "-is:peppol") == {"pdf", "mail"}
    assert matching(readers, "is:to-ask-for") == {"pdf"}
    assert matching(readers, "-is:to") == {"peppol", "mail"}
    shown = {row.id: (row.over_peppol, row.to_ask_for) for row in readers.listing(DocumentQuery(client_id="c1"))}
    assert shown == {"peppol": (True, False), "pdf": (False, True), "mail": (False, False)}


def test_a_word_that_is_nearly_right_is_corrected() -> None:
    found = parse("is:pepol")
    assert isinstance(found, FilterProblem)
    assert found.message.params["near"] == "peppol"


def test_a_copy_of_an_older_program_knows_what_came_over_peppol(copy_setup: CopySetup, tmp_path: Path) -> None:
    copy_setup.copy.close()
    path = tmp_path / "copy.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("UPDATE document SET flags = flags & 255")
        old.execute("DELETE FROM _sqlite_migrations WHERE name > '0008'")
        old.execute("UPDATE meta SET schema = 8")
    old.close()
    copy_setup.copy = LocalCopy.open(path)
    assert matching(Readers(copy_setup.copy, copy_setup.outbox), "is:peppol") == {"peppol"}
