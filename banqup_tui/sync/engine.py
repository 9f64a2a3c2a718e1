"""Synchronizes the local copy with the server, in a thread of its own with its own event loop.

`start` begins the thread, `stop` ends it. The one-shot calls (`sync_once`, `push_and_wait`, `download`,
`ask`) use the thread's connection if it runs, else they open one for themselves. They block, so a screen calls them
from a worker.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from banqup_tui.error_log import take_loop_faults
from banqup_tui.protocol.local import Endpoint
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.files import FileCache, Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import OutboxEntry
from banqup_tui.sync.clock import ClockWatch
from banqup_tui.sync.errors import NotAnswered, ProgramFault
from banqup_tui.sync.listeners import Listener, Listeners
from banqup_tui.sync.server import Question, ServerLike
from banqup_tui.sync.state import SyncState
from banqup_tui.sync.threads import in_thread
from banqup_tui.sync.trouble import SendingPause, SyncTrouble, trouble_of

if TYPE_CHECKING:
    from banqup_tui.sync.exchange import Exchange
    from banqup_tui.sync.rounds import Rounds

_STOP_SECONDS = 2.0
_LEAST_PAUSE = 0.5
"""The least number of seconds before the thread starts again after an error outside its rounds."""

_V = TypeVar("_V")
_ExchangeCall = Callable[["Exchange"], Coroutine[object, object, _V]]


def http_server(endpoint: Endpoint) -> ServerLike:
    from banqup_tui.sync.http import Server

    return Server(endpoint)


class Engine:
    """The synchronization of one copy and one outbox with one server.

    Listeners are called in the engine's thread, without arguments, after each change of the copy, of the outbox by the
    server's answers, or of `state`. They must be quick and must not raise.

    Args:
        connect: Returns the server's endpoint; starts a local server if none runs. It blocks and may raise anything.
        chance: Returns numbers in [0, 1) for the jitter of back-offs.
        now: Returns aware times in UTC.
        record: Writes a fault of the program to its log.
        last_used: The time at which the files were last changed before they were opened.
    """

    def __init__(
        self,
        copy: LocalCopy,
        outbox: Outbox,
        connect: Callable[[], Endpoint],
        *,
        files: FileCache,
        spool: Spool,
        make_server: Callable[[Endpoint], ServerLike] = http_server,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        record: Callable[[Exception], object] = lambda _error: None,
        last_used: datetime | None = None,
    ) -> None:
        self.copy = copy
        self.outbox = outbox
        self.files = files
        self.spool = spool
        self._connect = connect
        self._make_server = make_server
        self._chance = chance
        self._record_error = record
        self._recorded = ""
        self._trouble = SyncTrouble(chance, now)
        self._pause = SendingPause(chance)
        self._listeners = Listeners(copy, outbox, self._trouble, ClockWatch(last_used, now))
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = threading.Event()
        self._rounds: Rounds | None = None

    # running

    def start(self) -> None:
        if self._thread is not None:
            return
        ready = threading.Event()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="sync", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Ends the thread within `_STOP_SECONDS`. An open request is dropped; its commands are sent again later."""
        thread, loop = self._thread, self._loop
        if thread is None:
            return
        self._stopping.set()
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._ask_to_stop)
        thread.join(_STOP_SECONDS)
        self._thread = None

    def wake(self) -> None:
        """Starts a round now: the outbox has a new command, or the user does not want to wait for the next try."""
        self._asked.set()
        self._pause.cut_short()
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._awaken)

    def _awaken(self) -> None:
        if self._rounds is not None:
            self._rounds.wake()

    def report(self, fault: LocalFault) -> None:
        """Takes a fault of this computer that a screen has met; `state` shows it until the files can be used again."""
        loop, rounds = self._loop, self._rounds
        if loop is not None and rounds is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(rounds.report, fault)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Adds a listener. Returns a function that removes it."""
        return self._listeners.add(listener)

    @property
    def state(self) -> SyncState:
        """The state after the last notification of the listeners."""
        return self._listeners.state

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    # one question, one answer

    def sync_once(self, timeout: float = 120.0) -> SyncState:
        """Sends all pending commands and pulls until the copy is complete. Raises `BanqupError`."""
        self._ask(lambda exchange: exchange.everything(), timeout)
        return self.state

    def push_and_wait(self, keys: Sequence[str], timeout: float = 60.0) -> list[OutboxEntry]:
        """Waits until each command is answered and the copy has its effect. Returns the commands, in the order of keys.

        Raises:
            NotAnswered: The time is over. The commands stay in the outbox and are sent by later rounds.
            BanqupError: The server cannot be reached, or a file cannot be used.
        """
        wanted = set(keys)
        self._ask(lambda exchange: exchange.until_answered(wanted), timeout)
        found = self.outbox.entries(keys)
        return [found[key] for key in keys if key in found]

    def download(self, sha256: str, timeout: float = 120.0) -> Path:
        """Returns the path of a file, from the cache, the spool or the server. Raises `BanqupError`."""
        found = self.files.get(sha256)
        if found is not None:
            return found
        if self.spool.path(sha256).is_file():
            return self.spool.path(sha256)
        return self._ask(lambda exchange: exchange.server.download(sha256, self.files), timeout)

    def ask(self, question: Question[_V], timeout: float = 30.0) -> _V:
        """Returns the server's answer to one question. Raises `BanqupError`.

        Args:
            question: Asks the server; it runs in the engine's event loop.
            timeout: Seconds, with those until a connection is there; `NotAnswered` after them.
        """
        return self._ask(lambda exchange: question(exchange.server), timeout)

    def _ask(self, question: _ExchangeCall[_V], timeout: float) -> _V:
        """Runs a call on the engine's loop, or on its own loop if the engine does not run. Raises `BanqupError`."""
        try:
            return self._put(question, timeout)
        except (OSError, MemoryError) as error:
            raise trouble_of(error) from error

    def _put(self, question: _ExchangeCall[_V], timeout: float) -> _V:
        loop = self._loop
        if self.is_running and loop is not None and threading.current_thread() is not self._thread:
            future = asyncio.run_coroutine_threadsafe(self._asked_while_running(question, timeout), loop)
            try:
                return future.result(timeout + 5)
            except (TimeoutError, asyncio.CancelledError):
                raise NotAnswered from None
        return asyncio.run(self._asked_alone(question, timeout))

    async def _ask_with_repair(self, exchange: Exchange, question: _ExchangeCall[_V]) -> _V:
        """Runs a call, and once more if the copy proves damaged: it is begun again in between."""
        try:
            return await question(exchange)
        except LocalFault as fault:
            if not self.copy.repair(fault):
                raise
        return await question(exchange)

    async def _asked_while_running(self, question: _ExchangeCall[_V], timeout: float) -> _V:
        assert self._rounds is not None
        try:
            async with asyncio.timeout(timeout):
                while self._rounds.exchange is None:
                    if self._trouble.error is not None:
                        raise self._trouble.error
                    await asyncio.sleep(0.02)
                return await self._ask_with_repair(self._rounds.exchange, question)
        except TimeoutError:
            raise NotAnswered from None

    async def _asked_alone(self, question: _ExchangeCall[_V], timeout: float) -> _V:
        take_loop_faults(asyncio.get_running_loop(), self._record)
        try:
            async with asyncio.timeout(timeout):
                exchange = await self._connected()
                try:
                    return await self._ask_with_repair(exchange, question)
                finally:
                    await exchange.server.close()
        except TimeoutError:
            raise NotAnswered from None

    async def _connected(self) -> Exchange:
        endpoint = await in_thread(self._connect)
        # Imported here, as `Rounds` below, because the first frame needs neither.
        from banqup_tui.sync.exchange import Exchange

        return Exchange(
            self._make_server(endpoint), self.copy, self.outbox, files=self.files, spool=self.spool,
            listeners=self._listeners, trouble=self._trouble, pause=self._pause,
        )  # fmt: skip

    # the thread

    def _run(self, ready: threading.Event) -> None:
        """Runs the loop until `stop`, and starts it again after any error.

        Without memory or file descriptors even the making of an event loop may fail, and an open terminal must go on
        once they are free again.
        """
        while not self._stopping.is_set():
            try:
                self._run_loop(ready)
            except Exception as error:
                seconds = self._met(error)
                ready.set()
                self._stopping.wait(seconds)

    def _run_loop(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            take_loop_faults(loop, self._record)
            self._rounds = rounds = self._new_rounds()
            self._stop = asyncio.Event()
            self._loop = loop
            ready.set()
            with suppress(OSError, LocalFault):
                wanted = self.outbox.forget_old()
                # Files in the spool may be all that is left of commands that were lost with a damaged outbox.
                if not any(rescue.lost for rescue in self.outbox.rescues()):
                    self.spool.keep_only(wanted)
            loop.run_until_complete(self._until_stopped(rounds))
        finally:
            self._loop = None
            if self._rounds is not None:
                with suppress(Exception):
                    self._rounds.step_down()
            loop.close()

    def _met(self, error: Exception) -> float:
        """Sets the error as the state. Returns the seconds until the next try."""
        trouble = trouble_of(error)
        if isinstance(trouble, ProgramFault):
            self._record(error)
        seconds = self._trouble.met(trouble)
        with suppress(Exception):
            self._listeners.update_state()
        return max(seconds, _LEAST_PAUSE)

    def _record(self, error: Exception) -> None:
        """Writes an error to the log, but not the same one twice in a row: a round fails again each minute."""
        what = f"{type(error).__name__}: {error}"
        if what != self._recorded:
            self._recorded = what
            self._record_error(error)

    def _new_rounds(self) -> Rounds:
        from banqup_tui.sync.rounds import Rounds

        return Rounds(
            self._connected, self.copy, self.outbox, listeners=self._listeners, trouble=self._trouble,
            asked=self._asked, chance=self._chance, record=self._record,
        )  # fmt: skip

    def _ask_to_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    async def _until_stopped(self, rounds: Rounds) -> None:
        assert self._stop is not None
        main = asyncio.create_task(rounds.for_ever())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({main, stopping}, return_when=asyncio.FIRST_COMPLETED)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1.0)
        for task in others:
            if task.done() and not task.cancelled() and (error := task.exception()) and task is main:
                raise error
