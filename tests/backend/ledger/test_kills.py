"""A service killed at any point of a delivery, and started again: each document arrives exactly once."""

import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from banqup_tui.backend.db import tables
from banqup_tui.protocol.commands import BulkSend, Query
from tests.backend.ledger.harness import LedgerHarness
from tests.backend.ledger.ledger_template import EPOCH
from tests.backend.ledger.one_service import code_at_end, ledger_setup, started

POINTS = [
    "planner.queued",
    "planner.committed",
    "bulk.chunk",
    "numbers.taken:2",
    "change.committed:3",
    "claim.locked",
    "claim.committed",
    "send.firstbyte",
    "send.halfway:2",
    "prepare.uploaded",
    "mark.committed",
    pytest.param("mark.committed:3", marks=pytest.mark.campaign),
    "rename.before",
    "rename.after",
    pytest.param("rename.after:4", marks=pytest.mark.campaign),
    "outcome.committed",
]
AGAIN = [
    *("takeover.committed", "rename.before", "check.answered"),
    *(
        pytest.param(point, marks=pytest.mark.campaign)
        for point in ("check.asked", "rename.after", "outcome.committed")
    ),
]


def start(root: Path, kill_at: str = "") -> int:
    return code_at_end(started(root, kill_at))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two documents from before the activation, to be sent in bulk, and three that are sent by themselves."""
    harness = ledger_setup(tmp_path / "practice")
    client = harness.client()
    harness.documents(client, 2)
    (tmp_path / "in").mkdir()
    settings = {"path": str(tmp_path / "in")}
    harness.integration(client, harness.shelf.receivers["local-folder"], settings=settings, concurrency=2)
    harness.do(BulkSend(query=Query(client_id=client), up_to=f"{EPOCH}.{harness.seq()}", expected=2))
    harness.documents(client, 3)
    harness.database.engine.dispose()
    return tmp_path / "practice"


def check(root: Path) -> LedgerHarness:
    harness = ledger_setup(root)
    files = list((root.parent / "in").iterdir())
    assert not [file for file in files if file.name.startswith(".")]
    contents = Counter(file.read_text() for file in files)
    assert contents == Counter(row.id for row in harness.rows(tables.document))
    assert harness.states() == {"DELIVERED": 5}
    harness.check_statuses()
    return harness


def test_a_service_that_is_not_killed_delivers_each_document_once(root: Path) -> None:
    assert start(root) == 0
    harness = check(root)
    assert {row.attempts for row in harness.deliveries()} == {1}


@pytest.mark.parametrize("point", POINTS)
def test_a_service_killed_while_it_sends_delivers_each_document_once(root: Path, point: str) -> None:
    assert start(root, point) == -signal.SIGKILL
    assert start(root) == 0
    check(root)


@pytest.mark.parametrize("first", [pytest.param("rename.before", marks=pytest.mark.campaign), "rename.after"])
@pytest.mark.parametrize("point", AGAIN)
def test_a_service_killed_again_while_it_clears_up_delivers_each_document_once(
    root: Path, first: str, point: str
) -> None:
    assert start(root, first) == -signal.SIGKILL
    killed = start(root, point)
    assert killed == -signal.SIGKILL or (first, point) == ("rename.after", "rename.after")
    assert start(root) == 0
    check(root)


@pytest.mark.parametrize("point", ["prepare.uploaded", pytest.param("claim.committed", marks=pytest.mark.campaign)])
def test_documents_whose_sending_always_kills_the_service_are_left_alone(root: Path, point: str) -> None:
    for _ in range(12):
        if start(root, point) == 0:
            break
    harness = ledger_setup(root)
    assert "SENDING" not in harness.states()
    assert "UNKNOWN" not in harness.states()
    arrived = {file.read_text() for file in (root.parent / "in").iterdir() if not file.name.startswith(".")}
    assert arrived == {row.document_id for row in harness.deliveries() if row.state == "DELIVERED"}
    shutil.rmtree(root)
