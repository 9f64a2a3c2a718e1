"""Starts the connector host when it is first needed, and offers its connections as channels."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import msgspec

from banqup_tui.backend.connector_host.calls import HostConnection, HostEnded
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
"""Time after which the host is ended when no channel is open."""

_END_SECONDS = 5.0
_ENDED = Message("delivery.carrier-ended")


class ConnectorHost:
    """The host process of all connectors whose manifest says `carried`. It is used on one event loop."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._starting: asyncio.Task[HostConnection] | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._open = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def connect(self, connector: Connector[Any], settings: Any) -> AbstractAsyncContextManager[Channel]:
        """Connects in the host process, with the results and errors of the connector's own `connect`."""
        return self._connected(connector, settings)

    async def close(self) -> None:
        """Ends the process and waits until it has ended."""
        self._cancel_idle_timer()
        self._begin_ending()
        await asyncio.gather(*self._ending, return_exceptions=True)

    @asynccontextmanager
    async def _connected(self, connector: Connector[Any], settings: Any) -> AsyncIterator[Channel]:
        self._cancel_idle_timer()
        self._open += 1
        try:
            connection = await self._connection()
            number = connection.number()
            kind = type(connector)
            connection.send(
                Open(number, f"{kind.__module__}:{kind.__qualname__}", msgspec.json.encode(settings, enc_hook=revealed))
            )
            try:
                await _without_effect(connection.ask(Ready(connection.number(), number)))
                yield _HostChannel(connection, number)
            finally:
                connection.send(Close(number))
        finally:
            self._open -= 1
            if not self._open and self._starting is not None:
                self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._begin_ending)

    def _cancel_idle_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _connection(self) -> HostConnection:
        if self._starting is None or (self._starting.done() and _is_useless(self._starting)):
            self._begin_ending()
            self._starting = asyncio.create_task(self._start())
        try:
            return await asyncio.shield(self._starting)
        except OSError as error:
            not_started = message("delivery.carrier-not-started", quote=error.strerror or str(error))
            raise NotSent(not_started, fault=Fault.INTEGRATION) from error

    async def _start(self) -> HostConnection:
        """Starts the process and connects to it."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                await asyncio.to_thread(self._run, theirs)
            _, connection = await asyncio.get_running_loop().create_unix_connection(HostConnection, sock=ours)
        except BaseException:
            ours.close()
            raise
        return connection

    def _run(self, theirs: socket.socket) -> None:
        end = theirs.fileno()
        self._processes.append(
            subprocess.Popen(
                python_command("banqup_tui.backend.connector_host", str(end)),
                pass_fds=[end],
                stdin=subprocess.DEVNULL,
                # Ctrl+C in the terminal of the service must not end the host before the service has ended its attempts.
                start_new_session=True,
                env=clean_environment(),
            )
        )

    def _begin_ending(self) -> None:
        starting, self._starting = self._starting, None
        processes, self._processes = self._processes, []
        if starting is not None or processes:
            task = asyncio.create_task(_end_processes(starting, processes))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


def _is_useless(starting: asyncio.Task[HostConnection]) -> bool:
    return starting.cancelled() or starting.exception() is not None or starting.result().is_lost


async def _end_processes(
    starting: asyncio.Task[HostConnection] | None, processes: Sequence[subprocess.Popen[bytes]]
) -> None:
    if starting is not None:
        connection = (await asyncio.gather(starting, return_exceptions=True))[0]
        if isinstance(connection, HostConnection):
            await connection.close()
    for process in processes:
        try:
            await asyncio.to_thread(process.wait, _END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


class _HostChannel:
    """A channel that is open in the host.

    Where the host ends decides the outcome: during `prepare` nothing can have had an effect; during `commit`,
    `roll_forward` and `look_up` it may have.
    """

    def __init__(self, connection: HostConnection, channel: int) -> None:
        self._connection = connection
        self._channel = channel

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        question = Prepare(self._connection.number(), self._channel, delivery_request)
        return _required((await _without_effect(self._connection.ask(question))).text)

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        question = Commit(self._connection.number(), self._channel, delivery_request, resume_token)
        return _required((await _perhaps_effective(self._connection.ask(question))).receipt)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        question = RollForward(self._connection.number(), self._channel, delivery_request, resume_token)
        return _required((await _perhaps_effective(self._connection.ask(question))).receipt)

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        question = LookUp(self._connection.number(), self._channel, delivery_request, tuple(earlier_receipts))
        answer = await _perhaps_effective(self._connection.ask(question))
        return _required(answer.found), answer.receipt

    async def discard(self, resume_token: str) -> None:
        try:
            await self._connection.ask(Discard(self._connection.number(), self._channel, resume_token))
        except HostEnded:
            return


async def _without_effect(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except HostEnded as error:
        raise NotSent(_ENDED, fault=Fault.INTEGRATION) from error


async def _perhaps_effective(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except HostEnded as error:
        raise Uncertain(_ENDED) from error


def _required(value: T | None) -> T:
    """Returns a field of an answer that is always set for its question."""
    assert value is not None
    return value
