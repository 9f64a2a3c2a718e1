"""How a mail server is reached, what it may refuse, and how few connections it sees."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.backend.redaction import Redactor
from banqup_tui.connectors.interface import Channel, DeliveryRequest, Fault, NotSent, Receipt, Rejected, Step, Uncertain
from banqup_tui.connectors.mail.connector import Mail, _account
from banqup_tui.connectors.mail.pool import own_pool
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.secret import Secret
from tests.support.delivery_requests import delivery_request
from tests.support.mail import (
    PASSWORD,
    PURCHASES,
    SALES,
    USER,
    Mailbox,
    MailServer,
    authority,
    mail_server,
    server_context,
)
from tests.support.messages import raising, remedy, sentence


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as made:
        yield made


async def over(channel: Channel, what: DeliveryRequest) -> Receipt:
    return await channel.commit(what, await channel.prepare(what))


async def send(server: MailServer, what: DeliveryRequest, **changed: Any) -> Receipt:
    async with Mail().connect(server.settings(**changed)) as channel:
        return await over(channel, what)


async def refusal(server: MailServer, what: DeliveryRequest, **changed: Any) -> BanqupError:
    with pytest.raises((NotSent, Rejected)) as raised:
        await send(server, what, **changed)
    assert remedy(raised.value)
    assert server.box.envelopes == []
    return raised.value


async def tested(server: MailServer, **changed: Any) -> list[Step]:
    return await Mail().test(server.settings(**changed), None)


def numbered(directory: Path, at: int, **changed: Any) -> DeliveryRequest:
    return delivery_request(directory, b"%d" % at, key=f"{at:08}-0000-5000-8000-000000000000", **changed)


@pytest.mark.parametrize("security", ["tls", "none"])
async def test_it_is_sent_over_tls_or_to_this_machine_without(tmp_path: Path, security: str) -> None:
    values = {} if security == "tls" else {"user": "", "password": ""}
    async with mail_server(security) as server:
        await send(server, delivery_request(tmp_path), **values)
        first, _ = await tested(server, **values)
        assert len(server.box.envelopes) == 1
        assert bool(server.box.sessions[0].ssl or security == "tls") is (security == "tls")
    assert ("TLSv1." in sentence(first)) is (security == "tls")
    assert sentence(first).startswith("Signed in in" if security == "tls" else "Connected in")


async def test_a_test_of_the_connection_asks_for_each_mailbox(server: MailServer) -> None:
    first, second = await tested(server)
    assert sentence(first).startswith("Signed in in ")
    assert sentence(second) == f"The server takes mail from {USER} for {SALES}, {PURCHASES}."
    server.box.answers["RCPT"] = "550 5.1.1 unknown\x1b[2J\u202e mailbox"
    _, refused = await tested(server)
    assert not refused.ok
    assert sentence(refused) == (f"localhost:{server.port} takes no mail for {SALES}: “550 5.1.1 unknown mailbox”.")
    assert sentence(refused, "fr").endswith(f"de courrier pour {SALES}\xa0: «\xa0550 5.1.1 unknown mailbox\xa0».")
    assert remedy(refused)
    assert server.box.envelopes == []


@pytest.mark.parametrize("form", ["lines", "one-line", "path"])
async def test_the_firms_own_authority_is_trusted_and_no_other(tmp_path: Path, form: str) -> None:
    (tmp_path / "ca.pem").write_text(authority())
    ca = {"lines": authority(), "one-line": authority().replace("\n", " "), "path": str(tmp_path / "ca.pem")}[form]
    async with mail_server() as server:
        await send(server, delivery_request(tmp_path), ca=ca)
        server.box.envelopes.clear()
        raised = await refusal(server, delivery_request(tmp_path), ca="")
    assert isinstance(raised, NotSent)
    assert raised.fault is Fault.PERSON
    assert f"The certificate of localhost:{server.port} is not to be trusted: " in sentence(raised)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_another_name_is_never_accepted(
    tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.mail.server_context", lambda: server_context("anders.example"))
    async with mail_server(security) as server:
        raised = await refusal(server, delivery_request(tmp_path))
        assert server.box.signed_in == 0
    assert "not valid for 'localhost'" in sentence(raised)
    assert "Correct the server's name" in remedy(raised)
    assert raised.fault is Fault.PERSON  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "ca", ["nonsense", "/nowhere/ca.pem", "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----"]
)
async def test_an_authority_that_cannot_be_read_is_for_a_person_to_mend(
    server: MailServer, tmp_path: Path, ca: str
) -> None:
    raised = await refusal(server, delivery_request(tmp_path), ca=ca)
    assert sentence(raised) == "The CA certificate cannot be read."
    assert raised.fault is Fault.PERSON  # type: ignore[attr-defined]


async def test_the_wrong_kind_of_encryption_is_named_and_nothing_goes_unencrypted(tmp_path: Path) -> None:
    async with mail_server("starttls") as server:
        raised = await refusal(server, delivery_request(tmp_path), security="tls")
        assert "does not encrypt in this way: " in sentence(raised)
        assert "_ssl.c" not in sentence(raised)
        assert raised.fault is Fault.PERSON  # type: ignore[attr-defined]
    async with mail_server("none") as server:
        raised = await refusal(server, delivery_request(tmp_path), security="starttls")
        assert "does not offer STARTTLS" in sentence(raised)
        assert raised.fault is Fault.PERSON  # type: ignore[attr-defined]
        assert server.box.sessions == []


def own_address() -> str:
    """An address of this machine that is not loopback. Nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


