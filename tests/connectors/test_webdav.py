"""WebDAV, against a real server."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.connectors.common.hidden_file import hidden_name, resume_token_of
from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.connectors.webdav.connector import WebDav, WebDavSettings
from tests.connectors.contract import Arrived, WireContract, WiredReceiver
from tests.support.dav import PASSWORD, Dav, dav_server
from tests.support.delivery_requests import BYTES, delivery_request
from tests.support.messages import raising, remedy, sentence
from tests.support.wire import Wire, wire_to


class DavServer:
    connector = WebDav()
    secret = PASSWORD
    largest = 1_000_000
    answers_in_commit = 0

    def __init__(self, server: Dav, wire: Wire) -> None:
        self.server, self.wire = server, wire

    def settings(self) -> Any:
        return self.server.settings(self.wire.port)

    def wrong_credentials(self) -> Any:
        return msgspec.structs.replace(self.settings(), password="verkeerd")

    async def arrived(self) -> list[Arrived]:
        files = [seen for seen in self.server.root.rglob("*") if seen.is_file()]
        return [Arrived(seen.name, seen.read_bytes()) for seen in files if not seen.name.startswith(".banqup-")]

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        blocked = self.server.root / "purchases"
        blocked.write_bytes(b"")
        yield
        blocked.unlink()


class TestTheContract(WireContract):
    @pytest.fixture(params=["basic", "digest"])
    async def receiver(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[WiredReceiver]:
        monkeypatch.setattr("banqup_tui.connectors.webdav.connector.CLEANING_SECONDS", 0.2)
        with dav_server(tmp_path / "server", digest=request.param == "digest", largest=1_000_000) as server:
            async with wire_to(server.port) as wire:
                yield DavServer(server, wire)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Dav]:
    with dav_server(tmp_path / "server") as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    directory = tmp_path / "store"
    directory.mkdir()
    return directory


async def send(settings: WebDavSettings, what: DeliveryRequest) -> Receipt:
    async with WebDav().connect(settings) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def roll_forward(settings: WebDavSettings, what: DeliveryRequest, resume_token: str) -> Receipt:
    async with WebDav().connect(settings) as channel:
        return await channel.roll_forward(what, resume_token)


def refusing(method: str, status: str, body: bytes = b"") -> Any:
    return lambda environ: (status, body) if environ["REQUEST_METHOD"] == method else None


async def test_a_document_appears_in_folders_that_are_made_for_it(server: Dav, store: Path) -> None:
    receipt = await send(server.settings(path="/Banqup/[client_name]/[folder]/[year]"), delivery_request(store))
    assert server.files() == ["Banqup/Boulangerie du Parvis SRL/purchases/2026/2026-11874.xml"]
    assert receipt.text == "/Banqup/Boulangerie du Parvis SRL/purchases/2026/2026-11874.xml"


async def test_every_sign_of_a_name_arrives_as_it_is(server: Dav, store: Path) -> None:
    name = "Été 100%25 #1 & co, ça [été] «日本» +.xml"
    await send(server.settings(file_name="[file_name]"), delivery_request(store, file_name=name))
    assert server.files() == [f"purchases/{name}"]


async def test_a_password_is_not_sent_to_a_server_that_asked_for_a_digest(tmp_path: Path, store: Path) -> None:
    schemes: list[str] = []
    with dav_server(tmp_path / "server", digest=True) as server:

        def note(environ: dict[str, Any]) -> None:
            schemes.append(environ.get("HTTP_AUTHORIZATION", "").split()[0])

        server.before = note
        async with WebDav().connect(server.settings()) as channel:
            for at in range(2):
                what = delivery_request(
                    store, b"%d" % at, delivery_id=f"{at:08}-0000-4000-8000-000000000000", number=f"{at}"
                )
                await channel.commit(what, await channel.prepare(what))
    assert schemes[0] == "Basic"
    assert set(schemes[1:]) == {"Digest"}


async def test_nothing_is_seen_before_the_commit_and_nothing_is_left_of_what_is_given_up(
    server: Dav, store: Path
) -> None:
    async with WebDav().connect(server.settings(path="a")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        assert server.files() == [f"a/{hidden_name(delivery_request(store), ending='.tmp')}"]
        await channel.discard(resume_token)
        await channel.discard(resume_token)
        await channel.discard("nonsense")
    assert server.files() == []


async def test_another_file_of_the_same_name_keeps_its_place(server: Dav, store: Path) -> None:
    (server.root / "2026-11874.xml").write_bytes(b"theirs")
    await send(server.settings(path="/"), delivery_request(store))
    await send(server.settings(path="/"), delivery_request(store, generation=2))
    assert server.files() == ["2026-11874.xml", "2026-11874_4f1c9a27-2.xml", "2026-11874_4f1c9a27.xml"]
    assert (server.root / "2026-11874.xml").read_bytes() == b"theirs"


async def test_a_name_that_is_taken_between_prepare_and_commit_is_left_alone(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings(path="/")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        (server.root / "2026-11874.xml").write_bytes(b"theirs")
        receipt = await channel.commit(delivery_request(store), resume_token)
    assert (server.root / "2026-11874.xml").read_bytes() == b"theirs"
    assert receipt.reference == "2026-11874_4f1c9a27.xml"


async def test_what_an_attempt_left_that_died_is_taken_away_by_the_next(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings(path="/")) as channel:
        await channel.prepare(delivery_request(store, attempt=3))
    await send(server.settings(path="/"), delivery_request(store, attempt=4))
    assert server.files() == ["2026-11874.xml"]


async def test_rolling_forward_does_what_was_not_done_and_only_once(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings()) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    first = await roll_forward(server.settings(), delivery_request(store), resume_token)
    assert server.files() == ["purchases/2026-11874.xml"]
    assert await roll_forward(server.settings(), delivery_request(store), resume_token) == first
    (server.root / "purchases/2026-11874.xml").unlink()
    assert await roll_forward(server.settings(), delivery_request(store), resume_token) == first
    assert server.files() == []


async def test_rolling_forward_never_takes_a_place_that_was_taken_meanwhile(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings(path="/")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    (server.root / "2026-11874.xml").write_bytes(b"theirs")
    receipt = await roll_forward(server.settings(path="/"), delivery_request(store), resume_token)
    assert receipt.reference == "2026-11874_4f1c9a27.xml"
    assert (server.root / "2026-11874.xml").read_bytes() == b"theirs"


async def test_a_rename_that_the_server_did_by_half_is_finished_not_repeated(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings(path="/")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    os.link(server.root / resume_token_of(resume_token).hidden.lstrip("/"), server.root / "2026-11874.xml")
    await roll_forward(server.settings(path="/"), delivery_request(store), resume_token)
    assert server.files() == ["2026-11874.xml"]


async def test_a_folder_that_cannot_be_seen_says_nothing_about_arrival(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings(path="a")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
    (server.root / "a").rename(server.root / "b")
    with raising(Uncertain, match="folder a cannot be seen"):
        await roll_forward(server.settings(path="a"), delivery_request(store), resume_token)


async def test_a_folder_that_disappears_while_the_connection_lasts_is_made_again(server: Dav, store: Path) -> None:
    async with WebDav().connect(server.settings(path="a")) as channel:
        await channel.commit(delivery_request(store), await channel.prepare(delivery_request(store)))
        (server.root / "a").rename(server.root / "b")
        await channel.commit(delivery_request(store), await channel.prepare(delivery_request(store)))
    assert server.files() == ["a/2026-11874.xml", "b/2026-11874.xml"]


async def test_a_server_behind_a_proxy_that_knows_itself_by_another_name_is_served(server: Dav, store: Path) -> None:
    def behind(environ: dict[str, Any]) -> None:
        environ["HTTP_HOST"] = "dav.internal"

    server.before = behind
    async with WebDav().connect(server.settings(path="/")) as channel:
        for at in range(2):
            what = delivery_request(
                store, b"%d" % at, delivery_id=f"{at:08}-0000-4000-8000-000000000000", number=f"{at}"
            )
            await channel.commit(what, await channel.prepare(what))
    assert server.files() == ["0.xml", "1.xml"]
    assert [destination.startswith("http") for destination in server.destinations] == [True, False, False]


async def test_a_rename_that_was_done_though_its_answer_says_otherwise_is_not_done_twice(
    server: Dav, store: Path
) -> None:
    server.after = refusing("MOVE", "502 Bad Gateway")
    async with WebDav().connect(server.settings(path="/")) as channel:
        resume_token = await channel.prepare(delivery_request(store))
        with pytest.raises(Uncertain):
            await channel.commit(delivery_request(store), resume_token)
    server.after = None
    await roll_forward(server.settings(path="/"), delivery_request(store), resume_token)
    assert server.files() == ["2026-11874.xml"]


@pytest.mark.parametrize(
    ("method", "status", "expected", "fault", "words"),
    [
        ("PUT", "507 Insufficient Storage", NotSent, Fault.INTEGRATION, "no room"),
        ("PUT", "423 Locked", NotSent, Fault.INTEGRATION, "locked purchases"),
        ("PUT", "403 Forbidden", NotSent, Fault.PERSON, "does not let purchases be written to: “Only on Mondays”"),
        ("PUT", "400 Bad Request", Rejected, None, "does not accept this name"),
        ("PUT", "503 Service Unavailable", NotSent, Fault.INTEGRATION, "status 503: “Only on Mondays”"),
        ("MKCOL", "507 Insufficient Storage", NotSent, Fault.INTEGRATION, "no room"),
        ("MOVE", "423 Locked", NotSent, Fault.INTEGRATION, "locked purchases"),
        ("MOVE", "507 Insufficient Storage", NotSent, Fault.INTEGRATION, "no room"),
        ("MOVE", "500 Internal Server Error", Uncertain, None, "status 500"),
        ("MOVE", "412 Precondition Failed", NotSent, Fault.DOCUMENT, "Every name"),
        ("PROPFIND", "404 Not Found", NotSent, Fault.PERSON, "does not speak WebDAV"),
        ("PROPFIND", "200 OK", NotSent, Fault.PERSON, "does not speak WebDAV"),
        ("PROPFIND", "302 Found", NotSent, Fault.PERSON, "sends elsewhere"),
    ],
)  # fmt: skip
async def test_every_refusal_is_told_by_whoever_can_mend_it(
    server: Dav, store: Path, method: str, status: str, expected: type[Exception], fault: Fault | None, words: str
) -> None:
    server.before = refusing(method, status, b"Only on Mondays")
    with pytest.raises(expected) as raised:
        await send(server.settings(), delivery_request(store))
    assert words in sentence(raised.value)
    assert remedy(raised.value)
    assert getattr(raised.value, "fault", None) is fault


async def test_a_server_that_keeps_less_than_it_was_given_is_found_out(server: Dav, store: Path) -> None:
    def shorten(environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] == "HEAD":
            for hidden in server.root.rglob(".banqup-*"):
                hidden.write_bytes(BYTES[:4])

    server.before = shorten
    with raising(NotSent, match="kept only 4 of 30 bytes"):
        await send(server.settings(), delivery_request(store))
    assert server.files() == []


async def test_a_server_that_hangs_up_on_a_large_document_holds_no_other_document_back(
    tmp_path: Path, store: Path
) -> None:
    with dav_server(tmp_path / "server", hangs_up_above=1_000_000) as server:
        async with WebDav().connect(server.settings()) as channel:
            with pytest.raises((NotSent, Rejected)) as raised:
                await channel.prepare(delivery_request(store, os.urandom(1_000_001)))
            assert getattr(raised.value, "fault", Fault.DOCUMENT) is Fault.DOCUMENT
            await channel.commit(delivery_request(store), await channel.prepare(delivery_request(store)))
    assert server.files() == ["purchases/2026-11874.xml"]


async def test_a_test_of_the_connection_shows_that_files_cannot_be_renamed(server: Dav) -> None:
    server.before = refusing("MOVE", "403 Forbidden", b"no moving")
    signed_in, step = await WebDav().test(server.settings(path="in/[folder]"), None)
    assert signed_in.ok
    assert not step.ok
    assert sentence(step).startswith("127.0.0.1:")
    assert sentence(step, "fr").endswith("ne laisse pas écrire dans in\xa0: «\xa0no moving\xa0».")
    assert server.files() == []


def test_settings_are_checked_before_they_are_kept() -> None:
    def codes(**values: str) -> list[str]:
        return [problem.reason.code for problem in WebDav().check(values, complete=True)]

    assert codes(url="https://cloud.example/remote.php/dav/files/parvis/") == []
    assert codes(url="http://cloud.example/dav") == ["setting.http-is-read"]
    assert codes(url="https://cloud.example/?dir=/") == ["setting.question-in-address"]
    assert codes(file_name="a/b") == ["setting.slash-in-name"]


def test_the_library_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, banqup_tui.connectors.webdav.connector; print('httpx' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip() == "False"
