"""Fava itself, as `make test-fava` has installed it, showing a small ledger on loopback."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from banqup_tui.connectors.fava.connector import FavaSettings
from tests.support.sftp import free_port

BUILT = Path(__file__).parents[2] / "build" / "fava"
SLUG = "fournil-de-la-tannerie"
ACCOUNT = "Liabilities:Suppliers:PARVIS"
LEDGER = f"""\
option "title" "Fournil de la Tannerie"
option "operating_currency" "EUR"
option "documents" "documents"
2020-01-01 open {ACCOUNT}
2020-01-01 open Liabilities:Suppliers:FOURNIL
"""


class Ledger:
    def __init__(self, root: Path, port: int) -> None:
        self.port = port
        self.file = root / "books.beancount"
        self.documents = root / "documents"

    def settings(self, **changed: Any) -> FavaSettings:
        url = f"http://127.0.0.1:{self.port}"
        values = {"url": url, "ledger": SLUG, "account": "Liabilities:Suppliers:[external_id]", **changed}
        return FavaSettings(**values)

    def files(self) -> list[Path]:
        return sorted(path for path in self.documents.rglob("*") if path.is_file())

    def entries(self) -> list[str]:
        """What Beancount's own loader takes for documents of the ledger: account and file name."""
        code = (
            "import sys; from beancount import loader; from beancount.core import data\n"
            "entries, errors, _ = loader.load_file(sys.argv[1]); assert not errors, errors\n"
            "for one in entries:\n"
            "    if isinstance(one, data.Document): print(one.date, one.account, one.filename)"
        )
        command: list[str | Path] = [BUILT / "venv" / "bin" / "python", "-c", code, self.file]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    def clear(self) -> None:
        for path in self.files():
            path.unlink()


@contextlib.contextmanager
def served(root: Path, *options: str) -> Iterator[Ledger]:
    ledger = Ledger(root, free_port())
    (ledger.documents / "Liabilities").mkdir(parents=True)  # Fava watches the folders that it finds when it starts
    ledger.file.write_text(LEDGER)
    with (root / "fava.log").open("wb") as log:
        command: list[str | Path] = [BUILT / "venv" / "bin" / "fava", "--port", str(ledger.port), *options, ledger.file]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(ledger.port, process, root / "fava.log")
        yield ledger
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"Fava does not listen:\n{log.read_text('utf-8', 'replace')}")
