"""Requests to a provider: authorization code (RFC 6749) with PKCE (RFC 7636) for native applications (RFC 8252)."""

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
from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask, opened
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import Authorization, Fault, NotSent
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.text import clean
from banqup_tui.domain.values import Value

MARGIN = 30.0
"""Seconds before its end at which an access token is no longer used."""

LONGEST_TOKEN = 16 << 10
LONGEST_LIFE = 100 * 365 * 86_400.0
SECONDS_FOR_TOKENS = 90.0

_MOST_SHOWN = 200
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class TokenGrant(Value, frozen=True, kw_only=True):
    """Tokens of a provider.

    Attributes:
        renew_at: time after which the access token is no longer used; `None` if the provider gives no end.
        until: end of the sign-in itself, if known.
        token_url, client_id: provider and application of the tokens; a refresh token is sent nowhere else.
    """

    access_token: Secret
    refresh_token: Secret | None = None
    renew_at: datetime | None = None
    until: datetime | None = None
    token_url: str = ""
    client_id: str = ""

    def is_of(self, authorization: Authorization) -> bool:
        """Tells whether the tokens belong to the provider and application in the settings.

        Those of 0.4.0 lack the data until their first renewal.
        """
        issued_by = (self.token_url, self.client_id)
        return issued_by == ("", "") or issued_by == (authorization.token_url, authorization.client_id)


class _TokenAnswer(msgspec.Struct, frozen=True):
    """Answer of the token endpoint (RFC 6749 section 5.1); times in seconds.

    No standard names the lifetime of a refresh token, so providers differ.
    """

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
    """Returns the provider's name for messages."""
    return server_of(authorization.authorize_url)


def page(authorization: Authorization, returns_to: str, state: str, verifier: Secret) -> str:
    """Returns the address to open in a browser (RFC 6749 section 4.1.1)."""
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


async def exchanged(authorization: Authorization, code: Secret, returns_to: str, verifier: Secret) -> TokenGrant:
    """Exchanges a code for tokens. Raises `NotSent`; the code is spent in any case."""
    asked = {"grant_type": "authorization_code", "redirect_uri": returns_to}
    return await _request_tokens(authorization, asked, {"code": code, "code_verifier": verifier})


async def renewed(authorization: Authorization, refresh_token: Secret) -> TokenGrant:
    """Renews the tokens. An answer without a refresh token leaves the old one valid. Raises `NotSent`.

    A provider that accepts a refresh token once may have spent it even if no answer came.
    """
    granted = await _request_tokens(authorization, {"grant_type": "refresh_token"}, {"refresh_token": refresh_token})
    return granted if granted.refresh_token else msgspec.structs.replace(granted, refresh_token=refresh_token)


def refused_there(provider: str, error: str, description: str) -> NotSent:
    """Returns the error for an error code of RFC 6749, from the provider's page or its answer."""
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


async def _request_tokens(
    authorization: Authorization, asked: Mapping[str, str], secret: Mapping[str, Secret]
) -> TokenGrant:
    """Requests tokens. Secrets that a provider repeats in an error are removed. Raises `NotSent`."""
    secret = {**secret, "client_secret": authorization.client_secret}
    try:
        return await _tokens(authorization, asked, secret)
    except NotSent as error:
        raise Redactor(secret.values(), [authorization.client_id]).error(error) from None


async def _tokens(authorization: Authorization, asked: Mapping[str, str], secret: Mapping[str, Secret]) -> TokenGrant:
    """Sends the request. The client id is in the body, which all known providers accept (RFC 6749 section 2.3.1)."""
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
        tokens = _token_answer.decode(answer.body)
    except _UNREADABLE:
        raise _no_tokens(where) from None
    if not all(_is_token(token) for token in (tokens.access_token, tokens.refresh_token or "-")):
        raise _no_tokens(where)
    good_for = _seconds(tokens.expires_in)
    # A lifetime of 0: an access token is renewed before each use; a refresh token has no end, as in Keycloak.
    until = next(filter(None, map(_seconds, tokens.lifetimes)), None)
    return TokenGrant(
        access_token=Secret(tokens.access_token),
        refresh_token=Secret(tokens.refresh_token) if tokens.refresh_token else None,
        renew_at=None if good_for is None else began + timedelta(seconds=_usable_seconds(good_for)),
        until=None if until is None else began + timedelta(seconds=until),
        token_url=authorization.token_url,
        client_id=authorization.client_id,
    )


def _is_token(text: str) -> bool:
    """Tells whether the token can be sent in a header: printable ASCII of a limited length."""
    return 0 < len(text) <= LONGEST_TOKEN and text.isascii() and text.isprintable() and " " not in text


def _seconds(lifetime: float | None) -> float | None:
    """Returns the seconds, or `None` if absent or impossible."""
    return lifetime if lifetime is not None and math.isfinite(lifetime) and 0 <= lifetime <= LONGEST_LIFE else None


def _usable_seconds(good_for: float) -> float:
    """Returns the seconds of use, as many as possible: some providers treat early renewals as an error."""
    return good_for - min(MARGIN, good_for / 4)


def _refuse(answer: HttpAnswer, where: str) -> NoReturn:
    try:
        found_error = _error_answer.decode(answer.body)
    except _UNREADABLE:
        found_error = None
    if found_error is not None and 400 <= answer.status < 500 and answer.status != 429:
        raise refused_there(where, found_error.error, found_error.error_description)
    from banqup_tui.connectors.common.http_faults import refusal

    found: BanqupError = refusal(answer, where, begun=False)
    if isinstance(found, NotSent):
        raise found
    raise NotSent(found.message, fault=Fault.INTEGRATION)


def _too_slow(where: str) -> NotSent:
    return NotSent(message("sign-in.no-answer", server=where), fault=Fault.INTEGRATION)


def _no_tokens(where: str) -> NotSent:
    return NotSent(message("sign-in.no-tokens", server=where), fault=Fault.PERSON)
