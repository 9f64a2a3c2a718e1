"""The course of a sign-in: its beginning in a form, and the return of the browser with a code."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from banqup_tui.backend.connector_host.definition import Level, titles_of
from banqup_tui.backend.integrations.oauth import repository
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.backend.integrations.oauth.provider import TokenGrant, exchanged, name_of, page, refused_there
from banqup_tui.backend.integrations.oauth.repository import OpenSignIn, SignInRow
from banqup_tui.backend.integrations.settings_input import read_settings_input
from banqup_tui.backend.integrations.settings_levels import refused
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.secrets_in_use import remember
from banqup_tui.backend.services import Services
from banqup_tui.connectors.interface import Authorization, NotSent, SettingProblem
from banqup_tui.domain.messages import Message, message, of_setting
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol.messages import SignIn, SignInRequest, SignInState
from banqup_tui.protocol.problems import ProblemType

_RANDOM_BYTES = 32
"""Random bytes in the state and in the PKCE verifier."""


async def begin(services: Services, request: SignInRequest, returns: ReturnListener) -> SignIn:
    """Begins a sign-in and returns the address of the provider's page.

    Raises:
        CommandRefused, RequestFailure: a setting that it needs is missing or wrong.
    """
    authorization = await asyncio.to_thread(_authorization, services, request)
    return await begin_with(services, request.extension_id, authorization, returns)


async def begin_with(services: Services, owner: str, authorization: Authorization, returns: ReturnListener) -> SignIn:
    """Begins a sign-in by a registration. `owner` is the extension that it is for, or the mailbox."""
    returns_to = f"http://localhost:{await returns.port()}"
    state, verifier = secrets.token_urlsafe(_RANDOM_BYTES), Secret(secrets.token_urlsafe(_RANDOM_BYTES))
    waiting = OpenSignIn(
        authorization=authorization,
        url=page(authorization, returns_to, state, verifier),
        returns_to=returns_to,
        state=state,
        verifier=verifier,
    )
    provider = name_of(authorization)
    sign_in_id = await asyncio.to_thread(_put, services, owner, provider, waiting)
    returns.expect(sign_in_id, repository.WAITING_HOURS * 3600.0)
    return SignIn(
        id=sign_in_id, state=SignInState.WAITING, provider=provider, url=waiting.url, returns_to=waiting.returns_to
    )


async def look(services: Services, sign_in_id: str) -> SignIn:
    return _status_of(await asyncio.to_thread(_found, services, sign_in_id))


async def returned_by_hand(services: Services, sign_in_id: str, address: str, returns: ReturnListener) -> SignIn:
    """Finishes a sign-in with an address pasted from the browser.

    Raises `RequestFailure` for a wrong address; the sign-in then stays open.
    """
    found = await asyncio.to_thread(_found, services, sign_in_id)
    if found.waiting is None:
        return _status_of(found)
    answer = _answer_in(address)
    if "code" not in answer and "error" not in answer:
        raise _wrong_address("sign-in.not-this-address", found.waiting)
    # The state ties the answer to this sign-in (RFC 6749 section 10.12); without it a stranger's code could be pasted
    # in.
    if not secrets.compare_digest(answer.get("state", "").encode(), found.waiting.state.encode()):
        raise _wrong_address("sign-in.of-another", found.waiting)
    settled = await _settled(services, found, found.waiting, answer)
    returns.forget(sign_in_id)
    return settled


async def returned(services: Services, query: str) -> SignIn | None:
    """Finishes a sign-in to which the browser came back. Returns `None` if there is none."""
    answer = _answer_in(f"?{query}")
    found = await asyncio.to_thread(_awaited, services, answer.get("state", ""))
    if found is None:
        return None
    return _status_of(found) if found.waiting is None else await _settled(services, found, found.waiting, answer)


def _wrong_address(code: str, waiting: OpenSignIn) -> RequestFailure:
    return RequestFailure(ProblemType.BAD_REQUEST, message(code, address=waiting.returns_to), field="address")


def _authorization(services: Services, request: SignInRequest) -> Authorization:
    with services.database.read() as connection:
        entered = read_settings_input(connection, services, request, [request.field])
    connector = services.extensions.connector(request.extension_id)
    looks = services.extensions.properties(request.extension_id).get(request.field, {}).get("x-look")
    if connector is None or looks != "sign-in":
        raise RequestFailure(ProblemType.NOT_FOUND, Message("sign-in.nothing-here"), field=request.field)
    reading = services.extensions.read(request.extension_id, entered.settings, Level.FIRM)
    if reading.problems:
        raise refused(reading.problems[0])
    found = connector.definition.authorization(reading.values)
    if found is None:
        raise RequestFailure(ProblemType.NOT_FOUND, Message("sign-in.nothing-here"), field=request.field)
    if isinstance(found, SettingProblem):
        titles = titles_of(found.field, services.extensions.properties(request.extension_id).get(found.field, {}))
        raise RequestFailure(ProblemType.INVALID_SETTINGS, of_setting(found.reason, titles), field=found.field)
    return found


async def _settled(services: Services, found: SignInRow, waiting: OpenSignIn, answer: Mapping[str, str]) -> SignIn:
    """Exchanges the code.

    It is valid once: of two callers the first gets the tokens, the second reads the result. Shielded, so that a closed
    browser does not lose tokens.
    """
    settling = asyncio.create_task(_settle(services, found, waiting, answer))
    await asyncio.shield(settling)
    return await look(services, found.id)


async def _settle(services: Services, found: SignInRow, waiting: OpenSignIn, answer: Mapping[str, str]) -> None:
    async with services.renewing.of(found.id):
        now = await asyncio.to_thread(_found, services, found.id)
        if now.waiting is None:
            return
        try:
            if "code" not in answer:
                raise refused_there(found.provider, answer.get("error", ""), answer.get("error_description", ""))
            code = Secret(answer["code"])
            granted = await exchanged(waiting.authorization, code, waiting.returns_to, waiting.verifier)
        except NotSent as error:
            await asyncio.to_thread(_refuse, services, found.id, error.message)
            return
        remember(found.id, granted.access_token, granted.refresh_token)
        await asyncio.to_thread(_grant, services, found.id, granted)


def _answer_in(address: str) -> dict[str, str]:
    """Returns the parameters of the query, or of the fragment, where some pages show them."""
    parts = urlsplit(address.strip())
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


def _put(services: Services, extension_id: str, provider: str, waiting: OpenSignIn) -> str:
    with services.database.write(services.space_id) as transaction:
        return repository.put(transaction, services, extension_id, provider, waiting)


def _grant(services: Services, sign_in_id: str, granted: TokenGrant) -> None:
    with services.database.write(services.space_id) as transaction:
        repository.grant(transaction, services, sign_in_id, granted)


def _refuse(services: Services, sign_in_id: str, reason: Message) -> None:
    with services.database.write(services.space_id) as transaction:
        repository.refuse(transaction, sign_in_id, reason)


def _found(services: Services, sign_in_id: str) -> SignInRow:
    with services.database.read() as connection:
        found = repository.by_id(connection, services, sign_in_id)
    if found is None:
        raise RequestFailure(ProblemType.NOT_FOUND, Message("sign-in.gone"))
    return found


def _awaited(services: Services, state: str) -> SignInRow | None:
    with services.database.read() as connection:
        return repository.by_state(connection, services, state)


def _status_of(found: SignInRow) -> SignIn:
    return SignIn(
        id=found.id,
        state=found.state,
        provider=found.provider,
        url=found.waiting.url if found.waiting else "",
        returns_to=found.waiting.returns_to if found.waiting else "",
        until=found.until,
        reason=found.reason,
    )
