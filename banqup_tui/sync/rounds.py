"""The work of the engine's thread: connects, sends and pulls in rounds until the connection is lost, connects again."""

import asyncio
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from banqup_tui.domain.errors import BanqupError
from banqup_tui.store import lease
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.faults import LocalFault, probe
from banqup_tui.store.outbox import Outbox
from banqup_tui.sync import live
from banqup_tui.sync.errors import ProgramFault
from banqup_tui.sync.exchange import Exchange
from banqup_tui.sync.listeners import Listeners
from banqup_tui.sync.server import ServerLike
from banqup_tui.sync.state import SyncWord
from banqup_tui.sync.trouble import SyncTrouble, back_off, trouble_of

PULL_SECONDS = 60.0
PULL_SECONDS_WITHOUT_STREAM = 5.0
GLANCE_SECONDS = 1.0
LEASE_RENEWED_SECONDS = 5.0
SILENT_SECONDS = 3.0
"""The user sees that the server hangs after this time without a byte; the event stream sends one every second."""


class Rounds:
    """The rounds of one engine, in one event loop.

    Of several programs with the same copy, the owner of the lease sends and pulls; the others look each second whether
    the copy has changed. A round that the user wants is done without the lease, which is safe (store.lease).

    Args:
        connect: Returns a new connection, or raises.
        asked: Set by other threads if the user wants a round now.
        chance: Returns numbers in [0, 1) for the jitter of back-offs.
        record: Writes a fault of the program to its log.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Exchange]],
        copy: LocalCopy,
        outbox: Outbox,
        *,
        listeners: Listeners,
        trouble: SyncTrouble,
        asked: threading.Event,
        chance: Callable[[], float],
        record: Callable[[Exception], None],
    ) -> None:
        self.exchange: Exchange | None = None
        self._connect = connect
        self._copy = copy
        self._outbox = outbox
        self._listeners = listeners
        self._trouble = trouble
        self._asked = asked
        self._chance = chance
        self._record = record
        self._name = str(uuid.uuid4())
        self._woken = asyncio.Event()
        self._reported: LocalFault | None = None
        self._is_live = False
        self._is_hinted = False
        self._is_leader = False
        self._last_lease = 0.0
        self._noticed = -1

    async def for_ever(self) -> None:
        while True:
            try:
                await self._connected()
            except Exception as error:  # of any kind: as long as the program runs, it connects again
                trouble = trouble_of(error)
                if isinstance(trouble, ProgramFault):
                    self._record(error)
                await self._after_trouble(trouble)

    def wake(self) -> None:
        """Ends the present wait."""
        self._woken.set()
        if self.exchange is None:
            self._listeners.update_state(SyncWord.STARTING)

    def report(self, fault: LocalFault) -> None:
        """Takes a fault of this computer that another thread has met, and ends the connection with it."""
        if self.exchange is not None:
            self._reported = fault
            self._woken.set()

    def step_down(self) -> None:
        lease.step_down(self._outbox, self._name)

    async def _connected(self) -> None:
        """Connects, and works in rounds until the connection is lost or an error is raised."""
        if self._trouble.error is None:
            self._listeners.update_state(SyncWord.STARTING)
        self._trouble.looking()
        # After a fault of this computer nothing is sent until a file can be written again: an answer that cannot be
        # stored would be requested over and over.
        if isinstance(self._trouble.error, LocalFault):
            probe(_directory_of(self._trouble.error, self._copy.path))
        exchange = await self._connect()
        self._trouble.found()
        hints = asyncio.create_task(self._listen(exchange.server))
        watch = asyncio.create_task(self._watch(exchange.server))
        try:
            await exchange.begin_if_needed()
            self.exchange = exchange
            await exchange.pull_extensions()
            self._trouble.over()
            while True:
                await self._round(exchange)
        finally:
            self.exchange = None
            self._is_live = False
            hints.cancel()
            watch.cancel()
            await exchange.server.close()

    async def _round(self, exchange: Exchange) -> None:
        """Sends and pulls once, or waits up to `GLANCE_SECONDS` if there is nothing to do."""
        if self._reported is not None:
            reported, self._reported = self._reported, None
            raise reported
        if is_asked := self._asked.is_set():
            self._asked.clear()
        self._woken.clear()
        if not (is_asked or self._leads()):
            self._notice_others()
            await self._wait(GLANCE_SECONDS)
            return
        sent = await exchange.send_some()
        if sent:
            await exchange.pull_extensions_if_some_are_not_allowed()
        more = (is_asked or sent or self._is_pull_due(exchange)) and await exchange.pull_some()
        if not (sent or more):
            self._listeners.update_state()
            await self._wait(GLANCE_SECONDS)

    def _is_pull_due(self, exchange: Exchange) -> bool:
        is_hinted, self._is_hinted = self._is_hinted, False
        every = PULL_SECONDS if self._is_live else PULL_SECONDS_WITHOUT_STREAM
        return is_hinted or time.monotonic() - exchange.last_pull >= every or not self._copy.state().is_complete

    def _leads(self) -> bool:
        if self._is_leader and time.monotonic() - self._last_lease < LEASE_RENEWED_SECONDS:
            return True
        self._is_leader = lease.lead(self._outbox, self._name)
        self._last_lease = time.monotonic()
        return self._is_leader

    def _notice_others(self) -> None:
        """Notifies the listeners if another program has changed the copy."""
        step = self._copy.state().step
        if step != self._noticed:
            self._noticed = step
            self._listeners.notify()
        self._listeners.update_state()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _watch(self, server: ServerLike) -> None:
        """Shows that the server hangs, long before the time-outs of its requests end."""
        was_silent = False
        while True:
            await asyncio.sleep(GLANCE_SECONDS / 2)
            silence = server.silence()
            if (is_silent := silence >= SILENT_SECONDS) != was_silent:
                was_silent = is_silent
                if is_silent:
                    self._trouble.silent(silence)
                else:
                    self._trouble.answering()
                self._listeners.update_state()

    # hints

    async def _listen(self, server: ServerLike) -> None:
        """Follows the event stream as long as the connection is used. Without it pulls happen by the clock."""
        tries = 0
        while True:
            try:
                await live.follow(server, self._stream_opened, self._hinted)
                tries = 0
            except Exception as error:
                tries += 1
                if isinstance(trouble_of(error), ProgramFault):
                    self._record(error)
            self._is_live = False
            await asyncio.sleep(back_off(tries, self._chance))

    def _stream_opened(self) -> None:
        self._is_live = True

    def _hinted(self, seq: int) -> None:
        if seq > self._copy.state().seq:
            self._is_hinted = True
            self._woken.set()

    # trouble

    async def _after_trouble(self, error: BanqupError) -> None:
        """Shows the trouble and waits before the next connection; `wake` ends the wait."""
        seconds = self._trouble.met(error)
        if isinstance(error, LocalFault):
            self._after_fault(error)
        self._listeners.update_state()
        await self._wait(seconds)
        self._woken.clear()

    def _after_fault(self, fault: LocalFault) -> None:
        """Begins a damaged copy again, or repairs a damaged outbox. After other faults the files stay as they are."""
        # Has the lease written in the next round, before anything else: that shows whether the fault is over.
        self._last_lease = 0.0
        if not fault.is_damage:
            return
        with suppress(LocalFault, OSError):  # if the disk is full now, the next round meets the damage again
            if not self._copy.repair(fault) and fault.path == self._outbox.path:
                self._outbox.repair()
            self._listeners.notify()


def _directory_of(fault: LocalFault, otherwise: Path) -> Path:
    """Returns the directory of the file with the fault."""
    path = fault.path or otherwise
    return path if path.is_dir() else path.parent if path.parent.is_dir() else otherwise.parent
