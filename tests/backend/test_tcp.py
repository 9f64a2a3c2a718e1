"""The service on TCP: who is cut off, and when; and that nobody keeps the owner out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from banqup_tui.backend.api import auth, connections
from banqup_tui.backend.api.connections import TcpConnections, peer_of
from banqup_tui.backend.runtime.tcp_listener import Hosts, WrongAddress, parsed
from banqup_tui.backend.services import Services
from tests.support.serving import BASE, TOKEN, ServedApp, serving, space_in
from tests.support.waiting import LONG

HEAD = f"POST {BASE}/tests HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {{}}\r\n"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return space_in(tmp_path)


@pytest.fixture
async def served(services: Services) -> AsyncIterator[ServedApp]:
    async with serving(services) as made:
        yield made


class Stranger:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, served: ServedApp) -> "Stranger":
        return cls(*await asyncio.open_connection("127.0.0.1", served.http.base_url.port))

    async def sends(self, *pieces: str) -> None:
        for piece in pieces:
            self._writer.write(piece.encode())
            await self._writer.drain()

    async def heard(self) -> str:
        """All until the connection is closed."""
        async with asyncio.timeout(LONG):
            with suppress(ConnectionError):
                return (await self._reader.read()).decode()
        return ""

    def close(self) -> None:
        self._writer.transport.abort()


async def test_silent_and_slow_connections_are_closed(served: ServedApp, monkeypatch: pytest.MonkeyPatch) -> None:
    further = await Stranger.at(served)  # its first request has all the time that there is
    await further.sends(f"GET {BASE}/snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n")
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", 0.2)
    silent, slow = [await Stranger.at(served) for _ in range(2)]
    await slow.sends("GET / HTTP/1.1\r\nX-A: ")
    await further.sends("GET ")
    assert await silent.heard() == ""
    assert await slow.heard() == ""
    assert (await further.heard()).startswith("HTTP/1.1 200 ")


async def test_a_request_that_takes_its_time_to_be_answered_is_not_cut_off(
    served: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SECONDS_FOR_A_HEAD", 0.5)
    async with served.http.stream("GET", f"{BASE}/events") as stream:
        await asyncio.sleep(0.7)
        served.hub.close()
        assert "event: bye" in "".join([part async for part in stream.aiter_text()])


async def test_many_silent_connections_keep_nobody_out(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_FROM_A_PEER", 64)
    async with serving(services) as served:
        assert (await served.get("/snapshot")).status_code == 200
        strangers = [await Stranger.at(served) for _ in range(100)]
        assert (await served.get("/snapshot")).status_code == 200
        assert await strangers[0].heard() == ""
        async with asyncio.timeout(5):
            newcomer = await Stranger.at(served)
            await newcomer.sends("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert (await newcomer.heard()).startswith("HTTP/1.1 401 ")
        for one in strangers:
            one.close()


class Waiting:
    """A connection as the limits see it."""

    def __init__(self, has_token: bool = False) -> None:
        self.has_token = has_token
        self.closed = False
        self.transport = self

    def abort(self) -> None:
        self.closed = True


def test_who_has_shown_the_token_is_not_closed_for_another() -> None:
    limits = TcpConnections(most=3, from_a_peer=2)
    owner, stranger, second, third = Waiting(has_token=True), Waiting(), Waiting(), Waiting(has_token=True)
    assert limits.admit(owner, "a")  # type: ignore[arg-type]
    assert limits.admit(stranger, "a")  # type: ignore[arg-type]
    assert limits.admit(second, "a")  # type: ignore[arg-type]
    assert (owner.closed, stranger.closed) == (False, True)
    second.has_token = True
    assert not limits.admit(Waiting(), "a")  # type: ignore[arg-type]
    assert limits.admit(third, "b")  # type: ignore[arg-type]
    assert not limits.admit(Waiting(), "c")  # type: ignore[arg-type]
    limits.leave(owner)  # type: ignore[arg-type]
    assert limits.admit(Waiting(), "c")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1", "127.9.9.9"),
        ("127.0.0.1", "::1"),
        ("2001:db8::1", "2001:db8::ffff"),
        ("10.1.1.1", "::ffff:10.1.1.1"),
    ],
)
def test_addresses_of_one_peer(one: str, other: str) -> None:
    assert peer_of(one) == peer_of(other)


async def test_a_body_without_a_token_is_not_read(served: ServedApp) -> None:
    stranger = await Stranger.at(served)
    await stranger.sends(HEAD.format("wrong"), "Transfer-Encoding: chunked\r\n\r\n")
    sent = 0
    with suppress(ConnectionError):
        while sent < 64 << 20:
            await stranger.sends("10000\r\n" + "a" * 65536 + "\r\n")
            sent += 65536
    assert sent < 16 << 20


async def test_a_body_that_comes_too_slowly_is_refused(served: ServedApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "SECONDS_FOR_A_PIECE", 0.2)
    owner = await Stranger.at(served)
    await owner.sends(HEAD.format(TOKEN), "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    assert (await owner.heard()).startswith("HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8080", 421),
        ("", 421),
    ],
)
async def test_a_name_that_is_not_this_services_is_not_answered(served: ServedApp, host: str, answer: int) -> None:
    assert (await served.http.get(f"{BASE}/snapshot", headers={"Host": host})).status_code == answer


def test_names_that_were_given_are_answered() -> None:
    hosts = Hosts("0.0.0.0", ["Dossier.Example."])
    assert "dossier.example:443" in hosts
    assert "dossier.example.evil" not in hosts


@pytest.mark.parametrize("address", ["", "8080", ":8080", "host:", "host:x", "host:99999", "::1:80", "host:٣"])
def test_what_is_no_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(WrongAddress, match="wrong-address"):
        parsed(address)


def test_addresses_to_listen_on() -> None:
    assert parsed("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parsed("[::1]:8080") == ("::1", 8080)
