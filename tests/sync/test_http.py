"""The HTTP client against servers that lie, break off, or are somebody else."""

import asyncio
import errno
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from banqup_tui.protocol import local_socket
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.messages import Changes, SignIn, SignInRequest, SignInState
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.files import FileCache
from banqup_tui.sync import http
from banqup_tui.sync.errors import (
    Busy,
    CopyTooOld,
    NoNetwork,
    RequestRefused,
    ServerDown,
    ServerFault,
    SignedOut,
    SyncError,
)

ENDPOINT = Endpoint(socket="nowhere", instance_id="i", protocol=2, space_id="s", pid=1)
CHANGES = msgspec.json.encode(Changes(changes=(), cursor="c", seq=1))
Answer = Callable[[httpx.Request], httpx.Response]


def server(answer: Answer) -> http.Server:
    return http.Server(ENDPOINT, httpx.MockTransport(answer))


def json_answer(status: int, content: bytes, media_type: str = "application/json", **headers: str) -> Answer:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: httpx.Response(status, content=content, headers={"Content-Type": media_type, **headers})


def problem(status: int, slug: str, **headers: str) -> Answer:
    content = msgspec.json.encode({"type": slug, "title": "No.", "detail": "Because."})
    return json_answer(status, content, "application/problem+json", **headers)


async def test_an_answer_is_taken() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return json_answer(200, CHANGES)(request)

    assert (await server(answer).changes("c")).seq == 1
    assert asked[0].url.path == "/v1/spaces/s/changes"


async def test_changes_come_with_their_values_and_deletions_without() -> None:
    content = (
        b'{"changes":[{"seq":1,"kind":"CLIENT","op":"PUT","id":"c","value":{"id":"c"}},'
        b'{"seq":2,"kind":"DOCUMENT","op":"DELETE","id":"d","value":null}],"cursor":"c","seq":2}'
    )
    put, gone = (await server(json_answer(200, content)).changes("c")).changes
    assert put.has_value
    assert bytes(put.value) == b'{"id":"c"}'
    assert not gone.has_value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer(200, CHANGES, "text/html"), ServerDown),
        (json_answer(200, b"{"), ServerDown),
        (json_answer(200, b'{"changes": 3}'), ServerDown),
        (json_answer(302, b""), ServerDown),
        (json_answer(502, b"<html>"), ServerDown),
        (problem(401, "unauthorized"), SignedOut),
        (problem(403, "forbidden"), RequestRefused),
        (problem(410, "cursor-too-old"), CopyTooOld),
        (problem(429, "busy", Retry_After="7"), Busy),
        (problem(503, "stopping"), Busy),
        (problem(500, "internal"), ServerFault),
    ],
)
async def test_every_other_answer_is_an_error_of_ours(answer: Answer, error: type[SyncError]) -> None:
    with pytest.raises(error) as caught:
        await server(answer).changes("c")
    assert type(caught.value) is error


async def test_a_sign_in_is_begun_looked_at_and_given_the_address_that_came_back() -> None:
    asked: list[tuple[str, str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, request.content))
        found = SignIn(id="1", state=SignInState.WAITING, provider="P", url="https://p", returns_to="http://localhost")
        return json_answer(200, msgspec.json.encode(found))(request)

    there = server(answer)
    await there.begin_sign_in(SignInRequest(extension_id="mail", field="sign_in"))
    await there.sign_in("1")
    assert (await there.return_to("1", "http://localhost/?code=c")).state is SignInState.WAITING
    assert [one[:2] for one in asked] == [
        ("POST", "/v1/spaces/s/sign-ins"),
        ("GET", "/v1/spaces/s/sign-ins/1"),
        ("PUT", "/v1/spaces/s/sign-ins/1"),
    ]
    assert asked[2][2] == b'{"address":"http://localhost/?code=c"}'


async def test_a_server_that_says_when_is_asked_then() -> None:
    with pytest.raises(Busy) as caught:
        await server(problem(429, "busy", Retry_After="7")).changes("c")
    assert caught.value.retry_after == 7


