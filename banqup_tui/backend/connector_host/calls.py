"""The service's end of the connection to the connector host: sends questions and matches answers, in any order."""

from __future__ import annotations

import asyncio
import itertools
from typing import cast

from banqup_tui.backend.connector_host.messages import (
    Answer,
    Close,
    Frames,
    GiveUp,
    Open,
    Question,
    framed,
    to_service,
)


class HostEnded(Exception):
    """The connector host ended before it answered."""


class HostConnection(asyncio.Protocol):
    """A connection to the connector host. It is used on the event loop that made it."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._numbers = itertools.count(1)
        self._loop = asyncio.get_running_loop()
        self._lost = asyncio.Event()

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    def number(self) -> int:
        """Returns a new number for a question or a channel."""
        return next(self._numbers)

    def send(self, message: Open | Close | GiveUp) -> None:
        """Sends a message that has no answer. It is dropped if the host has ended."""
        if not self.is_lost:
            self._transport.write(framed(message))

    async def ask(self, question: Question) -> Answer:
        """Sends a question and returns its answer.

        A cancelled caller also cancels the work in the host.

        Raises:
            HostEnded: If the host ended before it answered.
            Exception: The exception that the channel raised in the host.
        """
        if self.is_lost:
            raise HostEnded
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._asked[question.number] = waiting
        self._transport.write(framed(question))
        try:
            answer = await waiting
        except asyncio.CancelledError:
            self._asked.pop(question.number, None)
            self.send(GiveUp(question.number))
            raise
        if answer.failure is not None:
            raise answer.failure.error()
        return answer

    async def close(self) -> None:
        """Closes the connection, which ends the host, and waits until it is lost."""
        self._transport.close()
        await self._lost.wait()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.of(data):
            answer = to_service.decode(frame)
            waiting = self._asked.pop(answer.number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost.set()
        asked, self._asked = self._asked, {}
        for waiting in asked.values():
            if not waiting.done():
                waiting.set_exception(HostEnded())
