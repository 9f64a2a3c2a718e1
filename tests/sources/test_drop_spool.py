"""The limits of an account of the SFTP drop, counted as what it keeps here grows."""

from pathlib import Path

import pytest

from banqup_tui.sources.drop_spool import AccountSpool, DropLimits, SpoolRefusal


def spool(tmp_path: Path, **limits: int) -> AccountSpool:
    return AccountSpool(tmp_path / "account", DropLimits(**limits))


def used(tmp_path: Path) -> int:
    return sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())


def directories(tmp_path: Path) -> int:
    return sum(path.is_dir() for path in (tmp_path / "account/tree").rglob("*"))


def test_what_is_being_written_counts_while_it_is_written(tmp_path: Path) -> None:
    here = spool(tmp_path, waiting_bytes=1_000)
    halves = [here.begin(f"/{number}.tmp", truncate=True) for number in range(4)]
    for half in halves[:3]:
        here.write(half, 0, b"x" * 300)
    with pytest.raises(SpoolRefusal, match="Too much waits"):
        here.write(halves[3], 0, b"x" * 300)
    for half in halves[:3]:
        here.finish(half)
    assert used(tmp_path) == 900
    here.drop(halves[3])
    here.remove("/0.tmp")
    again = here.begin("/4.tmp", truncate=True)
    here.write(again, 0, b"x" * 400)
    here.finish(again)
    assert used(tmp_path) == 1_000
    with pytest.raises(SpoolRefusal, match="Too much waits"):
        here.begin("/5.tmp", truncate=True)


def test_a_part_far_behind_counts_with_the_gap_before_it(tmp_path: Path) -> None:
    here = spool(tmp_path, waiting_bytes=1_000)
    half = here.begin("/a.tmp", truncate=True)
    with pytest.raises(SpoolRefusal, match="Too much waits"):
        here.write(half, 1_000, b"x")


def test_what_was_cut_off_or_shortened_is_counted_no_more(tmp_path: Path) -> None:
    here = spool(tmp_path, waiting_bytes=1_000)
    for _ in range(5):
        half = here.begin("/a.tmp", truncate=True)
        here.write(half, 0, b"x" * 900)
        here.truncate(half, 100)
        here.write(half, 100, b"x" * 800)
        here.drop(half)
    assert used(tmp_path) == 0


def test_directories_that_an_upload_makes_are_counted(tmp_path: Path) -> None:
    here = spool(tmp_path, directories=10)
    half = here.begin("/1/2/3/4/5/6/7/a.tmp", truncate=True)
    here.write(half, 0, b"x")
    here.finish(half)
    with pytest.raises(SpoolRefusal, match="too many directories"):
        here.make_directory("/b/1/2/3")
    half = here.begin("/c/1/2/3/4/a.tmp", truncate=True)
    here.write(half, 0, b"x")
    with pytest.raises(SpoolRefusal, match="too many directories"):
        here.finish(half)
    with pytest.raises(SpoolRefusal, match="too many directories"):
        here.move("/1/2/3/4/5/6/7/a.tmp", "/d/1/2/3/a.tmp")
    assert directories(tmp_path) == 7
    assert used(tmp_path) == 1


def test_empty_directories_make_room_for_others(tmp_path: Path) -> None:
    now = [0.0]
    here = AccountSpool(tmp_path / "account", DropLimits(directories=10), clock=lambda: now[0])
    for number in range(10):
        now[0] += 20
        here.make_directory(f"/{number}/1/2/3")
    assert directories(tmp_path) <= 10


def test_a_file_in_very_many_pieces_is_refused(tmp_path: Path) -> None:
    here = spool(tmp_path)
    half = here.begin("/a.tmp", truncate=True)
    for number in range(256):
        here.write(half, number * 2, b"x")
    with pytest.raises(SpoolRefusal, match="too many pieces"):
        here.write(half, 600, b"x")
    with pytest.raises(SpoolRefusal, match="too many pieces"):
        here.finish(half)
    assert used(tmp_path) == 0


def test_parts_in_any_order_become_a_whole(tmp_path: Path) -> None:
    here = spool(tmp_path)
    half = here.begin("/a.xml", truncate=True)
    for number in [*range(1, 128, 2), *range(0, 128, 2)]:
        here.write(half, number * 10, bytes([number]) * 10)
    file = here.finish(half)
    assert file is not None
    assert file.read_bytes() == b"".join(bytes([number]) * 10 for number in range(128))
