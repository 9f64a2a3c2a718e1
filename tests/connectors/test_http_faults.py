"""What users are told when a server cannot be reached, is not to be trusted, or asks to wait."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from banqup_tui.connectors.common import http_client
from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask, opened
from banqup_tui.connectors.common.http_faults import excerpt, refusal, retry_after
from banqup_tui.connectors.interface import Fault, NotSent, Uncertain
from tests.support.hooks import hooks
from tests.support.messages import raising, sentence

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


async def asked(url: str, *, begun: bool = False) -> HttpAnswer:
    async with opened(url) as client:
        return await ask(client, "POST", url, where="books.example", begun=begun, content=b"x" * 10_000)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that sends these bytes whatever it is asked, and hangs up."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(10_000)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def certificate(directory: Path) -> dict[str, str]:
    """Of nobody's: it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = directory / "certificate.pem", directory / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"ssl_certfile": str(pem), "ssl_keyfile": str(secret)}


async def test_a_server_that_nobody_vouches_for_gets_nothing_until_its_issuer_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificate(tmp_path)
    async with hooks(**files) as server:
        server.answer = (204, {}, b"")
        url = f"https://localhost:{server.port}/"
        with raising(NotSent, match="not to be trusted: “self-signed certificate") as raised:
            await asked(url, begun=True)
        assert raised.value.fault is Fault.PERSON
        monkeypatch.setenv("SSL_CERT_FILE", files["ssl_certfile"])
        http_client._trusted_by_all.cache_clear()
        assert (await asked(url)).status == 204
    http_client._trusted_by_all.cache_clear()


async def test_where_nobody_listens_nothing_was_sent_even_after_the_mark() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with raising(NotSent, match=r"books\.example refuses the connection") as raised:
        await asked(f"http://127.0.0.1:{port}/", begun=True)
    assert raised.value.fault is Fault.INTEGRATION


async def test_a_name_that_no_server_has_is_said_so() -> None:
    with raising(NotSent, match=r"no server by the name books\.example"):
        await asked("https://books.invalid/")


async def test_silence_after_the_mark_is_uncertain_and_before_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banqup_tui.connectors.common.http_client.ANSWER_SECONDS", 0.1)
    async with answering(b"") as url:
        with raising(Uncertain, match="broke before it had answered"):
            await asked(url, begun=True)
        with raising(NotSent, match="broke"):
            await asked(url)


async def test_no_session_is_kept_that_a_server_makes_by_itself() -> None:
    async with hooks() as server, opened(server.url) as client:
        server.answer = (204, {"Set-Cookie": "session=1; Path=/"}, b"")
        for _ in range(2):
            await ask(client, "POST", server.url, where="books.example", begun=False)
        assert "cookie" not in server.headers


async def test_an_answer_whose_end_is_lost_is_an_answer() -> None:
    async with answering(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nabc") as url:
        answer = await asked(url, begun=True)
    assert (answer.status, answer.body, answer.whole) == (201, b"abc", False)


async def test_an_answer_without_end_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banqup_tui.connectors.common.http_client.LARGEST_ANSWER", 1000)
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000) as url:
        answer = await asked(url)
    assert (len(answer.body), answer.whole) == (1000, False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "Fri, 20 Nov 2026 08:31:30 GMT"}, 90.0),
        ({"retry-after": "Fri, 20 Nov 2026 08:31:30 GMT", "date": "Fri, 20 Nov 2026 08:31:00 GMT"}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 08:00:00 GMT"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_a_server_is_left_alone_for_as_long_as_it_asks(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain; charset=utf-8", "Dossier\u202e clos\r\n\x1b[31m".encode(), "Dossier clos"),
        ("application/json", b'{"errors": [], "error": {"code": 4, "message": "no such client"}}', "no such client"),
        ("application/problem+json", b'{"title": "Refused", "detail": "VAT number missing"}', "VAT number missing"),
        ("application/json", b'{"detail": ["first", "second"]}', "first"),
        pytest.param("application/json", b"[" * 100_000, "", id="deep"),
        ("application/json", b'"\xff"', ""),
        ("text/html", b"<html><title>413 &lt;Too\nLarge&gt;</title><script>x</script>", "413 <Too Large>"),
        ("text/html", b"<h1>no title</h1>", ""),
        ("image/png", b"\x89PNG", ""),
        ("", b"bytes", ""),
    ],
)
def test_what_a_server_says_is_shown_in_one_harmless_line(kind: str, body: bytes, text: str) -> None:
    assert excerpt(HttpAnswer(status=400, headers={"content-type": kind}, body=body)) == text


def test_a_long_reason_is_cut() -> None:
    answer = HttpAnswer(status=400, headers={"content-type": "text/plain"}, body=b"x" * 100_000)
    assert len(excerpt(answer)) == 200


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://u:p@other.example:8443/in?token=geheim#x", "to https://other.example:8443/in."),
        ("/login?next=geheim", "to /login."),
        ("https://[", "elsewhere"),
        ("", "sends elsewhere."),
    ],
)
def test_where_a_server_sends_elsewhere_is_said_without_secrets(location: str, shown: str) -> None:
    raised = refusal(HttpAnswer(status=302, headers={"location": location}), "books.example", begun=True)
    assert isinstance(raised, NotSent)
    assert shown in sentence(raised)
    assert "geheim" not in sentence(raised)
