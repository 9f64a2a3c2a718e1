"""Files that are on the disk whole or not at all."""

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from banqup_tui import whole_file


class PowerCut(Exception):
    """What ends a write in the middle."""


def cut_off() -> Iterator[bytes]:
    yield b"the first half"
    raise PowerCut


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_new_file_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PowerCut):
        whole_file.write_new(tmp_path / "a", cut_off())
    assert names(tmp_path) == []


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"of somebody else")
    with pytest.raises(FileExistsError):
        whole_file.write_new(tmp_path / "a", [b"ours"])
    assert (tmp_path / "a").read_bytes() == b"of somebody else"


def test_a_link_where_a_new_file_is_to_stand_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        whole_file.write_new(tmp_path / "a", [b"ours"])
    assert names(tmp_path) == ["a"]


def test_a_replacement_that_cannot_be_written_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_bytes(b"old")
    monkeypatch.setattr("os.fsync", lambda _handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        whole_file.replace(tmp_path / "keys", b"new")
    assert names(tmp_path) == ["keys"]
    assert (tmp_path / "keys").read_bytes() == b"old"


def test_a_replacement_is_for_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"old")
    whole_file.replace(tmp_path / "keys", b"new")
    assert names(tmp_path) == ["keys"]
    assert (tmp_path / "keys").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


def test_of_two_that_create_a_file_the_first_one_is_kept(tmp_path: Path) -> None:
    whole_file.create(tmp_path / "key", b"first")
    whole_file.create(tmp_path / "key", b"second")
    assert names(tmp_path) == ["key"]
    assert (tmp_path / "key").read_bytes() == b"first"


def test_where_there_are_no_hard_links_a_file_is_created_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.link", lambda *_names: (_ for _ in ()).throw(OSError(95, "Operation not supported")))
    whole_file.create(tmp_path / "key", b"first")
    assert names(tmp_path) == ["key"]
    assert (tmp_path / "key").read_bytes() == b"first"


def test_the_hash_is_of_what_was_written(tmp_path: Path) -> None:
    digest = hashlib.sha256()
    whole_file.write_new(tmp_path / "a", whole_file.hashed([b"one", b"two"], digest))
    assert digest.hexdigest() == hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()
