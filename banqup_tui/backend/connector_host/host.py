"""The host's ends of its two sockets: opens channels and answers the service's questions."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from pkgutil import resolve_name
from typing import cast

from banqup_tui.backend.connector_host.definition import LocalDefinition, in_one_line, with_secrets
from banqup_tui.backend.connector_host.messages import (
    Acknowledged,
    Answer,
    AuthorizationAnswer,
    AuthorizationOf,
    CancelQuestion,
    Close,
    Commit,
    DefinitionAnswer,
    DefinitionQuestion,
    Describe,
    Description,
    DestinationOf,
    Discard,
    Frames,
    HostMessage,
    LogLine,
    LookUp,
    Open,
    PlaceOf,
    Prepare,
    Question,
    ReadSettings,
    Ready,
    RollForward,
    SignedInUntil,
    Test,
    Token,
    TokenWanted,
    decode_definition_answer,
    decode_definition_question,
    decode_host_message,
    decode_service_message,
    failure_of,
    framed,
)
from banqup_tui.backend.connector_host.pool import PooledConnection
from banqup_tui.backend.redaction import RedactingFormatter
from banqup_tui.connectors.common.tokens import TOKENS
from banqup_tui.connectors.interface import Authorization, Channel, SettingProblem

_LENGTH = 4
"""Bytes of the length before a message (`backend.frames`)."""


class Connectors:
    """The connectors of this host by their class, imported when they are first asked for. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[str, LocalDefinition] = {}

    def get(self, connector: str, extension_id: str = "", package: str = "") -> LocalDefinition:
        """Returns a connector; raises whatever the import of its module raises."""
        with self._lock:
            if connector not in self._loaded:
                made = resolve_name(connector)()
                self._loaded[connector] = LocalDefinition(made, extension_id or made.manifest.id, package)
            return self._loaded[connector]


