"""The service answers with lies: none acts on the terminal, ends the command line with an error, or deletes a file."""

import http.client
import json
import re
import shutil
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_faults_on_the_socket import STAYS, banqup
from tests.support import papers
from tests.support.backends import Home, home_in, until

pytestmark = pytest.mark.campaign

Lie = Callable[[str, Any], Any]
"""From the last part of the path, and the JSON of the true answer, to what is answered: JSON, or bytes as they are."""

HOSTILE = "\x1b]0;TITLE\x07\x1b[31m\x9b1m\x85\u202egnp\u2066[/b]"
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LISTS = {"snapshot", "documents", "changes", "extensions", "to-place"}
LEADING = re.compile(r"[A-Z_]+|[a-z0-9-]+|[0-9a-f-]{36}|[0-9a-f]{64}|\d{4}-\d\d-\d\d.*|[\w.=|:+-]{1,}")
"""Values that lead to another, or are one of a few."""


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: changed(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [changed(inner, change) for inner in value]
    return change(value)


class LyingProxy:
    """Stands at the service's socket and passes on the answers that it has changed."""

    def __init__(self, place: Path) -> None:
        self.lie: Lie = lambda _what, answer: answer
        self.lies = 0
        real = place.with_name("real.sock")
        place.rename(real)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                proxy.relay(self, real)

            do_POST = do_PUT = do_DELETE = do_GET

        self._server = socketserver.ThreadingUnixStreamServer(str(place), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def relay(self, near: BaseHTTPRequestHandler, real: Path) -> None:
        near.close_connection = True
        body = near.rfile.read(int(near.headers.get("Content-Length") or 0))
        far = http.client.HTTPConnection("localhost", timeout=30)
        far.sock = socket.socket(socket.AF_UNIX)
        far.sock.connect(str(real))
        sent = {name: text for name, text in near.headers.items() if name.lower() not in ("host", "content-length")}
        far.request(
            near.command, near.path, body or None, {**sent, "Accept-Encoding": "identity", "Connection": "close"}
        )
        answer = far.getresponse()
        if "event-stream" in answer.getheader("Content-Type", ""):
            near.send_error(503)
            return
        content = answer.read()
        what = near.path.partition("?")[0].rpartition("/")[2]
        if what in LISTS and answer.status == 200:
            lie = self.lie(what, json.loads(content))
            content = lie if isinstance(lie, bytes) else json.dumps(lie).encode()
            self.lies += 1
        near.send_response(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                near.send_header(name, text)
        near.send_header("Content-Length", str(len(content)))
        near.send_header("Connection", "close")
        near.end_headers()
        near.wfile.write(content)


@pytest.fixture
def lying(tmp_path: Path) -> Iterator[tuple[Home, LyingProxy]]:
    with home_in(tmp_path / "home") as home:
        home.start(sys.executable, "-c", STAYS, BANQUP_STAY="1")
        until(home.endpoint_file.exists)
        (tmp_path / "in.xml").write_bytes(papers.invoice())
        done = banqup(home, "import", str(tmp_path / "in.xml"), "--create-clients")
        assert done.returncode == 0, done.stderr
        proxy = LyingProxy(home.dirs.runtime / "backend.sock")
        yield home, proxy
        proxy.close()


def ask_all(home: Home) -> Iterator[tuple[str, str]]:
    """What each command says on a copy that is made of the lies."""
    shutil.rmtree(home.dirs.copies, ignore_errors=True)
    for command in ("sync", "documents", "documents --json", "clients", "deliveries", "store list --json", "status"):
        done = banqup(home, *command.split())
        assert done.returncode != 70, (command, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr, command
        yield command, done.stdout + done.stderr


NUMBERS = {"2**63 - 1": 2**63 - 1, "2**64": 2**64, "-2**63": -(2**63), "10**400": 10**400}


def test_no_text_of_a_lying_server_acts_on_the_terminal(lying: tuple[Home, LyingProxy]) -> None:
    home, proxy = lying
    printed = lambda value: value + HOSTILE if isinstance(value, str) and not LEADING.fullmatch(value) else value  # noqa: E731
    proxy.lie = lambda _what, answer: changed(answer, printed)
    for command, output in ask_all(home):
        assert ACTS.search(output) is None, (command, output)
    assert proxy.lies > 0


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_no_number_of_a_lying_server_is_an_error_of_the_program(lying: tuple[Home, LyingProxy], number: int) -> None:
    home, proxy = lying
    proxy.lie = lambda _what, answer: changed(answer, lambda value: number if type(value) is int else value)
    for _command, _output in ask_all(home):
        pass
    assert proxy.lies > 0


BODIES = {"nested": b"[" * 5_000_000, "no end": b'{"documents":[' + b" " * (70 << 20), "no JSON": b"\xff\x00"}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_of_a_lying_server_is_an_error_of_the_program(lying: tuple[Home, LyingProxy], body: bytes) -> None:
    home, proxy = lying
    proxy.lie = lambda what, answer: body if what == "documents" else answer
    for _command, _output in ask_all(home):
        pass
    assert proxy.lies > 0


def test_a_lying_server_has_no_file_deleted(lying: tuple[Home, LyingProxy], tmp_path: Path) -> None:
    home, proxy = lying
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")

    clients = [one["id"] for one in json.loads(banqup(home, "clients", "--json").stdout)]
    is_revoking = False

    def lie(what: str, answer: Any) -> Any:
        if what == "documents":
            for row in answer["documents"]:
                row["value"]["sha256"] = str(victim)
        if what == "changes" and is_revoking:
            seq = answer["seq"] + 1
            gone = {"seq": seq, "kind": "ACCESS", "op": "REVOKED", "id": clients[0], "value": None}
            answer |= {"changes": [gone], "seq": seq, "hasMore": False}
        return answer

    proxy.lie = lie
    for _command, _output in ask_all(home):
        pass
    is_revoking = True
    banqup(home, "sync")
    banqup(home, "sync")
    assert clients
    assert proxy.lies > 0
    assert victim.read_text() == "mine"
