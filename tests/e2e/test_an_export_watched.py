"""What Banqup's own extensions export, copied below a watched folder in pieces while the program runs."""

import json
import shutil
import signal
import time
from pathlib import Path

from tests.support import papers
from tests.support.local_setup import LocalSetup, until

BAKERY_FOLDER = "Fournil_de_la_Tannerie_BE0912345673"
DRIVE = f"Invoice_import/{BAKERY_FOLDER}"
SFTP = "FOURNIL_0912345673"
QUICK_EYES = (
    "import sys; from banqup_tui.backend.intake.watched_folders import WatchedFolders;"
    "WatchedFolders.__init__.__kwdefaults__.update(every=0.1, still_for=0.2);"
    "from banqup_tui.backend.runtime.main import main; sys.exit(main())"
)
"""Looks at once what stands still, where a test writes each file whole."""


def write_slowly(path: Path, content: bytes) -> None:
    """As a slow line does it: the name is there long before the file is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        for part in (content[:500], content[500:1500], content[1500:]):
            stream.write(part)
            stream.flush()
            time.sleep(0.4)


def write_and_rename(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_bytes(content)
    temporary.rename(path)


def test_an_export_copied_in_pieces_is_in_the_right_clients_and_folders_each_file_once(
    setup: LocalSetup, tmp_path: Path
) -> None:
    setup.add_client()
    exported = tmp_path / "export"
    exported.mkdir()
    assert setup.banqup("sources", "add", "folder", str(exported)).returncode == 0
    terminal = setup.terminal()
    terminal.wait_for(papers.BAKERY.name)
    terminal.press("enter")
    terminal.wait_for("Purchase invoices")

    bought = papers.invoice(number="P-1")
    sold = papers.invoice(number="S-1", seller=papers.BAKERY, buyer=papers.GARAGE)
    by_sftp = papers.invoice(number="P-2")
    write_and_rename(exported / DRIVE / "AP" / "P-1_20261120.xml", bought)
    write_slowly(exported / DRIVE / "AR" / "S-1_20261120.xml", sold)
    write_slowly(exported / SFTP / "purchases" / "2026" / "P-2.xml", by_sftp)
    write_and_rename(exported / SFTP / "cod" / "2026" / "12.cod", papers.statement())
    (exported / DRIVE / "AP" / "unfinished.xml.part").write_bytes(bought[:700])
    terminal.wait_for("2 documents")
    terminal.wait_for("P-1")
    terminal.wait_for("P-2")
    terminal.wait_until(lambda text: "Sales invoices           1" in text and "reports                  1" in text)
    assert "yet" not in terminal.text

    write_and_rename(exported / DRIVE / "AP" / "P-1_20261124_2.xml", bought)
    shutil.copy2(exported / DRIVE / "AR" / "S-1_20261120.xml", exported / SFTP / "resent.xml")
    write_and_rename(exported / SFTP / "purchases" / "2026" / "P-3.xml", papers.invoice(number="P-3"))
    terminal.wait_for("3 documents")

    counted = {(one["folder"], one["number"] or one["statementNumber"]) for one in setup.documents()}
    assert counted == {
        ("PURCHASE_INVOICES", "P-1"),
        ("PURCHASE_INVOICES", "P-2"),
        ("PURCHASE_INVOICES", "P-3"),
        ("SALES_INVOICES", "S-1"),
        ("ENRICHED_MOVEMENT_REPORTS", "012"),
    }
    assert len(setup.documents()) == 5
    assert {one["client"]["reference"] for one in setup.documents()} == {"FOURNIL"}
    assert (exported / DRIVE / "AP" / "unfinished.xml.part").exists()


def test_a_backend_killed_when_it_has_taken_a_file_has_each_file_once_when_it_looks_again(
    setup: LocalSetup, tmp_path: Path
) -> None:
    setup.add_client()
    exported = tmp_path / "export"
    exported.mkdir()
    assert setup.banqup("sources", "add", "folder", str(exported)).returncode == 0
    setup.kill_backend(signal.SIGTERM)
    for number in ("P-1", "P-2", "P-3"):
        write_and_rename(exported / DRIVE / "AP" / f"{number}.xml", papers.invoice(number=number))
    killed = setup.start_backend(("-c", QUICK_EYES), BANQUP_KILL_AT="intake.committed:1").pid
    assert setup.exit_code(killed) == -signal.SIGKILL
    setup.start_backend(("-c", QUICK_EYES))
    until(lambda: len(setup.documents()) >= 3, what="three documents")
    assert sorted(one["number"] for one in setup.documents()) == ["P-1", "P-2", "P-3"]
    (source,) = json.loads(setup.banqup("sources", "list", "--json").stdout)
    assert (source["taken"], source["refused"], source["problems"]) == (3, 0, [])