class HostServer(asyncio.Protocol):
    """Serves the questions about channels and tests."""

    def __init__(self, connectors: Connectors) -> None:
        self._connectors = connectors
        self._pooled: dict[int, PooledConnection] = {}
        self._channels: dict[int, Channel] = {}
        self._contexts: dict[int, Context] = {}
        self._asked: dict[int, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._wanted: dict[int, asyncio.Future[Token]] = {}
        self._numbers = itertools.count(1)
        self._frames = Frames()
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        logging.getLogger().addHandler(_LogToService(self._send_from_any_thread))

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.of(data):
            self._take(decode_host_message.decode(frame))

    def connection_lost(self, error: Exception | None) -> None:
        end_at_once()

    async def token(self, channel: int, sign_in: str, authorization: Authorization, refused: str | None) -> str:
        """Asks the service for an access token."""
        number = next(self._numbers)
        waiting = self._wanted[number] = self._loop.create_future()
        self._transport.write(framed(TokenWanted(number, channel, sign_in, authorization, refused)))
        try:
            token = await waiting
        finally:
            del self._wanted[number]
        if token.failure is not None:
            raise token.failure.error()
        return str(token.text)

    def _take(self, message: HostMessage) -> None:
        match message:
            case Open():
                context = self._contexts[message.channel] = self._context(message.channel)
                self._pooled[message.channel] = context.run(PooledConnection, self._opened(message))
            case Close():
                self._close(message.channel)
            case CancelQuestion():
                if (task := self._asked.get(message.number)) is not None:
                    task.cancel()
                self._transport.write(framed(Acknowledged(message.number)))
            case Token():
                if (waiting := self._wanted.get(message.number)) is not None and not waiting.done():
                    waiting.set_result(message)
            case Test():
                self._begin(message, self._context(message.channel))
            case _:
                self._begin(message, self._contexts.get(message.channel))

    def _begin(self, question: Question, context: Context | None) -> None:
        self._asked[question.number] = self._loop.create_task(self._answer(question), context=context)

    def _context(self, channel: int) -> Context:
        """Returns a context in which connectors get the tokens of this channel."""
        context = copy_context()
        context.run(TOKENS.set, _ServiceTokens(self, channel))
        return context

    @asynccontextmanager
    async def _opened(self, message: Open) -> AsyncIterator[Channel]:
        definition = self._connectors.get(message.connector)
        async with definition.connector.connect(definition.typed(message.settings)) as channel:
            yield channel

    def _close(self, number: int) -> None:
        self._channels.pop(number, None)
        self._contexts.pop(number, None)
        task = asyncio.create_task(self._pooled.pop(number).close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _answer(self, question: Question) -> None:
        try:
            answer = framed(await self._result_of(question))
            # A connector that returns a value of a wrong type must fail this one question. The service cannot read on
            # after a message that it cannot decode.
            decode_service_message.decode(answer[_LENGTH:])
        except asyncio.CancelledError:
            return
        except Exception as error:
            answer = framed(Answer(question.number, failure=failure_of(error)))
        finally:
            del self._asked[question.number]
        self._transport.write(answer)

    async def _result_of(self, question: Question) -> Answer:
        number = question.number
        match question:
            case Ready():
                self._channels[question.channel] = await self._pooled[question.channel].channel()
                return Answer(number)
            case Test():
                definition = self._connectors.get(question.connector)
                steps = await definition.connector.test(definition.typed(question.settings), question.sample)
                return Answer(number, steps=tuple(steps))
        channel = self._channels[question.channel]
        match question:
            case Prepare():
                return Answer(number, text=await channel.prepare(question.delivery_request))
            case Commit():
                return Answer(number, receipt=await channel.commit(question.delivery_request, question.resume_token))
            case RollForward():
                return Answer(
                    number, receipt=await channel.roll_forward(question.delivery_request, question.resume_token)
                )
            case LookUp():
                found, receipt = await channel.look_up(question.delivery_request, question.earlier_receipts)
                return Answer(number, found=found, receipt=receipt)
            case Discard():
                await channel.discard(question.resume_token)
                return Answer(number)

    def _send_from_any_thread(self, line: LogLine) -> None:
        self._loop.call_soon_threadsafe(self._transport.write, framed(line))


class _ServiceTokens:
    """Access tokens for one channel, which the service has."""

    def __init__(self, server: HostServer, channel: int) -> None:
        self._server = server
        self._channel = channel

    async def access_token(self, sign_in: str, authorization: Authorization, refused: str | None = None) -> str:
        return await self._server.token(self._channel, sign_in, authorization, refused)


class _LogToService(logging.Handler):
    """Sends lines to the log of the service, without the secrets that this process knows."""

    def __init__(self, send: Callable[[LogLine], None]) -> None:
        super().__init__(logging.WARNING)
        self._send = send
        self.setFormatter(RedactingFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send(LogLine(record.levelno, record.name, self.format(record)))
        except Exception:
            self.handleError(record)


def answer_definition_questions(end: socket.socket, connectors: Connectors) -> None:
    """Answers the questions about definitions one after the other, and ends the process when the service has ended.

    It runs in a thread of its own, so that a connector that blocks the event loop does not block the settings.
    """
    frames = Frames()
    while data := end.recv(1 << 16):
        for body in frames.of(data):
            end.sendall(_definition_answer(decode_definition_question.decode(body), connectors))
    end_at_once()


def end_at_once() -> None:
    """Ends the process without clean-up.

    The service is dead, and the next one takes over what was CLAIMED as not sent. A commit that began here after that
    would deliver a second copy.
    """
    os._exit(0)


def _definition_answer(question: DefinitionQuestion, connectors: Connectors) -> bytes:
    try:
        answer = framed(DefinitionAnswer(_value_of(question, connectors)))
        decode_definition_answer.decode(answer[_LENGTH:])
        return answer
    # A package may raise anything, also SystemExit at its import.
    except (Exception, SystemExit) as error:
        return framed(DefinitionAnswer(failure=failure_of(error)))


def _value_of(question: DefinitionQuestion, connectors: Connectors) -> object:
    match question:
        case Describe():
            return _description(question, connectors)
        case ReadSettings():
            return connectors.get(question.connector).read(question.settings, question.level)
        case DestinationOf():
            return connectors.get(question.connector).destination(question.settings)
        case PlaceOf():
            return connectors.get(question.connector).where(question.settings, question.delivery_request)
        case SignedInUntil():
            return connectors.get(question.connector).signed_in_until(question.settings)
        case AuthorizationOf():
            definition = connectors.get(question.connector)
            found = definition.authorization(with_secrets(definition.extension, question.entered))
            if isinstance(found, SettingProblem):
                return AuthorizationAnswer(field=found.field, reason=found.reason)
            return AuthorizationAnswer(found)


def _description(question: Describe, connectors: Connectors) -> Description:
    try:
        definition = connectors.get(question.connector, question.extension_id, question.package)
    except (Exception, SystemExit) as error:
        return Description(problem=in_one_line(error))
    return Description(definition.extension, definition.manifest)
