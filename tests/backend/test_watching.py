import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import arrivals, source_files
from banqup_tui.backend.intake import watched_folders as watching_module
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.folder_walk import open_below
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import AddSource, RemoveSource
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, MILL, invoice, letter, statement


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    (tmp_path / "data").mkdir()
    return IntakeHarness(tmp_path / "data")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def watching(harness: IntakeHarness) -> WatchedFolders:
    return WatchedFolders(harness.services, every=0.02, still_for=0, wait_for_xml=0, incomplete_for=0)


@contextlib.asynccontextmanager
async def watched(
    harness: IntakeHarness, **options: Any
) -> AsyncIterator[Callable[[Callable[[], bool]], Awaitable[None]]]:
    """The watch running; gives a way to wait until something holds."""
    stop = asyncio.Event()
    task = asyncio.create_task(WatchedFolders(harness.services, every=0.02, **options).run(stop))

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(holds):
                if task.done():
                    task.result()
                await asyncio.sleep(0.01)

    try:
        yield until
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def test_what_is_copied_into_a_watched_folder_becomes_documents_each_once(
    harness: IntakeHarness, inbox: Path
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    async with watched(harness, still_for=0.1, wait_for_xml=0.1) as until:
        for at in range(20):
            await asyncio.to_thread(_copied_in_pieces, inbox / f"{at}.xml", invoice(number=f"F{at}"))
        await until(lambda: harness.source().taken == 20)
        assert len(harness.documents()) == 20
        assert {document.number for document in harness.documents()} == {f"F{at}" for at in range(20)}
    assert harness.source().refused == 0
    assert await asyncio.to_thread(_names, inbox) == {f"{at}.xml" for at in range(20)}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _copied_in_pieces(path: Path, data: bytes) -> None:
    with path.open("wb", buffering=0) as stream:
        for start in range(0, len(data), 500):
            stream.write(data[start : start + 500])


def test_the_path_gives_scans_their_client_and_folder(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "TANNERIE/tickets").mkdir(parents=True)
    (inbox / "TANNERIE/tickets/lunch.pdf").write_bytes(letter())
    watching(harness).scan()
    (document,) = harness.documents()
    assert (document.folder, document.file_name) == (Folder.PURCHASE_RECEIPTS, "lunch.pdf")


def test_what_was_taken_is_not_taken_again_after_a_restart(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "a.xml").write_bytes(invoice())
    (inbox / "bad.xml").write_bytes(b"<?xml version='1.0'?><x>")
    watching(harness).scan()
    before = harness.source()
    assert (before.taken, before.refused) == (1, 1)
    watching(harness).scan()
    assert harness.source() == before


def test_the_same_document_under_another_name_is_no_second_one(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for name in ("a.xml", "resent.xml"):
        (inbox / name).write_bytes(invoice())
    watching(harness).scan()
    assert len(harness.documents()) == 1
    assert harness.source().taken == 1


def test_what_waits_for_a_client_is_taken_once_the_client_is_there(harness: IntakeHarness, inbox: Path) -> None:
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "a.xml").write_bytes(invoice())
    eyes = watching(harness)
    eyes.scan()
    assert [waiting.file_name for waiting in harness.unfiled_rows()] == ["a.xml"]
    assert harness.source().refused == 1
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    eyes.scan()
    assert harness.unfiled_rows() == []
    assert (harness.source().taken, harness.source().refused) == (1, 0)


def test_a_contradiction_between_path_and_content_waits_with_both_said(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "LEMAITRE/AP").mkdir(parents=True)
    (inbox / "LEMAITRE/AP/a.xml").write_bytes(invoice())
    watching(harness).scan()
    (waiting,) = harness.unfiled_rows()
    assert GARAGE.name in sentence_of(waiting.reason)
    assert BAKERY.name in sentence_of(waiting.reason)
    assert waiting.file_name == "LEMAITRE/AP/a.xml"


def test_the_picture_beside_an_xml_stays_a_picture_even_when_the_xml_is_cleared_away(
    harness: IntakeHarness, inbox: Path
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "a.xml").write_bytes(invoice())
    (inbox / "a.pdf").write_bytes(letter())
    watching(harness).scan()
    (inbox / "a.xml").unlink()
    watching(harness).scan()
    assert len(harness.documents()) == 1
    assert harness.unfiled_rows() == []


def test_a_folder_that_is_unmounted_shows_its_problem_and_recovers(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    eyes = watching(harness)
    eyes.scan()
    assert harness.source().problems == ()
    shutil.rmtree(inbox)
    eyes.scan()
    assert [one.code for one in harness.source().problems] == ["source.not-there"]
    inbox.mkdir()
    (inbox / "a.xml").write_bytes(invoice())
    eyes.scan()
    assert harness.source().problems == ()
    assert len(harness.documents()) == 1


def test_a_source_that_was_removed_is_no_longer_looked_at(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    eyes = watching(harness)
    eyes.scan()
    harness.do(RemoveSource(source_id="s"))
    (inbox / "a.xml").write_bytes(invoice())
    eyes.scan()
    assert harness.documents() == []


def test_a_file_that_changed_is_looked_at_again(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    eyes = watching(harness)
    (inbox / "a.xml").write_bytes(b"<?xml version='1.0'?><x>")
    eyes.scan()
    (inbox / "a.xml").write_bytes(invoice())
    eyes.scan()
    assert (harness.source().taken, harness.source().refused) == (1, 0)
    assert harness.unfiled_rows() == []


def test_nothing_is_written_where_nothing_happens(harness: IntakeHarness, inbox: Path) -> None:
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "a.cod").write_bytes(statement())
    eyes = watching(harness)
    eyes.scan()
    (before,) = harness.rows(select(tables.space.c.seq))
    eyes.scan()
    assert harness.rows(select(tables.space.c.seq)) == [before]
    assert MILL.name not in sentence_of(harness.unfiled_rows()[0].reason)


def test_one_file_that_cannot_be_kept_does_not_keep_the_others_out(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for name in ("a", "b"):
        (inbox / f"{name}.xml").write_bytes(invoice(number=name))
    eyes = watching(harness)
    opened = open_below

    def locked(root: Path, path: str) -> Any:
        if path == "a.xml":
            raise PermissionError(13, "Permission denied")
        return opened(root, path)

    with monkeypatch.context() as patched:
        patched.setattr(watching_module, "open_below", locked)
        eyes.scan()
        assert harness.source().taken == 1
        assert harness.source().problems == (message("source.cannot-be-read", "Permission denied", path="a.xml"),)
    eyes.scan()
    assert harness.source().taken == 2
    assert harness.source().problems == ()


def test_a_defect_of_ours_is_said_and_does_not_stop_the_watch(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for name in ("a", "b"):
        (inbox / f"{name}.xml").write_bytes(invoice(number=name))
    take = arrivals.take

    def broken(transaction: Any, services: Any, parts: tuple[ArrivedPart, ...]) -> Any:
        if parts[0].arrival.file_name == "a.xml":
            raise RuntimeError("defect")
        return take(transaction, services, parts)

    monkeypatch.setattr(arrivals, "take", broken)
    clock = Clock()
    eyes = WatchedFolders(harness.services, every=0.02, still_for=0, wait_for_xml=0, clock=clock)
    for _ in range(20):
        eyes.scan()
        assert harness.source().problems == (message("source.file-failed", path="a.xml"),)
    assert [document.number for document in harness.documents()] == ["b"]
    monkeypatch.setattr(arrivals, "take", take)
    clock.now += 600
    eyes.scan()
    assert len(harness.documents()) == 2
    assert harness.source().problems == ()


def transactions(harness: IntakeHarness) -> int:
    """Returns the number of transactions in which files were recorded: all rows of one have its time."""
    return len({row.at for row in harness.rows(select(tables.source_file.c.at))})


def test_files_that_lie_there_are_filed_together(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "SECONDS_LOCKED", 60.0)
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for number in range(20):
        (inbox / f"{number}.xml").write_bytes(invoice(number=f"F{number}"))
        (inbox / f"{number}.pdf").write_bytes(letter(f"F{number}"))
    watching(harness).scan()
    assert transactions(harness) == 3
    documents = harness.documents()
    assert {document.number for document in documents} == {f"F{number}" for number in range(20)}
    assert all(document.picture is not None for document in documents)
    assert (harness.source().taken, harness.source().refused) == (20, 0)


def test_files_that_take_long_to_file_keep_nobody_waiting_and_are_opened_once(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "SECONDS_LOCKED", -1.0)
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for number in range(5):
        (inbox / f"{number}.xml").write_bytes(invoice(number=f"F{number}"))
    opened, names = arrivals.opened, []

    def noted(services: Any, incoming: Any) -> tuple[ArrivedPart, ...]:
        names.append(incoming.file_name)
        return opened(services, incoming)

    monkeypatch.setattr(arrivals, "opened", noted)
    watching(harness).scan()
    assert transactions(harness) == len(harness.documents()) == 5
    assert sorted(names) == [f"{number}.xml" for number in range(5)]


def test_a_bank_file_whose_accounts_are_learned_from_the_files_before_it_is_not_separated(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "SECONDS_LOCKED", 60.0)
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    second = msgspec.structs.replace(BAKERY, iban=GARAGE.iban)
    nameless = [msgspec.structs.replace(one, number="0000000000") for one in (BAKERY, second)]
    (inbox / "1.cod").write_bytes(statement())
    (inbox / "2.cod").write_bytes(statement(holder=second))
    both = b"".join(statement(holder=one, number=13) for one in nameless)
    (inbox / "3.cod").write_bytes(both)
    watching(harness).scan()
    assert [(one.client_id, one.file_name) for one in harness.documents()] == [
        (client.id, f"{number}.cod") for number in (1, 2, 3)
    ]
    assert harness.services.files.path(harness.documents()[-1].sha256).read_bytes() == both
    assert harness.source().taken == 3


def test_a_restart_between_reading_and_writing_down_takes_the_file_once(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "a.xml").write_bytes(invoice())
    harness.put(invoice())
    watching(harness).scan()
    watching(harness).scan()
    assert len(harness.documents()) == 1
    assert harness.source().taken == 1


def test_a_file_without_its_end_is_waited_for_and_then_waits_in_to_place(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    clock = Clock()
    eyes = WatchedFolders(harness.services, still_for=0, wait_for_xml=0, incomplete_for=60, clock=clock)
    (inbox / "a.xml").write_bytes(invoice()[:600])
    (inbox / "b.xml").write_bytes(invoice(number="2")[:600])
    for _ in range(3):
        eyes.scan()
        clock.now += 15
    (inbox / "a.xml").write_bytes(invoice())
    eyes.scan()
    assert [document.file_name for document in harness.documents()] == ["a.xml"]
    assert harness.unfiled_rows() == []
    clock.now += 60
    eyes.scan()
    (waiting,) = harness.unfiled_rows()
    assert (waiting.file_name, waiting.reason.code) == ("b.xml", "file.incomplete")
    (inbox / "b.xml").write_bytes(invoice(number="2"))
    eyes.scan()
    assert len(harness.documents()) == 2
    assert harness.unfiled_rows() == []


def test_a_name_that_is_no_utf8_is_taken_and_shown(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / os.fsdecode(b"re\xe7u caf\xe9.xml")).write_bytes(invoice())
    watching(harness).scan()
    watching(harness).scan()
    (document,) = harness.documents()
    assert document.file_name == "reçu café.xml"
    assert (harness.source().taken, harness.source().problems) == (1, ())


def test_what_network_drives_leave_behind_is_no_document(harness: IntakeHarness, inbox: Path) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for name in ("@eaDir/a.pdf/T.jpg", "#recycle/a.xml", "$RECYCLE.BIN/S-1/a.xml", "System Volume Information/x",
                 "lost+found/a.xml", "a.pdf.opdownload", "b.pdf~", "c.pdf.!qB", "e.pdf.lck",
                 "s.sync-conflict-20260301-101010-ABCDEFG.xml"):  # fmt: skip
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(invoice())
    watching(harness).scan()
    assert harness.documents() == []
    assert harness.unfiled_rows() == []
    assert harness.source().problems == ()


def test_a_pdf_beside_an_xml_that_is_no_invoice_is_a_document(harness: IntakeHarness, inbox: Path) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for name, data in {
        "scan.xml": b'<?xml version="1.0"?><ScanJob/>',
        "empty.xml": b"",
        "broken.xml": b"<?xml v",
    }.items():
        path = inbox / "TANNERIE/tickets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_suffix(".pdf").write_bytes(letter(name))
    watching(harness).scan()
    documents = harness.documents()
    assert sorted(document.file_name for document in documents) == ["broken.pdf", "empty.pdf", "scan.pdf"]
    assert {document.client_id for document in documents} == {client.id}
    assert sorted(row.file_name.rpartition("/")[2] for row in harness.unfiled_rows()) == [
        "broken.xml", "empty.xml", "scan.xml",
    ]  # fmt: skip


def test_an_import_that_takes_long_does_not_make_the_next_files_wait(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    (inbox / "a.xml").write_bytes(invoice())
    clock, opened = Clock(), arrivals.opened

    def slow(services: Any, incoming: Any) -> tuple[ArrivedPart, ...]:
        clock.now += 60
        return opened(services, incoming)

    monkeypatch.setattr(arrivals, "opened", slow)
    assert WatchedFolders(harness.services, still_for=0, wait_for_xml=0, clock=clock).scan() == 0
    assert len(harness.documents()) == 1


def test_a_file_that_takes_long_to_open_does_not_keep_those_before_it_from_being_documents(
    harness: IntakeHarness, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for number in range(4):
        (inbox / f"{number}.xml").write_bytes(invoice(number=f"F{number}"))
    clock, opened, there = Clock(), arrivals.opened, []

    def slow(services: Any, incoming: Any) -> tuple[ArrivedPart, ...]:
        there.append(len(harness.documents()))
        clock.now += 0.8
        return opened(services, incoming)

    monkeypatch.setattr(arrivals, "opened", slow)
    WatchedFolders(harness.services, still_for=0, wait_for_xml=0, clock=clock).scan()
    assert there == [0, 0, 0, 3]
    assert len(harness.documents()) == 4
