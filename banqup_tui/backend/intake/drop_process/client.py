"""The service's side of the drop process: starts it, informs it of changes, and answers its questions."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import cast

from banqup_tui.backend.frames import Frames
from banqup_tui.backend.intake.drop_process.messages import (
    AskAccount,
    DropAnswer,
    Listen,
    Listening,
    Noted,
    Question,
    RefreshAccounts,
    TakeFile,
    TakeFileAgain,
    framed,
    to_service,
)
from banqup_tui.python_process import clean_environment, python_command
from banqup_tui.sources.drop_account import Lookup, NotTaken, Take, TakeAgain
from banqup_tui.sources.drop_spool import DropLimits

_SECONDS_TO_START = 30.0
_SECONDS_TO_END = 10.0
_log = logging.getLogger("banqup_tui.backend.intake.sftp_drop")


class DropProcess:
    """A drop in a process of its own, with the interface of `sources.drop_server.Drop`.

    Args:
        lost: set on the event loop when the process has ended by itself.
    """

    def __init__(
        self,
        spool: Path,
        lookup: Lookup,
        take: Take,
        take_again: TakeAgain,
        limits: DropLimits,
        lost: asyncio.Event,
    ) -> None:
        self._spool = spool
        self._lookup = lookup
        self._take = take
        self._take_again = take_again
        self._limits = limits
        self._account_ids: tuple[str, ...] = ()
        self._lost = lost
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: _Connection | None = None

    def clean_spool(self, account_ids: Collection[str]) -> None:
        """Stores the ids; the process cleans its spool before it listens."""
        self._account_ids = tuple(account_ids)

    @property
    def is_lost(self) -> bool:
        return self._connection is None or self._connection.is_lost

    async def listen(self, host: str, port: int, host_key: Path) -> None:
        """Raises `OSError` if the address is not free or the process cannot be started."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.to_thread(_started, theirs)
            loop = asyncio.get_running_loop()
            _, self._connection = await loop.create_unix_connection(
                lambda: _Connection(self._answer, self._lost), sock=ours
            )
        except BaseException:
            ours.close()
            raise
        self._connection.send(
            Listen(host, port, str(host_key), str(self._spool), self._account_ids, self._limits),
        )
        try:
            async with asyncio.timeout(_SECONDS_TO_START):
                listening = await self._connection.listening
        except TimeoutError:
            listening = Listening(reason="it took too long")
        if listening.reason:
            await self.close()
            raise OSError(listening.errno, listening.reason)

    async def refresh_accounts(self) -> None:
        if self._connection is not None:
            self._connection.send(RefreshAccounts())

    async def close(self) -> None:
        """Ends the process and waits for it. A thread that is storing a file finishes first."""
        if self._connection is not None:
            self._connection.close()
        process = self._process
        if process is not None:
            try:
                await asyncio.to_thread(process.wait, _SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)

    async def _answer(self, question: Question) -> DropAnswer:
        number = question.number
        try:
            match question:
                case AskAccount():
                    return DropAnswer(number, account=await self._lookup(question.name))
                case TakeFile():
                    file = await asyncio.to_thread(self._spool_file, question.file)
                    return DropAnswer(number, sha256=await self._take(question.account_id, question.path, file))
                case TakeFileAgain():
                    await self._take_again(question.account_id, question.path, question.sha256)
                    return DropAnswer(number)
        except NotTaken as error:
            return DropAnswer(number, not_taken=str(error))
        except OSError as error:
            return DropAnswer(number, errno=error.errno or 0)
        except Exception:
            _log.exception("a question of the SFTP drop could not be answered")
            return DropAnswer(number, not_taken="It could not be kept: send it again.")

    def _spool_file(self, name: str) -> Path:
        """Returns a file of the spool. A compromised process could otherwise name any file of this user."""
        file = (self._spool / name).resolve()
        if not file.is_relative_to(self._spool.resolve()):
            raise NotTaken("It could not be kept: send it again.")
        return file


def _started(theirs: socket.socket) -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own.

    Ctrl-C at the terminal then reaches only the service, which ends the process.
    """
    end = theirs.fileno()
    return subprocess.Popen(
        python_command("banqup_tui.backend.intake.drop_process", str(end)),
        pass_fds=[end],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=clean_environment(),
    )


class _Connection(asyncio.Protocol):
    def __init__(self, answer: Callable[[Question], Awaitable[DropAnswer]], lost: asyncio.Event) -> None:
        self._answer = answer
        self._lost = lost
        self._frames = Frames()
        self._answering: set[asyncio.Task[None]] = set()
        self._closing = False
        self.is_lost = False
        self.listening: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()

    def send(self, message: Listen | RefreshAccounts | DropAnswer) -> None:
        if not self.is_lost:
            self._transport.write(framed(message))

    def close(self) -> None:
        self._closing = True
        self._transport.close()

    # Callbacks of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.of(data):
            match to_service.decode(frame):
                case Listening() as listening:
                    if not self.listening.done():
                        self.listening.set_result(listening)
                case Noted() as noted:
                    _log.log(noted.level, "%s", noted.text)
                case question:
                    task = asyncio.create_task(self._answered(question))
                    self._answering.add(task)
                    task.add_done_callback(self._answering.discard)

    async def _answered(self, question: Question) -> None:
        self.send(await self._answer(question))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        if not self.listening.done():
            self.listening.set_result(Listening(reason="its process has ended"))
        if not self._closing:
            _log.warning("the process of the SFTP drop has ended")
            with suppress(RuntimeError):
                self._lost.set()
