import os
from pathlib import Path

import pytest

from banqup_tui.domain.file_names import is_ignored
from banqup_tui.domain.messages import message
from banqup_tui.sources.folder import FolderScanner, Mark


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scanner(tmp_path: Path, clock: Clock) -> FolderScanner:
    return FolderScanner(tmp_path, still_for=3, wait_for_xml=5, clock=clock)


def ready(scanner: FolderScanner, known: dict[str, Mark] | None = None) -> list[str]:
    return sorted(file.path for file in scanner.scan(known or {}).ready)


def write(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_file_is_taken_only_once_it_has_stood_still(scanner: FolderScanner, clock: Clock, tmp_path: Path) -> None:
    write(tmp_path / "a/b/x.xml")
    assert ready(scanner) == []
    clock.now += 2
    write(tmp_path / "a/b/x.xml", "longer")
    assert ready(scanner) == []
    clock.now += 2
    assert ready(scanner) == []
    clock.now += 1
    assert ready(scanner) == ["a/b/x.xml"]


def test_what_was_looked_at_is_told_again_only_when_it_changed(
    scanner: FolderScanner, clock: Clock, tmp_path: Path
) -> None:
    write(tmp_path / "x.xml")
    ready(scanner)
    clock.now += 3
    (file,) = scanner.scan({}).ready
    assert ready(scanner, {"x.xml": file.mark}) == []
    write(tmp_path / "x.xml", "other")
    ready(scanner, {"x.xml": file.mark})
    clock.now += 3
    assert ready(scanner, {"x.xml": file.mark}) == ["x.xml"]


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


def test_a_pdf_is_found_with_the_xml_of_its_name_and_behind_it(
    scanner: FolderScanner, clock: Clock, tmp_path: Path
) -> None:
    for name in ("F1.pdf", "f1.XML", "F2.pdf"):
        write(tmp_path / name)
    scanner.scan({})
    clock.now += 3
    files = [(file.path, file.beside) for file in scanner.scan({}).ready]
    assert files == [("f1.XML", None), ("F1.pdf", "f1.XML")]
    clock.now += 5
    assert "F2.pdf" in ready(scanner)


def test_a_folder_that_goes_away_says_so_and_comes_back(scanner: FolderScanner, clock: Clock, tmp_path: Path) -> None:
    root = tmp_path / "mounted"
    scanner = FolderScanner(root, still_for=0, wait_for_xml=0, clock=clock)
    assert [one.code for one in scanner.scan({}).problems] == ["source.not-there"]
    write(root / "x.xml")
    look = scanner.scan({})
    assert look.problems == ()
    assert [file.path for file in look.ready] == ["x.xml"]


def test_a_path_that_is_a_file_says_so(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path / "x")
    assert [one.code for one in FolderScanner(tmp_path / "x", clock=clock).scan({}).problems] == ["source.no-folder"]


def test_links_are_not_followed_and_are_named(scanner: FolderScanner, clock: Clock, tmp_path: Path) -> None:
    write(tmp_path / "a/x.xml")
    (tmp_path / "a/again").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to("self")
    scanner.scan({})
    clock.now += 3
    look = scanner.scan({})
    assert [file.path for file in look.ready] == ["a/x.xml"]
    assert look.problems == (message("source.links", names="a/again, a/self"),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told_and_the_others_are_looked_at(
    scanner: FolderScanner, clock: Clock, tmp_path: Path
) -> None:
    write(tmp_path / "closed/x.xml")
    write(tmp_path / "open/y.xml")
    (tmp_path / "closed").chmod(0)
    try:
        scanner.scan({})
        clock.now += 3
        look = scanner.scan({})
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [file.path for file in look.ready] == ["open/y.xml"]
    assert look.problems == (message("source.may-not-be-read", path="closed"),)


def test_control_characters_of_a_name_do_not_reach_the_screen(scanner: FolderScanner, tmp_path: Path) -> None:
    (tmp_path / "evil\x1b[31m").symlink_to("nowhere")
    (problem,) = scanner.scan({}).problems
    assert "\x1b" not in str(problem)
