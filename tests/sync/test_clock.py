"""A clock that was set back is said, holds nothing up, and is forgotten when it is right again."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from banqup_tui.sync.clock import ClockWatch
from banqup_tui.sync.session import Session
from banqup_tui.sync.state import SyncWord
from tests.sync.fake_server import FakeServer, Line, a_client
from tests.sync.test_engine import ENDPOINT, Watch, dirs

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON
        self.elapsed = 0.0

    def watch(self, last_used: datetime | None = None) -> ClockWatch:
        return ClockWatch(last_used, lambda: self.now, lambda: self.elapsed)


def test_a_clock_that_goes_back_while_the_program_runs_is_noticed_until_it_is_right() -> None:
    clock = Clock()
    watch = clock.watch()
    clock.now = NOON + timedelta(hours=1)
    assert watch.was_at() is None
    clock.now = NOON - timedelta(days=1)
    assert watch.was_at() == NOON + timedelta(hours=1)
    clock.now = NOON + timedelta(hours=1)
    assert watch.was_at() is None


def test_a_clock_behind_the_last_use_of_the_files_is_noticed_at_the_start() -> None:
    assert Clock().watch(NOON + timedelta(days=1)).was_at() == NOON + timedelta(days=1)
    assert Clock().watch(NOON + timedelta(minutes=2)).was_at() is None


def test_a_clock_that_had_been_ahead_and_is_right_now_is_not_said_for_ever() -> None:
    clock = Clock()
    watch = clock.watch(NOON + timedelta(days=365))
    assert watch.was_at() is not None
    clock.elapsed = 4000.0
    assert watch.was_at() is None


def test_the_program_works_on_and_says_it(tmp_path: Path) -> None:
    server = FakeServer()
    server.put_client(a_client("c1"))
    session = Session.open(dirs(tmp_path), lambda: ENDPOINT, make_server=lambda _endpoint: Line(server))
    session.close()
    ahead = (datetime.now(UTC) + timedelta(days=400)).timestamp()
    os.utime(session.outbox.path, (ahead, ahead))
    session = Session.open(dirs(tmp_path), lambda: ENDPOINT, make_server=lambda _endpoint: Line(server))
    watch = Watch(session)
    session.engine.start()
    state = watch.until_word(SyncWord.CLOCK_BACK)
    assert state.message is not None
    assert state.message.code == "sync.clock-set-back"
    assert state.is_connected
    assert session.readers.clients()
    session.close()
