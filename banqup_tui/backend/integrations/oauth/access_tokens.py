"""Access tokens for connectors, renewed in time. A renewed token is stored before it is used.

Many providers accept a refresh token only once. So a sign-in has one renewal at a time, and its result is committed
before use: after a crash at any later point the next attempt reads the newest token.
"""

from __future__ import annotations

import asyncio

from banqup_tui.backend.db.tables import utc_now
from banqup_tui.backend.integrations.oauth import repository
from banqup_tui.backend.integrations.oauth.provider import TokenGrant, has_ended, name_of, renewed
from banqup_tui.backend.integrations.oauth.repository import SignInRow
from banqup_tui.backend.secrets_in_use import remember
from banqup_tui.backend.services import Services
from banqup_tui.connectors.common.tokens import TOKENS
from banqup_tui.connectors.interface import Authorization, Fault, NotSent
from banqup_tui.domain.messages import Message
from banqup_tui.domain.secret import Secret
from banqup_tui.kill_points import kill_point


class StoredTokens:
    """Access tokens from the database. Belongs to one event loop, to which calls from other loops are passed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._loop = asyncio.get_running_loop()

    async def access_token(self, sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
        asked = self._valid_token(sign_in, authorization, refused)
        if asyncio.get_running_loop() is self._loop:
            return await asked
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked, self._loop))

    async def _valid_token(self, sign_in: str, authorization: Authorization, refused: str | None) -> str:
        async with self._services.renewing.of(sign_in):
            found = await asyncio.to_thread(self._read, sign_in)
            granted = found.granted if found is not None else None
            if found is None or granted is None or not granted.is_of(authorization):
                raise has_ended(name_of(authorization))
            remember(sign_in, granted.access_token, granted.refresh_token)
            if granted.access_token.reveal() != refused if refused is not None else _is_fresh(granted):
                return granted.access_token.reveal()
            if granted.refresh_token is None:
                raise has_ended(name_of(authorization))
            # Shielded from cancellation: the provider has spent the old refresh token, so the new one must be stored.
            renewing = asyncio.create_task(self._renew(found, granted.refresh_token, authorization))
            try:
                return await asyncio.shield(renewing)
            except asyncio.CancelledError:
                await asyncio.wait([renewing])
                raise

    async def _renew(self, found: SignInRow, refresh_token: Secret, authorization: Authorization) -> str:
        granted = await renewed(authorization, refresh_token)
        remember(found.id, granted.access_token, granted.refresh_token)
        if not await asyncio.to_thread(self._store, found, granted):
            raise NotSent(Message("sign-in.renewed-elsewhere"), fault=Fault.INTEGRATION)
        # Kill point: the token is stored and not used.
        kill_point("token.stored")
        return granted.access_token.reveal()

    def _read(self, sign_in: str) -> SignInRow | None:
        with self._services.database.read() as connection:
            return repository.by_id(connection, self._services, sign_in)

    def _store(self, found: SignInRow, granted: TokenGrant) -> bool:
        with self._services.database.write(self._services.space_id) as transaction:
            return repository.renew(transaction, self._services, found.id, found.version, granted)


def _is_fresh(granted: TokenGrant) -> bool:
    return granted.renew_at is None or utc_now() < granted.renew_at


def provide(services: Services) -> None:
    """Makes tokens available to the connectors in this task and the tasks that it starts."""
    TOKENS.set(StoredTokens(services))
