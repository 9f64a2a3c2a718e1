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
from tests.support.office import Office, until

HOSTILE = "a[/b]c \x1b[31mred\x1b[0m \u202egpj.exe\u202c [bold]x[/] \x07end.pdf"


def test_an_endpoint_file_with_a_wrong_token_leads_to_a_backend_of_ones_own(office: Office) -> None:
    office.add_client()
    published = office.homes.runtime / "endpoint.json"
    right = json.loads(published.read_bytes())
    published.write_text(json.dumps({**right, "token": "not-the-token"}))
    terminal = office.terminal()
    terminal.wait_for("Starting")
    assert "Traceback" not in terminal.text
    os.kill(right["pid"], 9)
    terminal.wait_for(papers.BAKERY.name)
    terminal.wait_for("Up to date")


def test_an_endpoint_file_left_by_a_dead_backend_is_passed_over(office: Office) -> None:
    office.add_client()
    published = office.homes.runtime / "endpoint.json"
    left = published.read_bytes()
    office.kill_backend()
    published.write_bytes(left)
    terminal = office.terminal()
    terminal.wait_for(papers.BAKERY.name)
    terminal.wait_for("Up to date")


def test_a_target_folder_that_cannot_be_written_fails_with_its_reason_and_keeps_the_document(office: Office) -> None:
    client_id = office.add_client()
    in_the_way = office.received / "in-the-way"
    in_the_way.write_text("a file where a folder should be")
    office.add_documents(client_id, {"facture.xml": papers.invoice()})
    office.deliver_into(client_id, str(in_the_way / "below"))
    terminal = office.terminal()
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
    integration = office.integrations()[0]["id"]
    assert office.banqup("integrations", "resume", integration).returncode == 0
    until(lambda: [path.read_bytes() for path in office.files_received()] == [papers.invoice()], what="the file")


def test_settings_that_cannot_be_read_are_said_with_file_and_line(office: Office) -> None:
    (office.homes.config / "config.toml").write_text('theme = "light\nlanguage = 3\n')
    terminal = office.terminal()
    assert terminal.wait_for_end() == 78
    assert "config.toml" in terminal.text
    assert "Traceback" not in terminal.text


def test_a_terminal_of_forty_columns_says_how_large_it_must_be(office: Office) -> None:
    terminal = office.terminal(40, 20)
    terminal.wait_for("The window is 40 × 20.")
    terminal.wait_for("60 × 16 is needed")
    terminal.resize(120, 40)
    terminal.wait_for("Client documents")
    terminal.resize(44, 9)
    terminal.wait_for("The window is 44 × 9.")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_names_full_of_markup_and_control_characters_are_shown_harmlessly_and_written_as_safe_names(
    office: Office,
) -> None:
    client_id = office.add_client("HOSTILE", "Fournil [/red] \x1b]0;title\x07 \u202eLRS")
    office.add_documents(client_id, {HOSTILE: papers.letter()}, Folder.OTHER_DOCUMENTS)
    evil = papers.invoice(
        number="../../etc/passwd\u202e[/b]", seller=papers.company("Moulin [/b][blink]", "0998765448")
    )
    office.add_documents(client_id, {"../../x.xml": evil}, Folder.PURCHASE_INVOICES)
    office.deliver_into(client_id)
    terminal = office.terminal()
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
    until(lambda: len(office.files_received()) >= 1, what="the file")
    for path in office.files_received():
        assert path.resolve().is_relative_to(office.received.resolve())
        assert not any(character in path.name for character in "\x1b\u202e\x07/\\:*?<>|")
    assert list(office.root.rglob("passwd*")) == []


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


def test_a_full_disk_at_the_receiver_is_a_sentence_and_the_document_goes_when_there_is_room(office: Office) -> None:
    disk = office.root / "small"
    with small_disk(disk, "64k"):
        _fill(disk)
        client_id = office.add_client()
        office.add_documents(client_id, {"facture.xml": papers.invoice()})
        office.deliver_into(client_id, str(disk / "in"))
        terminal = office.terminal()
        terminal.wait_for(papers.BAKERY.name)
        terminal.wait_for("Up to date")
        terminal.press("enter")
        terminal.wait_for("2026-00417")
        terminal.press("r")
        terminal.wait_for("Send to 1 integration")
        terminal.press("enter")
        until(lambda: "full" in " ".join(office.reasons()), what="the reason")
        assert "Traceback" not in terminal.text
        office.kill_backend()


def test_a_full_disk_under_the_program_is_a_sentence_and_nothing_is_lost(office: Office) -> None:
    office.add_client()
    office.banqup("sync")
    office.kill_backend()
    inbox = office.root / "inbox"
    inbox.mkdir()
    (inbox / "facture.xml").write_bytes(papers.invoice())
    before = office.root / "before"
    office.homes.data.rename(before)
    with small_disk(office.homes.data, "4m"):
        shutil.copytree(before, office.homes.data, dirs_exist_ok=True)
        _fill(office.homes.data)
        refused = office.banqup("import", str(inbox))
        assert refused.returncode != 0
        assert refused.stdout == ""
        assert 0 < len(refused.stderr.strip().splitlines()) <= 3, refused.stderr
        assert "full" in refused.stderr or "room" in refused.stderr, refused.stderr
        terminal = office.terminal()
        terminal.settle(quiet=1, seconds=4)
        assert "Traceback" not in terminal.text
        (office.homes.data / "ballast").unlink()
        taken = office.banqup("import", str(inbox))
        assert taken.returncode == 0, taken.stderr
        assert [one["number"] for one in office.documents()] == ["2026-00417"]
        office.end()


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            return
