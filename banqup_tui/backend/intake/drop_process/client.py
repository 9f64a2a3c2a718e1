"""The process, as the service sees it: started, told what changed, and answered what it asks."""

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
    Answer,
    AskAccount,
    Listen,
    Listening,
    LookRound,
    Noted,
    Question,
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
    """As `sources.drop_server.Drop`. `lost`: called in the event loop when the process has ended by itself."""

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
        self._line: _Line | None = None

    def tidy_up(self, account_ids: Collection[str]) -> None:
        """Is done there, before it listens."""
        self._account_ids = tuple(account_ids)

    @property
    def is_lost(self) -> bool:
        return self._line is None or self._line.is_lost

    async def listen(self, host: str, port: int, host_key: Path) -> None:
        """Raises `OSError` where the address cannot be had, or the process cannot be started."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.to_thread(_started, theirs)
            loop = asyncio.get_running_loop()
            _, self._line = await loop.create_unix_connection(lambda: _Line(self._answer, self._lost), sock=ours)
        except BaseException:
            ours.close()
            raise
        self._line.tell(
            Listen(host, port, str(host_key), str(self._spool), self._account_ids, self._limits),
        )
        try:
            async with asyncio.timeout(_SECONDS_TO_START):
                listening = await self._line.listening
        except TimeoutError:
            listening = Listening(reason="it took too long")
        if listening.reason:
            await self.close()
            raise OSError(listening.errno, listening.reason)

    async def look_round(self) -> None:
        if self._line is not None:
            self._line.tell(LookRound())

    async def close(self) -> None:
        """Ends it, and waits for it. A take under way is finished by its own thread."""
        if self._line is not None:
            self._line.close()
        process = self._process
        if process is not None:
            try:
                await asyncio.to_thread(process.wait, _SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)

    async def _answer(self, question: Question) -> Answer:
        number = question.number
        try:
            match question:
                case AskAccount():
                    return Answer(number, account=await self._lookup(question.name))
                case TakeFile():
                    file = await asyncio.to_thread(self._own, question.file)
                    return Answer(number, sha256=await self._take(question.account_id, question.path, file))
                case TakeFileAgain():
                    await self._take_again(question.account_id, question.path, question.sha256)
                    return Answer(number)
        except NotTaken as error:
            return Answer(number, not_taken=str(error))
        except OSError as error:
            return Answer(number, errno=error.errno or 0)
        except Exception:
            _log.exception("a question of the SFTP drop could not be answered")
            return Answer(number, not_taken="It could not be kept: send it again.")

    def _own(self, name: str) -> Path:
        """A file of the spool: whoever got hold of that process gets no other file of this user by it."""
        file = (self._spool / name).resolve()
        if not file.is_relative_to(self._spool.resolve()):
            raise NotTaken("It could not be kept: send it again.")
        return file


def _started(theirs: socket.socket) -> subprocess.Popen[bytes]:
    """In a session of its own: what is typed at the service's terminal ends the service, which ends it in turn."""
    end = theirs.fileno()
    return subprocess.Popen(
        python_command("banqup_tui.backend.intake.drop_process", str(end)),
        pass_fds=[end],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=clean_environment(),
    )


class _Line(asyncio.Protocol):
    def __init__(self, answer: Callable[[Question], Awaitable[Answer]], lost: asyncio.Event) -> None:
        self._answer = answer
        self._lost = lost
        self._frames = Frames()
        self._answering: set[asyncio.Task[None]] = set()
        self._closing = False
        self.is_lost = False
        self.listening: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()

    def tell(self, message: Listen | LookRound | Answer) -> None:
        if not self.is_lost:
            self._transport.write(framed(message))

    def close(self) -> None:
        self._closing = True
        self._transport.close()

    # as asyncio calls it

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
        self.tell(await self._answer(question))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        if not self.listening.done():
            self.listening.set_result(Listening(reason="its process has ended"))
        if not self._closing:
            _log.warning("the process of the SFTP drop has ended")
            with suppress(RuntimeError):
                self._lost.set()
