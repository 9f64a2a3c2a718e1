"""Groups the writes of concurrent attempts: each transaction takes all marks and outcomes that wait when it begins.

One transaction runs at a time, in a thread. Requests that come meanwhile go into the next one, so a single request is
written at once and never waits for others. A transaction also claims deliveries for the slots that it makes free.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import msgspec

from banqup_tui.backend.db.records import IntegrationRecord
from banqup_tui.backend.ledger import rechecks
from banqup_tui.backend.ledger.claim import Claim, mark_together
from banqup_tui.backend.ledger.model import lock_integrations
from banqup_tui.backend.ledger.outcome import Ended, record_together
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.status import status_updated_at_the_end
from banqup_tui.connectors.interface import Receipt
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.backend.db.transaction import Transaction

T = TypeVar("T")
_log = logging.getLogger(__name__)


class MarkRequest(msgspec.Struct, frozen=True):
    """A request for the mark of an attempt."""

    claim: Claim
    resume_token: str


class ClaimRequest(msgspec.Struct, frozen=True):
    """A request to claim what can be claimed; nothing else is written."""


class ExclusiveRequest(msgspec.Struct, frozen=True):
    """A request to run `do` in a transaction of its own."""

    do: Callable[[Transaction], Any]


Request = Ended | MarkRequest | ClaimRequest | ExclusiveRequest


class _Entry(msgspec.Struct, eq=False):
    """A request that waits, and the future for its answer."""

    request: Request
    answer: asyncio.Future[Any]
    is_answered: bool = False

    def set_answer(self, answer: object) -> None:
        """Answers the caller. An exception is raised there."""
        self.is_answered = True
        # The caller may have been cancelled in this iteration of the event loop, before it could make a new future.
        if self.answer.cancelled():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class DispatchCallbacks(Protocol):
    """The functions of the dispatch loop that the writer calls."""

    def write(self, do: Callable[[Transaction], T]) -> T:
        """Runs `do` in a transaction, in the calling thread."""

    def claim_round(self, transaction: Transaction, ending: int) -> list[Claim]:
        """Claims deliveries for the free slots and for those of the `ending` attempts. Called in the thread."""

    def suppress_wake(self) -> None:
        """Tells the loop not to wake up after the commit of this transaction, which leaves nothing to do."""

    def prepare_claims(self, claims: list[Claim]) -> Callable[[], None]:
        """Reads the inputs of committed claims, in the thread. The returned function starts them, on the loop."""


class _RolledBack(Exception):
    """The transaction failed before its commit, so nothing of it was written and it may be repeated."""


class GroupCommitWriter:
    """Runs all transactions of the dispatch, one after the other. Its methods are called on the event loop."""

    def __init__(self, dispatch: DispatchCallbacks, rules: LedgerRules, threads: ThreadPoolExecutor) -> None:
        self._dispatch = dispatch
        self._rules = rules
        self._threads = threads
        self._waiting: deque[_Entry] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def mark(self, claim: Claim, resume_token: str) -> bool:
        """Marks an attempt; returns whether its effect may begin (see `ledger.claim.mark`)."""
        return cast(bool, await self._put(MarkRequest(claim, resume_token)))

    async def ended(self, ended: Ended) -> DeliveryState | None:
        """Records the result of an attempt; returns the new state, or `None` if the claim had lost its fence."""
        return cast(DeliveryState | None, await self._put(ended))

    async def wait_for_round(self) -> None:
        """Claims what can be claimed now, and waits until that is committed."""
        await self._put(ClaimRequest())

    async def exclusive(self, do: Callable[[Transaction], T]) -> T:
        """Runs `do` in a transaction of its own and returns its result."""
        return cast(T, await self._put(ExclusiveRequest(do)))

    async def _put(self, request: Request) -> object:
        """Queues a request and returns its answer.

        A caller that is cancelled waits for the commit all the same: it must not go on, for example to discard the file
        of a mark, while the ledger may still change.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry(request, loop.create_future())
        self._waiting.append(entry)
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._run_all())
        try:
            return await entry.answer
        except asyncio.CancelledError:
            if not entry.is_answered:
                entry.answer = loop.create_future()
                await asyncio.wait([entry.answer])
                entry.answer.exception()
            raise

    async def _run_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group = self._next_group()
            requests = [entry.request for entry in group]
            answers, starts = await loop.run_in_executor(self._threads, self._run_group, requests)
            for start in starts:
                start()
            for entry, answer in zip(group, answers, strict=True):
                entry.set_answer(answer)

    def _next_group(self) -> list[_Entry]:
        """Takes the waiting requests up to the next one that needs its own transaction.

        A second request for the same delivery also ends the group, because the functions of the ledger expect different
        deliveries.
        """
        group: list[_Entry] = []
        known: set[str] = set()
        while self._waiting:
            request = self._waiting[0].request
            if isinstance(request, ExclusiveRequest):
                return group or [self._waiting.popleft()]
            if isinstance(request, Ended | MarkRequest):
                if request.claim.delivery_id in known:
                    break
                known.add(request.claim.delivery_id)
            group.append(self._waiting.popleft())
        return group

    def _run_group(self, group: Sequence[Request]) -> tuple[list[object], list[Callable[[], None]]]:
        """Runs a group; returns its answers in order, and the functions that start new attempts.

        If the group fails before the commit, each request is run by itself, so that a faulty one fails alone. If the
        commit fails, nobody knows whether it happened, and every request gets the error.
        """
        try:
            return self._write(group)
        except _RolledBack as failure:
            if len(group) > 1:
                _log.warning("%d deliveries could not be written down together", len(group), exc_info=failure.__cause__)
                results = [self._run_group([request]) for request in group]
                return [answer for answers, _ in results for answer in answers], [
                    start for _, starts in results for start in starts
                ]
            return [failure.__cause__], []
        except Exception as error:
            return [error] * len(group), []

    def _write(self, group: Sequence[Request]) -> tuple[list[object], list[Callable[[], None]]]:
        claims: list[Claim] = []

        def do(transaction: Transaction) -> list[object]:
            try:
                if isinstance(group[0], ExclusiveRequest):
                    return [group[0].do(transaction)]
                with status_updated_at_the_end(transaction):
                    answers = self._answers(transaction, group)
                    claims.extend(self._dispatch.claim_round(transaction, sum(isinstance(one, Ended) for one in group)))
            except Exception as error:
                raise _RolledBack from error
            if all(_is_plain(request, answer) for request, answer in zip(group, answers, strict=True)):
                self._dispatch.suppress_wake()
            return answers

        answers = self._dispatch.write(do)
        if not claims:
            return answers, []
        # A kill here leaves deliveries CLAIMED; the take-over at the next start queues them again.
        kill_point("claim.committed")
        return answers, [self._dispatch.prepare_claims(claims)]

    def _answers(self, transaction: Transaction, group: Sequence[Request]) -> list[object]:
        """Runs the requests of a group and returns their answers in order.

        Receipts do not change what a mark depends on, so after receipts alone the marks use the rows that were locked
        at the beginning. Any other result may have paused or broken an integration; then the rows are read again.
        """
        requests = [one for one in group if isinstance(one, Ended | MarkRequest)]
        locked: dict[str, IntegrationRecord] | None = lock_integrations(
            transaction, [one.claim.integration_id for one in requests]
        )
        answers = _each(group, _is_end, lambda batch: record_together(transaction, self._rules, batch, locked))
        answers |= _each(group, _is_recheck, lambda batch: [self._rechecked(transaction, one) for one in batch])
        if not all(_is_plain(group[at], answer) for at, answer in answers.items()):
            locked = None
        answers |= _each(group, _is_mark, lambda batch: self._marks(transaction, batch, locked))
        return [answers.get(at) for at in range(len(group))]

    def _rechecked(self, transaction: Transaction, one: Ended) -> DeliveryState | None:
        return rechecks.record(transaction, self._rules, one.claim, one.result)

    def _marks(
        self, transaction: Transaction, batch: Sequence[MarkRequest], locked: dict[str, IntegrationRecord] | None
    ) -> list[bool]:
        return mark_together(transaction, self._rules, [(one.claim, one.resume_token) for one in batch], locked)


def _each(
    group: Sequence[object], which: Callable[[object], bool], do: Callable[[list[Any]], list[Any]]
) -> dict[int, object]:
    """Runs `do` for the requests that `which` selects; returns the answers by their index in the group."""
    indexes = [at for at, request in enumerate(group) if which(request)]
    return dict(zip(indexes, do([group[at] for at in indexes]), strict=True)) if indexes else {}


def _is_end(request: object) -> bool:
    return isinstance(request, Ended) and not request.claim.recheck


def _is_recheck(request: object) -> bool:
    return isinstance(request, Ended) and request.claim.recheck


def _is_mark(request: object) -> bool:
    return isinstance(request, MarkRequest)


def _is_plain(request: object, answer: object) -> bool:
    """Returns whether nothing becomes due by this answer: it is a receipt or a mark that passed."""
    if isinstance(request, Ended):
        return answer is DeliveryState.DELIVERED and isinstance(request.result, Receipt) and not request.claim.recheck
    return isinstance(request, ClaimRequest) or answer is True
