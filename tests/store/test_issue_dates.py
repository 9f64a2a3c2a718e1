"""A document without an issue date is sorted by the day on which it came in, and that day is not shown as its date."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.query import DocumentQuery
from banqup_tui.store.readers import Readers
from tests.store.test_windows import CopySetup
from tests.sync.fake_server import a_document


@pytest.fixture
def copy_setup(tmp_path: Path) -> Iterator[CopySetup]:
    copy_setup = CopySetup(tmp_path)
    copy_setup.put(a_document("scan", issue_date=None), a_document("invoice", issue_date=date(2026, 3, 2)))
    yield copy_setup
    copy_setup.close()


def assert_distinguished(readers: Readers) -> None:
    found = {row.id: row.has_issue_date for row in readers.listing(DocumentQuery(client_id="c1"))}
    assert found == {"scan": False, "invoice": True}


def test_the_list_knows_which_documents_have_no_date(copy_setup: CopySetup) -> None:
    assert_distinguished(copy_setup.readers)


def test_a_copy_of_an_older_program_knows_it_too(copy_setup: CopySetup, tmp_path: Path) -> None:
    copy_setup.copy.close()
    path = tmp_path / "copy.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("UPDATE document SET flags = flags & 127")
        old.execute("DELETE FROM _sqlite_migrations WHERE name > '0007'")
        old.execute("UPDATE meta SET schema = 7")
    old.close()
    copy_setup.copy = LocalCopy.open(path)
    assert_distinguished(Readers(copy_setup.copy, copy_setup.outbox))
