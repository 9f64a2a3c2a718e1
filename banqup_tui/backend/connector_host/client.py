"""Starts a connector host when it is first needed, and asks it: about definitions, for tests and over channels."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import msgspec

from banqup_tui.backend.connector_host.calls import GiveToken, HostConnection, HostEnded
from banqup_tui.backend.connector_host.messages import (
    Close,
    Commit,
    DefinitionAnswer,
    DefinitionQuestion,
    Discard,
    Frames,
    LookUp,
    Open,
    Prepare,
    Ready,
    RollForward,
    Test,
    decode_definition_answer,
    decoded,
    framed,
)
from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Step,
    Uncertain,
)
from banqup_tui.domain.messages import Message, message
from banqup_tui.python_process import clean_environment, python_command

T = TypeVar("T")

IDLE_SECONDS = 60.0
"""Time after which the host is ended when no channel is open and nothing is asked."""

ANSWER_SECONDS = 30.0
"""Longest wait for an answer about a definition: a package may hang while it is imported."""

_END_SECONDS = 5.0
ENDED = Message("delivery.host-ended")


class ConnectorHost:
    """A host process that is started when it is needed. Several threads and one event loop may use it.

    Args:
        idle_seconds: Time without use after which the process is ended.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: HostProcess | None = None
        self._users = 0
        self._used_at = 0.0
        self._timer: threading.Timer | None = None

    @property
    def process_id(self) -> int | None:
        """Returns the id of the process, or `None` while there is none."""
        process = self._process
        return None if process is None else process.id

    @asynccontextmanager
    async def connect(
        self, connector: str, settings: Mapping[str, object], give_token: GiveToken
    ) -> AsyncIterator[Channel]:
        """Connects in the host, with the results and errors of the connector's own `connect`.

        Args:
            connector: The connector's class, as `module:name`.
            give_token: Answers the channel's requests for access tokens.
        """
        async with self._connection() as connection:
            channel = connection.channel(give_token)
            connection.send(Open(channel, connector, dict(settings)))
            try:
                await _without_effect(connection.ask(Ready(connection.number(), channel)))
                yield _HostChannel(connection, channel)
            finally:
                connection.forget(channel)
                connection.send(Close(channel))

    async def test(
        self, connector: str, settings: Mapping[str, object], sample: DeliveryRequest | None, give_token: GiveToken
    ) -> list[Step]:
        """Runs the connector's own `test` in the host."""
        async with self._connection() as connection:
            channel = connection.channel(give_token)
            try:
                question = Test(connection.number(), channel, connector, dict(settings), sample)
                answer = await _without_effect(connection.ask(question))
                return list(_required(answer.steps))
            finally:
                connection.forget(channel)

    def ask(self, question: DefinitionQuestion, kind: type[T]) -> T:
        """Asks about a definition and waits for the answer. Not to be called on an event loop.

        Raises:
            HostEnded: The host ended before it answered, or did not answer in time and was ended.
            OSError: The host could not be started.
            Exception: The exception that the connector raised.
        """
        with self._used():
            process = self._running()
            try:
                answer = process.ask(question)
            except HostEnded:
                self._drop(process)
                raise
        if answer.failure is not None:
            raise answer.failure.error()
        return msgspec.convert(answer.value, kind, dec_hook=decoded)

    def close(self) -> None:
        """Ends the process and waits until it has ended."""
        with self._lock:
            process, self._process = self._process, None
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if process is not None:
            process.end()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[HostConnection]:
        with self._used():
            try:
                process = await asyncio.to_thread(self._running)
                if not process.is_of_this_loop:
                    # The socket belongs to the loop that connected it. One that has ended cannot give it back.
                    await asyncio.to_thread(self._drop, process)
                    process = await asyncio.to_thread(self._running)
                connection = await process.connection()
            except OSError as error:
                not_started = message("delivery.host-not-started", quote=error.strerror or str(error))
                raise NotSent(not_started, fault=Fault.INTEGRATION) from error
            yield connection

    def _running(self) -> HostProcess:
        """Returns the process, started if there is none or it has ended."""
        with self._lock:
            lost = self._process if self._process is not None and self._process.has_ended else None
            if self._process is None or lost is not None:
                self._process = HostProcess()
            process = self._process
        if lost is not None:
            lost.end()
        return process

    def _drop(self, process: HostProcess) -> None:
        """Ends a process that is of no more use, so that the next user starts another."""
        with self._lock:
            if self._process is process:
                self._process = None
        process.end()

    @contextmanager
    def _used(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._used_at = time.monotonic()
                if not self._users and self._process is not None and self._timer is None:
                    self._end_later(self._idle_seconds)

    def _end_later(self, seconds: float) -> None:
        # The timer must not keep a host alive that nobody has any more.
        self._timer = threading.Timer(seconds, _end_if_unused, [weakref.ref(self)])
        self._timer.daemon = True
        self._timer.start()

    def _end_if_unused(self) -> None:
        with self._lock:
            self._timer = None
            if self._users or self._process is None:
                return
            unused = time.monotonic() - self._used_at
            if unused < self._idle_seconds:
                self._end_later(self._idle_seconds - unused)
                return
            process, self._process = self._process, None
        process.end()


def _end_if_unused(host: weakref.ref[ConnectorHost]) -> None:
    if (found := host()) is not None:
        found._end_if_unused()


class HostProcess:
    """A connector host that was started, and the service's ends of its two sockets.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._frames = Frames()
        self._connecting: asyncio.Task[HostConnection] | None = None
        self._is_out_of_step = False
        self._channels, channels = socket.socketpair()
        self._definitions, definitions = socket.socketpair()
        with channels, definitions:
            ends = [channels.fileno(), definitions.fileno()]
            try:
                self._process = subprocess.Popen(
                    python_command("banqup_tui.backend.connector_host", *map(str, ends)),
                    pass_fds=ends,
                    stdin=subprocess.DEVNULL,
                    # Ctrl+C in the terminal of the service must not end the host before the service has ended its
                    # attempts.
                    start_new_session=True,
                    env=clean_environment(),
                )
            except BaseException:
                self._channels.close()
                self._definitions.close()
                raise

    @property
    def id(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        if self._is_out_of_step or self._process.poll() is not None:
            return True
        return self._connecting is not None and self._connecting.done() and _is_useless(self._connecting)

    @property
    def is_of_this_loop(self) -> bool:
        return self._connecting is None or self._connecting.get_loop() is asyncio.get_running_loop()

    async def connection(self) -> HostConnection:
        """Returns the connection for channels and tests, made on the running event loop."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(_connected(self._channels))
        return await asyncio.shield(self._connecting)

    def ask(self, question: DefinitionQuestion) -> DefinitionAnswer:
        """Asks about a definition. Raises `HostEnded`."""
        with self._asking:
            try:
                self._definitions.settimeout(ANSWER_SECONDS)
                self._definitions.sendall(framed(question))
                while data := self._definitions.recv(1 << 16):
                    for body in list(self._frames.of(data)):
                        return decode_definition_answer.decode(body)
            except (OSError, ValueError) as error:
                self._is_out_of_step = True
                raise HostEnded from error
            self._is_out_of_step = True
            raise HostEnded

    def end(self) -> None:
        """Ends the process by closing its socket, or by force after a few seconds, and waits until it has ended."""
        self._definitions.close()
        if self._connecting is None:
            self._channels.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def _connected(end: socket.socket) -> HostConnection:
    _, connection = await asyncio.get_running_loop().create_unix_connection(HostConnection, sock=end)
    return connection


def _is_useless(connecting: asyncio.Task[HostConnection]) -> bool:
    return connecting.cancelled() or connecting.exception() is not None or connecting.result().is_lost


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
        raise NotSent(ENDED) from error


async def _perhaps_effective(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except HostEnded as error:
        raise Uncertain(ENDED) from error


def _required(value: T | None) -> T:
    """Returns a field of an answer that its question demands. A package may have returned `None`."""
    if value is None:
        raise TypeError("the connector returned None")
    return value
