"""The user's own program killed at its worst moments: what was done is kept, and takes effect once."""

import json
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from banqup_tui.protocol.commands import SetProcessed, encode
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue
from banqup_tui.store.query import DocumentQuery
from banqup_tui.store.readers import Readers
from banqup_tui.sync.session import Session
from tests.support import papers
from tests.support.access import Access, access_in
from tests.support.local_setup import LocalSetup, command_process, id_of, setup_in, until


@pytest.fixture(scope="module")
def shared_setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSetup]:
    """A client that delivers into a folder; the tests bring documents of their own."""
    with setup_in(tmp_path_factory.mktemp("desk")) as setup:
        client_id = setup.add_client()
        setup.deliver_into(client_id)
        yield setup


def killed_at(shared_setup: LocalSetup, point: str, *arguments: str) -> None:
    done = command_process({**shared_setup.environment, "BANQUP_KILL_AT": point}, *arguments)
    assert done.returncode == -signal.SIGKILL, f"{point} was not passed: {done.stderr}"


def a_document(point: str) -> bytes:
    return papers.invoice(number=f"2026-{point}")


@pytest.mark.parametrize("point", ["outbox.given", "outbox.claimed", "outbox.sent", "outbox.answered"])
def test_what_was_given_before_the_program_was_killed_takes_effect_once_and_by_itself(
    shared_setup: LocalSetup, point: str
) -> None:
    path = shared_setup.root / f"{point}.xml"
    path.write_bytes(a_document(point))
    killed_at(shared_setup, point, "import", str(path))
    assert shared_setup.banqup("sync").returncode == 0
    assert [one["number"] for one in shared_setup.documents()].count(f"2026-{point}") == 1
    assert json.loads(shared_setup.banqup("status", "--json").stdout)[0]["waitingHere"] == 0


@pytest.mark.parametrize("point", ["spool.written", "spool.renamed"])
def test_a_file_whose_import_was_cut_off_comes_in_once_when_it_is_imported_again(
    shared_setup: LocalSetup, point: str
) -> None:
    path = shared_setup.root / f"{point}.xml"
    path.write_bytes(a_document(point))
    killed_at(shared_setup, point, "import", str(path))
    assert shared_setup.banqup("import", str(path)).returncode == 0
    assert [one["number"] for one in shared_setup.documents()].count(f"2026-{point}") == 1


@pytest.mark.parametrize(
    "point",
    [
        "copy.migrating",
        "pull.asked",
        "snapshot.begun",
        "pull.received",
        "snapshot.page",
        "snapshot.swept",
        "pull.applying",
        "pull.applied",
    ],
)
def test_a_copy_cut_off_while_it_was_made_is_whole_the_next_time(shared_setup: LocalSetup, point: str) -> None:
    shared_setup.add_documents(shared_setup.add_client(), {f"{point}.xml": a_document(f"copy.{point}")})
    for file in (shared_setup.dirs.copies / "local").glob("copy.sqlite*"):
        file.unlink()
    if point in ("pull.applying", "pull.applied"):  # changes, after a whole copy
        assert shared_setup.banqup("sync").returncode == 0
        shared_setup.add_documents(shared_setup.add_client(), {"change.xml": a_document(f"change.{point}")})
    killed_at(shared_setup, point, "sync")
    numbers = [one["number"] for one in shared_setup.documents()]
    assert numbers.count(f"2026-copy.{point}") == 1
    assert len(numbers) == len(set(numbers))


def test_a_copy_that_was_being_set_aside_is_made_anew_and_nothing_that_was_done_is_lost(
    shared_setup: LocalSetup,
) -> None:
    shared_setup.add_documents(shared_setup.add_client(), {"aside.xml": a_document("aside")})
    assert shared_setup.banqup("sync").returncode == 0
    for file in (shared_setup.dirs.copies / "local").glob("copy.sqlite*"):
        file.write_bytes(b"not a database, and long enough to be looked at" * 200)
    killed_at(shared_setup, "copy.setaside", "sync")
    assert shared_setup.banqup("sync").returncode == 0
    assert [one["number"] for one in shared_setup.documents()].count("2026-aside") == 1


def test_what_was_taken_back_while_the_program_was_killed_never_takes_effect(shared_setup: LocalSetup) -> None:
    (document,) = shared_setup.add_documents(shared_setup.add_client(), {"back.xml": a_document("back")})
    assert shared_setup.banqup("sync").returncode == 0
    outbox = Outbox.open(shared_setup.dirs.copies / "local" / "outbox.sqlite")
    body = SetProcessed(document_ids=(document,), processed=True)
    key = outbox.give(SetProcessed.KIND, bytes(encode(body)), shared_setup.seen())
    outbox.claim(OutboxQueue.COMMANDS)
    assert outbox.take_back(key)
    killed_at(shared_setup, "outbox.withdrawn", "sync")
    assert shared_setup.banqup("sync").returncode == 0
    entry = outbox.entry(key)
    outbox.close()
    assert entry is not None
    assert entry.state is CommandState.CANCELLED
    (shown,) = [one for one in shared_setup.documents() if one["number"] == "2026-back"]
    assert shown["accountingStatus"] != "PROCESSED"


