"""Documents are found by the words of their PDFs, in a copy that does not keep the texts."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from banqup_tui.domain.document import Document
from banqup_tui.protocol.messages import VersionedDocument
from banqup_tui.store.batch import CopyWriter
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.query import DocumentQuery, Filter, parse
from banqup_tui.store.readers import Readers
from banqup_tui.store.sqlite import writing
from tests.store.test_windows import CopySetup
from tests.sync.fake_server import a_document


@pytest.fixture
def copy_setup(tmp_path: Path) -> Iterator[CopySetup]:
    copy_setup = CopySetup(tmp_path)
    copy_setup.put(
        a_document("tyres", text_words="pneus michelin r16 abc contrat 88123456"),
        a_document("flour", number="PNEU-1", text_words="farine epeautre"),
        a_document("xml"),
    )
    yield copy_setup
    copy_setup.close()


def matching(readers: Readers, line: str) -> set[str]:
    found = parse(line)
    assert isinstance(found, Filter)
    return {row.id for row in readers.listing(DocumentQuery(client_id="c1", filter=found))}


def texts_in(copy: LocalCopy) -> tuple[int, int]:
    connection = copy.writer()
    stored = connection.execute("SELECT count(*) FROM document_words").fetchone()[0]
    return stored, len(connection.execute("SELECT rowid FROM text_words WHERE text_words MATCH 'pneus*'").fetchall())


def test_a_document_is_found_by_the_words_of_its_pdf(copy_setup: CopySetup) -> None:
    readers = copy_setup.readers
    assert matching(readers, "Michelin") == {"tyres"}
    assert matching(readers, "épeau") == {"flour"}, "the last word may be its beginning"
    assert matching(readers, "pneu") == {"tyres", "flour"}, "in the text of one, in the number of the other"
    assert matching(readers, "contrat 8812") == {"tyres"}
    assert matching(readers, '"michelin farine"') == set()
    assert matching(readers, "-michelin") == {"flour", "xml"}
    assert matching(readers, "from:michelin") == set()
    whole = readers.document("tyres")
    assert whole is not None
    assert whole.text_words == "", "only the index has them"


def test_words_that_change_and_documents_that_go_leave_nothing_behind(copy_setup: CopySetup) -> None:
    assert texts_in(copy_setup.copy) == (2, 1)
    put(copy_setup.copy, a_document("tyres", text_words="jantes"))
    assert matching(copy_setup.readers, "michelin") == set()
    assert matching(copy_setup.readers, "jantes") == {"tyres"}
    put(copy_setup.copy, a_document("tyres"))
    assert texts_in(copy_setup.copy) == (1, 0)
    with writing(copy_setup.copy.writer()) as connection:
        batch = CopyWriter(connection)
        batch.delete_documents(["flour"])
        batch.finish()
    assert texts_in(copy_setup.copy) == (0, 0)


def put(copy: LocalCopy, document: Document) -> None:
    with writing(copy.writer()) as connection:
        batch = CopyWriter(connection)
        batch.put_documents([VersionedDocument(seq=9, value=document)])
        batch.finish()


def test_a_copy_of_an_older_program_takes_words_from_now_on(copy_setup: CopySetup, tmp_path: Path) -> None:
    copy_setup.copy.close()
    path = tmp_path / "copy.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("DROP TABLE text_words")
        old.execute("DROP TABLE document_words")
        old.execute("DELETE FROM _sqlite_migrations WHERE name > '0009'")
        old.execute("UPDATE meta SET schema = 9")
    old.close()
    copy_setup.copy = LocalCopy.open(path)
    readers = Readers(copy_setup.copy, copy_setup.outbox)
    assert matching(readers, "michelin") == set()
    put(copy_setup.copy, a_document("tyres", text_words="pneus michelin"))
    assert matching(readers, "michelin") == {"tyres"}
