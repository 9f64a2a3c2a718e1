"""Acme Ledger, as the page on writing a connector describes it: a server that takes a document once for each key."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

TOKEN = "acme-geheim"


class Taken(msgspec.Struct, frozen=True):
    name: str
    books: str
    content: bytes


class Acme(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.taken: dict[str, Taken] = {}
        self.refuses = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections are cut by the tests."""


class _Asked(BaseHTTPRequestHandler):
    server: Acme
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200 if self._is_known() else 401, "")

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError
        if not self._is_known():
            self._answer(401, "")
        elif self.server.refuses:
            self._answer(422, "this kind is not kept")
        else:
            self._answer(200, self._number(json.loads(body)))

    def _number(self, body: dict[str, str]) -> str:
        taken = self.server.taken
        what = Taken(body["name"], body["books"], base64.b64decode(body["content"]))
        taken.setdefault(self.headers["Idempotency-Key"], what)
        return str(list(taken).index(self.headers["Idempotency-Key"]) + 1)

    def _is_known(self) -> bool:
        return self.headers["Authorization"] == f"Bearer {TOKEN}"

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def acme() -> Iterator[Acme]:
    server = Acme()
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    running.start()
    try:
        yield server
    finally:
        server.shutdown()
        running.join()
        server.server_close()
