"""What is broken, hostile or full: one sentence with what to do, nothing lost, never a traceback."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from banqup_tui.domain.folder import Folder
from tests.support import papers
from tests.support.local_setup import LocalSetup, until

HOSTILE = "a[/b]c \x1b[31mred\x1b[0m \u202egpj.exe\u202c [bold]x[/] \x07end.pdf"


def test_an_endpoint_file_with_a_wrong_token_leads_to_a_backend_of_ones_own(setup: LocalSetup) -> None:
    setup.add_client()
    published = setup.dirs.runtime / "endpoint.json"
    right = json.loads(published.read_bytes())
    published.write_text(json.dumps({**right, "token": "not-the-token"}))
    terminal = setup.terminal()
    terminal.wait_for("Starting")
    assert "Traceback" not in terminal.text
    os.kill(right["pid"], 9)
    terminal.wait_for(papers.BAKERY.name)
    terminal.wait_for("Up to date")


def test_an_endpoint_file_left_by_a_dead_backend_is_passed_over(setup: LocalSetup) -> None:
    setup.add_client()
    published = setup.dirs.runtime / "endpoint.json"
    left = published.read_bytes()
    setup.kill_backend()
    published.write_bytes(left)
    terminal = setup.terminal()
    terminal.wait_for(papers.BAKERY.name)
    terminal.wait_for("Up to date")


def test_a_target_folder_that_cannot_be_written_fails_with_its_reason_and_keeps_the_document(setup: LocalSetup) -> None:
    client_id = setup.add_client()
    in_the_way = setup.received / "in-the-way"
    in_the_way.write_text("a file where a folder should be")
    setup.add_documents(client_id, {"facture.xml": papers.invoice()})
    setup.deliver_into(client_id, str(in_the_way / "below"))
    terminal = setup.terminal()
    terminal.wait_for(papers.BAKERY.name)
    terminal.wait_for("Up to date")
    terminal.press("enter")
    terminal.wait_for("2026-00417")
    terminal.press("r")
    terminal.wait_for("Send to 1 integration")
    terminal.press("enter")
    terminal.wait_for("× Error")
    terminal.wait_for("× Error  Local folder: The path")
    assert "Traceback" not in terminal.text
    in_the_way.unlink()
    integration = setup.integrations()[0]["id"]
    assert setup.banqup("integrations", "resume", integration).returncode == 0
    until(lambda: [path.read_bytes() for path in setup.files_received()] == [papers.invoice()], what="the file")


def test_settings_that_cannot_be_read_are_said_with_file_and_line(setup: LocalSetup) -> None:
    (setup.dirs.config / "config.toml").write_text('theme = "light\nlanguage = 3\n')
    terminal = setup.terminal()
    assert terminal.wait_for_end() == 78
    assert "config.toml" in terminal.text
    assert "Traceback" not in terminal.text


def test_a_terminal_of_forty_columns_says_how_large_it_must_be(setup: LocalSetup) -> None:
    terminal = setup.terminal(40, 20)
    terminal.wait_for("The window is 40 × 20.")
    terminal.wait_for("60 × 16 is needed")
    terminal.resize(120, 40)
    terminal.wait_for("Client documents")
    terminal.resize(44, 9)
    terminal.wait_for("The window is 44 × 9.")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_names_full_of_markup_and_control_characters_are_shown_harmlessly_and_written_as_safe_names(
    setup: LocalSetup,
) -> None:
    client_id = setup.add_client("HOSTILE", "Fournil [/red] \x1b]0;title\x07 \u202eLRS")
    setup.add_documents(client_id, {HOSTILE: papers.letter()}, Folder.OTHER_DOCUMENTS)
    evil = papers.invoice(
        number="../../etc/passwd\u202e[/b]", seller=papers.company("Moulin [/b][blink]", "0998765448")
    )
    setup.add_documents(client_id, {"../../x.xml": evil}, Folder.PURCHASE_INVOICES)
    setup.deliver_into(client_id)
    terminal = setup.terminal()
    terminal.wait_for("Fournil [/red]")
    terminal.wait_for("Up to date")
    terminal.press("enter")
    terminal.wait_for("Moulin [/b][blink]")
    terminal.press("enter")
    terminal.wait_for("Farine")
    terminal.press("escape")
    terminal.wait_for("Folders")
    terminal.press("A", "r")
    terminal.wait_for("Send to 1 integration")
    terminal.press("enter")
    terminal.wait_for("1/1")
    terminal.press("left", "end")
    terminal.wait_for("a[_b]c")
    assert not {"\x1b", "\u202e", "\x07"} & set(terminal.text)
    until(lambda: len(setup.files_received()) >= 1, what="the file")
    for path in setup.files_received():
        assert path.resolve().is_relative_to(setup.received.resolve())
        assert not any(character in path.name for character in "\x1b\u202e\x07/\\:*?<>|")
    assert list(setup.root.rglob("passwd*")) == []


@contextmanager
def small_disk(where: Path, size: str = "2m") -> Iterator[None]:
    where.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(where)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=False)


def test_a_full_disk_at_the_receiver_is_a_sentence_and_the_document_goes_when_there_is_room(setup: LocalSetup) -> None:
    disk = setup.root / "small"
    with small_disk(disk, "64k"):
        _fill(disk)
        client_id = setup.add_client()
        setup.add_documents(client_id, {"facture.xml": papers.invoice()})
        setup.deliver_into(client_id, str(disk / "in"))
        terminal = setup.terminal()
        terminal.wait_for(papers.BAKERY.name)
        terminal.wait_for("Up to date")
        terminal.press("enter")
        terminal.wait_for("2026-00417")
        terminal.press("r")
        terminal.wait_for("Send to 1 integration")
        terminal.press("enter")
        until(lambda: "full" in " ".join(setup.reasons()), what="the reason")
        assert "Traceback" not in terminal.text
        setup.kill_backend()


def test_a_full_disk_under_the_program_is_a_sentence_and_nothing_is_lost(setup: LocalSetup) -> None:
    setup.add_client()
    setup.banqup("sync")
    setup.kill_backend()
    inbox = setup.root / "inbox"
    inbox.mkdir()
    (inbox / "facture.xml").write_bytes(papers.invoice())
    before = setup.root / "before"
    setup.dirs.data.rename(before)
    with small_disk(setup.dirs.data, "4m"):
        shutil.copytree(before, setup.dirs.data, dirs_exist_ok=True)
        _fill(setup.dirs.data)
        refused = setup.banqup("import", str(inbox))
        assert refused.returncode != 0
        assert refused.stdout == ""
        assert 0 < len(refused.stderr.strip().splitlines()) <= 3, refused.stderr
        assert "full" in refused.stderr or "room" in refused.stderr, refused.stderr
        terminal = setup.terminal()
        terminal.settle(quiet=1, seconds=4)
        assert "Traceback" not in terminal.text
        (setup.dirs.data / "ballast").unlink()
        taken = setup.banqup("import", str(inbox))
        assert taken.returncode == 0, taken.stderr
        assert [one["number"] for one in setup.documents()] == ["2026-00417"]
        setup.end()


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            return
