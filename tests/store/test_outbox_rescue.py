"""A damaged outbox costs at most what lies on the damaged spot, and that is counted."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banqup_tui.presentation.messages import texts_by_code
from banqup_tui.store import outbox_schema
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.lease import lead
from banqup_tui.store.outbox import Outbox, OutboxTooNew
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue, RescueKind

ROOT = Path(__file__).parents[2]
PAGE = 4096
COMMANDS = 60


def give_some(outbox: Outbox, count: int = COMMANDS) -> list[str]:
    """Two lines, bodies that fill a page and more, some answered, one on its way."""
    keys = []
    for number in range(count):
        body = b'{"number": %d, "text": "%s"}' % (number, b"x" * (40 if number % 7 else 6000))
        line = OutboxQueue.IMPORTS if number % 2 else OutboxQueue.COMMANDS
        keys.append(outbox.give("SEND", body, "e.1", line=line, label=f"change {number}"))
    outbox.claim(OutboxQueue.COMMANDS, 4)
    outbox.answered(keys[0], CommandState.DONE, 1)
    return keys[1:]


def made(path: Path, count: int = COMMANDS) -> list[str]:
    with closing(Outbox.open(path)) as outbox:
        return give_some(outbox, count)


def waiting_in(outbox: Outbox) -> list[str]:
    return [entry.key for entry in outbox.waiting()]


def rescued_in(outbox: Outbox) -> int:
    return sum(rescue.lost for rescue in outbox.rescues())


def noise_on(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(random.Random(page).randbytes(PAGE))


def root_page_of(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        return int(row[0]) - 1


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("sound") / "outbox.sqlite"
    return path, made(path)


def test_whichever_page_is_damaged_each_command_waits_or_is_counted(
    tmp_path: Path, sound: tuple[Path, list[str]]
) -> None:
    original, keys = sound
    path = tmp_path / "outbox.sqlite"
    pages = original.stat().st_size // PAGE
    for page in {*range(1, 12), *range(12, pages, 5)}:
        for file in tmp_path.iterdir():
            file.unlink()
        shutil.copy(original, path)
        noise_on(path, page)
        with closing(Outbox.open(path)) as outbox:
            waiting = waiting_in(outbox)
            assert [key for key in keys if key in waiting] == waiting, f"page {page}"
            assert len(waiting) + rescued_in(outbox) == len(keys), f"page {page}"
            assert len(waiting) >= len(keys) - PAGE // 150, f"page {page}: more is lost than lies on one page"
            assert Path(outbox.rescues()[0].aside).read_bytes() == _damaged(original, page)


def _damaged(original: Path, page: int) -> bytes:
    content = original.read_bytes()
    return content[: page * PAGE] + random.Random(page).randbytes(PAGE) + content[(page + 1) * PAGE :]


def test_a_bit_that_fell_over_is_never_sent(tmp_path: Path, sound: tuple[Path, list[str]]) -> None:
    original, keys = sound
    with closing(Outbox.open(original)) as outbox:
        bodies = {entry.key: (entry.kind, entry.body, entry.label) for entry in outbox.waiting()}
    path = tmp_path / "outbox.sqlite"
    chance = random.Random(1)
    for _ in range(20):
        for file in tmp_path.iterdir():
            file.unlink()
        content = bytearray(original.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        with closing(Outbox.open(path)) as outbox:
            for entry in outbox.waiting():
                assert bodies[entry.key] == (entry.kind, entry.body, entry.label)
            assert len(waiting_in(outbox)) + rescued_in(outbox) == len(keys)


def test_a_file_cut_to_half_gives_what_is_in_that_half(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path)
    os.truncate(path, path.stat().st_size // 2)
    with closing(Outbox.open(path)) as outbox:
        waiting = waiting_in(outbox)
        assert waiting
        assert set(waiting) < set(keys)
        assert rescued_in(outbox) > 0


def test_a_damaged_command_that_can_still_be_named_is_among_the_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'{"number": 5, ', b'{"number": 6, ', 1))
    with closing(Outbox.open(path)) as outbox:
        assert waiting_in(outbox) == [key for key in keys if key != keys[4]]
        (refused,) = outbox.refused()
        assert refused.label == "change 5"
        assert refused.problem is not None
        assert refused.problem["type"] == "damaged"
        assert refused.problem["code"] in texts_by_code()


OPENS = """
import sys
from pathlib import Path
from banqup_tui.store.outbox import Outbox
outbox = Outbox.open(Path(sys.argv[1]))
if len(sys.argv) > 2:
    print(outbox.give("SEND", b"{}", "e.1", label=sys.argv[2]))
