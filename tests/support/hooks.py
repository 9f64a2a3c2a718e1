"""A real receiver of Standard Webhooks: it checks each signature, and takes each identifier once."""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import uvicorn
from multipart import MultipartParser, parse_options_header
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of another one.").decode()


class StoredRequest(msgspec.Struct):
    event: dict[str, Any]
    content: bytes
    pdf: bytes | None = None


class Hooks:
    """`answer`: status, headers and body to give in place of its own; with `answer_after` only once the event is kept.

    `headers`: of the last request.
    """

    def __init__(self) -> None:
        self.port = 0
        self.secret = SECRET
        self.largest = 1_000_000
        self.stored: dict[str, StoredRequest] = {}
        self.replays = 0
        self.pings = 0
        self.headers: dict[str, str] = {}
        self.answer: tuple[int, dict[str, str], bytes] | None = None
        self.answer_after = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/banqup"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        self.headers = headers
        body = await self._body(receive)
        status, more, text = self._taken(headers, body) if body is not None else (413, {}, b"")
        sent = [(name.lower().encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": text})

    async def _body(self, receive: Any) -> bytes | None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            body += bytes(message.get("body", b""))
            if len(body) > self.largest * 2:
                return None
            if not message.get("more_body"):
                return body

    def _taken(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.answer is not None and not self.answer_after:
            return self.answer
        if not self._is_signed(headers, body):
            return 401, {"Content-Type": "application/json"}, b'{"message": "bad signature"}'
        event, content, pdf = _read(headers, body)
        if event["type"] == "test.ping":
            self.pings += 1
        elif len(content) > self.largest:
            return 413, {}, b""
        elif headers["webhook-id"] in self.stored:
            self.replays += 1
        else:
            self.stored[headers["webhook-id"]] = StoredRequest(event, content, pdf)
        return self.answer or (204, {}, b"")

    def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        """By the library where it can: it reads text only."""
        if headers["content-type"] == "application/json":
            with contextlib.suppress(WebhookVerificationError):
                Webhook(self.secret).verify(body, headers)
                return True
            return False
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            return False
        what = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, what, hashlib.sha256).digest()).decode()
        return wanted in headers["webhook-signature"].split()


def _read(headers: dict[str, str], body: bytes) -> tuple[dict[str, Any], bytes, bytes | None]:
    if headers["content-type"] == "application/json":
        event = json.loads(body)
        inside = event["data"].get("pdf")
        pdf = None if inside is None else base64.b64decode(inside["content"])
        return event, base64.b64decode(event["data"].get("content", "")), pdf
    _kind, options = parse_options_header(headers["content-type"])
    parts = {part.name: part for part in MultipartParser(io.BytesIO(body), options["boundary"])}
    event = json.loads(parts["event"].raw)
    event["as"] = parts["file"].filename, parts["file"].content_type
    return event, parts["file"].raw, parts["pdf"].raw if "pdf" in parts else None


@asynccontextmanager
async def hooks(**more: Any) -> AsyncIterator[Hooks]:
    """`more`: for the server, such as a certificate."""
    receiver = Hooks()
    server = uvicorn.Server(uvicorn.Config(receiver, port=0, log_level="critical", lifespan="off", **more))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    receiver.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.servers[0].close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
