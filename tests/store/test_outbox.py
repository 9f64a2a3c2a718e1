"""What the user did is in a list, in order, and takes effect once."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banqup_tui.store.lease import lead, step_down
from banqup_tui.store.outbox import BATCH, Outbox, OutboxTooNew
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue
from banqup_tui.store.overlay import Mark, Moment, VisibleEffect, has_arrived


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox.open(tmp_path / "outbox.sqlite")
    yield outbox
    outbox.close()


def give(
    outbox: Outbox, *, documents: tuple[str, ...] = ("d1",), effect: VisibleEffect | None = VisibleEffect.SENT
) -> str:
    return outbox.give("SEND", b"{}", "e.1", documents=documents, effect=effect)


def state(outbox: Outbox, key: str) -> CommandState:
    entry = outbox.entry(key)
    assert entry is not None
    return entry.state


def test_what_was_given_is_there_after_a_restart(tmp_path: Path, outbox: Outbox) -> None:
    key = give(outbox)
    again = Outbox.open(tmp_path / "outbox.sqlite")
    assert [entry.key for entry in again.waiting()] == [key]
    again.close()


def test_commands_go_in_the_order_given_and_no_more_than_a_batch(outbox: Outbox) -> None:
    keys = [give(outbox) for _ in range(BATCH + 5)]
    assert [entry.key for entry in outbox.claim(OutboxQueue.COMMANDS)] == keys[:BATCH]


def test_many_given_together_are_all_there_in_their_order_and_each_can_be_taken_back(outbox: Outbox) -> None:
    names = [f"for {number}" for number in range(3)]
    keys = outbox.give_all([("ADD_INTEGRATION", b"{}", (), None)] * 3, "e.1", labels=names)
    assert [(entry.key, entry.label) for entry in outbox.waiting()] == list(zip(keys, names, strict=True))
    assert outbox.undo(keys[1])
    assert [entry.key for entry in outbox.claim(OutboxQueue.COMMANDS)] == [keys[0], keys[2]]


def test_the_head_of_the_line_is_sent_again_under_the_same_key_until_it_is_answered(outbox: Outbox) -> None:
    first, second = give(outbox), give(outbox)
    outbox.claim(OutboxQueue.COMMANDS, 1)
    claimed = outbox.claim(OutboxQueue.COMMANDS)
    assert [(entry.key, entry.tries) for entry in claimed] == [(first, 1), (second, 0)]
    outbox.answered(first, CommandState.DONE, 7)
    assert [entry.key for entry in outbox.claim(OutboxQueue.COMMANDS)] == [second]


def test_a_long_import_does_not_hold_up_a_keypress(outbox: Outbox) -> None:
    outbox.give("IMPORT_FILE", b"{}", "e.1", line=OutboxQueue.IMPORTS, file="ab")
    key = give(outbox)
    assert [entry.key for entry in outbox.claim(OutboxQueue.COMMANDS)] == [key]


def test_undo_takes_back_only_what_was_never_tried(outbox: Outbox) -> None:
    first, second = give(outbox), give(outbox)
    outbox.claim(OutboxQueue.COMMANDS, 1)
    assert not outbox.undo(first)
    assert outbox.undo(second)
    assert (state(outbox, first), state(outbox, second)) == (CommandState.SENDING, CommandState.CANCELLED)


def test_taking_back_what_was_tried_is_asked_of_the_server_alone(outbox: Outbox) -> None:
    first, second = give(outbox), give(outbox)
    outbox.claim(OutboxQueue.COMMANDS, 1)
    assert outbox.take_back(first)
    (head,) = outbox.claim(OutboxQueue.COMMANDS)
    assert head.withdraw
    outbox.answered(first, CommandState.CANCELLED)
    assert [entry.key for entry in outbox.claim(OutboxQueue.COMMANDS)] == [second]
    assert not outbox.take_back(first)


def test_a_secret_is_on_this_computer_only_until_its_command_is_answered(tmp_path: Path, outbox: Outbox) -> None:
    key = outbox.give("INSTALL", b'{"extensionId":"sftp","settings":{"password":"geheim-4711"}}', "e.1")

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert b"geheim-4711" in on_disk()
    outbox.claim(OutboxQueue.COMMANDS)
    outbox.answered(key, CommandState.DONE, 7)
    assert b"geheim-4711" not in on_disk()
    entry = outbox.entry(key)
    assert entry is not None
    assert entry.body == b'{"extensionId":"sftp","settings":{}}'


def test_a_doubled_answer_changes_nothing(outbox: Outbox) -> None:
    key = give(outbox)
    outbox.claim(OutboxQueue.COMMANDS)
    assert outbox.answered(key, CommandState.DONE, 7)
    assert not outbox.answered(key, CommandState.REFUSED, 9)
    assert state(outbox, key) is CommandState.DONE


def test_what_was_refused_or_has_expired_is_to_be_looked_at_until_dismissed(outbox: Outbox) -> None:
    refused, expired = give(outbox), give(outbox)
    outbox.claim(OutboxQueue.COMMANDS)
    outbox.answered(refused, CommandState.REFUSED, 3, problem=b'{"title": "No."}')
    outbox.answered(expired, CommandState.EXPIRED)
    assert [entry.key for entry in outbox.refused()] == [expired, refused]
    assert outbox.refused()[1].problem == {"title": "No."}
    outbox.dismiss([refused])
    assert [entry.key for entry in outbox.refused()] == [expired]


def test_after_ten_faults_in_a_row_a_command_is_taken_back(outbox: Outbox) -> None:
    key = give(outbox)
    for time in range(10):
        outbox.claim(OutboxQueue.COMMANDS)
        assert outbox.failed([key]) is (time == 9)


def test_after_a_restored_server_what_was_tried_has_expired_and_the_rest_is_stamped_anew(outbox: Outbox) -> None:
    tried, untried = give(outbox), give(outbox)
    outbox.claim(OutboxQueue.COMMANDS, 1)
    outbox.stamp_anew("f", 4)
    assert state(outbox, tried) is CommandState.EXPIRED
    entry = outbox.entry(untried)
    assert entry is not None
    assert (entry.state, entry.seen) == (CommandState.QUEUED, "f.4")
    outbox.stamp_anew("f", 9)
    assert outbox.entry(untried) == entry


def test_an_older_program_does_not_write_into_a_newer_outbox(tmp_path: Path, outbox: Outbox) -> None:
    with sqlite3.connect(tmp_path / "outbox.sqlite") as other:
        other.execute("UPDATE meta SET schema = 99")
    other.close()
    with pytest.raises(OutboxTooNew):
        give(outbox)
    with pytest.raises(OutboxTooNew):
        Outbox.open(tmp_path / "outbox.sqlite")


def test_of_a_corrupt_outbox_what_can_be_read_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    outbox = Outbox.open(path)
    keys = [outbox.give("SEND", b"x" * 3000, "e.1") for _ in range(40)]
    outbox.claim(OutboxQueue.COMMANDS, 1)
    outbox._connections.mine().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    outbox.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 4096 * 3] = b"\x55" * (4096 * 3)
    path.write_bytes(content)
    outbox = Outbox.open(path)
    (rescue,) = outbox.rescues()
    assert Path(rescue.aside).exists()
    saved = [entry.key for entry in outbox.waiting()]
    assert len(saved) >= 30
    assert saved == [key for key in keys if key in set(saved)]
    assert outbox.give("SEND", b"{}", "e.1")
    outbox.close()


def test_the_bytes_of_a_refused_import_are_needed_until_it_is_dismissed(outbox: Outbox) -> None:
    key = outbox.give("IMPORT_FILE", b"{}", "e.1", line=OutboxQueue.IMPORTS, file="ab")
    outbox.claim(OutboxQueue.IMPORTS)
    outbox.answered(key, CommandState.REFUSED)
    assert outbox.needed_files({"ab"})
    assert outbox.forget_old() == ["ab"]
    outbox.dismiss([key])
    assert not outbox.needed_files({"ab"})
    assert outbox.forget_old() == []


def test_answers_are_kept_thirty_days_for_undo_and_history(tmp_path: Path) -> None:
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    outbox = Outbox.open(tmp_path / "outbox.sqlite", lambda: now[0])
    done, refused, waiting = give(outbox), give(outbox), give(outbox)
    outbox.claim(OutboxQueue.COMMANDS, 2)
    outbox.answered(done, CommandState.DONE, 1)
    outbox.answered(refused, CommandState.REFUSED, 2)
    now[0] += timedelta(days=29)
    outbox.forget_old()
    assert len(outbox.history()) == 3
    now[0] += timedelta(days=2)
    outbox.forget_old()
    assert [entry.key for entry in outbox.history()] == [waiting, refused]
    outbox.close()


def test_one_program_leads_until_it_stops_or_is_silent_for_twenty_seconds(outbox: Outbox) -> None:
    assert lead(outbox, "a", 100)
    assert not lead(outbox, "b", 110)
    assert lead(outbox, "a", 110)
    assert not lead(outbox, "b", 129)
    assert lead(outbox, "b", 131)
    step_down(outbox, "b")
    assert lead(outbox, "a", 132)
    assert lead(outbox, "b", 50), "a clock set back does not leave a leader for ever"


@pytest.mark.parametrize(
    ("done_at", "ver", "gen", "seq", "arrived"),
    [
        (None, 99, 2, 99, False),
        (10, 10, 1, 0, True),
        (10, 9, 2, 9, False),
        (10, 9, 2, 10, True),
        (10, 9, 1, 10, False),
    ],
)
def test_a_done_command_is_drawn_until_its_row_is_as_new(
    done_at: int | None, ver: int, gen: int, seq: int, arrived: bool
) -> None:
    mark = Mark(effect=VisibleEffect.SENT, done_at=done_at)
    assert has_arrived(mark, ver, gen, Moment(gen=2, seq=seq)) is arrived


def test_the_overlay_follows_every_change(outbox: Outbox) -> None:
    before = outbox.version()
    key = give(outbox, documents=("d1", "d2"))
    assert outbox.version() != before
    assert set(outbox.overlay().marks) == {"d1", "d2"}
    outbox.undo(key)
    assert not outbox.overlay().marks


def refused_import(outbox: Outbox, problem_type: str) -> str:
    key = outbox.give("IMPORT_FILE", b"{}", "e.1", line=OutboxQueue.IMPORTS, file="f" * 64, label="Import a.xml")
    outbox.claim(OutboxQueue.IMPORTS)
    outbox.answered(key, CommandState.REFUSED, problem=json.dumps({"type": problem_type, "title": "No."}).encode())
    return key


@pytest.mark.parametrize("problem_type", ["unreadable", "cannot-place"])
def test_a_file_that_waits_to_be_placed_is_no_refused_change(outbox: Outbox, problem_type: str) -> None:
    refused_import(outbox, problem_type)
    assert outbox.refused() == []
    assert outbox.refused_count() == 0
    assert not outbox.needed_files({"f" * 64})


def test_what_was_refused_is_given_again_in_its_old_order_and_the_old_ones_are_gone(outbox: Outbox) -> None:
    old = [refused_import(outbox, "not-found") for _ in range(3)]
    assert outbox.refused_count() == 3
    new = outbox.give_again([old[2], old[0]], "e.9")
    assert [entry.key for entry in outbox.refused()] == [old[1]]
    waiting = outbox.waiting()
    assert [entry.key for entry in waiting] == new
    assert {(entry.kind, entry.file, entry.label, entry.seen, entry.tries) for entry in waiting} == {
        ("IMPORT_FILE", "f" * 64, "Import a.xml", "e.9", 0)
    }
    assert outbox.give_again(old, "e.9") != [], "the one that was left"
    assert outbox.give_again(old, "e.9") == [], "nothing is given twice"


def test_settings_that_were_wiped_are_not_given_again(outbox: Outbox) -> None:
    key = outbox.give("INSTALL", b'{"settings": {"password": "x"}}', "e.1")
    outbox.claim(OutboxQueue.COMMANDS)
    outbox.answered(key, CommandState.REFUSED, problem=b'{"type": "invalid-settings", "title": "No."}')
    assert outbox.give_again([key], "e.2") == []
    assert [entry.key for entry in outbox.refused()] == [key]