async def test_without_encryption_no_document_leaves_this_machine_unless_that_is_wanted(tmp_path: Path) -> None:
    values = {"host": own_address(), "user": "", "password": ""}
    async with mail_server("none", address="0.0.0.0") as server:
        raised = await refusal(server, delivery_request(tmp_path), **values)
        assert "without encryption anybody on the way can read the documents" in sentence(raised)
        await send(server, delivery_request(tmp_path), **values, security="none-anywhere")
        assert len(server.box.envelopes) == 1


@pytest.mark.parametrize("excluded", [["LOGIN"], ["PLAIN"]])
async def test_a_password_with_accents_signs_in_either_way(tmp_path: Path, excluded: list[str]) -> None:
    async with mail_server(auth_exclude_mechanism=excluded) as server:
        await send(server, delivery_request(tmp_path))
        assert server.box.signed_in == 1


async def test_a_server_that_wants_another_sign_in_says_which(tmp_path: Path) -> None:
    async with mail_server(auth_exclude_mechanism=["PLAIN", "LOGIN"]) as server:
        raised = await refusal(server, delivery_request(tmp_path))
    assert "takes no user and password here; ways it offers: –" in sentence(raised)
    assert raised.trouble is Trouble.SIGN_IN  # type: ignore[attr-defined]


@pytest.mark.parametrize("excluded", [["LOGIN"], ["PLAIN"]])
async def test_a_server_that_repeats_the_password_does_not_bring_it_into_the_open(
    tmp_path: Path, excluded: list[str]
) -> None:
    async with mail_server(auth_exclude_mechanism=excluded) as server:
        server.box.answers["AUTH"] = f"535 5.7.8 no: {PASSWORD}"
        raised = await refusal(server, delivery_request(tmp_path), user="someone else")
    Redactor([Secret(PASSWORD)]).error(raised)
    assert sentence(raised) == f"localhost:{server.port} did not accept the sign-in: “535 5.7.8 no: •••”."
    assert PASSWORD not in repr(_account(server.settings()))
    assert raised.trouble is Trouble.SIGN_IN  # type: ignore[attr-defined]


DOCUMENT, INTEGRATION, PERSON = Fault.DOCUMENT, Fault.INTEGRATION, Fault.PERSON
ANSWERS = [
    ("MAIL", "550 5.7.60 not your address", PERSON, "does not let this user send as"),
    ("MAIL", "530 5.7.57 not authenticated", PERSON, "wants a sign-in first"),
    ("MAIL", "452 4.3.1 full", INTEGRATION, "takes no mail now"),
    ("MAIL", "552 5.3.4 too large", None, "is too large"),
    ("RCPT", "550 5.1.1 unknown", None, "takes no mail for aankoop-17@boeken.example"),
    ("RCPT", "450 4.2.1 greylisted", DOCUMENT, "takes no mail for aankoop-17@boeken.example now"),
    ("RCPT", "451 4.7.500 busy", INTEGRATION, "takes no mail now"),
    ("RCPT", "421 4.3.2 closing", INTEGRATION, "takes no mail now"),
    ("RCPT", "530 5.7.0 sign in", PERSON, "wants a sign-in first"),
    ("DATA", "451 4.3.0 later", INTEGRATION, "takes no mail now"),
    ("DATA", "554 5.5.1 no valid recipients", None, "refused the message"),
    ("DATA", "250 what", DOCUMENT, "did not take the message now"),
    ("MESSAGE", "451 4.6.0 scanning", DOCUMENT, "did not take the message now: “451 4.6.0 scanning”"),
    ("MESSAGE", "421 4.3.2 closing", INTEGRATION, "takes no mail now"),
    ("MESSAGE", "432 4.3.2 too many connections", INTEGRATION, "takes no mail now"),
    ("MESSAGE", "552 5.2.3 mailbox full", None, "is too large: “552 5.2.3 mailbox full”"),
    ("MESSAGE", "550 5.7.1 spam\x1b[31m\x07", None, "refused the message: “550 5.7.1 spam”"),
]


@pytest.mark.parametrize(("command", "answer", "fault", "words"), ANSWERS)
async def test_each_refusal_has_its_sentence_and_its_waiter(
    server: MailServer, tmp_path: Path, command: str, answer: str, fault: Fault | None, words: str
) -> None:
    server.box.answers[command] = answer
    raised = await refusal(server, delivery_request(tmp_path))
    assert words in sentence(raised)
    assert isinstance(raised, Rejected) if fault is None else raised.fault is fault  # type: ignore[attr-defined]


