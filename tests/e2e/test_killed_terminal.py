"""The user's own program killed at its worst moments: what was done is kept, and takes effect once."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from banqup_tui.protocol.commands import SetProcessed, encode, kind_of
from banqup_tui.store.outbox import CommandState, Line, Outbox
from tests.support import papers
from tests.support.office import PROGRAM, SECONDS, Office, office_in


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A client that delivers into a folder; the tests bring documents of their own."""
    with office_in(tmp_path_factory.mktemp("desk")) as office:
        client_id = office.add_client()
        office.deliver_into(client_id)
        yield office


def killed_at(desk: Office, point: str, *arguments: str) -> None:
    environment = {**os.environ, **desk.environment, "BANQUP_KILL_AT": point}
    done = subprocess.run([*PROGRAM, *arguments], env=environment, capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == -signal.SIGKILL, f"{point} was not passed: {done.stderr.decode()}"


def a_document(point: str) -> bytes:
    return papers.invoice(number=f"2026-{point}")


@pytest.mark.parametrize("point", ["outbox.given", "outbox.claimed", "outbox.sent", "outbox.answered"])
def test_what_was_given_before_the_program_was_killed_takes_effect_once_and_by_itself(desk: Office, point: str) -> None:
    path = desk.root / f"{point}.xml"
    path.write_bytes(a_document(point))
    killed_at(desk, point, "import", str(path))
    assert desk.banqup("sync").returncode == 0
    assert [one["number"] for one in desk.documents()].count(f"2026-{point}") == 1
    assert "waitingHere     0" in desk.banqup("status").stdout


@pytest.mark.parametrize("point", ["spool.written", "spool.renamed"])
def test_a_file_whose_import_was_cut_off_comes_in_once_when_it_is_imported_again(desk: Office, point: str) -> None:
    path = desk.root / f"{point}.xml"
    path.write_bytes(a_document(point))
    killed_at(desk, point, "import", str(path))
    assert desk.banqup("import", str(path)).returncode == 0
    assert [one["number"] for one in desk.documents()].count(f"2026-{point}") == 1


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
def test_a_copy_cut_off_while_it_was_made_is_whole_the_next_time(desk: Office, point: str) -> None:
    desk.add_documents(desk.add_client(), {f"{point}.xml": a_document(f"copy.{point}")})
    for file in (desk.homes.copies / "local").glob("copy.sqlite*"):
        file.unlink()
    if point in ("pull.applying", "pull.applied"):  # changes, after a whole copy
        assert desk.banqup("sync").returncode == 0
        desk.add_documents(desk.add_client(), {"change.xml": a_document(f"change.{point}")})
    killed_at(desk, point, "sync")
    numbers = [one["number"] for one in desk.documents()]
    assert numbers.count(f"2026-copy.{point}") == 1
    assert len(numbers) == len(set(numbers))


def test_a_copy_that_was_being_set_aside_is_made_anew_and_nothing_that_was_done_is_lost(desk: Office) -> None:
    desk.add_documents(desk.add_client(), {"aside.xml": a_document("aside")})
    assert desk.banqup("sync").returncode == 0
    for file in (desk.homes.copies / "local").glob("copy.sqlite*"):
        file.write_bytes(b"not a database, and long enough to be looked at" * 200)
    killed_at(desk, "copy.setaside", "sync")
    assert desk.banqup("sync").returncode == 0
    assert [one["number"] for one in desk.documents()].count("2026-aside") == 1


def test_what_was_taken_back_while_the_program_was_killed_never_takes_effect(desk: Office) -> None:
    (document,) = desk.add_documents(desk.add_client(), {"back.xml": a_document("back")})
    assert desk.banqup("sync").returncode == 0
    outbox = Outbox.open(desk.homes.copies / "local" / "outbox.sqlite")
    body = SetProcessed(document_ids=(document,), processed=True)
    key = outbox.give(kind_of(SetProcessed), bytes(encode(body)), desk.seen())
    outbox.claim(Line.COMMANDS)
    assert outbox.take_back(key)
    killed_at(desk, "outbox.withdrawn", "sync")
    assert desk.banqup("sync").returncode == 0
    entry = outbox.entry(key)
    outbox.close()
    assert entry is not None
    assert entry.state is CommandState.CANCELLED
    (shown,) = [one for one in desk.documents() if one["number"] == "2026-back"]
    assert shown["accountingStatus"] != "PROCESSED"


def test_a_terminal_killed_while_it_led_does_not_keep_others_from_what_is_new(office: Office) -> None:
    terminal = office.terminal(BANQUP_KILL_AT="lease.taken")
    assert terminal.wait_for_end() == -signal.SIGKILL
    office.add_documents(office.add_client(), {"led.xml": a_document("led")})
    assert office.banqup("sync").returncode == 0
    assert [one["number"] for one in office.documents()].count("2026-led") == 1
