"""A sign-in from its beginning to its tokens: what the form asks for, and what the browser brings back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from banqup_tui.backend.integrations.oauth import repository
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.backend.integrations.oauth.provider import Granted, exchanged, name_of, page, refused_there
from banqup_tui.backend.integrations.oauth.repository import SignInRow, Waiting
from banqup_tui.backend.integrations.registry import Level, titles_of
from banqup_tui.backend.integrations.settings_input import read_settings_input
from banqup_tui.backend.integrations.settings_levels import refused
from banqup_tui.backend.problems import Failure
from banqup_tui.backend.secrets_in_use import remember
from banqup_tui.backend.services import Services
from banqup_tui.connectors.interface import Authorization, Authorizes, NotSent, SettingProblem
from banqup_tui.domain.messages import Message, message, of_setting
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol.messages import SignIn, SignInRequest, SignInState
from banqup_tui.protocol.problems import ProblemType

_LETTERS = 32
"""Bytes of chance in the state and the verifier."""


async def begin(services: Services, request: SignInRequest, returns: ReturnListener) -> SignIn:
    """`returns`: where the provider sends the browser back.

    Raises `Refused` or `Failure` where a setting that it needs is missing or wrong.
    """
    authorization = await asyncio.to_thread(_authorization, services, request)
    returns_to = f"http://localhost:{await returns.port()}"
    state, verifier = secrets.token_urlsafe(_LETTERS), Secret(secrets.token_urlsafe(_LETTERS))
    waiting = Waiting(
        authorization=authorization,
        url=page(authorization, returns_to, state, verifier),
        returns_to=returns_to,
        state=state,
        verifier=verifier,
    )
    provider = name_of(authorization)
    sign_in_id = await asyncio.to_thread(_put, services, request.extension_id, provider, waiting)
    returns.expect(sign_in_id, repository.WAITING_HOURS * 3600.0)
    return SignIn(
        id=sign_in_id, state=SignInState.WAITING, provider=provider, url=waiting.url, returns_to=waiting.returns_to
    )


async def look(services: Services, sign_in_id: str) -> SignIn:
    return _status_of(await asyncio.to_thread(_found, services, sign_in_id))


async def returned_by_hand(services: Services, sign_in_id: str, address: str, returns: ReturnListener) -> SignIn:
    """The address was copied from the browser. Raises `Failure` where it is another: the sign-in goes on waiting."""
    found = await asyncio.to_thread(_found, services, sign_in_id)
    if found.waiting is None:
        return _status_of(found)
    answer = _answer_in(address)
    if "code" not in answer and "error" not in answer:
        raise _wrong_address("sign-in.not-this-address", found.waiting)
    if not secrets.compare_digest(answer.get("state", "").encode(), found.waiting.state.encode()):
        raise _wrong_address("sign-in.of-another", found.waiting)
    settled = await _settled(services, found, found.waiting, answer)
    returns.forget(sign_in_id)
    return settled


async def returned(services: Services, query: str) -> SignIn | None:
    """The browser came back by itself. `None` where nobody waits for it."""
    answer = _answer_in(f"?{query}")
    found = await asyncio.to_thread(_awaited, services, answer.get("state", ""))
    if found is None:
        return None
    return _status_of(found) if found.waiting is None else await _settled(services, found, found.waiting, answer)


def _wrong_address(code: str, waiting: Waiting) -> Failure:
    return Failure(ProblemType.BAD_REQUEST, message(code, address=waiting.returns_to), field="address")


def _authorization(services: Services, request: SignInRequest) -> Authorization:
    with services.database.read() as connection:
        entered = read_settings_input(connection, services, request, [request.field])
    connector = services.extensions.connector(request.extension_id)
    looks = services.extensions.properties(request.extension_id).get(request.field, {}).get("x-look")
    if not isinstance(connector, Authorizes) or looks != "sign-in":
        raise Failure(ProblemType.NOT_FOUND, Message("sign-in.nothing-here"), field=request.field)
    reading = services.extensions.read(request.extension_id, entered.settings, Level.FIRM)
    if reading.problems:
        raise refused(reading.problems[0])
    found = connector.authorization(reading.values)
    if isinstance(found, SettingProblem):
        titles = titles_of(found.field, services.extensions.properties(request.extension_id).get(found.field, {}))
        raise Failure(ProblemType.INVALID_SETTINGS, of_setting(found.reason, titles), field=found.field)
    return found


async def _settled(services: Services, found: SignInRow, waiting: Waiting, answer: Mapping[str, str]) -> SignIn:
    """A code is good for once: whoever comes with it first gets the tokens, the other sees what came of it."""
    settling = asyncio.create_task(_settle(services, found, waiting, answer))
    await asyncio.shield(settling)
    return await look(services, found.id)


async def _settle(services: Services, found: SignInRow, waiting: Waiting, answer: Mapping[str, str]) -> None:
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
    """`code` and `state`, or `error`: of the query of an address; a page may show them behind a `#` as well."""
    parts = urlsplit(address.strip())
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


def _put(services: Services, extension_id: str, provider: str, waiting: Waiting) -> str:
    with services.database.write(services.space_id) as transaction:
        return repository.put(transaction, services, extension_id, provider, waiting)


def _grant(services: Services, sign_in_id: str, granted: Granted) -> None:
    with services.database.write(services.space_id) as transaction:
        repository.grant(transaction, services, sign_in_id, granted)


def _refuse(services: Services, sign_in_id: str, reason: Message) -> None:
    with services.database.write(services.space_id) as transaction:
        repository.refuse(transaction, sign_in_id, reason)


def _found(services: Services, sign_in_id: str) -> SignInRow:
    with services.database.read() as connection:
        found = repository.by_id(connection, services, sign_in_id)
    if found is None:
        raise Failure(ProblemType.NOT_FOUND, Message("sign-in.gone"))
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
