"""Servers that never end, or answer oddly: each costs little, ends in time, and is told in a sentence."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.db.tables import utc_now
from banqup_tui.backend.integrations.oauth import provider
from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import LARGEST_ANSWER, ask, opened
from banqup_tui.connectors.interface import Authorization, NotSent
from banqup_tui.connectors.mail import connection
from banqup_tui.connectors.mail.connector import Mail
from banqup_tui.connectors.mail.settings import MailSettings
from banqup_tui.domain.secret import Secret
from tests.support.messages import raising, sentence


@asynccontextmanager
async def server(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    made = await asyncio.start_server(quietly, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


async def text_of_the_test(port: int) -> str:
    settings = MailSettings(host="127.0.0.1", port=port, security="none", sender="a@example.be", address="b@example.be")
    (step,) = await Mail().test(settings, None)
    assert not step.ok
    return sentence(step)


GREETINGS = {"lines without end": b"220-" + b"x" * 4000 + b"\r\n", "a line without end": b"220-" + b"x" * 4000}


@pytest.mark.parametrize("part", GREETINGS.values(), ids=GREETINGS)
async def test_a_mail_server_whose_greeting_never_ends_costs_little(part: bytes) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(part * 50)
            await writer.drain()

    tracemalloc.start()
    try:
        async with server(endless) as port, asyncio.timeout(20):
            assert "says more than any mail server has to say" in await text_of_the_test(port)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


async def test_a_mail_server_that_drips_has_one_deadline_for_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.3)

    async def dripping(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with server(dripping) as port, asyncio.timeout(20):
        assert await text_of_the_test(port)


@pytest.mark.parametrize("packing", ["gzip", "br", "identity"])
async def test_an_answer_is_cut_also_where_it_was_packed(packing: str) -> None:
    body = b"\0" * (64 << 20) if packing == "gzip" else b"\0" * (4 << 20)
    sent = gzip.compress(body, 1) if packing == "gzip" else body

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {packing}\r\nContent-Length: {len(sent)}\r\n\r\n"
        writer.write(head.encode() + sent)
        await writer.drain()

    tracemalloc.start()
    try:
        async with server(answers) as port, opened(f"http://127.0.0.1:{port}") as client:
            answer = await ask(client, "GET", f"http://127.0.0.1:{port}/", where="here", begun=False)
        assert len(answer.body) <= LARGEST_ANSWER
        assert not answer.whole
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


HERE = Authorization(authorize_url="https://p.example/a", token_url="https://p.example/t", client_id="app")
NO_TOKENS = {
    "no JSON": b"<html>",
    "not UTF-8": b'{"access_token": "\xff"}',
    "nothing": b"",
    "another shape": b"[1, 2]",
    "no text": b'{"access_token": 7.5e300, "refresh_token": {}}',
    "empty": b'{"access_token": ""}',
    "lines": b'{"access_token": "a\\r\\nX: y"}',
    "escapes": b'{"access_token": "a\\u001b]0;x\\u0007"}',
    "huge": b'{"access_token": "' + b"A" * 900_000 + b'"}',
    "deep": b'{"access_token": "a", "x": ' + b"[" * 100_000,
    "a strange time": b'{"access_token": "a", "expires_in": "soon"}',
}


async def answered(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes) -> provider.TokenGrant:
    async def answer(*_: Any, **__: Any) -> HttpAnswer:
        return HttpAnswer(status=status, headers={"content-type": "application/json"}, body=body)

    monkeypatch.setattr(provider, "ask", answer)
    return await provider.renewed(HERE, Secret("REFRESH-0123456789"))


@pytest.mark.parametrize("body", NO_TOKENS.values(), ids=NO_TOKENS)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_answer_that_is_no_token_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    with pytest.raises(NotSent) as raised:
        await answered(monkeypatch, status, body)
    assert sentence(raised.value).startswith("p.example ")
    assert len(sentence(raised.value)) < 400


@pytest.mark.parametrize("seconds", ["-1e300", "1e308", '"nan"', "1e15", '"-inf"'])
async def test_a_time_that_cannot_be_meant_is_no_time(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    body = f'{{"access_token": "a", "expires_in": {seconds}, "refresh_token_expires_in": {seconds}}}'
    granted = await answered(monkeypatch, 200, body.encode())
    assert (granted.access_token, granted.renew_at, granted.until) == (Secret("a"), None, None)


async def test_an_access_token_that_is_good_for_no_time_is_renewed_before_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And a refresh token of which a provider says the same lasts as long as it is used."""
    granted = await answered(monkeypatch, 200, b'{"access_token": "a", "expires_in": 0, "refresh_expires_in": 0}')
    assert granted.renew_at is not None
    assert granted.renew_at <= utc_now()
    assert granted.until is None


async def test_a_provider_that_repeats_what_it_was_sent_does_not_get_it_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = msgspec.json.encode({"error": "invalid_grant", "error_description": "no REFRESH-0123456789 here"})
    with raising(NotSent, match="no ••• here") as raised:
        await answered(monkeypatch, 400, text)
    assert "REFRESH" not in f"{raised.value.message}"


def test_a_refresh_token_goes_only_to_the_address_and_application_that_it_was_given_by() -> None:
    granted = provider.TokenGrant(access_token=Secret("a"), token_url=HERE.token_url, client_id=HERE.client_id)
    assert granted.is_of(HERE)
    assert not granted.is_of(msgspec.structs.replace(HERE, token_url="https://evil.example/t"))
    assert not granted.is_of(msgspec.structs.replace(HERE, client_id="other"))
