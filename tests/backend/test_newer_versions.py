"""A later file at the same path of a watched folder takes the place of the earlier one, or is held."""

from pathlib import Path

import pytest

from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.protocol.commands import AddSource
from tests.support.one_client import OneClient
from tests.support.papers import invoice, letter


class WatchedClient(OneClient):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.inbox = directory / "in/TANNERIE/tickets"
        self.inbox.mkdir(parents=True)
        self.do(AddSource(source_id="s", path=str(directory / "in")))
        self.folders = WatchedFolders(self.services, still_for=0, wait_for_xml=0, incomplete_for=0)

    def put_file(self, name: str, data: bytes) -> Document:
        (self.inbox / name).write_bytes(data)
        self.folders.scan()
        return self.documents()[-1]

    def live(self) -> list[str]:
        return [document.id for document in self.documents() if document.withdrawn_at is None]


@pytest.fixture
def setup(tmp_path: Path) -> WatchedClient:
    return WatchedClient(tmp_path)


def test_a_scan_that_is_saved_again_takes_the_place_of_the_one_that_was_not_sent(setup: WatchedClient) -> None:
    setup.put_file("lunch.pdf", letter("lunch"))
    later = setup.put_file("lunch.pdf", letter("lunch, page 2 too"))
    assert setup.live() == [later.id]
    assert setup.queued() == {later.id}


def test_a_scan_that_is_saved_again_after_the_first_was_sent_is_held(setup: WatchedClient) -> None:
    first = setup.put_file("lunch.pdf", letter("lunch"))
    setup.delivered(first.id)
    later = setup.put_file("lunch.pdf", letter("lunch, page 2 too"))
    assert (later.duplicate, later.same_as) == (Duplicate.UNDECIDED, first.id)
    assert setup.queued() == set()


def test_another_invoice_at_the_path_of_an_earlier_one_is_another_document(setup: WatchedClient) -> None:
    setup.inbox = setup.inbox.parent
    first = setup.put_file("export.xml", invoice(number="1"))
    second = setup.put_file("export.xml", invoice(number="2"))
    assert setup.live() == [first.id, second.id]
    assert setup.queued() == {first.id, second.id}


def test_the_same_invoice_written_again_is_its_newer_version(setup: WatchedClient) -> None:
    setup.inbox = setup.inbox.parent
    setup.put_file("export.xml", invoice())
    later = setup.put_file("export.xml", invoice() + b"<!-- again -->")
    assert later.duplicate is Duplicate.NEWER_VERSION
    assert setup.live() == [later.id]
    assert setup.queued() == {later.id}
