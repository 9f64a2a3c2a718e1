import os
from pathlib import Path

import pytest

from banqup_tui.domain.messages import message
from banqup_tui.sources.folder import FolderEye, Mark, is_ignored


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def eye(tmp_path: Path, clock: Clock) -> FolderEye:
    return FolderEye(tmp_path, still_for=3, wait_for_xml=5, clock=clock)


def ready(eye: FolderEye, known: dict[str, Mark] | None = None) -> list[str]:
    return sorted(file.path for file in eye.look(known or {}).ready)


def write(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_file_is_taken_only_once_it_has_stood_still(eye: FolderEye, clock: Clock, tmp_path: Path) -> None:
    write(tmp_path / "a/b/x.xml")
    assert ready(eye) == []
    clock.now += 2
    write(tmp_path / "a/b/x.xml", "longer")
    assert ready(eye) == []
    clock.now += 2
    assert ready(eye) == []
    clock.now += 1
    assert ready(eye) == ["a/b/x.xml"]


def test_what_was_looked_at_is_told_again_only_when_it_changed(eye: FolderEye, clock: Clock, tmp_path: Path) -> None:
    write(tmp_path / "x.xml")
    ready(eye)
    clock.now += 3
    (file,) = eye.look({}).ready
    assert ready(eye, {"x.xml": file.mark}) == []
    write(tmp_path / "x.xml", "other")
    ready(eye, {"x.xml": file.mark})
    clock.now += 3
    assert ready(eye, {"x.xml": file.mark}) == ["x.xml"]


@pytest.mark.parametrize(
    "name",
    [
        "a.tmp",
        "a.PART",
        "a.xml.filepart",
        "a.crdownload",
        "~$a.xlsx",
        "Desktop.ini",
        ".DS_Store",
        ".hidden",
        "Thumbs.db",
    ],
)
def test_what_is_not_whole_or_not_meant_is_ignored(name: str) -> None:
    assert is_ignored(name)
    assert not is_ignored(f"a{name.strip('.~$')}.xml")


def test_the_picture_of_an_xml_is_no_second_document(eye: FolderEye, clock: Clock, tmp_path: Path) -> None:
    for name in ("F1.pdf", "f1.XML", "F2.pdf"):
        write(tmp_path / name)
    eye.look({})
    clock.now += 3
    files = {file.path: file.picture_of for file in eye.look({}).ready}
    assert files == {"F1.pdf": "f1.XML", "f1.XML": None}
    clock.now += 5
    assert "F2.pdf" in ready(eye)


def test_a_folder_that_goes_away_says_so_and_comes_back(eye: FolderEye, clock: Clock, tmp_path: Path) -> None:
    root = tmp_path / "mounted"
    eye = FolderEye(root, still_for=0, wait_for_xml=0, clock=clock)
    assert [one.code for one in eye.look({}).problems] == ["source.not-there"]
    write(root / "x.xml")
    look = eye.look({})
    assert look.problems == ()
    assert [file.path for file in look.ready] == ["x.xml"]


def test_a_path_that_is_a_file_says_so(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path / "x")
    assert [one.code for one in FolderEye(tmp_path / "x", clock=clock).look({}).problems] == ["source.no-folder"]


def test_links_are_not_followed_and_are_named(eye: FolderEye, clock: Clock, tmp_path: Path) -> None:
    write(tmp_path / "a/x.xml")
    (tmp_path / "a/again").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to("self")
    eye.look({})
    clock.now += 3
    look = eye.look({})
    assert [file.path for file in look.ready] == ["a/x.xml"]
    assert look.problems == (message("source.links", names="a/again, a/self"),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told_and_the_others_are_looked_at(
    eye: FolderEye, clock: Clock, tmp_path: Path
) -> None:
    write(tmp_path / "closed/x.xml")
    write(tmp_path / "open/y.xml")
    (tmp_path / "closed").chmod(0)
    try:
        eye.look({})
        clock.now += 3
        look = eye.look({})
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [file.path for file in look.ready] == ["open/y.xml"]
    assert look.problems == (message("source.may-not-be-read", path="closed"),)


def test_control_characters_of_a_name_do_not_reach_the_screen(eye: FolderEye, tmp_path: Path) -> None:
    (tmp_path / "evil\x1b[31m").symlink_to("nowhere")
    (problem,) = eye.look({}).problems
    assert "\x1b" not in str(problem)
