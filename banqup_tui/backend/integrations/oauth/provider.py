"""What is said to a provider: the address of its page, a code for tokens, a refresh token for new ones.

OAuth 2.0 authorization code (RFC 6749) with PKCE (RFC 7636), for an application on the user's machine (RFC 8252).
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from banqup_tui.backend.db.tables import utc_now
from banqup_tui.backend.redaction import Redactor
from banqup_tui.connectors.common.http_client import Answer, ask, opened
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import Authorization, Fault, NotSent
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import Value

MARGIN = 30.0
"""Seconds before its end after which an access token is not used any more."""

LONGEST_TOKEN = 16 << 10
LONGEST_LIFE = 100 * 365 * 86_400.0
SECONDS_FOR_TOKENS = 90.0

_MOST_SHOWN = 200
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class Granted(Value, frozen=True, kw_only=True):
    """`renew_at`: from when on the access token is not used any more, if the provider says how long it is good.

    `until`: when the sign-in itself ends, if it says so. `token_url`, `client_id`: by whom and to whom it was given; a
    refresh token goes nowhere else.
    """

    access_token: Secret
    refresh_token: Secret | None = None
    renew_at: datetime | None = None
    until: datetime | None = None
    token_url: str = ""
    client_id: str = ""

    def is_of(self, authorization: Authorization) -> bool:
        """Whether it was given by the provider, and to the application, that are now in the settings.

        One of 0.4.0 does not say so yet: its first renewal does.
        """
        issued_by = (self.token_url, self.client_id)
        return issued_by == ("", "") or issued_by == (authorization.token_url, authorization.client_id)


class _TokenAnswer(msgspec.Struct, frozen=True):
    """The times in seconds. Providers name the one of the refresh token as they like: it is in no standard."""

    access_token: str
    refresh_token: str | None = None
    expires_in: float | None = None
    refresh_token_expires_in: float | None = None
    refresh_expires_in: float | None = None
    x_refresh_token_expires_in: float | None = None

    @property
    def lifetimes(self) -> tuple[float | None, ...]:
        return self.refresh_token_expires_in, self.refresh_expires_in, self.x_refresh_token_expires_in


class _ErrorAnswer(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


_token_answer = msgspec.json.Decoder(_TokenAnswer, strict=False)
_error_answer = msgspec.json.Decoder(_ErrorAnswer)


def name_of(authorization: Authorization) -> str:
    """How sentences name the provider."""
    return server_of(authorization.authorize_url)


def page(authorization: Authorization, returns_to: str, state: str, verifier: Secret) -> str:
    """The address to open in a browser."""
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": authorization.client_id,
        "redirect_uri": returns_to,
        "scope": authorization.scope,
        "state": state,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **dict(authorization.parameters),
    }
    parts = urlsplit(authorization.authorize_url)
    query = "&".join(filter(None, (parts.query, urlencode({name: text for name, text in asked.items() if text}))))
    return urlunsplit(parts._replace(query=query, fragment=""))


async def exchanged(authorization: Authorization, code: Secret, returns_to: str, verifier: Secret) -> Granted:
    """Tokens for a code. Raises `NotSent`; the code is used up in any case."""
    asked = {"grant_type": "authorization_code", "redirect_uri": returns_to}
    return await _asked(authorization, asked, {"code": code, "code_verifier": verifier})


async def renewed(authorization: Authorization, refresh_token: Secret) -> Granted:
    """New tokens. Where the answer has no refresh token the one before stays good. Raises `NotSent`.

    A provider that gives each refresh token once may have used it up even where no answer came.
    """
    granted = await _asked(authorization, {"grant_type": "refresh_token"}, {"refresh_token": refresh_token})
    return granted if granted.refresh_token else msgspec.structs.replace(granted, refresh_token=refresh_token)


def refused_there(provider: str, error: str, description: str) -> NotSent:
    """What a provider's page or its answer says in the place of tokens."""
    shown = clean(description)[:_MOST_SHOWN]
    if error in ("temporarily_unavailable", "server_error"):
        return NotSent(message("sign-in.not-now", provider=provider), fault=Fault.INTEGRATION)
    if error in ("invalid_grant", "access_denied", "login_required", "consent_required", "interaction_required"):
        return NotSent(
            message("sign-in.refused", quote=shown, provider=provider), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
        )
    shown = shown or clean(error)
    return NotSent(message("sign-in.application-refused", quote=shown, provider=provider), fault=Fault.PERSON)


