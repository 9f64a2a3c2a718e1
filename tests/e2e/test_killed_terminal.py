"""The user's own program killed at its worst moments: what was done is kept, and takes effect once."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

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
