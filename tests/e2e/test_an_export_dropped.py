"""An export that Banqup puts into the SFTP drop, by OpenSSH's own client, cut off in the middle and put again."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import papers
from tests.support.drop import SFTP, listens
from tests.support.local_setup import LocalSetup, until
from tests.support.sftp import free_port

pytestmark = pytest.mark.skipif(SFTP is None, reason="the machine has no OpenSSH client")

BAKERY_FOLDER = "Fournil_de_la_Tannerie_BE0912345673"
LARGE = 24 * 1024 * 1024
SLOW = 6_000


def write_export(root: Path, scan: int) -> None:
    """As Banqup's extension writes it: a drive's tree, an SFTP tree, a scan that is large, one for nobody."""
    files = {
        f"Invoice_import/{BAKERY_FOLDER}/AP/P-1.xml": papers.invoice(number="P-1"),
        f"Invoice_import/{BAKERY_FOLDER}/AR/S-1.xml": papers.invoice(
            number="S-1", seller=papers.BAKERY, buyer=papers.GARAGE
        ),
        "FOURNIL_0912345673/cod/2026/12.cod": papers.statement(),
        "FOURNIL_0912345673/purchases/2026/P-2.xml": papers.invoice(number="P-2"),
        "FOURNIL_0912345673/tickets/scan.jpg": b"\xff\xd8\xff\xe0" + os.urandom(scan) + b"\xff\xd9",
        "unknown/U-1.xml": papers.invoice(number="U-1", buyer=papers.GARAGE),
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


class Sender:
    """`sftp -b` with the account's key and the host key that the drop has shown."""

    def __init__(self, setup: LocalSetup, tmp_path: Path, *, scan: int = 100_000) -> None:
        self.directory = tmp_path
        self.port = free_port()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True)
        assert setup.banqup("sources", "add", "sftp", "--listen", f"127.0.0.1:{self.port}").returncode == 0
        key = str(tmp_path / "id.pub")
        assert setup.banqup("sources", "accounts", "add", "banqup", "--key", key).returncode == 0
        self.export = tmp_path / "export"
        write_export(self.export, scan)

    def begin(self, *options: str) -> "subprocess.Popen[str]":
        batch = self.directory / "batch"
        batch.write_text(f"lcd {self.export}\n" + "".join(f"put -r {one}\n" for one in ("FOURNIL_0912345673", ".")))
        command = [
            *(str(SFTP), "-b", str(batch), "-P", str(self.port), "-i", str(self.directory / "id"), "-F", "none"),
            *("-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={self.directory / 'known'}"),
            *options,
            "banqup@127.0.0.1:",
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_an_export_put_by_openssh_and_cut_off_is_each_document_once_in_its_client_and_folder(
    setup: LocalSetup, tmp_path: Path
) -> None:
    setup.add_client()
    sender = Sender(setup, tmp_path, scan=LARGE)
    spool = setup.dirs.backend / "drop"
    until(lambda: listens(sender.port), what="the drop")

    cut_off = sender.begin("-l", str(SLOW))
    until(lambda: any(half.stat().st_size > 100_000 for half in spool.glob("*/half/*")), what="half a file")
    cut_off.send_signal(signal.SIGKILL)
    cut_off.communicate()
    until(lambda: not any(spool.glob("*/half/*")), what="the end of the half file")
    assert "scan.jpg" not in {one["fileName"] for one in setup.documents()}

    for _ in range(2):
        sent = sender.begin()
        printed, _ = sent.communicate(timeout=45)
        assert sent.returncode == 0, printed
    found = sorted((one["folder"], one["fileName"], one["client"]["reference"]) for one in setup.documents())
    assert found == [
        ("ENRICHED_MOVEMENT_REPORTS", "12.cod", "FOURNIL"),
        ("PURCHASE_INVOICES", "P-1.xml", "FOURNIL"),
        ("PURCHASE_INVOICES", "P-2.xml", "FOURNIL"),
        ("PURCHASE_RECEIPTS", "scan.jpg", "FOURNIL"),
        ("SALES_INVOICES", "S-1.xml", "FOURNIL"),
    ]
    assert not [path for path in spool.rglob("*") if path.is_file()]

    (waiting,) = json.loads(setup.banqup("to-place", "list", "--json").stdout)
    assert (waiting["fileName"], waiting["source"]) == ("unknown/U-1.xml", "sftp banqup")
    where = ("--client", "FOURNIL", "--folder", "OTHER_DOCUMENTS")
    assert setup.banqup("to-place", "place", waiting["id"], *where).returncode == 0
    assert json.loads(setup.banqup("to-place", "list", "--json").stdout) == []
    assert len(setup.documents()) == 6
