"""Delivers what is due: plans, claims in turns, sends side by side, and writes down what came of it.

All work on the database is done in threads; the connectors run on the event loop. Whatever ends an attempt, a crash
of this process included, the ledger says at least as much as is true.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from banqup_tui.backend.ledger import due, rechecks
from banqup_tui.backend.ledger.attempts import Attempts
from banqup_tui.backend.ledger.checks import claim_checks
from banqup_tui.backend.ledger.claims import Claim, claim
from banqup_tui.backend.ledger.jobs import step
from banqup_tui.backend.ledger.planner import plan
from banqup_tui.backend.ledger.ready import sweep
from banqup_tui.backend.ledger.takeover import take_over
from banqup_tui.backend.ledger.terms import Terms
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.backend.tables import utc_now
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.backend.context import Services
    from banqup_tui.backend.work import Work

T = TypeVar("T")
SLOTS = 64
"""Deliveries under way at once, all integrations together: several times what one of them may have."""

_log = logging.getLogger(__name__)


class Dispatch:
    """`instance_id` owns what it claims. `now` is the wall clock, which only says when something is tried again."""

    def __init__(
        self,
        services: Services,
        instance_id: str,
        *,
        timing: Timing | None = None,
        slots: int = SLOTS,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._owner = instance_id
        self._timing = timing or Timing()
        self._terms = Terms.of(services, self._timing)
        self._slots = slots
        self._now = now
        self._monotonic = monotonic
        self._swept = monotonic()
        self._running: dict[asyncio.Task[None], Claim] = {}
        self._lock = threading.Lock()
        services.database.on_commit(self._committed)
        self._awake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def take_over(self) -> int:
        """At the start, before anything is sent: all that is being sent is of a process that is no more."""
        count = 0
        while done := self._write(lambda work: take_over(work, self._terms)):
            kill_point("takeover.committed")
            count += done
        return count

    def wake(self) -> None:
        """There may be something to do. From any thread."""
        with self._lock:
            if self._awake is not None:
                loop, event = self._awake
                loop.call_soon_threadsafe(event.set)

    def busy(self) -> bool:
        """Is anything queued, being sent or to be looked up, or a job under way? What waits for a person is not."""
        with self._services.database.read() as connection:
            return due.is_busy(connection, self._services.space_id)

    def next_due(self) -> datetime | None:
        """When something is to be done next, as far as the ledger knows; `None`: nothing waits."""
        with self._services.database.read() as connection:
            return due.next_due(connection, self._services.space_id)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then what is being sent gets `Timing.grace` to end."""
        awake = asyncio.Event()
        with self._lock:
            self._awake = (asyncio.get_running_loop(), awake)
        threads = ThreadPoolExecutor(2, thread_name_prefix="ledger")
        attempts = Attempts(self._services, self._terms, threads, self._now)
        try:
            while not stop.is_set():
                awake.clear()
                await self._turn(threads, attempts)
                await self._rest(stop, awake)
        finally:
            with self._lock:
                self._awake = None
            await self._end(threads, attempts)
            threads.shutdown(wait=True)

    def _committed(self, _seq: int) -> None:
        self.wake()

    async def _turn(self, threads: ThreadPoolExecutor, attempts: Attempts) -> None:
        """A failure of the database is not the end: it is tried again with the next turn."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(threads, self._prepare)
            while free := self._slots - len(self._running):
                claims = await loop.run_in_executor(threads, self._claim, free, self._slow_are_few(), self._under_way())
                if claims is None:
                    break
                for one in claims:
                    self._start(attempts, one)
        except Exception:
            _log.exception("a turn of the dispatch failed")

    def _prepare(self) -> None:
        while self._write(plan):
            kill_point("planner.committed")
        while self._write(lambda work: step(work, self._services)):
            kill_point("bulk.chunk")
        if self._monotonic() - self._swept >= self._timing.sweep:
            self._swept = self._monotonic()
            self._write(sweep)
            self._take_back_lost()

    def _take_back_lost(self) -> None:
        """What this process claimed and is not sending: an answer could not be written down."""
        held = self._under_way()
        self._write(lambda work: take_over(work, self._terms, of=[self._owner], killed=False, but=held))

    def _under_way(self) -> frozenset[str]:
        return frozenset(one.delivery_id for one in list(self._running.values()))

    def _claim(self, free: int, with_slow: bool, under_way: frozenset[str]) -> list[Claim] | None:
        """`None` when there is nothing more to start now."""
        with self._services.database.read() as connection:
            asked = rechecks.due(connection, self._services.space_id, self._now(), free, under_way)
        if asked:
            return asked
        if due.has_checks(self._services.database, self._services.space_id, self._now()):
            checks = self._write(lambda work: claim_checks(work, self._terms, self._owner, free))
            if checks:
                kill_point("claim.committed")
                return checks
        if not due.has_turns(self._services.database, self._services.space_id, self._now()):
            return None
        claims = self._write(lambda work: claim(work, self._terms, self._owner, free, with_slow=with_slow))
        if claims:
            kill_point("claim.committed")
        return claims

    def _slow_are_few(self) -> bool:
        """Integrations that let us wait have half of the slots, all together."""
        return sum(one.slow for one in self._running.values()) < max(1, self._slots // 2)

    def _start(self, attempts: Attempts, one: Claim) -> None:
        task = asyncio.create_task(attempts.attempt(one))
        self._running[task] = one
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        claim = self._running.pop(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("what came of delivery %s was not written", claim.delivery_id, exc_info=task.exception())
        self.wake()

    async def _rest(self, stop: asyncio.Event, awake: asyncio.Event) -> None:
        """Until something happens; each `poll` seconds it looks all the same."""
        waiting = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(awake.wait())]
        try:
            await asyncio.wait(waiting, timeout=self._timing.poll, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _end(self, threads: ThreadPoolExecutor, attempts: Attempts) -> None:
        if self._running:
            await asyncio.wait(list(self._running), timeout=self._timing.grace)
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await attempts.close()

    def _write(self, do: Callable[[Work], T]) -> T:
        with self._services.database.write(self._services.space_id, self._now()) as work:
            return do(work)
