"""A folder into which others may write brings in its own regular files, and nothing that it merely points to."""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from banqup_tui import folder_walk
from banqup_tui.actions.import_selection import files_below
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.domain.messages import Message, message
from banqup_tui.folder_walk import NotARegularFile, OwnDirectory, open_below, open_named, walk
from banqup_tui.formats.refusals import MAX_BYTES
from banqup_tui.protocol.commands import AddSource, DismissUnfiled
from banqup_tui.store.files import Spool
from tests.support.intake_harness import IntakeHarness

SECRET = b"-----BEGIN OPENSSH PRIVATE KEY-----"

Brought = Callable[[Path], dict[str, bytes]]
"""What a way in takes of a folder: the bytes by the path in it."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANQUP_HOME", str(tmp_path / "home"))
    for name in ("config", "data", "cache", "runtime", "log"):
        (tmp_path / "home" / name).mkdir(parents=True)
    (tmp_path / "home/data/backend").mkdir()
    return tmp_path / "home"


@pytest.fixture
def harness(home: Path) -> IntakeHarness:
    return IntakeHarness(home / "data/backend")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shared/PARVIS").mkdir(parents=True)
    (tmp_path / "shared/PARVIS/ticket.txt").write_bytes(b"an ordinary receipt")
    return tmp_path / "shared"


def by_import(folder: Path, harness: IntakeHarness) -> dict[str, bytes]:
    spool = Spool(folder.parent / "spool")
    taken = {}
    for found in files_below([folder]):
        if found.reason is None:
            with spool.taken(found.path, below=found.below) as sha256:
                taken[found.hint] = spool.path(sha256).read_bytes()
    return taken


def by_watching(folder: Path, harness: IntakeHarness) -> dict[str, bytes]:
    if not harness.rows(source_rows()):
        harness.do(AddSource(source_id="s", path=str(folder)))
    WatchedFolders(harness.services, still_for=0, wait_for_xml=0).scan()
    brought = [row for row in harness.unfiled_rows() if row.sha256]
    return {row.file_name: harness.services.files.path(row.sha256).read_bytes() for row in brought}


def source_rows() -> object:
    from sqlalchemy import select

    from banqup_tui.backend.db import tables

    return select(tables.source)


@pytest.fixture(params=[by_import, by_watching], ids=["import", "watched folder"])
def brought(request: pytest.FixtureRequest, harness: IntakeHarness) -> Brought:
    return lambda folder: request.param(folder, harness)


ORDINARY = {"PARVIS/ticket.txt": b"an ordinary receipt"}


def test_a_link_to_a_key_of_the_user_is_not_taken(folder: Path, tmp_path: Path, brought: Brought) -> None:
    (tmp_path / "id_ed25519").write_bytes(SECRET)
    (folder / "PARVIS/key.txt").symlink_to(tmp_path / "id_ed25519")
    (folder / "PARVIS/all").symlink_to(tmp_path)
    (folder / "PARVIS/again").symlink_to(folder)
    (folder / "PARVIS/nowhere").symlink_to("/nonexistent")
    assert brought(folder) == ORDINARY


def test_pipes_sockets_and_devices_hold_nothing_up(folder: Path, brought: Brought) -> None:
    os.mkfifo(folder / "PARVIS/pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s"))
        if os.geteuid() == 0:
            subprocess.run(["mknod", folder / "zero.txt", "c", "1", "5"], check=False)
        assert brought(folder) == ORDINARY


def test_the_program_never_takes_in_its_own_files(folder: Path, home: Path, brought: Brought) -> None:
    """Whatever path leads there: the folder holds all that the program has."""
    (home / "runtime/endpoint.json").write_bytes(SECRET)
    assert brought(folder) == ORDINARY
    home.rename(folder / "moved")
    home.symlink_to(folder / "moved")
    assert brought(folder) == ORDINARY


@pytest.mark.parametrize("below", ["", "data", "data/backend", "cache", "runtime"])
def test_a_folder_of_the_program_is_neither_watched_nor_imported(
    home: Path, harness: IntakeHarness, below: str
) -> None:
    (home / below / "x.txt").write_bytes(SECRET)
    other_way = home.parent / "other way"
    other_way.symlink_to(home / below)
    assert "own files" in harness.refusal(AddSource(source_id="s", path=str(other_way))).title
    assert [found.reason for found in files_below([other_way])] == [Message("import.own-directory")]
    assert [found.reason for found in files_below([other_way / "x.txt"])] == [Message("import.own-directory")]


def test_a_watched_folder_that_becomes_a_link_is_not_read(folder: Path, tmp_path: Path, harness: IntakeHarness) -> None:
    harness.do(AddSource(source_id="s", path=str(folder)))
    folder.rename(tmp_path / "away")
    (tmp_path / "private").mkdir()
    (tmp_path / "private/x.txt").write_bytes(SECRET)
    folder.symlink_to(tmp_path / "private")
    assert by_watching(folder, harness) == {}
    assert [one.code for one in harness.source().problems] == ["source.is-link"]


def test_a_folder_that_is_added_by_a_link_is_watched_where_it_is_now(
    folder: Path, tmp_path: Path, harness: IntakeHarness
) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    harness.do(AddSource(source_id="s", path=str(link)))
    link.unlink()
    link.symlink_to("/")
    assert harness.source().path == str(folder)
    assert by_watching(folder, harness) == ORDINARY


def test_what_was_passed_over_is_said_where_the_folder_is_shown(folder: Path, harness: IntakeHarness) -> None:
    for number in range(5):
        (folder / f"PARVIS/link{number}").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    by_watching(folder, harness)
    assert harness.source().problems == (
        message("source.links", names="PARVIS/link0, PARVIS/link1, PARVIS/link2, …"),
        message("source.no-files", names="pipe"),
    )
    for path in (*folder.glob("PARVIS/link*"), folder / "pipe"):
        path.unlink()
    WatchedFolders(harness.services, still_for=0, wait_for_xml=0).scan()
    assert harness.source().problems == ()


def test_what_an_import_passes_over_is_named_with_its_reason(folder: Path) -> None:
    (folder / "PARVIS/key.txt").symlink_to("/etc/passwd")
    os.mkfifo(folder / "PARVIS/pipe.txt")
    reasons = {found.path.name: (found.reason, found.passed_over) for found in files_below([folder])}
    assert reasons == {
        "ticket.txt": (None, False),
        "key.txt": (Message("import.link"), True),
        "pipe.txt": (Message("import.no-file"), True),
    }


def test_a_link_that_the_user_names_is_followed_and_a_pipe_is_refused(folder: Path) -> None:
    (folder / "link.txt").symlink_to("PARVIS/ticket.txt")
    os.mkfifo(folder / "pipe.txt")
    named = list(files_below([folder / "link.txt", folder / "pipe.txt"]))
    assert [found.reason for found in named] == [None, Message("import.no-file")]


def test_of_a_file_that_is_too_large_nothing_is_copied(folder: Path, home: Path, harness: IntakeHarness) -> None:
    for name in ("a.bin", "b.bin"):
        with (folder / name).open("wb") as stream:
            stream.truncate(MAX_BYTES + 1)
    by_watching(folder, harness)
    stored = sum(path.stat().st_size for path in (home / "data").rglob("*") if path.is_file())
    assert stored < 1 << 20
    assert {row.file_name: row.reason for row in harness.unfiled_rows() if row.sha256 is None} == {
        "a.bin": message("file.too-large", limit=64),
        "b.bin": message("file.too-large", limit=64),
    }
    assert harness.source().refused == 3
    (first,) = (row.id for row in harness.unfiled_rows() if row.file_name == "a.bin")
    harness.do(DismissUnfiled(unfiled_ids=(first,)))
    assert harness.source().refused == 2
    WatchedFolders(harness.services, still_for=0, wait_for_xml=0).scan()
    assert harness.source().refused == 2


SWAPS = ["link", "pipe", "directory", "parent"]


@pytest.mark.parametrize("what", SWAPS)
def test_what_takes_the_place_of_a_file_after_it_was_seen_is_not_read(
    folder: Path, tmp_path: Path, harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/ticket.txt").write_bytes(SECRET)
    file = folder / "PARVIS/ticket.txt"

    def swap() -> None:
        if what == "parent":
            file.parent.rename(tmp_path / "away")
            file.parent.symlink_to(tmp_path / "private")
            return
        file.unlink()
        if what == "link":
            file.symlink_to(tmp_path / "private/ticket.txt")
        elif what == "pipe":
            os.mkfifo(file)
        else:
            file.mkdir()

    (found,) = files_below([folder])
    swap()
    with pytest.raises(OSError), Spool(tmp_path / "spool").taken(found.path, below=found.below):  # noqa: PT011
        raise AssertionError
    with pytest.raises(OSError):  # noqa: PT011
        open_below(folder, "PARVIS/ticket.txt")
    assert by_watching(folder, harness) == {}


def test_a_directory_that_is_swapped_for_a_link_in_the_walk_is_not_entered(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/key.txt").write_bytes(SECRET)
    steps = walk(folder, ignored=lambda name: False)
    next(steps)
    (folder / "PARVIS").rename(tmp_path / "away")
    (folder / "PARVIS").symlink_to(tmp_path / "private")
    (directory,) = steps
    assert directory.files == ()
    assert [passed.reason for passed in directory.passed] == [folder_walk.PassedReason.LINK]


def test_a_tree_without_an_end_is_left(folder: Path) -> None:
    deep = folder
    for _ in range(folder_walk.MOST_LEVELS + 20):
        deep = deep / "d"
        deep.mkdir()
    directories = list(walk(folder, ignored=lambda name: False))
    assert len(directories) == folder_walk.MOST_LEVELS + 1
    assert directories[-1].passed[0].reason is folder_walk.PassedReason.TOO_DEEP


def test_an_import_of_the_program_s_own_file_by_name_is_refused(home: Path) -> None:
    (home / "runtime/endpoint.json").write_bytes(SECRET)
    with pytest.raises(OwnDirectory):
        open_named(home / "runtime/endpoint.json")
    with pytest.raises(NotARegularFile):
        open_named(home)
