"""The HTTP client against servers that lie, break off, or are somebody else."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from banqup_tui.protocol.local import NONCE_HEADER, PROOF_HEADER, Endpoint, proof_of
from banqup_tui.protocol.messages import Changes, SignIn, SignInRequest, SignInState
from banqup_tui.store.files import FileCache
from banqup_tui.sync import http
from banqup_tui.sync.errors import Busy, CopyTooOld, NoNetwork, Refused, ServerDown, ServerFault, SignedOut, SyncError

ENDPOINT = Endpoint(port=1, token="secret", instance_id="i", protocol=1, space_id="s", pid=1)
CHANGES = msgspec.json.encode(Changes(changes=(), cursor="c", seq=1))
Answer = Callable[[httpx.Request], httpx.Response]


def server(answer: Answer, *, proves: bool = True) -> http.Server:
    def proven(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        if proves:
            response.headers[PROOF_HEADER] = proof_of("secret", request.headers[NONCE_HEADER])
        return response

    return http.Server(ENDPOINT, httpx.MockTransport(proven))


def json_answer(status: int, content: bytes, media_type: str = "application/json", **headers: str) -> Answer:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: httpx.Response(status, content=content, headers={"Content-Type": media_type, **headers})


def problem(status: int, slug: str, **headers: str) -> Answer:
    content = msgspec.json.encode({"type": slug, "title": "No.", "detail": "Because."})
    return json_answer(status, content, "application/problem+json", **headers)


async def test_a_proven_answer_is_taken() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return json_answer(200, CHANGES)(request)

    assert (await server(answer).changes("c")).seq == 1
    assert asked[0].url.path == "/v1/spaces/s/changes"
    assert asked[0].headers["Authorization"] == "Bearer secret"


async def test_changes_come_with_their_values_and_deletions_without() -> None:
    content = (
        b'{"changes":[{"seq":1,"kind":"CLIENT","op":"PUT","id":"c","value":{"id":"c"}},'
        b'{"seq":2,"kind":"DOCUMENT","op":"DELETE","id":"d","value":null}],"cursor":"c","seq":2}'
    )
    put, gone = (await server(json_answer(200, content)).changes("c")).changes
    assert put.value is not None
    assert bytes(put.value) == b'{"id":"c"}'
    assert gone.value is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer(200, CHANGES, "text/html"), ServerDown),
        (json_answer(200, b"{"), ServerDown),
        (json_answer(200, b'{"changes": 3}'), ServerDown),
        (json_answer(302, b""), ServerDown),
        (json_answer(502, b"<html>"), ServerDown),
        (problem(401, "unauthorized"), SignedOut),
        (problem(403, "forbidden"), Refused),
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
    assert "secret" not in str(caught.value)


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


async def test_a_stranger_on_the_port_is_not_believed() -> None:
    with pytest.raises(ServerDown, match="Something else"):
        await server(json_answer(200, CHANGES), proves=False).changes("c")


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
    with pytest.raises(ServerDown, match="too large"):
        await server(json_answer(200, b" " * 5000)).changes("c")


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (httpx.ConnectError("[Errno 111] Connection refused"), ServerDown),
        (httpx.ConnectError("[Errno 101] Network is unreachable"), NoNetwork),
        (httpx.ReadTimeout("slow"), ServerDown),
        (httpx.RemoteProtocolError("cut"), ServerDown),
    ],
)
async def test_a_broken_line_is_an_error_of_ours(error: Exception, ours: type[SyncError]) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ours):
        await server(answer).changes("c")


async def test_a_file_that_is_not_what_was_asked_for_is_not_kept(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    sha256 = hashlib.sha256(b"right").hexdigest()
    with pytest.raises(ServerDown, match="whole"):
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
        cache.keep(half, name)
        if name == "b":
            assert cache.get("a") is not None
    assert cache.get("b") is None
    assert cache.get("a") is not None
