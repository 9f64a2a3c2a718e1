"""The service's end of the connection to a connector host: sends questions and matches answers, in any order."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import cast

from banqup_tui.backend.connector_host.messages import (
    Answer,
    CancelQuestion,
    Close,
    Frames,
    LogLine,
    Open,
    Question,
    Token,
    TokenWanted,
    decode_service_message,
    failure_of,
    framed,
)

_log = logging.getLogger(__name__)

SILENCE_SECONDS = 30.0
"""Time in which a host says something after a question was given up. One whose connector blocks it does not."""

GiveToken = Callable[[TokenWanted], Awaitable[str]]
"""Returns an access token for a channel or a test, or raises what kept it."""


class HostEnded(Exception):
    """The connector host ended before it answered.

    `alone` is True if the host had one question only, so that nothing else in it can have ended it.
    """

    def __init__(self, *, alone: bool = False) -> None:
        super().__init__()
        self.alone = alone


class HostConnection(asyncio.Protocol):
    """A connection to a connector host. It is used on the event loop that made it."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._give_token: dict[int, GiveToken] = {}
        self._giving: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._loop = asyncio.get_running_loop()
        self._lost = asyncio.Event()
        self._heard = 0

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    @property
    def is_of_this_loop(self) -> bool:
        return self._loop is asyncio.get_running_loop()

    def number(self) -> int:
        """Returns a new number for a question or a channel."""
        return next(self._numbers)

    def channel(self, give_token: GiveToken) -> int:
        """Returns a new number for a channel or a test, which may ask for tokens until `forget` is called."""
        number = self.number()
        self._give_token[number] = give_token
        return number

    def forget(self, channel: int) -> None:
        """Gives this channel no more tokens."""
        self._give_token.pop(channel, None)

    def send(self, message: Open | Close | CancelQuestion | Token) -> None:
        """Sends a message that has no answer. It is dropped if the host has ended."""
        if not self.is_lost:
            self._transport.write(framed(message))

    async def ask(self, question: Question) -> Answer:
        """Sends a question and returns its answer.

        A cancelled caller also cancels the work in the host.

        Raises:
            HostEnded: If the host ended before it answered.
            Exception: The exception that the connector raised in the host.
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
            self.send(CancelQuestion(question.number))
            self._loop.call_later(SILENCE_SECONDS, self._end_if_silent_since, self._heard)
            raise
        if answer.failure is not None:
            raise answer.failure.error()
        return answer

    def _end_if_silent_since(self, heard: int) -> None:
        """Gives a host up that has said nothing: it would let every later attempt run into its deadline."""
        if self._heard == heard and not self.is_lost:
            _log.error("a connector host says nothing any more and is ended: a connector blocks it")
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard += 1
        for frame in self._frames.of(data):
            match decode_service_message.decode(frame):
                case Answer() as answer:
                    waiting = self._asked.pop(answer.number, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(answer)
                case TokenWanted() as wanted:
                    task = asyncio.create_task(self._answer(wanted))
                    self._giving.add(task)
                    task.add_done_callback(self._giving.discard)
                case LogLine() as line:
                    logging.getLogger(line.logger).log(line.level, "%s", line.text)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost.set()
        asked, self._asked = self._asked, {}
        # Several deliveries may share a channel, so channels are not counted.
        alone = len(asked) == 1
        for waiting in asked.values():
            if not waiting.done():
                waiting.set_exception(HostEnded(alone=alone))

    async def _answer(self, wanted: TokenWanted) -> None:
        try:
            give = self._give_token.get(wanted.channel)
            if give is None:
                raise LookupError(f"channel {wanted.channel} is not open")
            self.send(Token(wanted.number, await give(wanted)))
        except Exception as error:
            self.send(Token(wanted.number, failure=failure_of(error)))
