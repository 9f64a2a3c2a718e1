"""The service's end: questions go out, answers come in any order."""

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


class Gone(Exception):
    """The carrier ended before it answered."""


class Line(asyncio.Protocol):
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
        """Of a question or of a channel."""
        return next(self._numbers)

    def tell(self, message: Open | Close | GiveUp) -> None:
        if not self.is_lost:
            self._transport.write(framed(message))

    async def ask(self, question: Question) -> Answer:
        """Raises what the channel raised there, or `Gone`."""
        if self.is_lost:
            raise Gone
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._asked[question.number] = waiting
        self._transport.write(framed(question))
        try:
            answer = await waiting
        except asyncio.CancelledError:
            self._asked.pop(question.number, None)
            self.tell(GiveUp(question.number))
            raise
        if answer.failure is not None:
            raise answer.failure.error()
        return answer

    async def close(self) -> None:
        self._transport.close()
        await self._lost.wait()

    # as asyncio calls it

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
                waiting.set_exception(Gone())
