"""Stored files are parsed once; one that ends its reader is remembered, waits in To place, and stops nothing."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import parsed_files
from banqup_tui.backend.intake.parsed_files import open_stored
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.backend.runtime.startup import make_services
from banqup_tui.backend.services import Services
from banqup_tui.domain.messages import message
from banqup_tui.formats import Container, Content, ContentKind, open_file
from banqup_tui.formats.refusals import ENDS_READER, PASSING, ReaderNotAvailable, refuse
from banqup_tui.protocol.commands import AddSource, ImportFile
from tests.support.hostile import pdf_bomb
from tests.support.intake_harness import SPACE, IntakeHarness
from tests.support.papers import BAKERY, invoice

OUT_OF_TIME = refuse("file.reader-out-of-time", limit=10)


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    harness = IntakeHarness(tmp_path)
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    return harness


class Reads:
    """Stands for the reader process, and counts what is asked of it."""

    def __init__(self, outcome: Content | BaseException) -> None:
        self.outcome = outcome
        self.count = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, data: bytes, file_name: str = "") -> Content:
        self.count += 1
        assert self.may_answer.wait(20)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def restarted(services: Services) -> Services:
    """As another process sees it: nothing is in memory."""
    return make_services(
        space_id=SPACE,
        database=services.database,
        files=services.files,
        extensions=services.extensions,
        vault=services.vault,
    )


def test_a_file_that_ends_its_reader_waits_in_to_place_with_that_reason_and_the_next_one_is_imported(
    harness: IntakeHarness,
) -> None:
    reason = harness.waits(ImportFile(sha256=harness.put(pdf_bomb()), file_name="bomb.pdf"))
    (waiting,) = harness.unfiled_rows()
    assert waiting.reason == reason == message("file.reader-ended")
    harness.do(ImportFile(sha256=harness.put(invoice()), file_name="a.xml"))
    assert [document.file_name for document in harness.documents()] == ["a.xml"]


def test_what_ended_its_reader_is_not_read_again_not_by_a_repeated_command_and_not_after_a_restart(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(OUT_OF_TIME)
    monkeypatch.setattr(parsed_files, "open_file", reads)
    sha256 = harness.put(b"costly")
    for _ in range(2):
        assert harness.waits(ImportFile(sha256=sha256, file_name="a.xml")) == OUT_OF_TIME.message
    (opened,) = open_stored(restarted(harness.services), sha256, "a.xml")
    assert opened.refusal == OUT_OF_TIME.message
    assert reads.count == 1


def test_a_newer_version_of_the_program_tries_once_more(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsed_files, "open_file", Reads(OUT_OF_TIME))
    sha256 = harness.put(invoice())
    harness.waits(ImportFile(sha256=sha256, file_name="a.xml"))
    with harness.services.database.write(SPACE) as transaction:
        transaction.execute(update(tables.reader_failure).values(version="0.0.1"))
    monkeypatch.setattr(parsed_files, "open_file", open_file)
    (opened,) = open_stored(restarted(harness.services), sha256, "a.xml")
    assert opened.content is not None
    assert opened.content.kind is ContentKind.INVOICE


def test_the_same_file_asked_for_side_by_side_is_read_once(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(OUT_OF_TIME)
    reads.may_answer.clear()
    monkeypatch.setattr(parsed_files, "open_file", reads)
    body = ImportFile(sha256=harness.put(b"costly"), file_name="a.xml")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(harness.waits, body) for _ in range(4)]
        reads.may_answer.set()
        assert all(one.result() == OUT_OF_TIME.message for one in asked)
    assert reads.count == 1


def test_a_file_that_was_late_because_the_computer_was_busy_is_read_at_the_next_command(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(refuse(PASSING, limit=10))
    monkeypatch.setattr(parsed_files, "open_file", reads)
    body = ImportFile(sha256=harness.put(invoice()), file_name="a.xml")
    assert harness.waits(body).code == "file.reader-starved"
    assert reads.count == 1
    assert harness.rows(tables.reader_failure.select()) == []
    monkeypatch.setattr(parsed_files, "open_file", open_file)
    harness.services.parsed.clock = lambda: math.inf
    harness.do(body)
    assert len(harness.documents()) == 1
    assert harness.unfiled_rows() == []


def test_where_no_reader_can_be_started_the_file_is_not_refused_and_nothing_is_remembered(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsed_files, "open_file", Reads(ReaderNotAvailable()))
    body = ImportFile(sha256=harness.put(invoice()), file_name="a.xml")
    with pytest.raises(ReaderNotAvailable):
        harness.do(body)
    assert harness.unfiled_rows() == []
    monkeypatch.setattr(parsed_files, "open_file", open_file)
    harness.do(body)
    assert len(harness.documents()) == 1


def test_a_file_of_any_size_is_read_before_the_transaction_only(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def noticed(data: bytes, file_name: str = "") -> Content | Container:
        seen.append(harness.services.database.is_writing)
        return open_file(data, file_name)

    monkeypatch.setattr(parsed_files, "open_file", noticed)
    large = invoice() + b"<!--" + b"x" * 1_000_000 + b"-->" + b"<!--" + b"x" * 1_040_000 + b"-->" + b" " * 300_000
    assert len(large) > 2 * 2**20
    harness.do(ImportFile(sha256=harness.put(large), file_name="a.xml"))
    assert seen == [False]


def test_a_watched_folder_goes_on_behind_a_file_that_ends_its_reader(harness: IntakeHarness, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf_bomb())
    (folder / "b.xml").write_bytes(invoice())
    harness.do(AddSource(source_id="s", path=str(folder)))
    watching = WatchedFolders(harness.services, still_for=0, wait_for_xml=0)
    for _ in range(3):
        watching.scan()
    (waiting,) = harness.unfiled_rows()
    assert (waiting.file_name, waiting.reason) == ("a.pdf", refuse("file.reader-ended").message)
    assert [document.file_name for document in harness.documents()] == ["b.xml"]
    remembered = harness.rows(tables.reader_failure.select())
    assert [row.reason for row in remembered] == ["file.reader-ended"]
    assert {row.reason for row in remembered} <= ENDS_READER
