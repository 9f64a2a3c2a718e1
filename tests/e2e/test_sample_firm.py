import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from banqup_tui import launcher
from banqup_tui.app_dirs import AppDirs, dirs_under
from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.demo.fill import RECEIVED, fill


@pytest.fixture
def dirs(tmp_path: Path) -> Iterator[AppDirs]:
    found = dirs_under(tmp_path)
    yield found
    backend = launcher.running(found)
    if backend is not None:
        os.kill(backend.pid, signal.SIGTERM)
        while launcher.running(found) is not None:
            time.sleep(0.05)


def test_a_sample_firm_delivers_fails_and_waits_like_a_real_one(dirs: AppDirs) -> None:
    printed: list[str] = []
    built = fill(dirs, clients=12, documents=150, tell=printed.append)
    assert built.documents == 150
    assert printed[-1] == "Clients: 12; documents: 150."
    database = next(dirs.backend.glob("*.sqlite"))
    _until(lambda: {"DELIVERED", "FAILED", "QUEUED"} <= _states(database, "delivery", "state"))
    assert _states(database, "integration", "state") == {"ACTIVE", "BROKEN", "PAUSED"}
    _until(lambda: len(_states(database, "document", "accounting_status")) == 5)
    assert any(path.is_file() for path in (dirs.data / RECEIVED).rglob("*.xml"))


def test_asked_for_again_the_sample_firm_is_the_same(dirs: AppDirs) -> None:
    fill(dirs, clients=3, documents=20)
    assert fill(dirs, clients=3, documents=20).documents == 20
    with HttpDemoBackend(launcher.connect(dirs)) as hand:
        there = hand.snapshot()
    assert (len(there.clients), there.document_count) == (3, 20)


def _states(database: Path, table: str, column: str) -> set[str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return {state for (state,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}")}
    finally:
        connection.close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