outbox.close()
"""


def program(path: Path, *arguments: str, kill_at: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, "BANQUP_KILL_AT": kill_at}
    asked = [sys.executable, "-c", OPENS, str(path), *arguments]
    return subprocess.Popen(asked, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("with_log", [False, True], ids=["at rest", "with its log"])
@pytest.mark.parametrize("point", ["written", "moved", "log_moved", "swapped", "taken_up"])
def test_a_rescue_that_is_killed_at_any_step_loses_nothing(tmp_path: Path, point: str, with_log: bool) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path, 12)
    if with_log:
        live = Outbox.open(path)
        keys.append(live.give("SEND", b"{}", "e.1"))
        aside = tmp_path / "as a kill would leave it"
        aside.mkdir()
        for file in (path, path.with_name("outbox.sqlite-wal")):
            shutil.copy(file, aside)
        live.close()
        for file in aside.iterdir():
            shutil.copy(file, tmp_path)
    noise_on(path, root_page_of(path, "command_drawn"))
    if point == "taken_up":
        shutil.copy(path, path.with_name("outbox.sqlite.aside-7"))
    killed = program(path, kill_at=f"rescue.{point}")
    assert killed.wait() == -signal.SIGKILL
    for _ in range(2):
        with closing(Outbox.open(path)) as outbox:
            assert waiting_in(outbox) == keys
            assert rescued_in(outbox) == 0
    assert not path.with_name("outbox.sqlite-wal").exists()


def test_programs_that_meet_the_damage_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path, 25)
    noise_on(path, root_page_of(path, "command_drawn"))
    programs = [program(path, f"from program {number}") for number in range(4)]
    added = {one.communicate()[0].strip() for one in programs}
    with closing(Outbox.open(path)) as outbox:
        assert waiting_in(outbox)[: len(keys)] == keys
        assert set(waiting_in(outbox)[len(keys) :]) == added
        assert len(outbox.rescues()) == 1


def test_a_program_that_runs_goes_on_in_the_file_that_another_has_put_there(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with closing(Outbox.open(path)) as running:
        keys = give_some(running, 10)
        version = running.version()
        assert running.overlay().version == version
        running.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        noise_on(path, root_page_of(path, "command_drawn"))
        with closing(Outbox.open(path)):
            pass
        keys.append(running.give("SEND", b"{}", "e.1"))
        assert running.version() != version
        with closing(Outbox.open(path)) as other:
            assert waiting_in(other) == waiting_in(running) == keys


def test_a_program_that_runs_repairs_what_it_meets(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with closing(Outbox.open(path)) as running:
        keys = give_some(running, 10)
        running.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        noise_on(path, root_page_of(path, "command"))
        running._connections.drop_mine()  # a page that is in memory already is not read again
        keys.append(running.give("SEND", b"{}", "e.1"))
        assert waiting_in(running) == keys
        assert lead(running, "me")
        assert [(one.kind, one.saved, one.lost) for one in running.rescues()] == [(RescueKind.SAVED, 9, 0)]


def test_commands_of_an_older_file_that_lies_aside_are_taken_up_once(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    old = tmp_path / "old.sqlite"
    keys = made(old, 10)
    shutil.copy(old, path)
    with closing(Outbox.open(path)) as outbox:
        outbox.undo(keys[0])
        new = outbox.give("SEND", b"{}", "e.1")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM command WHERE key = ?", (keys[5],))
    old.rename(tmp_path / "outbox.sqlite.aside-1")
    for _ in range(2):
        with closing(Outbox.open(path)) as outbox:
            assert sorted(waiting_in(outbox)) == sorted([*keys[1:], new])
            assert [(one.kind, one.saved, one.lost) for one in outbox.rescues()] == [(RescueKind.FOUND, 1, 0)]


def test_what_lay_aside_for_long_is_shown_and_not_sent(tmp_path: Path) -> None:
    path, old = tmp_path / "outbox.sqlite", tmp_path / "old.sqlite"
    with closing(Outbox.open(old, lambda: datetime.now(UTC) - timedelta(days=31))) as outbox:
        outbox.give("SEND", b"{}", "e.1", label="long ago")
    old.rename(tmp_path / "outbox.sqlite.aside-1")
    with closing(Outbox.open(path)) as outbox:
        assert not outbox.waiting()
        assert [(entry.label, entry.state) for entry in outbox.refused()] == [("long ago", CommandState.EXPIRED)]


def test_a_file_aside_that_cannot_be_read_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path, 3)
    (tmp_path / "outbox.sqlite.aside-1").mkdir()
    with closing(Outbox.open(path)) as outbox:
        assert waiting_in(outbox) == keys


def test_an_outbox_of_the_version_before_is_used_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path, 6)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE command DROP COLUMN checksum")
        connection.execute("DROP TABLE rescue")
        connection.execute("DROP TABLE aside")
    with closing(Outbox.open(path)) as outbox:
        assert waiting_in(outbox) == keys
        assert not outbox.rescues()
        outbox.give("SEND", b"{}", "e.1")


def test_each_rescue_is_printed_by_one_command_line_and_shown_until_it_is_dismissed(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    made(path, 6)
    noise_on(path, root_page_of(path, "command_drawn"))
    with closing(Outbox.open(path)) as outbox:
        (rescue,) = outbox.rescues_to_print()
        assert (rescue.kind, rescue.saved, rescue.lost) == (RescueKind.SAVED, 5, 0)
        assert outbox.rescues_to_print() == []
        assert outbox.rescues() == [rescue]
        outbox.dismiss_rescues()
        assert outbox.rescues() == []


def test_a_rescue_that_finds_no_room_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outbox.sqlite"
    keys = made(path, 6)
    noise_on(path, root_page_of(path, "command_drawn"))
    before = path.read_bytes()

    def disk_full(*_: object) -> int:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(outbox_schema, "insert", disk_full)
        with pytest.raises(LocalFault) as raised:
            Outbox.open(path)
    assert raised.value.code is FaultCode.DISK_FULL
    assert path.read_bytes() == before
    with closing(Outbox.open(path)) as outbox:
        assert waiting_in(outbox) == keys


def test_a_damaged_outbox_of_a_newer_version_is_left_to_that_version(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    made(path, 6)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET schema = 99")
    noise_on(path, root_page_of(path, "command_drawn"))
    before = path.read_bytes()
    with pytest.raises(OutboxTooNew):
        Outbox.open(path)
    assert path.read_bytes() == before
