"""The main job in a real terminal: from a file on the disk to the accounting software's folder."""

from pathlib import Path

import pytest

from tests.support import papers
from tests.support.office import Office, until
from tests.support.terminal import Terminal

CLIENT = papers.BAKERY.name
BEFORE_THE_BUTTONS = 8
"""Two settings, five folders, and the older documents."""


def install_local_folder(terminal: Terminal, path: str) -> None:
    terminal.press("4")
    terminal.wait_for("Local folder")
    terminal.press("enter")
    terminal.wait_for("Test connection")
    terminal.type(path)
    terminal.press("tab", "tab", "tab", "enter")
    terminal.wait_for("√ Installed")
    terminal.wait_for("Up to date")


def activate_for_the_client(terminal: Terminal) -> None:
    terminal.press("3")
    terminal.wait_for("a Add integration")
    terminal.wait_for(CLIENT)
    terminal.press("enter")
    terminal.wait_for("No integrations yet")
    terminal.press("a")
    terminal.wait_for("Continue")
    terminal.press("enter")
    terminal.wait_for("Step 2 of 2")
    terminal.press(*["tab"] * BEFORE_THE_BUTTONS, "enter")
    terminal.wait_for("could be written")
    terminal.press("tab", "enter")
    terminal.wait_for("1 integration")
    terminal.wait_for("Active")


def open_the_menu_of_the_first_document(terminal: Terminal) -> None:
    terminal.press("2")
    terminal.wait_for("1 client")
    terminal.press("enter")
    terminal.wait_for("Purchase invoices")
    terminal.wait_for("2026-00417")
    terminal.press(".")


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
def test_a_document_goes_from_the_disk_into_the_accounting_softwares_folder(
    office: Office, tmp_path: Path, columns: int, rows: int
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "facture.xml").write_bytes(papers.invoice())
    imported = office.banqup("import", str(inbox), "--create-clients")
    assert imported.returncode == 0, imported.stderr

    terminal = office.terminal(columns, rows)
    terminal.wait_for(CLIENT)
    terminal.wait_for("Up to date")
    install_local_folder(terminal, f"{office.received}/[external_id]/[folder]")
    activate_for_the_client(terminal)
    open_the_menu_of_the_first_document(terminal)
    terminal.wait_for("Send to integrations…")
    terminal.press("enter")
    terminal.wait_for("Send to 1 integration")
    terminal.press("enter")
    until(lambda: len(office.files_received()) == 1, what="the file in the folder")
    (received,) = office.files_received()
    assert received.read_bytes() == papers.invoice()
    assert received.name.startswith("2026-00417")

    terminal.wait_until(lambda text: "Send to 1 integration" not in text, what="the question to close")
    terminal.wait_until(lambda text: "Queued" not in text and "→" not in text, what="the document to be delivered")
    terminal.press(".")
    terminal.wait_for("Resend to integrations…")
    terminal.press("escape")
    terminal.wait_until(lambda text: "Resend to integrations…" not in text, what="the menu to close")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
