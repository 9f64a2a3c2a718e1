"""The service's own data: missing, empty, older than what this computer has seen, or damaged."""

import asyncio
import hashlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DocumentRecord, fetch_all
from banqup_tui.backend.db.values import document_of
from banqup_tui.backend.intake.content_check import ContentCheck
from banqup_tui.backend.paths import DATABASE_FILE
from banqup_tui.backend.runtime.data_check import DatabaseLost, highest_seen, known_by_copies, refuse_to_begin_anew
from banqup_tui.backend.runtime.startup import open_services
from banqup_tui.backend.services import Services
from banqup_tui.launcher import BackendDidNotStart, NewerVersionUsed
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.protocol.local import EXIT_CANNOT_START
from banqup_tui.store import copy_schema, outbox_schema
from tests.support.backends import Home, home_in
from tests.support.backends import http as speak
from tests.support.services import add_document, services_in
from tests.support.waiting import until


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home") as found:
        yield found


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    yield made
    made.database.engine.dispose()


def backend_with(directory: Path, *, files: int = 0) -> Path:
    """A backend's directory with its database, closed, and as many stored files."""
    services = open_services(directory / "backend")
    services.database.engine.dispose()
    for number in range(files):
        services.files.put([b"%d" % number])
    return directory / "backend"


def copy_that_knows(copies: Path, epoch: str, seq: int, documents: int = 0, *, asked_at: int = 0) -> None:
    """A local copy and its outbox, made by the terminal's own code."""
    directory = copies / "local"
    directory.mkdir(parents=True)
    copy_schema.make(directory / "copy.sqlite")
    outbox_schema.make(directory / "outbox.sqlite")
    outbox = sqlite3.connect(directory / "outbox.sqlite")
    with outbox:
        outbox.execute(
            "INSERT INTO command (n, key, line, kind, body, label, seen, state, at)"
            " VALUES (1, 'a', 'COMMANDS', 'SEND', '{}', '', ?, 'QUEUED', '2026-11-30')",
            (f"{epoch}.{asked_at}",),
        )
    outbox.close()
    connection = sqlite3.connect(directory / "copy.sqlite")
    with connection:
        connection.execute("UPDATE meta SET epoch = ?, seq = ?", (epoch, seq))
        for number in range(documents):
            connection.execute(
                "INSERT INTO document (id, client, folder, day, status, flags, ver, gen, file_name, value)"
                " VALUES (?, 0, 0, 0, 0, 0, 0, 0, '', '')",
                (str(number),),
            )
    connection.close()


def test_a_first_start_begins_with_nothing(tmp_path: Path) -> None:
    refuse_to_begin_anew(tmp_path / "backend", tmp_path / "copies")
    refuse_to_begin_anew(backend_with(tmp_path), tmp_path / "copies")


@pytest.mark.parametrize("state", ["missing", "empty", "without a space"])
def test_a_database_that_is_lost_beside_its_files_is_not_begun_anew(tmp_path: Path, state: str) -> None:
    backend = backend_with(tmp_path, files=2)
    refuse_to_begin_anew(backend, tmp_path / "copies")
    database = backend / DATABASE_FILE
    database.unlink()
    for beside in backend.glob(f"{DATABASE_FILE}-*"):
        beside.unlink()
    if state == "empty":
        database.touch()
    elif state == "without a space":
        sqlite3.connect(database).execute("CREATE TABLE space (id TEXT)").connection.close()
    with pytest.raises(DatabaseLost) as caught:
        refuse_to_begin_anew(backend, tmp_path / "copies")
    assert "files of documents are there (2)" in sentence_of(caught.value.message)
    assert "banqup restore FOLDER" in remedy_of(caught.value.message)
    assert caught.value.exit_code == EXIT_CANNOT_START


def test_a_database_that_only_a_copy_knows_of_is_not_begun_anew(tmp_path: Path) -> None:
    copy_that_knows(tmp_path / "copies", "e", 12, documents=3)
    with pytest.raises(DatabaseLost, match=r"service.database-missing-copy-there .*count: 3"):
        refuse_to_begin_anew(tmp_path / "backend", tmp_path / "copies")


