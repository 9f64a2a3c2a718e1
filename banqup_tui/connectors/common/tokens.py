"""Access tokens for connectors. The service stores the tokens and renews them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from banqup_tui.connectors.interface import Authorization


class Tokens(Protocol):
    """Interface of the store of access tokens."""

    async def access_token(self, sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
        """Returns an access token for immediate use.

        Args:
            refused: an access token that the receiver did not accept; another is returned, fetched if necessary.

        Raises:
            NotSent: no token; the fault is PERSON where somebody has to sign in again.
        """
        ...


TOKENS: ContextVar[Tokens] = ContextVar("tokens")
"""Set by the caller that opens a channel or runs a test, for the connector called there."""


async def access_token(sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
    return await TOKENS.get().access_token(sign_in, authorization, refused)