async def test_the_line_goes_on_after_a_refusal_and_a_lost_one_is_opened_anew(
    server: MailServer, tmp_path: Path
) -> None:
    async with Mail().connect(server.settings()) as channel:
        for command, answer in [("RCPT", "550 no"), ("MESSAGE", "550 no"), ("DATA", "450 no"), ("MAIL", "450 no")]:
            server.box.answers[command] = answer
            with pytest.raises((NotSent, Rejected)):
                await over(channel, delivery_request(tmp_path))
            server.box.answers.clear()
        await over(channel, delivery_request(tmp_path))
        assert server.box.signed_in == 1
        server.hang_up()
        await over(channel, delivery_request(tmp_path))
        assert server.box.signed_in == 2
    assert len(server.box.envelopes) == 2


async def test_a_message_that_is_larger_than_the_server_announces_is_not_even_begun(tmp_path: Path) -> None:
    async with mail_server(limit=40_000) as server:
        raised = await refusal(server, delivery_request(tmp_path, b"x" * 40_000))
        assert server.box.sessions == []
    assert sentence(raised) == (
        f"localhost:{server.port} takes messages of at most 40\xa0kB; with this document it has 56\xa0kB."
    )


async def test_a_firms_clients_share_two_connections(server: MailServer, tmp_path: Path) -> None:
    clients = [server.settings(purchases=f"client-{at}@boeken.example") for at in range(6)]

    async def client(at: int, settings: Any) -> None:
        async with Mail().connect(settings) as channel:
            await asyncio.gather(*(over(channel, numbered(tmp_path, 10 * at + one)) for one in range(3)))

    await asyncio.gather(*(client(at, settings) for at, settings in enumerate(clients)))
    assert len(server.box.envelopes) == 18
    assert server.box.signed_in <= 2
    assert len(server.connections) <= 2


async def test_what_is_given_up_frees_its_connection(server: MailServer, tmp_path: Path) -> None:
    async with Mail().connect(server.settings()) as channel:
        for at in range(5):
            await channel.discard(await channel.prepare(numbered(tmp_path, at)))
        await channel.discard("nonsense")
        for at in range(2):
            await channel.prepare(numbered(tmp_path, at))
    async with Mail().connect(server.settings()) as channel:
        await over(channel, numbered(tmp_path, 9))
    assert [one.rcpt_tos for one in server.box.envelopes] == [[PURCHASES]]


async def test_a_document_whose_envelope_was_lost_gets_another(server: MailServer, tmp_path: Path) -> None:
    async with Mail().connect(server.settings()) as channel:
        resume_token = await channel.prepare(delivery_request(tmp_path))
    async with Mail().connect(server.settings()) as channel:
        await channel.commit(delivery_request(tmp_path), resume_token)
    assert len(server.box.envelopes) == 1


async def test_those_who_wait_for_a_server_that_is_closed_are_told_at_once() -> None:
    tried = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(writer)
        writer.write(b"421 4.3.2 closed\r\n")
        await writer.drain()
        writer.close()

    async with raw(silent) as server, own_pool(_account(server.settings(user="", password=""))) as pool:
        raised = await asyncio.gather(*(pool.take() for _ in range(8)), return_exceptions=True)
    assert all(isinstance(one, NotSent) and one.fault is Fault.INTEGRATION for one in raised)
    assert len(tried) == 2


@pytest.mark.parametrize("answer", ["354 go on", "250", "220-never\r\n"])
async def test_only_a_yes_or_a_no_to_the_whole_message_settles_it(tmp_path: Path, answer: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        while line := await reader.readline():
            writer.write(b"354 go\r\n" if line == b"DATA\r\n" else b"250 ok\r\n")
            if line == b"DATA\r\n":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(f"{answer}\r\n".encode())
                break
        writer.close()

    async with raw(serve) as server:
        if answer == "250":
            receipt = await send(server, delivery_request(tmp_path), user="", password="")
            assert receipt.text == f"{PURCHASES}: 250"
            return
        with raising(Uncertain, match="did not say whether it took the message") as raised:
            await send(server, delivery_request(tmp_path), user="", password="")
        assert "Look whether the document is in the software" in remedy(raised.value)


async def test_what_was_said_before_the_encryption_is_forgotten(tmp_path: Path) -> None:
    """Somebody in between may add words to the plain answer; they must not pass for the server's encrypted ones."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(b"250-mx\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n235 welcome\r\n")
        await writer.drain()
        await writer.start_tls(server_context())
        heard.append(await reader.readline())
        writer.write(b"250 mx\r\n")
        heard.append(await reader.readline())
        hung_up.set()
        writer.close()

    heard: list[bytes] = []
    hung_up = asyncio.Event()
    async with raw(serve, "starttls") as server:
        raised = await refusal(server, delivery_request(tmp_path))
        await asyncio.wait_for(hung_up.wait(), 10)
    assert "takes no user and password here" in sentence(raised)
    assert heard == [b"ehlo [127.0.0.1]\r\n", b""]


@asynccontextmanager
async def raw(serve: Any, security: str = "none") -> AsyncIterator[MailServer]:
    """A server that says what the test wants."""
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield MailServer(listening.sockets[0].getsockname()[1], Mailbox(), security, [])
    finally:
        listening.close()
        await listening.wait_closed()
