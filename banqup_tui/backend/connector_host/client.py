"""The process, started when it is first needed, and channels that stand for those that are open there."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import msgspec

from banqup_tui.backend.connector_host.calls import Gone, Line
from banqup_tui.backend.connector_host.messages import (
    Close,
    Commit,
    Discard,
    LookUp,
    Open,
    Prepare,
    Ready,
    RollForward,
)
from banqup_tui.connectors.interface import (
    Channel,
    Connector,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Uncertain,
)
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import revealed
from banqup_tui.python_process import clean_environment, python_command

T = TypeVar("T")

IDLE_SECONDS = 60.0
"""For so long it is kept when no channel is open."""

_END_SECONDS = 5.0
_ENDED = Message("delivery.carrier-ended")


class ConnectorHost:
    """One process for all connectors that want to be carried. Of the event loop that first uses it."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._starting: asyncio.Task[Line] | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._open = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def connect(self, connector: Connector[Any], settings: Any) -> AbstractAsyncContextManager[Channel]:
        """As the connector's own `connect`."""
        return self._connected(connector, settings)

    async def close(self) -> None:
        """Ends the process, and waits for it."""
        self._stay()
        self._end()
        await asyncio.gather(*self._ending, return_exceptions=True)

    @asynccontextmanager
    async def _connected(self, connector: Connector[Any], settings: Any) -> AsyncIterator[Channel]:
        self._stay()
        self._open += 1
        try:
            line = await self._line()
            number = line.number()
            kind = type(connector)
            line.tell(
                Open(number, f"{kind.__module__}:{kind.__qualname__}", msgspec.json.encode(settings, enc_hook=revealed))
            )
            try:
                await _certainly_nothing(line.ask(Ready(line.number(), number)))
                yield _FarChannel(line, number)
            finally:
                line.tell(Close(number))
        finally:
            self._open -= 1
            if not self._open and self._starting is not None:
                self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _line(self) -> Line:
        if self._starting is None or (self._starting.done() and _is_useless(self._starting)):
            self._end()
            self._starting = asyncio.create_task(self._start())
        try:
            return await asyncio.shield(self._starting)
        except OSError as error:
            not_started = message("delivery.carrier-not-started", quote=error.strerror or str(error))
            raise NotSent(not_started, fault=Fault.INTEGRATION) from error

    async def _start(self) -> Line:
        """In a session of its own: what is typed at the service's terminal ends the service, which ends it in turn."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                await asyncio.to_thread(self._run, theirs)
            _, line = await asyncio.get_running_loop().create_unix_connection(Line, sock=ours)
        except BaseException:
            ours.close()
            raise
        return line

    def _run(self, theirs: socket.socket) -> None:
        end = theirs.fileno()
        self._processes.append(
            subprocess.Popen(
                python_command("banqup_tui.backend.connector_host", str(end)),
                pass_fds=[end],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=clean_environment(),
            )
        )

    def _end(self) -> None:
        starting, self._starting = self._starting, None
        processes, self._processes = self._processes, []
        if starting is not None or processes:
            task = asyncio.create_task(_ended(starting, processes))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


def _is_useless(starting: asyncio.Task[Line]) -> bool:
    return starting.cancelled() or starting.exception() is not None or starting.result().is_lost


async def _ended(starting: asyncio.Task[Line] | None, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    if starting is not None:
        line = (await asyncio.gather(starting, return_exceptions=True))[0]
        if isinstance(line, Line):
            await line.close()
    for process in processes:
        try:
            await asyncio.to_thread(process.wait, _END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


class _FarChannel:
    def __init__(self, line: Line, channel: int) -> None:
        self._line = line
        self._channel = channel

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        question = Prepare(self._line.number(), self._channel, delivery_request)
        return _there((await _certainly_nothing(self._line.ask(question))).text)

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        question = Commit(self._line.number(), self._channel, delivery_request, resume_token)
        return _there((await _perhaps_done(self._line.ask(question))).receipt)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        question = RollForward(self._line.number(), self._channel, delivery_request, resume_token)
        return _there((await _perhaps_done(self._line.ask(question))).receipt)

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        question = LookUp(self._line.number(), self._channel, delivery_request, tuple(earlier_receipts))
        answer = await _perhaps_done(self._line.ask(question))
        return _there(answer.found), answer.receipt

    async def discard(self, resume_token: str) -> None:
        try:
            await self._line.ask(Discard(self._line.number(), self._channel, resume_token))
        except Gone:
            return


async def _certainly_nothing(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except Gone as error:
        raise NotSent(_ENDED, fault=Fault.INTEGRATION) from error


async def _perhaps_done(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except Gone as error:
        raise Uncertain(_ENDED) from error


def _there(value: T | None) -> T:
    """An answer has what its question asked for."""
    assert value is not None
    return value
