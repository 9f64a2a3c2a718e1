"""The main job in a real terminal: from a file on the disk to the accounting software's folder, in two languages."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import papers
from tests.support.local_setup import LocalSetup, until
from tests.support.terminal import Terminal

CLIENT = papers.BAKERY.name
BEFORE_THE_BUTTONS = 9
"""Two settings, five folders, and the older documents."""


class Words(NamedTuple):
    """What the program says on the way."""

    locale: str
    up_to_date: str
    local_folder: str
    describes: str
    test: str
    installed: str
    add: str
    none_yet: str
    go_on: str
    second_step: str
    written: str
    active: str
    purchases: str
    send: str
    send_to_one: str
    queued: str
    resend: str


ENGLISH = Words(
    "en_GB.UTF-8", "Up to date", "Local folder", "Puts each document as a file", "Test connection", "√ Installed",
    "a Add integration", "No integrations yet", "Continue", "Step 2 of 2", "could be written", "√ Active",
    "Purchase invoices", "Send to integrations…", "Send to 1 integration", "Queued", "Resend to integrations…",
)  # fmt: skip
FRENCH = Words(
    "fr_BE.UTF-8", "À jour", "Dossier local", "Dépose chaque document", "Tester la connexion", "√ Installée",
    "a Ajouter une intégration", "Pas encore d'intégrations", "Continuer", "Étape 2 sur 2", "a pu être écrit",
    "√ Active", "Factures d'achat", "Envoyer aux intégrations…", "Envoyer à 1 intégration", "En file",
    "Renvoyer aux intégrations…",
)  # fmt: skip


def install_local_folder(terminal: Terminal, words: Words, path: str) -> None:
    """The Store has many packages, so it is searched."""
    terminal.press("4")
    terminal.wait_for("Banqup Store")
    terminal.press("/")
    terminal.type(words.local_folder)
    terminal.press("enter")
    terminal.wait_for(words.describes)
    terminal.press("enter")
    terminal.wait_for(words.test)
    terminal.type(path)
    terminal.press("tab", "tab", "tab", "tab", "enter")
    terminal.wait_for(words.installed)
    terminal.wait_for(words.up_to_date)


def activate_for_the_client(terminal: Terminal, words: Words) -> None:
    terminal.press("3")
    terminal.wait_for(words.add)
    terminal.wait_for(CLIENT)
    terminal.press("enter")
    terminal.wait_for(words.none_yet)
    terminal.press("a")
    terminal.wait_for(words.go_on)
    terminal.press("enter")
    terminal.wait_for(words.second_step)
    terminal.press(*["tab"] * BEFORE_THE_BUTTONS, "enter")
    terminal.wait_for(words.written)
    terminal.press("tab", "enter")
    terminal.wait_for(words.active)


def open_the_menu_of_the_first_document(terminal: Terminal, words: Words) -> None:
    """Where only one pane fits, the folders come first, with the cursor on the one that has something."""
    terminal.press("2")
    terminal.wait_for("1 client")
    terminal.press("enter")
    terminal.wait_for(words.purchases)
    if terminal.columns < 110:
        terminal.press("enter")
    terminal.wait_for("2026-00417")
    terminal.press(".")


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [(120, 40, ENGLISH), (80, 24, FRENCH)],
    ids=["English at 120", "French at 80"],
)
def test_a_document_goes_from_the_disk_into_the_accounting_softwares_folder(
    setup: LocalSetup, tmp_path: Path, columns: int, rows: int, words: Words
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "facture.xml").write_bytes(papers.invoice())
    imported = setup.banqup("import", str(inbox), "--create-clients")
    assert imported.returncode == 0, imported.stderr

    terminal = setup.terminal(columns, rows, LC_ALL=words.locale)
    terminal.wait_for(CLIENT)
    terminal.wait_for(words.up_to_date)
    install_local_folder(terminal, words, f"{setup.received}/[external_id]/[folder]")
    activate_for_the_client(terminal, words)
    open_the_menu_of_the_first_document(terminal, words)
    terminal.wait_for(words.send)
    terminal.press("enter")
    terminal.wait_for(words.send_to_one)
    terminal.press("enter")
    until(lambda: len(setup.files_received()) == 1, what="the file in the folder")
    (received,) = setup.files_received()
    assert received.read_bytes() == papers.invoice()
    assert received.name.startswith("2026-00417")

    terminal.wait_until(lambda text: words.send_to_one not in text, what="the question to close")
    terminal.wait_until(lambda text: words.queued not in text and "→" not in text, what="the document to be delivered")
    terminal.press(".")
    terminal.wait_for(words.resend)
    terminal.press("enter")
    terminal.wait_for("[ ] ")
    terminal.press("space")
    terminal.wait_for("[x] ")
    terminal.press("enter")
    until(lambda: len(setup.files_received()) == 2, what="the copy that was asked for")
    assert {path.read_bytes() for path in setup.files_received()} == {papers.invoice()}
    terminal.wait_until(lambda text: "[x] " not in text and "→" not in text, what="the copy to be delivered")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
