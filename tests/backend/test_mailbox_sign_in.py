"""A mailbox that is read by a sign-in in the browser: XOAUTH2, with tokens of a real provider that are renewed."""

import asyncio
import base64
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from banqup_tui.backend.intake import mailbox_access
from banqup_tui.backend.intake.mailbox import Mailbox, set_access, set_password, try_sign_in
from banqup_tui.backend.intake.mailbox_access import MailboxAccess, SignedIn
from banqup_tui.backend.integrations.oauth import flow
from banqup_tui.backend.integrations.oauth.access_tokens import StoredTokens
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol.commands import AddSource
from banqup_tui.protocol.messages import MailboxProvider, TestResult
from tests.support.intake_harness import IntakeHarness
from tests.support.provider import APPLICATION, USER, Provider, provider


class ImapServer:
    """An empty mailbox that takes XOAUTH2 only, and asks `user_of` whose token it is.

    Attributes:
        refused: tokens that it refuses though they are good, as some servers do before the time.
        tokens: tokens that it was given.
        searches: how often it was asked for mails.
    """

    def __init__(self, user_of: Callable[[str], str | None]) -> None:
        self._user_of = user_of
        self.refused: set[str] = set()
        self.tokens: list[str] = []
        self.searches = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb", buffering=0) as stream:
            stream.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] ready\r\n")
            while line := stream.readline():
                tag, _, rest = line.decode().strip().partition(" ")
                command = rest.upper()
                if command.startswith("AUTHENTICATE XOAUTH2"):
                    stream.write(b"+ \r\n")
                    stream.write(self._authenticated(tag, stream.readline()))
                elif command.startswith("LOGIN"):
                    stream.write(f"{tag} NO only XOAUTH2\r\n".encode())
                elif command.startswith("CAPABILITY"):
                    stream.write(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())
                elif command.startswith("SELECT"):
                    stream.write(f"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n{tag} OK done\r\n".encode())
                elif command.startswith("UID SEARCH"):
                    self.searches += 1
                    stream.write(f"* SEARCH\r\n{tag} OK done\r\n".encode())
                else:
                    stream.write(f"{tag} OK done\r\n".encode())

    def _authenticated(self, tag: str, line: bytes) -> bytes:
        user, bearer, *end = base64.b64decode(line).decode().split("\x01")
        token = bearer.removeprefix("auth=Bearer ")
        self.tokens.append(token)
        is_right = user == f"user={USER}" and end == ["", ""] and self._user_of(token) == USER
        if is_right and token not in self.refused:
            return f"{tag} OK signed in\r\n".encode()
        return f"{tag} NO AUTHENTICATE failed.\r\n".encode()


@pytest.fixture(scope="module")
def at() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def server(at: Provider) -> Iterator[ImapServer]:
    made = ImapServer(at.user_of)
    yield made
    made.close()


@pytest.fixture
def harness(tmp_path: Path, server: ImapServer) -> IntakeHarness:
    made = IntakeHarness(tmp_path)
    path = f"imap://{USER}@127.0.0.1:{server.port}/INBOX"
    made.do(AddSource(source_id="box", path=path, kind=SourceKind.MAILBOX))
    return made


@pytest.fixture
async def returns(harness: IntakeHarness) -> AsyncIterator[ReturnListener]:
    listener = ReturnListener(lambda query: flow.returned(harness.services, query))
    yield listener
    listener.close()


async def signed_in(harness: IntakeHarness, at: Provider, returns: ReturnListener) -> TestResult:
    """All the way: the page, the browser that comes back, and the sign-in that is given to the mailbox."""
    registration = MailboxProvider(sign_in_by="other", user=USER, **at.settings)
    authorization = mailbox_access.authorization_for(registration)
    begun = await flow.begin_with(harness.services, mailbox_access.OWNER, authorization, returns)
    address = await asyncio.to_thread(at.sign_in, begun.url)
    await asyncio.to_thread(lambda: httpx.get(address, trust_env=False, timeout=20).raise_for_status())
    access = MailboxAccess(signed_in=SignedIn(sign_in=begun.id, authorization=authorization))
    tokens = mailbox_access.access_tokens(StoredTokens(harness.services))
    return await asyncio.to_thread(set_access, harness.services, "box", access, tokens)


async def test_a_mailbox_is_read_by_the_token_of_a_sign_in(
    harness: IntakeHarness, at: Provider, server: ImapServer, returns: ReturnListener
) -> None:
    result = await signed_in(harness, at, returns)
    assert [step.message.code for step in result.steps] == ["mailbox.opened"]
    stop = asyncio.Event()
    running = asyncio.create_task(
        Mailbox(harness.services, make_tokens=lambda: StoredTokens(harness.services)).run(stop)
    )
    async with asyncio.timeout(30):
        while not server.searches:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert harness.source().problems == ()
    assert not any(token in repr(harness.source()) for token in server.tokens)


async def test_a_token_that_is_refused_before_its_time_is_renewed_once(
    harness: IntakeHarness, at: Provider, server: ImapServer, returns: ReturnListener
) -> None:
    await signed_in(harness, at, returns)
    server.refused.update(server.tokens)
    tokens = mailbox_access.access_tokens(StoredTokens(harness.services))
    result = await asyncio.to_thread(try_sign_in, harness.services, "box", tokens)
    assert [(step.ok, step.message.code) for step in result.steps] == [(True, "mailbox.opened")]
    assert len(set(server.tokens)) == 2


async def test_a_sign_in_that_was_taken_back_says_so(
    harness: IntakeHarness, at: Provider, server: ImapServer, returns: ReturnListener
) -> None:
    await signed_in(harness, at, returns)
    at.forget()
    tokens = mailbox_access.access_tokens(StoredTokens(harness.services))
    result = await asyncio.to_thread(try_sign_in, harness.services, "box", tokens)
    (step,) = result.steps
    assert not step.ok
    assert step.message.code.startswith("sign-in.")


async def test_a_password_that_is_refused_leaves_the_sign_in(
    harness: IntakeHarness, at: Provider, returns: ReturnListener
) -> None:
    await signed_in(harness, at, returns)
    result = await asyncio.to_thread(set_password, harness.services, "box", Secret("geheim"))
    assert [step.message.code for step in result.steps] == ["mailbox.sign-in-refused"]
    tokens = mailbox_access.access_tokens(StoredTokens(harness.services))
    result = await asyncio.to_thread(try_sign_in, harness.services, "box", tokens)
    assert result.steps[0].ok


def test_microsoft_and_google_need_the_application_only() -> None:
    microsoft = MailboxProvider(sign_in_by="microsoft", user=USER, client_id=APPLICATION)
    found = mailbox_access.authorization_for(microsoft)
    assert found.scope == "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
    assert ("login_hint", USER) in found.parameters
    google = MailboxProvider(sign_in_by="google", user=USER, client_id=APPLICATION)
    assert mailbox_access.authorization_for(google).scope == "https://mail.google.com/"
    with pytest.raises(RequestFailure):
        mailbox_access.authorization_for(MailboxProvider(sign_in_by="other", user=USER, client_id=APPLICATION))
