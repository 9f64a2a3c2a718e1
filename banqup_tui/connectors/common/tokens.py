"""Access tokens of sign-ins, asked of whoever runs the connector: the service keeps them, and renews them in time."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from banqup_tui.connectors.interface import Authorization


class Tokens(Protocol):
    async def access_token(self, sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
        """Used at once. `refused`: one that the receiver did not take, so it is another, fetched now if need be.

        Raises `NotSent`: its fault is PERSON where somebody has to sign in again.
        """
        ...


TOKENS: ContextVar[Tokens] = ContextVar("tokens")
"""Set by whoever opens a channel or tries a connection, for the connector that is called there."""


async def access_token(sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
    return await TOKENS.get().access_token(sign_in, authorization, refused)
