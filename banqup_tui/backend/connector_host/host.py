"""The host's end of the connection: opens channels and answers the service's questions concurrently."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from pkgutil import resolve_name
from typing import Any, cast

import msgspec

from banqup_tui.backend.connector_host.messages import (
    Answer,
    Close,
    Commit,
    Discard,
    Frames,
    GiveUp,
    HostMessage,
    LookUp,
    Open,
    Prepare,
    Question,
    Ready,
    RollForward,
    decode_host_message,
    failure_of,
    framed,
)
from banqup_tui.backend.connector_host.pool import PooledConnection
from banqup_tui.connectors.interface import Channel, Connector
from banqup_tui.domain.secret import from_text


class HostServer(asyncio.Protocol):
    """Serves one connection from the service."""

    def __init__(self) -> None:
        self._pooled: dict[int, PooledConnection] = {}
        self._channels: dict[int, Channel] = {}
        self._asked: dict[int, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._frames = Frames()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.of(data):
            self._take(decode_host_message.decode(frame))

    def connection_lost(self, error: Exception | None) -> None:
        """Ends the process at once, without clean-up.

        The service is dead, and the next one takes over what was CLAIMED as not sent. A commit that began here after
        that would deliver a second copy.
        """
        os._exit(0)

    def _take(self, message: HostMessage) -> None:
        match message:
            case Open():
                connector = _connector(message.connector)
                settings = msgspec.json.decode(message.settings, type=connector.settings, dec_hook=from_text)
                self._pooled[message.channel] = PooledConnection(connector.connect(settings))
            case Close():
                self._close(message.channel)
            case GiveUp():
                if (task := self._asked.get(message.number)) is not None:
                    task.cancel()
            case _:
                self._asked[message.number] = asyncio.create_task(self._answer(message))

    def _close(self, number: int) -> None:
        self._channels.pop(number, None)
        task = asyncio.create_task(self._pooled.pop(number).close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _answer(self, question: Question) -> None:
        try:
            answer = await self._result_of(question)
        except asyncio.CancelledError:
            return
        except Exception as error:
            answer = Answer(question.number, failure=failure_of(error))
        finally:
            del self._asked[question.number]
        self._transport.write(framed(answer))

    async def _result_of(self, question: Question) -> Answer:
        number = question.number
        if isinstance(question, Ready):
            self._channels[question.channel] = await self._pooled[question.channel].channel()
            return Answer(number)
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


@cache
def _connector(name: str) -> Connector[Any]:
    return cast(Connector[Any], resolve_name(name)())
