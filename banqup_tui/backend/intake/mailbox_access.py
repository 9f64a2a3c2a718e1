"""How the service signs in at a mailbox: by a password, or by the tokens of a sign-in in the browser (XOAUTH2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from banqup_tui.backend.db.vault import of_mailbox
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.redaction import Redactor
from banqup_tui.backend.services import Services
from banqup_tui.connectors.common.tokens import Tokens
from banqup_tui.connectors.interface import Authorization, NotSent, SettingProblem
from banqup_tui.connectors.mail.sign_in import authorization_of
from banqup_tui.domain.mailbox_address import MailboxAddress
from banqup_tui.domain.secret import Secret, from_text, revealed
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import MailboxProvider
from banqup_tui.protocol.problems import ProblemType

if TYPE_CHECKING:
    from banqup_tui.sources.mailbox import MailboxConnection

IMAP_SCOPES: Final = {"microsoft": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"}
"""Scopes for reading mail, where they are not those for sending it (`connectors.mail.sign_in`)."""

OWNER: Final = "mailbox"
"""What a sign-in for the mailbox is for, in the place of an extension."""

_SECONDS_FOR_A_TOKEN: Final = 60.0

AccessTokens = Callable[[str, Authorization, str | None], str]
"""`access_tokens(sign_in, authorization, refused)` returns an access token, in any thread but that of the loop."""


class SignedIn(Value, frozen=True, kw_only=True):
    """A sign-in in the browser, with the registration by which its tokens are renewed."""

    sign_in: str
    authorization: Authorization


class MailboxAccess(Value, frozen=True, kw_only=True):
    """A password or a sign-in; neither where nothing was entered yet, or for another address."""

    password: Secret = msgspec.field(default_factory=Secret)
    signed_in: SignedIn | None = None

    def __bool__(self) -> bool:
        return bool(self.password) or self.signed_in is not None


_signed_in = msgspec.json.Decoder(SignedIn, dec_hook=from_text)


def sealed(services: Services, source_id: str, address: str, access: MailboxAccess) -> bytes:
    """Seals what was entered together with the address that it is for."""
    values: dict[str, object] = {"address": address}
    if access.signed_in is not None:
        values["sign_in"] = msgspec.json.encode(access.signed_in, enc_hook=revealed).decode()
    else:
        values["password"] = access.password
    return services.vault.seal(of_mailbox(source_id), values, ["password", "sign_in"])


def opened(services: Services, source_id: str, address: str, content: bytes | None) -> MailboxAccess:
    """Opens what was sealed. It is empty if there is none, or if it was entered for another address."""
    values = services.vault.open(of_mailbox(source_id), content) if content is not None else {}
    if values.get("address") != address:
        return MailboxAccess()
    signed_in, password = values.get("sign_in"), values.get("password")
    if signed_in is not None:
        return MailboxAccess(signed_in=_signed_in.decode(str(revealed(signed_in))))
    return MailboxAccess(password=password) if isinstance(password, Secret) else MailboxAccess()


def authorization_for(provider: MailboxProvider) -> Authorization:
    """Returns the registration at a provider. Raises `RequestFailure` naming the setting that is missing."""
    entered = {
        "sign_in_by": provider.sign_in_by,
        "user": provider.user,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "authorize_url": provider.authorize_url,
        "token_url": provider.token_url,
        "scope": provider.scope or IMAP_SCOPES.get(provider.sign_in_by, ""),
    }
    found = authorization_of(entered)
    if isinstance(found, SettingProblem):
        raise RequestFailure(ProblemType.INVALID_SETTINGS, found.reason, field=found.field)
    return found


def access_tokens(tokens: Tokens) -> AccessTokens:
    """Returns access tokens for other threads. Called on the event loop that `tokens` belongs to.

    Raises (when a token is asked for):
        MailboxFault: there is none, as the message says.
    """
    loop = asyncio.get_running_loop()

    def token(sign_in: str, authorization: Authorization, refused: str | None) -> str:
        from banqup_tui.sources.mailbox import MailboxFault

        asked = asyncio.run_coroutine_threadsafe(tokens.access_token(sign_in, authorization, refused), loop)
        try:
            return asked.result(_SECONDS_FOR_A_TOKEN)
        except NotSent as error:
            raise MailboxFault(error.message) from error

    return token


def connected(
    address: MailboxAddress, access: MailboxAccess, tokens: AccessTokens | None, ca_file: Path | None
) -> MailboxConnection:
    """Connects and signs in. A token that is refused is renewed once, as providers end tokens before their time.

    Raises:
        MailboxFault
    """
    from banqup_tui.sources.mailbox import MailboxFault, SignInRefused, connect

    if access.signed_in is None or tokens is None:
        return connect(address, access.password, ca_file)
    sign_in, authorization = access.signed_in.sign_in, access.signed_in.authorization
    token = tokens(sign_in, authorization, None)
    try:
        try:
            return connect(address, Secret(token), ca_file, by_token=True)
        except SignInRefused:
            token = tokens(sign_in, authorization, token)
            return connect(address, Secret(token), ca_file, by_token=True)
    except MailboxFault as error:
        raise type(error)(Redactor([Secret(token)]).message(error.message)) from error
