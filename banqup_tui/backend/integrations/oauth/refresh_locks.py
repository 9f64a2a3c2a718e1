"""Locks that allow one renewal at a time for each sign-in in the service."""

import asyncio
from collections import defaultdict


class Renewing:
    """Locks by sign-in. They belong to one event loop."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def of(self, sign_in: str) -> asyncio.Lock:
        return self._locks[sign_in]