async def test_a_process_of_another_user_behind_the_socket_is_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = bytearray()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read())
        writer.close()

    path = str(tmp_path / "s")
    monkeypatch.setattr(local_socket, "peer_user", lambda _connection: os.geteuid() + 1)
    async with await asyncio.start_unix_server(listens, path):
        there = http.Server(msgspec.structs.replace(ENDPOINT, socket=path))
        with pytest.raises(ServerDown, match=r"sync.not-the-server"):
            await there.commands([])
        await there.close()
    assert not heard


async def test_a_socket_behind_which_nobody_listens_is_a_server_that_is_down(tmp_path: Path) -> None:
    path = tmp_path / "s"
    there = http.Server(msgspec.structs.replace(ENDPOINT, socket=str(path)))
    with pytest.raises(ServerDown):
        await there.changes("c")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    with pytest.raises(ServerDown):
        await there.changes("c")
    await there.close()


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
    with pytest.raises(ServerDown, match=r"sync.answer-too-large"):
        await server(json_answer(200, b" " * 5000)).changes("c")


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (OSError(errno.ECONNREFUSED, ""), ServerDown),
        (OSError(errno.ENETUNREACH, ""), NoNetwork),
        (httpx.ReadTimeout("slow"), ServerDown),
        (httpx.RemoteProtocolError("cut"), ServerDown),
    ],
)
async def test_a_broken_line_is_an_error_of_ours(error: Exception, ours: type[SyncError]) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        if isinstance(error, OSError):
            raise httpx.ConnectError("no connection") from error
        raise error

    with pytest.raises(ours):
        await server(answer).changes("c")


async def test_a_file_that_is_not_what_was_asked_for_is_not_kept(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    sha256 = hashlib.sha256(b"right").hexdigest()
    with pytest.raises(ServerDown, match=r"sync.file-not-whole"):
        await server(lambda _request: httpx.Response(200, content=b"wrong")).download(sha256, cache)
    assert not os.listdir(tmp_path)
    path = await server(lambda _request: httpx.Response(200, content=b"right")).download(sha256, cache)
    assert path.read_bytes() == b"right"


async def test_the_event_stream_gives_its_lines() -> None:
    content = b'event: changed\ndata: {"seq": 4}\n\n:\n\nevent: bye\ndata: {}\n\n'
    answer = json_answer(200, content, "text/event-stream")
    async with server(answer).events() as lines:
        found = [line async for line in lines]
    assert found[:2] == ["event: changed", 'data: {"seq": 4}']


def test_the_cache_drops_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, cap=25)
    for name in ("a", "b", "c"):
        half = cache.half()
        half.write_bytes(b"x" * 10)
        os.utime(half, (ord(name), ord(name)))
        cache.keep(half, name * 64)
        if name == "b":
            assert cache.get("a" * 64) is not None
    assert cache.get("b" * 64) is None
    assert cache.get("a" * 64) is not None


# a server that hangs, and a computer that lacks something


class Waiting(httpx.AsyncBaseTransport):
    """Answers when it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.let.wait()
        return json_answer(200, CHANGES)(request)


async def test_a_server_that_owes_an_answer_is_silent_until_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("banqup_tui.sync.http.time.monotonic", lambda: now)
    transport = Waiting()
    asked = http.Server(ENDPOINT, transport)
    assert asked.silence() == 0.0
    answer = asyncio.create_task(asked.changes("c"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    now = 104.0
    assert asked.silence() == 4.0
    transport.let.set()
    await answer
    assert asked.silence() == 0.0


async def test_a_request_over_a_connection_that_was_closed_meanwhile_is_a_server_that_is_gone() -> None:
    asked = server(json_answer(200, CHANGES))
    await asked.close()
    with pytest.raises(ServerDown):
        await asked.changes("c")


async def test_too_few_descriptors_for_a_connection_are_a_fault_of_this_computer() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no") from OSError(errno.EMFILE, "Too many open files")

    with pytest.raises(LocalFault) as raised:
        await server(answer).changes("c")
    assert raised.value.code is FaultCode.TOO_MANY_FILES
