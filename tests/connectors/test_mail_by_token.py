"""Mail through a provider that lets no password in: signed in with access tokens, against a real SMTP server."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.backend.redaction import AttemptSecrets
from banqup_tui.backend.secrets_in_use import remember
from banqup_tui.connectors.common.tokens import TOKENS
from banqup_tui.connectors.interface import Authorization, Fault, NotSent, SettingProblem, Step
from banqup_tui.connectors.mail.connector import Mail, _account
from banqup_tui.connectors.mail.settings import MailSettings
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.secret import Secret
from tests.support.delivery_requests import delivery_request
from tests.support.mail import USER, MailboxWithTokens, MailServer, mail_server
from tests.support.messages import raising, remedy, sentence

VALUES = {"sign_in_by": "microsoft", "client_id": "some-id", "sign_in": "our-sign-in", "password": ""}


class RenewedTokens:
    """The tokens of one sign-in, the next of which is given when one was refused. `good`: what the server takes."""

    def __init__(self, *tokens: str, good: str = "") -> None:
        self._tokens = list(tokens)
        self._good = good
        self.asked: list[tuple[str, str, str | None]] = []

    async def access_token(self, sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
        self.asked.append((sign_in, authorization.client_id, refused))
        if refused == self._tokens[0] and len(self._tokens) > 1:
            self._tokens.pop(0)
        return self._tokens[0]

    def user_of(self, token: str) -> str | None:
        return USER if token == self._good else None


@pytest.fixture
async def server(renewed: RenewedTokens) -> AsyncIterator[MailServer]:
    async with mail_server(box=MailboxWithTokens(renewed.user_of)) as made:
        yield made


@pytest.fixture
def renewed() -> RenewedTokens:
    return RenewedTokens("stale", "fresh", good="fresh")


async def send(server: MailServer, renewed: RenewedTokens, directory: Path, **changed: Any) -> None:
    TOKENS.set(renewed)
    async with Mail().connect(server.settings(**{**VALUES, **changed})) as channel:
        what = delivery_request(directory)
        await channel.commit(what, await channel.prepare(what))


async def tested(server: MailServer, renewed: RenewedTokens, **changed: Any) -> list[Step]:
    TOKENS.set(renewed)
    return await Mail().test(server.settings(**{**VALUES, **changed}), None)


async def test_a_token_that_the_server_no_longer_takes_is_replaced_once_and_the_document_is_sent(
    server: MailServer, renewed: RenewedTokens, tmp_path: Path
) -> None:
    await send(server, renewed, tmp_path)
    assert len(server.box.messages()) == 1
    assert renewed.asked == [("our-sign-in", "some-id", None), ("our-sign-in", "some-id", "stale")]


@pytest.mark.parametrize("way", ["XOAUTH2", "OAUTHBEARER"])
async def test_both_ways_of_signing_in_by_token_are_known(renewed: RenewedTokens, tmp_path: Path, way: str) -> None:
    other = {"XOAUTH2", "OAUTHBEARER"} - {way}
    box = MailboxWithTokens(renewed.user_of)
    async with mail_server(box=box, auth_exclude_mechanism=["PLAIN", "LOGIN", *other]) as server:
        await send(server, renewed, tmp_path)
    assert box.tokens == ["fresh"]


async def test_who_may_not_send_is_told_so_and_no_token_is_shown(tmp_path: Path) -> None:
    renewed = RenewedTokens("secret-token-1", "secret-token-2", good="another")
    async with mail_server(box=MailboxWithTokens(renewed.user_of)) as server:
        with pytest.raises(NotSent) as raised:
            await send(server, renewed, tmp_path)
        (step,) = await tested(server, renewed)
    assert raised.value.fault is Fault.PERSON
    assert raised.value.trouble is Trouble.SIGN_IN
    assert "Sign in again" in remedy(raised.value)
    assert not step.ok
    assert "Reconnectez-vous" in remedy(step, "fr")
    assert "secret-token" not in f"{raised.value} {step}"


async def test_a_server_that_says_what_it_was_given_shows_no_token(tmp_path: Path) -> None:
    renewed = RenewedTokens("secret-token", good="another")
    box = MailboxWithTokens(renewed.user_of)
    box.answers["AUTH"] = "535 5.7.3 cannot use GIVEN"
    async with mail_server(box=box) as server:
        with raising(NotSent, match="cannot use") as raised:
            await send(server, renewed, tmp_path)
    remember("s", Secret("secret-token"))
    values = b64encode(f"user={USER}\x01auth=Bearer secret-token\x01\x01".encode()).decode()
    shown = AttemptSecrets({"user": USER, "sign_in": Secret("s")}).redactor()
    assert values not in shown.error(raised.value).sentence


async def test_a_server_that_knows_passwords_only_is_named_as_such(renewed: RenewedTokens) -> None:
    async with mail_server() as server:
        (step,) = await tested(server, renewed)
    assert not step.ok
    assert "by the browser" in sentence(step)
    assert "LOGIN PLAIN" in sentence(step)


async def test_the_test_of_the_connection_says_that_it_is_signed_in(server: MailServer, renewed: RenewedTokens) -> None:
    first, second = await tested(server, renewed)
    assert first.ok
    assert sentence(first).startswith("Signed in in")
    assert second.ok


def test_what_is_missing_for_the_browser_is_named_at_its_field() -> None:
    values = {"sign_in_by": "other", "host": "smtp.example", "sender": "a@b.example", "address": "c@d.example"}
    fields = [problem.field for problem in Mail().check(values, complete=True)]
    assert fields == ["user", "sign_in"]
    found = Mail().authorization({**values, "client_id": "x", "authorize_url": "https://login.example/a"})
    assert isinstance(found, SettingProblem)
    assert found.field == "token_url"


def test_a_page_of_the_firms_own_directory_goes_before_the_usual_one() -> None:
    own = "https://login.microsoftonline.com/kantoor.example/oauth2/v2.0/authorize"
    found = Mail().authorization({**VALUES, "authorize_url": own})
    assert isinstance(found, Authorization)
    assert found.authorize_url == own
    assert found.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token"


def test_a_channel_without_what_the_sign_in_needs_says_so_by_the_title_of_the_setting() -> None:
    with pytest.raises(NotSent) as raised:
        _account(MailSettings(host="smtp.example", sender="a@b.example", sign_in_by="other", client_id="x"))
    assert sentence(raised.value) == "Sign-in page is missing."
