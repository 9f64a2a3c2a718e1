"""Deadlines that pass when a test says so, in place of those of `asyncio.timeout`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

import pytest


class Deadlines:
    """The deadlines that modules set while the test runs. None of them passes by itself."""

    def __init__(self, patch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
        """Each of `modules` has imported `timeout` from asyncio by that name."""
        self._set: list[tuple[float | None, asyncio.Timeout]] = []
        for module in modules:
            patch.setattr(module, "timeout", self._timeout)

    def is_set(self, seconds: float) -> bool:
        return any(after == seconds for after, _ in self._set)

    def pass_(self, seconds: float) -> None:
        """Every deadline of this length is over now."""
        for after, deadline in self._set:
            if after == seconds:
                deadline.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def _timeout(self, delay: float | None) -> AsyncIterator[None]:
        async with asyncio.timeout(None) as deadline:
            entry = (delay, deadline)
            self._set.append(entry)
            try:
                yield
            finally:
                self._set.remove(entry)
