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
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from banqup_tui.backend.db.tables import utc_now
from banqup_tui.backend.dispatch import due
from banqup_tui.backend.dispatch.attempt import Attempts
from banqup_tui.backend.dispatch.group_commit import GroupCommitWriter
from banqup_tui.backend.dispatch.requests import Brief, briefs_of
from banqup_tui.backend.dispatch.warm_up import Coming, coming
from banqup_tui.backend.integrations.oauth.access_tokens import provide
from banqup_tui.backend.ledger import rechecks
from banqup_tui.backend.ledger.bulk_jobs import step
from banqup_tui.backend.ledger.claim import Claim, claim
from banqup_tui.backend.ledger.look_up import claim_checks
from banqup_tui.backend.ledger.planner import plan
from banqup_tui.backend.ledger.rules import Terms
from banqup_tui.backend.ledger.schedule import sweep
from banqup_tui.backend.ledger.takeover import take_over
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.backend.db.transaction import Transaction
    from banqup_tui.backend.services import Services

T = TypeVar("T")
SLOTS = 512
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
        self._running: dict[asyncio.Task[bool], Claim] = {}
        self._gives_away = True
        self._lock = threading.Lock()
        self._in_thread = threading.local()
        services.database.on_commit(self._committed)
        self._awake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def take_over(self) -> int:
        """At the start, before anything is sent: all that is being sent is of a process that is no more."""
        count = 0
        while done := self.write(lambda transaction: take_over(transaction, self._terms)):
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
        provide(self._services)
        awake = asyncio.Event()
        with self._lock:
            self._awake = (asyncio.get_running_loop(), awake)
        threads = ThreadPoolExecutor(2, thread_name_prefix="ledger")
        writer = GroupCommitWriter(self, self._terms, threads)
        self._attempts = Attempts(self._services, self._terms, threads, writer)
        self._gives_away = True
        try:
            while not stop.is_set():
                awake.clear()
                await self._round(threads, writer)
                await self._rest(stop, awake)
        finally:
            with self._lock:
                self._awake = None
            self._gives_away = False
            await self._end()
            threads.shutdown(wait=True)

    def _committed(self, _seq: int) -> None:
        if not getattr(self._in_thread, "hushed", False):
            self.wake()

    # what the desk asks for

    def write(self, do: Callable[[Transaction], T]) -> T:
        self._in_thread.hushed = False
        with self._services.database.write(self._services.space_id, self._now()) as transaction:
            return do(transaction)

    def hush(self) -> None:
        self._in_thread.hushed = self._gives_away

    def claim_round(self, transaction: Transaction, ending: int) -> list[Claim]:
        """Turn after turn, until no slot is free or no integration's turn can come."""
        claims: list[Claim] = []
        while self._gives_away and (free := self._free() + ending - len(claims)) > 0:
            found = claim(transaction, self._terms, self._owner, free, with_slow=self._slow_are_few())
            if found is None:
                break
            claims += found
        return claims

    def claimed(self, claims: list[Claim]) -> Callable[[], None]:
        briefs = self._briefs(claims)
        return lambda: self._start(claims, briefs)

    # one round

    async def _round(self, threads: ThreadPoolExecutor, writer: GroupCommitWriter) -> None:
        """A failure of the database is not the end: it is tried again with the next turn.

        Of what is to be queued one portion at a time, so that the first are on their way while others are queued.
        """
        try:
            waiting, coming = await asyncio.get_running_loop().run_in_executor(threads, self._look)
            self._attempts.expect(coming)
            if waiting.plan and await writer.alone(plan):
                kill_point("planner.committed")
            if waiting.job and await writer.alone(lambda transaction: step(transaction, self._services)):
                kill_point("bulk.chunk")
            if self._monotonic() - self._swept >= self._timing.sweep:
                self._swept = self._monotonic()
                await writer.alone(sweep)
                await writer.alone(self._take_back_lost)
            await self._ask(waiting, threads, writer)
            if waiting.plan or waiting.job or waiting.claimable:
                await writer.wait_for_round()
        except Exception:
            _log.exception("a turn of the dispatch failed")

    def _look(self) -> tuple[due.Waiting, list[Coming]]:
        with self._services.database.read() as connection:
            waiting = due.look(connection, self._services.space_id, self._now())
            begins = waiting.claimable and not self._running
            return waiting, coming(connection, self._services, self._now()) if begins else []

    def _take_back_lost(self, transaction: Transaction) -> None:
        """What this process claimed and is not sending: an answer could not be written down."""
        take_over(transaction, self._terms, of=[self._owner], killed=False, but=self._under_way())

    def _under_way(self) -> frozenset[str]:
        return frozenset(one.delivery_id for one in list(self._running.values()))

    def _free(self) -> int:
        return self._slots - len(self._running)

    async def _ask(self, waiting: due.Waiting, threads: ThreadPoolExecutor, writer: GroupCommitWriter) -> None:
        """Look-ups come first: as long as some are left, no slot is given away before they have had their turn."""
        self._gives_away = not (waiting.recheck or waiting.check)
        if self._gives_away:
            return
        loop = asyncio.get_running_loop()
        claims: list[Claim] = []
        if waiting.recheck and self._free() > 0:
            claims += await loop.run_in_executor(threads, self._rechecks)
        free = self._free() - len(claims)
        if waiting.check and free > 0:
            checks = await writer.alone(lambda transaction: claim_checks(transaction, self._terms, self._owner, free))
            if checks:
                kill_point("claim.committed")
            claims += checks
        self._start(claims, await loop.run_in_executor(threads, self._briefs, claims))
        self._gives_away = self._free() > 0

    def _rechecks(self) -> list[Claim]:
        with self._services.database.read() as connection:
            return rechecks.due(connection, self._services.space_id, self._now(), self._free(), self._under_way())

    def _slow_are_few(self) -> bool:
        """Integrations that let us wait have half of the slots, all together."""
        return sum(one.slow for one in list(self._running.values())) < max(1, self._slots // 2)

    def _briefs(self, claims: list[Claim]) -> list[Brief | Exception]:
        """Nothing that goes wrong here may lose what has been claimed: the attempt then says so."""
        if not claims:
            return []
        try:
            return briefs_of(self._services, claims)
        except Exception as error:
            return [error] * len(claims)

    def _start(self, claims: list[Claim], briefs: list[Brief | Exception]) -> None:
        for one, brief in zip(claims, briefs, strict=True):
            task = asyncio.create_task(self._attempts.attempt(one, brief))
            self._running[task] = one
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[bool]) -> None:
        """A receipt has given its slot away in the transaction that wrote it down."""
        claim = self._running.pop(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("what came of delivery %s was not written", claim.delivery_id, exc_info=task.exception())
        elif not task.cancelled() and task.result() and self._gives_away:
            return
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

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.grace):
                while self._running:
                    await asyncio.wait(list(self._running))
        while left := list(self._running):
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._attempts.close()
