"""The dispatch loop: plans and claims deliveries, runs their attempts concurrently, and records the outcomes.

The database is used in threads; connectors run on the event loop. The ledger is written before every step that can have
an effect, so a crash at any point is settled from the ledger alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from asyncio import timeout
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from banqup_tui.backend.db.tables import utc_now
from banqup_tui.backend.dispatch import due
from banqup_tui.backend.dispatch.attempt import Attempts
from banqup_tui.backend.dispatch.group_commit import GroupCommitWriter
from banqup_tui.backend.dispatch.requests import AttemptInput, inputs_of
from banqup_tui.backend.dispatch.warm_up import Upcoming, upcoming
from banqup_tui.backend.integrations.oauth.access_tokens import provide
from banqup_tui.backend.ledger import rechecks
from banqup_tui.backend.ledger.bulk_jobs import step
from banqup_tui.backend.ledger.claim import Claim, claim
from banqup_tui.backend.ledger.look_up import claim_checks
from banqup_tui.backend.ledger.planner import plan
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.schedule import sweep
from banqup_tui.backend.ledger.takeover import take_over
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.backend.db.transaction import Transaction
    from banqup_tui.backend.services import Services

T = TypeVar("T")
SLOTS = 512
"""Most attempts at the same time, for all integrations together: several times the limit of any one of them."""

_log = logging.getLogger(__name__)


class Dispatch:
    """Runs the dispatch loop of one service. Methods that are not coroutines may be called from any thread.

    Args:
        instance_id: Owner of the deliveries that this loop claims.
        slots: Most attempts at the same time.
        now: Wall clock (UTC). It only decides when something is tried again.
        monotonic: Clock for intervals, in seconds.
    """

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
        self._rules = LedgerRules.of(services, self._timing)
        self._slots = slots
        self._now = now
        self._monotonic = monotonic
        self._swept = monotonic()
        self._running: dict[asyncio.Task[bool], Claim] = {}
        self._may_claim = True
        self._lock = threading.Lock()
        self._in_thread = threading.local()
        services.database.on_commit(self._committed)
        self._awake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def take_over(self) -> int:
        """Takes over all deliveries that are SENDING, before `run`; returns their number.

        The lock of the service proves at the start that the process that sent them is dead.
        """
        count = 0
        while done := self.write(lambda transaction: take_over(transaction, self._rules)):
            # A kill here leaves the rest SENDING; the next start takes over those.
            kill_point("takeover.committed")
            count += done
        return count

    def wake(self) -> None:
        """Wakes the loop because there may be something to do."""
        with self._lock:
            if self._awake is not None:
                loop, event = self._awake
                loop.call_soon_threadsafe(event.set)

    def busy(self) -> bool:
        """Returns whether the service has work and must not stop (see `due.is_busy`)."""
        with self._services.database.read() as connection:
            return due.is_busy(connection, self._services.space_id)

    def next_due(self) -> datetime | None:
        """Returns when something is to be done next, or `None` if nothing waits."""
        with self._services.database.read() as connection:
            return due.next_due(connection, self._services.space_id)

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set; attempts that are running then get `Timing.grace` seconds to end."""
        provide(self._services)
        awake = asyncio.Event()
        with self._lock:
            self._awake = (asyncio.get_running_loop(), awake)
        threads = ThreadPoolExecutor(2, thread_name_prefix="ledger")
        writer = GroupCommitWriter(self, self._rules, threads)
        self._attempts = Attempts(self._services, self._rules, threads, writer)
        self._may_claim = True
        try:
            while not stop.is_set():
                awake.clear()
                await self._round(threads, writer)
                await self._wait(stop, awake)
        finally:
            with self._lock:
                self._awake = None
            self._may_claim = False
            await self._finish_attempts()
            threads.shutdown(wait=True)

    def _committed(self, _seq: int) -> None:
        if not getattr(self._in_thread, "wake_suppressed", False):
            self.wake()

    # DispatchCallbacks

    def write(self, do: Callable[[Transaction], T]) -> T:
        """Runs `do` in a transaction of this space, with the clock of the loop."""
        self._in_thread.wake_suppressed = False
        with self._services.database.write(self._services.space_id, self._now()) as transaction:
            return do(transaction)

    def suppress_wake(self) -> None:
        """Keeps the commit of the running transaction from waking the loop (see `DispatchCallbacks`)."""
        self._in_thread.wake_suppressed = self._may_claim

    def claim_round(self, transaction: Transaction, ending: int) -> list[Claim]:
        """Claims round after round, until no slot is free or no integration can have a round."""
        claims: list[Claim] = []
        while self._may_claim and (free := self._free() + ending - len(claims)) > 0:
            found = claim(transaction, self._rules, self._owner, free, with_slow=self._slow_are_few(claims))
            if found is None:
                break
            claims += found
        return claims

    def prepare_claims(self, claims: list[Claim]) -> Callable[[], None]:
        """Reads the inputs of claims and returns the function that starts them (see `DispatchCallbacks`)."""
        inputs = self._inputs(claims)
        return lambda: self._start(claims, inputs)

    # One iteration of the loop

    async def _round(self, threads: ThreadPoolExecutor, writer: GroupCommitWriter) -> None:
        """Does everything that is due once. An error of the database is logged, and the next iteration tries again.

        Planning and jobs queue one portion in each iteration, so that sending begins before all is queued.
        """
        try:
            waiting, soon = await asyncio.get_running_loop().run_in_executor(threads, self._look)
            self._attempts.open_ahead(soon)
            if waiting.plan and await writer.exclusive(plan):
                # A kill here or after a portion of a job loses nothing: position and queued rows are committed
                # together.
                kill_point("planner.committed")
            if waiting.job and await writer.exclusive(lambda transaction: step(transaction, self._services)):
                kill_point("bulk.chunk")
            if self._monotonic() - self._swept >= self._timing.sweep:
                self._swept = self._monotonic()
                await writer.exclusive(sweep)
                await writer.exclusive(self._take_back_lost)
            await self._start_look_ups(waiting, threads, writer)
            if waiting.plan or waiting.job or waiting.claimable:
                await writer.wait_for_round()
        except Exception:
            _log.exception("an iteration of the dispatch loop failed")

    def _look(self) -> tuple[due.DueWork, list[Upcoming]]:
        with self._services.database.read() as connection:
            waiting = due.look(connection, self._services.space_id, self._now())
            begins = waiting.claimable and not self._running
            return waiting, upcoming(connection, self._services, self._now()) if begins else []

    def _take_back_lost(self, transaction: Transaction) -> None:
        """Takes over deliveries that this process claimed but no longer sends, because an outcome was not written."""
        take_over(transaction, self._rules, owners=[self._owner], killed=False, excluded=self._under_way())

    def _under_way(self) -> frozenset[str]:
        return frozenset(one.delivery_id for one in list(self._running.values()))

    def _free(self) -> int:
        return self._slots - len(self._running)

    async def _start_look_ups(
        self, waiting: due.DueWork, threads: ThreadPoolExecutor, writer: GroupCommitWriter
    ) -> None:
        """Starts look-ups and rechecks. They come before sending: while some are due, no slot is used for claims."""
        self._may_claim = not (waiting.recheck or waiting.check)
        if self._may_claim:
            return
        loop = asyncio.get_running_loop()
        claims: list[Claim] = []
        if waiting.recheck and self._free() > 0:
            claims += await loop.run_in_executor(threads, self._rechecks)
        free = self._free() - len(claims)
        if waiting.check and free > 0:
            checks = await writer.exclusive(
                lambda transaction: claim_checks(transaction, self._rules, self._owner, free)
            )
            if checks:
                # A kill here leaves deliveries CHECKING; the take-over makes them UNKNOWN with another look-up.
                kill_point("claim.committed")
            claims += checks
        self._start(claims, await loop.run_in_executor(threads, self._inputs, claims))
        self._may_claim = self._free() > 0

    def _rechecks(self) -> list[Claim]:
        with self._services.database.read() as connection:
            return rechecks.due(connection, self._services.space_id, self._now(), self._free(), self._under_way())

    def _slow_are_few(self, claims: list[Claim]) -> bool:
        """Returns whether an integration that timed out may be claimed: all such together get half of the slots.

        `claims` are those of the running transaction, which have not been started yet.
        """
        slow = sum(one.slow for one in (*list(self._running.values()), *claims))
        return slow < max(1, self._slots // 2)

    def _inputs(self, claims: list[Claim]) -> list[AttemptInput | Exception]:
        """Reads the inputs of the claims. After an error each attempt records that error, so that no claim is lost."""
        if not claims:
            return []
        try:
            return inputs_of(self._services, claims)
        except Exception as error:
            return [error] * len(claims)

    def _start(self, claims: list[Claim], inputs: list[AttemptInput | Exception]) -> None:
        for claimed, attempt_input in zip(claims, inputs, strict=True):
            task = asyncio.create_task(self._attempts.attempt(claimed, attempt_input))
            self._running[task] = claimed
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[bool]) -> None:
        """Frees the slot. After a receipt the loop need not wake: the transaction of the receipt has claimed for it."""
        claim = self._running.pop(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("the outcome of delivery %s was not recorded", claim.delivery_id, exc_info=task.exception())
        elif not task.cancelled() and task.result() and self._may_claim:
            return
        self.wake()

    async def _wait(self, stop: asyncio.Event, awake: asyncio.Event) -> None:
        """Waits until `awake` or `stop` is set, at most `poll` seconds: waking is only a hint and may be missed."""
        waiting = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(awake.wait())]
        try:
            await asyncio.wait(waiting, timeout=self._timing.poll, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _finish_attempts(self) -> None:
        with suppress(TimeoutError):
            async with timeout(self._timing.grace):
                while self._running:
                    await asyncio.wait(list(self._running))
        while left := list(self._running):
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._attempts.close()
