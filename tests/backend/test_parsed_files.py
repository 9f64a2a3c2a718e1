"""Stored files are parsed once; one that ends its reader is remembered, waits in To place, and stops nothing."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from banqup_tui.backend import parsed_files, tables
from banqup_tui.backend.context import Services
from banqup_tui.backend.opening import make_services
from banqup_tui.backend.parsed_files import read_file
from banqup_tui.backend.watching import Watching
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.messages import message
from banqup_tui.formats import Content, ContentKind, read
from banqup_tui.formats.refusals import ENDS_READER, PASSING, ReaderNotAvailable, refuse
from banqup_tui.protocol.commands import AddSource, ImportFile
from banqup_tui.protocol.problems import ProblemType
from tests.support.hostile import pdf_bomb
from tests.support.papers import BAKERY, invoice
from tests.support.room import SPACE, Room

OUT_OF_TIME = refuse("file.reader-out-of-time", limit=10)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    room = Room(tmp_path)
    room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    return room


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
    room: Room,
) -> None:
    problem = room.refusal(ImportFile(sha256=room.put(pdf_bomb()), file_name="bomb.pdf"))
    assert problem.type is ProblemType.UNREADABLE
    (waiting,) = room.tray()
    assert waiting.reason == problem.message == message("file.reader-ended")
    room.do(ImportFile(sha256=room.put(invoice()), file_name="a.xml"))
    assert [document.file_name for document in room.documents()] == ["a.xml"]


def test_what_ended_its_reader_is_not_read_again_not_by_a_repeated_command_and_not_after_a_restart(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(OUT_OF_TIME)
    monkeypatch.setattr(parsed_files, "read", reads)
    sha256 = room.put(b"costly")
    for _ in range(2):
        assert room.refusal(ImportFile(sha256=sha256, file_name="a.xml")).message == OUT_OF_TIME.message
    with pytest.raises(UnreadableDocument) as caught:
        read_file(restarted(room.services), sha256, "a.xml")
    assert caught.value.message == OUT_OF_TIME.message
    assert reads.count == 1


def test_a_newer_version_of_the_program_tries_once_more(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_files, "read", Reads(OUT_OF_TIME))
    sha256 = room.put(invoice())
    room.refusal(ImportFile(sha256=sha256, file_name="a.xml"))
    with room.services.database.write(SPACE) as work:
        work.execute(update(tables.reader_failure).values(version="0.0.1"))
    monkeypatch.setattr(parsed_files, "read", read)
    assert read_file(restarted(room.services), sha256, "a.xml").kind is ContentKind.INVOICE


def test_the_same_file_asked_for_side_by_side_is_read_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(OUT_OF_TIME)
    reads.may_answer.clear()
    monkeypatch.setattr(parsed_files, "read", reads)
    body = ImportFile(sha256=room.put(b"costly"), file_name="a.xml")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(room.refusal, body) for _ in range(4)]
        reads.may_answer.set()
        assert {one.result().type for one in asked} == {ProblemType.UNREADABLE}
    assert reads.count == 1


def test_a_file_that_was_late_because_the_computer_was_busy_is_read_at_the_next_command(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(refuse(PASSING, limit=10))
    monkeypatch.setattr(parsed_files, "read", reads)
    body = ImportFile(sha256=room.put(invoice()), file_name="a.xml")
    assert room.refusal(body).code == "file.reader-starved"
    assert reads.count == 1
    assert room.rows(tables.reader_failure.select()) == []
    monkeypatch.setattr(parsed_files, "read", read)
    room.services.parsed.clock = lambda: math.inf
    room.do(body)
    assert len(room.documents()) == 1
    assert room.tray() == []


def test_where_no_reader_can_be_started_the_file_is_not_refused_and_nothing_is_remembered(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsed_files, "read", Reads(ReaderNotAvailable()))
    body = ImportFile(sha256=room.put(invoice()), file_name="a.xml")
    with pytest.raises(ReaderNotAvailable):
        room.do(body)
    assert room.tray() == []
    monkeypatch.setattr(parsed_files, "read", read)
    room.do(body)
    assert len(room.documents()) == 1


def test_a_file_of_any_size_is_read_before_the_transaction_only(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def noticed(data: bytes, file_name: str = "") -> Content:
        seen.append(room.services.database.is_writing)
        return read(data, file_name)

    monkeypatch.setattr(parsed_files, "read", noticed)
    large = invoice() + b"<!--" + b"x" * 1_000_000 + b"-->" + b"<!--" + b"x" * 1_040_000 + b"-->" + b" " * 300_000
    assert len(large) > 2 * 2**20
    room.do(ImportFile(sha256=room.put(large), file_name="a.xml"))
    assert seen == [False]


def test_a_watched_folder_goes_on_behind_a_file_that_ends_its_reader(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf_bomb())
    (folder / "b.xml").write_bytes(invoice())
    room.do(AddSource(source_id="s", path=str(folder)))
    watching = Watching(room.services, still_for=0, wait_for_xml=0)
    for _ in range(3):
        watching.look()
    (waiting,) = room.tray()
    assert (waiting.file_name, waiting.reason) == ("a.pdf", refuse("file.reader-ended").message)
    assert [document.file_name for document in room.documents()] == ["b.xml"]
    remembered = room.rows(tables.reader_failure.select())
    assert [row.reason for row in remembered] == ["file.reader-ended"]
    assert {row.reason for row in remembered} <= ENDS_READER
