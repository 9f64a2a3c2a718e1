"""The process's side: runs the drop and asks the service."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Coroutine
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
    to_drop,
)
from banqup_tui.domain.file_names import shown
from banqup_tui.sources.drop_account import Account, NotTaken
from banqup_tui.sources.drop_server import Drop


class ServiceConnection(asyncio.Protocol):
    """Connection of the process to the service. The process ends when it is lost."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._pending: dict[int, asyncio.Future[DropAnswer]] = {}
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._drop: Drop | None = None
        self._spool = Path()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.of(data):
            match to_drop.decode(frame):
                case Listen() as wanted:
                    self._start(self._listen(wanted))
                case RefreshAccounts():
                    if self._drop is not None:
                        self._start(self._drop.refresh_accounts())
                case DropAnswer() as answer:
                    waiting = self._pending.pop(answer.number, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Ends the process with the service.

        Files without an answer are not confirmed, so their senders repeat them.
        """
        os._exit(0)

    def note(self, level: int, text: str) -> None:
        self._transport.write(framed(Noted(level, text)))

    def _start(self, coroutine: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, wanted: Listen) -> None:
        self._spool = Path(wanted.spool)
        drop = Drop(self._spool, self._lookup, self._take, self._take_again, wanted.limits)
        try:
            await asyncio.to_thread(drop.clean_spool, wanted.account_ids)
            await drop.listen(wanted.host, wanted.port, Path(wanted.host_key))
        except (OSError, ValueError) as error:
            errno = getattr(error, "errno", None)
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self._transport.write(framed(Listening(errno, reason)))
            return
        self._drop = drop
        self._transport.write(framed(Listening()))

    async def _ask(self, question: Question) -> DropAnswer:
        waiting: asyncio.Future[DropAnswer] = asyncio.get_running_loop().create_future()
        self._pending[question.number] = waiting
        self._transport.write(framed(question))
        answer = await waiting
        if answer.not_taken is not None:
            raise NotTaken(answer.not_taken)
        if answer.errno is not None:
            raise OSError(answer.errno, os.strerror(answer.errno))
        return answer

    async def _lookup(self, name: str) -> Account | None:
        return (await self._ask(AskAccount(next(self._numbers), name))).account

    async def _take(self, account_id: str, path: str, file: Path) -> str:
        relative = str(file.relative_to(self._spool))
        return (await self._ask(TakeFile(next(self._numbers), account_id, shown(path), relative))).sha256

    async def _take_again(self, account_id: str, path: str, sha256: str) -> None:
        await self._ask(TakeFileAgain(next(self._numbers), account_id, shown(path), sha256))


class ServiceLog(logging.Handler):
    """Sends log records to the service, which alone writes the log."""

    def __init__(self, connection: ServiceConnection) -> None:
        super().__init__(logging.WARNING)
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        self._loop.call_soon_threadsafe(self._connection.note, record.levelno, text)