def test_what_a_copy_and_an_outbox_have_seen_is_read(tmp_path: Path) -> None:
    copy_that_knows(tmp_path / "copies", "e", 12, asked_at=15)
    assert highest_seen(tmp_path / "copies", "e") == 15
    assert highest_seen(tmp_path / "copies", "other") == 0


def test_a_copy_that_cannot_be_read_stops_no_start(tmp_path: Path) -> None:
    directory = tmp_path / "copies/local"
    directory.mkdir(parents=True)
    (directory / "copy.sqlite").write_bytes(b"no database " * 500)
    (directory / "outbox.sqlite").write_bytes(b"")
    assert list(known_by_copies(tmp_path / "copies")) == []


def test_a_lost_database_is_told_to_the_terminal_and_begun_anew_only_when_asked(home: Home) -> None:
    backend = backend_with(home.dirs.data, files=1)
    (backend / DATABASE_FILE).unlink()
    with pytest.raises(BackendDidNotStart, match=r"service.database-missing-files-there"):
        home.connect()
    assert not (backend / DATABASE_FILE).exists()
    child = home.start(sys.executable, "-m", "banqup_tui", "restore", "--empty")
    _, printed = child.communicate(timeout=30)
    assert child.returncode == 0, printed
    (aside,) = home.dirs.data.glob("backend-before-*")
    assert str(aside) in printed
    assert len(list((aside / "files").rglob("*"))) == 2
    with speak(home.connect()) as client:
        assert client.get("/v1/spaces").status_code == 200


def test_a_database_older_than_the_copy_begins_a_new_epoch_before_anything_is_sent(home: Home) -> None:
    services = open_services(home.dirs.backend)
    with services.database.read() as connection:
        epoch = connection.execute(select(tables.space.c.epoch)).scalar_one()
    services.database.engine.dispose()
    copy_that_knows(home.dirs.copies, epoch, 40)
    endpoint = home.connect()
    with speak(endpoint) as client:
        found = client.get(f"/v1/spaces/{endpoint.space_id}/snapshot").json()
    assert found["epoch"] != epoch
    assert found["seq"] >= 40
    assert "service.database-older" in home.log


def test_documents_of_a_newer_version_are_said_to_be_so(home: Home) -> None:
    backend = backend_with(home.dirs.data)
    connection = sqlite3.connect(backend / DATABASE_FILE)
    with connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(NewerVersionUsed, match=r"launcher.newer-version-used"):
        home.connect()


# the files of documents


def damaged_ids(services: Services) -> list[str]:
    with services.database.read() as connection:
        rows = fetch_all(connection, DocumentRecord, select(tables.document))
    return [row.id for row in rows if document_of(row).damaged]


async def looked(services: Services) -> None:
    """One round of the check."""
    check = ContentCheck(services)
    await check._round(asyncio.Event())


DAMAGE = {
    "flipped": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "emptied": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b" "),
}


@pytest.mark.parametrize("kind", DAMAGE)
async def test_a_damaged_file_is_noted_at_its_document_and_repaired_by_an_import(services: Services, kind: str) -> None:
    add_document(services, "2026-1")
    damaged = add_document(services, "2026-2", content=b"<Invoice>2</Invoice>")
    sha256 = hashlib.sha256(b"<Invoice>2</Invoice>").hexdigest()
    await looked(services)
    assert damaged_ids(services) == []
    DAMAGE[kind](services.files.path(sha256))
    await looked(services)
    assert damaged_ids(services) == [damaged]
    services.files.put([b"<Invoice>2</Invoice>"])
    assert services.files.is_whole(sha256)
    await ContentCheck(services)._check_repaired()
    assert damaged_ids(services) == []


async def test_the_check_runs_by_itself_in_the_service(services: Services) -> None:
    damaged = add_document(services, "2026-1")
    shutil.rmtree(services.files.home / "files")
    stop = asyncio.Event()
    running = asyncio.create_task(ContentCheck(services, before_the_first=0).run(stop))
    await until(lambda: damaged_ids(services) == [damaged])
    stop.set()
    await running