def has_ended(provider: str) -> NotSent:
    return NotSent(message("sign-in.ended", provider=provider), fault=Fault.PERSON, trouble=Trouble.SIGN_IN)


async def _asked(authorization: Authorization, asked: Mapping[str, str], secret: Mapping[str, Secret]) -> Granted:
    """What goes wrong is said without any of the secrets, which a provider may repeat. Raises `NotSent`."""
    secret = {**secret, "client_secret": authorization.client_secret}
    try:
        return await _tokens(authorization, asked, secret)
    except NotSent as error:
        raise Redactor(secret.values(), [authorization.client_id]).error(error) from None


async def _tokens(authorization: Authorization, asked: Mapping[str, str], secret: Mapping[str, Secret]) -> Granted:
    """The application names itself in the body, as all providers known here take it."""
    form = {**asked, "client_id": authorization.client_id, **{name: one.reveal() for name, one in secret.items()}}
    content = urlencode({name: text for name, text in form.items() if text}).encode()
    url, where = authorization.token_url, server_of(authorization.token_url)
    began = utc_now()
    try:
        async with asyncio.timeout(SECONDS_FOR_TOKENS), opened(url) as client:
            answer = await ask(client, "POST", url, where=where, begun=False, content=content, headers=_FORM)
    except TimeoutError:
        raise _too_slow(where) from None
    if not answer.good:
        _refuse(answer, where)
    try:
        quote = _token_answer.decode(answer.body)
    except _UNREADABLE:
        raise _no_tokens(where) from None
    if not all(_is_token(token) for token in (quote.access_token, quote.refresh_token or "-")):
        raise _no_tokens(where)
    good_for = _seconds(quote.expires_in)
    # 0 of an access token: renewed before each use. 0 of a refresh token: no end, as Keycloak has it.
    until = next(filter(None, map(_seconds, quote.lifetimes)), None)
    return Granted(
        access_token=Secret(quote.access_token),
        refresh_token=Secret(quote.refresh_token) if quote.refresh_token else None,
        renew_at=None if good_for is None else began + timedelta(seconds=_used_for(good_for)),
        until=None if until is None else began + timedelta(seconds=until),
        token_url=authorization.token_url,
        client_id=authorization.client_id,
    )


def _is_token(text: str) -> bool:
    """It goes into a header: letters, digits and signs, and no more of them than a header takes."""
    return 0 < len(text) <= LONGEST_TOKEN and text.isascii() and text.isprintable() and " " not in text


def _seconds(quote: float | None) -> float | None:
    """`None` where nothing was said, or nothing that can be meant."""
    return quote if quote is not None and math.isfinite(quote) and 0 <= quote <= LONGEST_LIFE else None


def _used_for(good_for: float) -> float:
    """Both in seconds. As long as may be: some providers count it as an error if a token is renewed too early."""
    return good_for - min(MARGIN, good_for / 4)


def _refuse(answer: Answer, where: str) -> NoReturn:
    try:
        quote = _error_answer.decode(answer.body)
    except _UNREADABLE:
        quote = None
    if quote is not None and 400 <= answer.status < 500 and answer.status != 429:
        raise refused_there(where, quote.error, quote.error_description)
    from banqup_tui.connectors.common.http_faults import refusal

    found: BanqupError = refusal(answer, where, begun=False)
    if isinstance(found, NotSent):
        raise found
    raise NotSent(found.message, fault=Fault.INTEGRATION)


def _too_slow(where: str) -> NotSent:
    return NotSent(message("sign-in.no-answer", server=where), fault=Fault.INTEGRATION)


def _no_tokens(where: str) -> NotSent:
    return NotSent(message("sign-in.no-tokens", server=where), fault=Fault.PERSON)