def test_a_terminal_killed_while_it_led_does_not_keep_others_from_what_is_new(setup: LocalSetup) -> None:
    terminal = setup.terminal(BANQUP_KILL_AT="lease.taken")
    assert terminal.wait_for_end() == -signal.SIGKILL
    setup.add_documents(setup.add_client(), {"led.xml": a_document("led")})
    assert setup.banqup("sync").returncode == 0
    assert [one["number"] for one in setup.documents()].count("2026-led") == 1


COMPANIES = {
    "FOURNIL": papers.BAKERY,
    "GARAGE": papers.GARAGE,
    "SCIERIE": papers.company("Scierie du Condroz SA", "0922222253"),
}
CLIENTS = [id_of("client", reference) for reference in COMPANIES]
TAKEN, OTHER, _ = CLIENTS


@pytest.fixture
def access(setup: LocalSetup) -> Iterator[Access]:
    """Three clients with two documents each, of which one client's are delivered; the user may be kept from some."""
    for reference, company in COMPANIES.items():
        client_id = setup.add_client(reference, company.name)
        if client_id == TAKEN:
            setup.deliver_into(client_id)
        bills = {f"{at}.xml": papers.invoice(number=f"{reference}-{at}", buyer=company) for at in (1, 2)}
        setup.add_documents(client_id, bills)
    until(lambda: setup.delivery_states() == {"DELIVERED": 2}, what="two deliveries")
    with access_in(setup.dirs) as found:
        yield found


@contextmanager
def copy_of(setup: LocalSetup) -> Iterator[Session]:
    with closing(Session.open(setup.dirs, setup.backend)) as session:
        yield session


def shown(setup: LocalSetup) -> dict[str, Any]:
    """What the user sees of each client: its line with its counts, its integrations, its documents, where they went."""
    with copy_of(setup) as session:
        read = session.readers
        return {
            row.client.id: (row, read.integrations(row.client.id), documents_of(read, row.client.id))
            for row in read.clients()
        }


def documents_of(read: Readers, client_id: str) -> dict[str, Any]:
    found = [row.id for row in read.listing(DocumentQuery(client_id=client_id))]
    return {one: (read.document(one), read.deliveries(one)) for one in found}


def without_the_one_taken(setup: LocalSetup) -> dict[str, Any]:
    return {client_id: found for client_id, found in shown(setup).items() if client_id != TAKEN}


def every_file_opened(setup: LocalSetup) -> None:
    """All is here: the copy, and the file of each document."""
    assert setup.banqup("sync").returncode == 0
    with copy_of(setup) as session:
        for sha256 in hashes(session):
            session.engine.download(sha256)
    assert len(files_here(setup)) == 6


def hashes(session: Session) -> set[str]:
    found = (session.readers.document(row.id) for row in session.readers.listing(DocumentQuery()))
    return {document.sha256 for document in found if document}


def files_here(setup: LocalSetup) -> set[str]:
    return {path.name for path in (setup.dirs.cache / "files" / "local").iterdir()}


def nothing_of_the_one_taken_is_here(setup: LocalSetup) -> None:
    """Nor in rows that no screen shows."""
    with copy_of(setup) as session:
        copy = session.copy.reader()
        stored = ("client", "document", "delivery", "integration", "backfill")
        counted = [copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in stored]
        assert counted == [2, 4, 0, 0, 0]
        assert copy.execute("SELECT sum(count) FROM tally").fetchone()[0] == 4
        assert not copy.execute("SELECT rowid FROM words WHERE words MATCH 'fournil'").fetchall()
        assert files_here(setup) == hashes(session)


@pytest.mark.parametrize("point", [pytest.param("pull.applying", marks=pytest.mark.campaign), "access.revoked"])
def test_a_client_taken_away_is_gone_with_its_documents_and_their_files_and_the_others_are_whole(
    setup: LocalSetup, access: Access, point: str
) -> None:
    access.only(CLIENTS)
    every_file_opened(setup)
    with copy_of(setup) as session:
        (mine, *_) = session.readers.listing(DocumentQuery(client_id=OTHER))
        key = session.act(SetProcessed(document_ids=(mine.id,), processed=True))
    others = without_the_one_taken(setup)
    access.revoke(TAKEN)
    killed_at(setup, point, "sync")
    assert setup.banqup("sync").returncode == 0
    assert shown(setup) == others
    nothing_of_the_one_taken_is_here(setup)
    with copy_of(setup) as session:
        done = session.outbox.entry(key)
    assert done is not None
    assert done.state is CommandState.DONE


def test_clients_no_longer_seen_in_another_role_are_gone_with_their_documents_and_files(
    setup: LocalSetup, access: Access
) -> None:
    every_file_opened(setup)
    others = without_the_one_taken(setup)
    access.only(others)
    killed_at(setup, "snapshot.begun", "sync")
    assert setup.banqup("sync").returncode == 0
    assert shown(setup) == others
    nothing_of_the_one_taken_is_here(setup)


@pytest.mark.parametrize("point", [pytest.param("pull.applied", marks=pytest.mark.campaign), "snapshot.page"])
def test_a_client_given_again_comes_back_whole(setup: LocalSetup, access: Access, point: str) -> None:
    access.only(CLIENTS)
    every_file_opened(setup)
    before = shown(setup)
    access.revoke(TAKEN)
    assert setup.banqup("sync").returncode == 0
    assert TAKEN not in shown(setup)
    access.grant(TAKEN)
    killed_at(setup, point, "sync")
    assert setup.banqup("sync").returncode == 0
    assert shown(setup) == before
    every_file_opened(setup)
