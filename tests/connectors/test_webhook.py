"""The signed webhook, against a server that checks each signature with the makers' own library."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook as Theirs

from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, Receipt, Rejected, Uncertain, schema
from banqup_tui.connectors.webhook.connector import Webhook, WebhookSettings
from banqup_tui.connectors.webhook.signature import secrets_of, signed_headers
from banqup_tui.domain.secret import Secret, from_text
from tests.connectors.contract import Arrived, WireContract, WiredReceiver
from tests.support.delivery_requests import BYTES, delivery_request
from tests.support.hooks import OTHER_SECRET, SECRET, Hooks, hooks
from tests.support.messages import raising, sentence
from tests.support.wire import Wire, wire_to


class HookServer:
    connector = Webhook()
    secret = SECRET
    largest = 1_000_000
    answers_in_commit = 0

    def __init__(self, server: Hooks, wire: Wire, form: str) -> None:
        self.server, self.wire, self.form = server, wire, form

    def settings(self) -> Any:
        url = f"http://127.0.0.1:{self.wire.port}/hooks/banqup"
        return msgspec.convert({"url": url, "secret": SECRET, "format": self.form}, WebhookSettings, dec_hook=from_text)

    def wrong_credentials(self) -> Any:
        return msgspec.structs.replace(self.settings(), secret=OTHER_SECRET)

    async def arrived(self) -> list[Arrived]:
        found = []
        for stored in self.server.stored.values():
            found.append(Arrived(stored.event["data"]["fileName"], stored.content))
            if stored.pdf is not None:
                found.append(Arrived(stored.event["data"]["pdf"]["fileName"], stored.pdf))
        return found

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        self.server.answer = (422, {"Content-Type": "application/json"}, b'{"message": "no such client"}')
        yield
        self.server.answer = None


class TestTheContract(WireContract):
    @pytest.fixture(params=["json", "multipart"])
    async def receiver(self, request: pytest.FixtureRequest) -> AsyncIterator[WiredReceiver]:
        async with hooks() as server, wire_to(server.port) as wire:
            yield HookServer(server, wire, request.param)


@pytest.fixture
async def server() -> AsyncIterator[Hooks]:
    async with hooks() as made:
        yield made


async def send(server: Hooks, what: DeliveryRequest, **changed: Any) -> Receipt:
    entered: dict[str, Any] = {"url": server.url, "secret": SECRET, **changed}
    async with Webhook().connect(WebhookSettings(**entered)) as channel:
        return await channel.commit(what, await channel.prepare(what))


def answering(server: Hooks, status: int, body: bytes = b"", *, after: bool = False, **headers: str) -> None:
    kind = {"Content-Type": "application/json"} if body else {}
    server.answer = (status, kind | {name.replace("_", "-"): value for name, value in headers.items()}, body)
    server.answer_after = after


async def test_the_event_says_whose_document_it_is_and_all_that_is_known_of_it(server: Hooks, tmp_path: Path) -> None:
    what = delivery_request(tmp_path)
    await send(server, what)
    stored = server.stored[what.key]
    assert stored.event["type"] == "document.sent"
    assert stored.event["timestamp"].endswith("Z")
    assert stored.event["data"].pop("content")
    assert stored.event["data"] == {
        "client": {
            "reference": "PARVIS",
            "name": "Boulangerie du Parvis SRL",
            "vatNumber": "BE0465123710",
            "enterpriseNumber": "0465123710",
        },
        "folder": "PURCHASE_INVOICES",
        "number": "2026-11874",
        "issueDate": "2026-11-20",
        "fileName": "Facture 11874.xml",
        "mediaType": "application/xml",
        "size": len(BYTES),
        "sha256": what.sha256,
        "copyNumber": 1,
    }


async def test_the_file_may_lie_beside_the_event_under_a_harmless_name(server: Hooks, tmp_path: Path) -> None:
    what = delivery_request(
        tmp_path, b"\xff\x00\xfe", file_name='é"; name="event"\r\nX: y.pdf', media_type="application/pdf"
    )
    await send(server, what, format="multipart")
    stored = server.stored[what.key]
    assert stored.content == b"\xff\x00\xfe"
    assert "content" not in stored.event["data"]
    assert stored.event["as"] == (stored.event["data"]["fileName"], "application/pdf")
    assert stored.event["data"]["fileName"] == "é-; name=-event- X- y.pdf"


async def test_the_identifier_that_the_receiver_gives_is_the_proof(server: Hooks, tmp_path: Path) -> None:
    answering(server, 201, b'{"id": "JRN-2026-17\\u001b[2J"}', after=True)
    receipt = await send(server, delivery_request(tmp_path))
    assert receipt == Receipt(text=f"127.0.0.1:{server.port}: JRN-2026-17", reference="JRN-2026-17")


@pytest.mark.parametrize(
    "body", [b"", b"thanks", b"[1]", b'{"id": null}', b'{"id": "\xff"}', b'{"x":' * 100_000],
    ids=["empty", "text", "list", "none", "not-text", "deep"],
)  # fmt: skip
async def test_without_one_it_is_the_events_own(server: Hooks, tmp_path: Path, body: bytes) -> None:
    answering(server, 200, body, after=True)
    assert (await send(server, delivery_request(tmp_path))).reference == delivery_request(tmp_path).key


async def test_what_the_receiver_has_already_is_delivered(server: Hooks, tmp_path: Path) -> None:
    answering(server, 409, b'{"id": 17}')
    assert (await send(server, delivery_request(tmp_path))).reference == "17"


async def test_an_event_that_is_sent_again_is_known_by_its_identifier(server: Hooks, tmp_path: Path) -> None:
    answering(server, 502, after=True)
    with raising(Uncertain, match="fails, with the status 502"):
        await send(server, delivery_request(tmp_path))
    server.answer = None
    await send(server, delivery_request(tmp_path, attempt=1))
    assert len(server.stored) == server.replays == 1


@pytest.mark.parametrize(
    ("status", "expected", "fault"),
    [(410, NotSent, Fault.PERSON), (403, NotSent, Fault.PERSON), (301, NotSent, Fault.PERSON),
     (429, NotSent, Fault.INTEGRATION), (400, Rejected, None), (404, Rejected, None), (500, Uncertain, None)],
)  # fmt: skip
async def test_every_refusal_is_told_by_whoever_can_mend_it(
    server: Hooks, tmp_path: Path, status: int, expected: type[Exception], fault: Fault | None
) -> None:
    answering(server, status, Location="https://elsewhere.example/hooks", Retry_After="90")
    with pytest.raises(expected) as raised:
        await send(server, delivery_request(tmp_path))
    assert getattr(raised.value, "fault", None) is fault
    assert getattr(raised.value, "retry_after", None) == (90.0 if status in (429, 500) else None)
    assert server.stored == {}


async def test_the_reason_of_a_refusal_is_shown_and_does_no_harm(server: Hooks, tmp_path: Path) -> None:
    answering(server, 422, b'{"error": {"message": "unknown\\u001b[31m client\\r\\nPARVIS%s"}}' % (b"x" * 9000))
    with pytest.raises(Rejected) as raised:
        await send(server, delivery_request(tmp_path))
    assert "the status 422: “unknown client PARVISxxx" in sentence(raised.value)
    assert len(sentence(raised.value)) < 300


async def test_a_document_that_was_damaged_here_is_not_sent(server: Hooks, tmp_path: Path) -> None:
    what = delivery_request(tmp_path)
    what.file.write_bytes(b"other bytes")
    with raising(Rejected, match="damaged"):
        await send(server, what)
    assert server.stored == {}


async def test_while_the_secret_is_changed_the_receiver_may_know_the_old_one_or_the_new(
    server: Hooks, tmp_path: Path
) -> None:
    for known in (SECRET, OTHER_SECRET):
        server.secret = known
        await send(server, delivery_request(tmp_path), secret=f"{SECRET} {OTHER_SECRET}")
    assert server.replays == 1


def test_the_signature_is_that_of_the_makers_own_library() -> None:
    at = datetime(2026, 11, 20, 8, 30, 12, 999_000, tzinfo=UTC)
    body = '{"é": 1}'
    headers = signed_headers(secrets_of(SECRET), "0c7b0a55", at, body.encode())
    assert headers["webhook-signature"] == Theirs(SECRET).sign("0c7b0a55", at, body)
    assert headers["webhook-timestamp"] == "1795163412"


def test_settings_are_checked_before_they_are_kept() -> None:
    def codes(**entered: str) -> list[str]:
        return [problem.reason.code for problem in Webhook().check(entered, complete=True)]

    assert codes(url="https://books.example/h?x=1", secret=SECRET) == []
    assert codes(url="http://127.0.0.1:8080/h", secret=f"{SECRET} {OTHER_SECRET}") == []
    assert codes(url="http://[::1]/h") == []
    assert codes(url="http://books.example/h") == ["setting.http-is-read"]
    assert codes(url="http://127.0.0.1.example/h") != []
    assert codes(url="https://a:b@books.example/h") != []
    for wrong in (
        "books.example/h",
        "ftp://books.example",
        "https://",
        "https://a b/",
        "https://x:99999/",
        "https://[",
    ):
        assert codes(url=wrong) == ["setting.not-an-address"]
    for wrong in ("geheim", "whsec_", "whsec_c2hvcnQ=", "whsec_*", f"{SECRET} x"):
        assert codes(secret=wrong) == ["setting.not-standard-webhooks"]


def test_the_format_is_chosen_from_two() -> None:
    assert schema(WebhookSettings)["properties"]["format"]["enum"] == ["json", "multipart"]


async def test_a_test_of_the_connection_says_what_is_wrong_in_french_too(server: Hooks) -> None:
    answering(server, 503, b'{"message": "closed"}')
    (step,) = await Webhook().test(WebhookSettings(url=Secret(server.url), secret=Secret(SECRET)), None)
    assert not step.ok
    assert sentence(step).endswith("fails, with the status 503: “closed”.")
    assert sentence(step, "fr").endswith("est en panne, avec le code 503\xa0: «\xa0closed\xa0».")


def test_the_library_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, banqup_tui.connectors.webhook.connector; print('httpx' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip() == "False"
