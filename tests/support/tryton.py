"""Tryton itself, as `make test-tryton` has installed and furnished it: a copy of its house, served on loopback."""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from banqup_tui.connectors.tryton.connector import TrytonSettings
from tests.support.sftp import free_port

BUILT = Path(__file__).parents[2] / "build" / "tryton"
DATABASE = "books"


class Books:
    """`banqup` is the key that a connector is given; what the tests look at they read with another."""

    def __init__(self, port: int, facts: dict[str, Any]) -> None:
        self.port = port
        self.company: int = facts["company"]
        self.banqup: str = facts["keys"]["banqup"]
        self._clerk: int = facts["clerk"]
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/{DATABASE}/rest/model",
            headers={"Authorization": f"Bearer {facts['keys']['admin']}"},
            timeout=30,
            trust_env=False,
        )

    def settings(self, **changed: Any) -> TrytonSettings:
        url = f"http://127.0.0.1:{self.port}"
        entered = {"url": url, "database": DATABASE, "key": self.banqup, "company": self.company, **changed}
        return TrytonSettings(**entered)

    def rows(self, model: str, *fields: str, domain: Any = ()) -> list[dict[str, Any]]:
        """In the order in which they were made."""
        query = [("f", field) for field in fields]
        query.append(("d", base64.urlsafe_b64encode(json.dumps(list(domain)).encode()).decode()))
        found: list[dict[str, Any]] = self._asked("GET", f"/{model}", params=query)
        return sorted(found, key=lambda row: int(row["id"]))

    def documents(self, *fields: str) -> list[dict[str, Any]]:
        return self.rows("document.incoming", *fields, domain=[["active", "in", [True, False]]])

    def invoices(self, *fields: str) -> list[dict[str, Any]]:
        return self.rows("account.invoice", *fields)

    def press(self, model: str, row: int, button: str) -> None:
        self._asked("POST", f"/{model}/{row}/{button}", json={})

    def write(self, model: str, row: int, **values: Any) -> None:
        self._asked("PUT", f"/{model}/{row}", json=values)

    def delete(self, model: str, row: int) -> None:
        self._asked("DELETE", f"/{model}/{row}")

    @contextlib.contextmanager
    def without_the_company(self) -> Iterator[None]:
        """The user of the key is shut out of the company, as an administrator does it."""
        self.write("res.user", self._clerk, companies=[["remove", [self.company]]], company=None)
        try:
            yield
        finally:
            self.write("res.user", self._clerk, companies=[["add", [self.company]]], company=self.company)

    def clear(self) -> None:
        """Nothing has arrived yet."""
        for model in ("document.incoming", "account.invoice"):
            domain = [["active", "in", [True, False]]] if model == "document.incoming" else []
            for row in self.rows(model, domain=domain):
                self.delete(model, row["id"])

    def close(self) -> None:
        self._http.close()

    def _asked(self, method: str, path: str, **more: Any) -> Any:
        answer = self._http.request(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@contextlib.contextmanager
def served(directory: Path) -> Iterator[Books]:
    """A copy of the furnished house under `directory`, with its server."""
    installation = directory / "house"
    shutil.copytree(BUILT / "house", installation)
    port = free_port()
    config = installation / "trytond.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {installation}\n[web]\nlisten = 127.0.0.1:{port}\n")
    with (installation / "trytond.log").open("wb") as log:
        command: list[str | Path] = [BUILT / "venv" / "bin" / "trytond", "-c", config, "-d", DATABASE]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, process, installation / "trytond.log")
        books = Books(port, json.loads((installation / "house.json").read_bytes()))
        yield books
        books.close()
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"Tryton does not listen:\n{log.read_text('utf-8', 'replace')}")
