"""Where attempts side by side have written down what they come to: one transaction for all that wait at the moment.

One transaction runs at a time, in a thread. Whoever comes meanwhile goes into the next one: nobody waits for company,
and a single document is written at once. Slots that become free are given away again in the same transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import msgspec
from sqlalchemy import Row

from banqup_tui.backend.ledger import rechecks
from banqup_tui.backend.ledger.claim import Claim, mark_together
from banqup_tui.backend.ledger.model import lock_integrations
from banqup_tui.backend.ledger.outcome import Ended, Result, record_together
from banqup_tui.backend.ledger.rules import Terms
from banqup_tui.backend.ledger.status import restated_at_the_end
from banqup_tui.connectors.interface import Receipt
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.backend.db.transaction import Transaction

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Marked(msgspec.Struct, frozen=True):
    """An attempt that is about to begin its effect, and what it would leave if it were cut off."""

    claim: Claim
    resume_token: str


class Idle(msgspec.Struct, frozen=True):
    """Nothing to write down: there may be something to claim."""


class Alone(msgspec.Struct, frozen=True):
    """Something else of the ledger's, in a transaction of its own."""

    do: Callable[[Transaction], Any]


class _Entry(msgspec.Struct, eq=False):
    entries: Ended | Marked | Idle | Alone
    answer: asyncio.Future[Any]
    is_answered: bool = False

    def tell(self, answer: Any) -> None:
        """Who has been cancelled in this very round of the loop has taken the future with it, and needs none."""
        self.is_answered = True
        if self.answer.cancelled():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Hands(Protocol):
    """What the desk needs of the dispatch."""

    def write(self, do: Callable[[Transaction], T]) -> T:
        """Runs `do` in a transaction. In a thread."""

    def claim_round(self, transaction: Transaction, ending: int) -> list[Claim]:
        """Claims for the slots that are free, and for those of `ending` attempts. In a thread."""

    def hush(self) -> None:
        """The transaction under way makes nothing due, and what it has made free is given away."""

    def claimed(self, claims: list[Claim]) -> Callable[[], None]:
        """What is committed now is made ready, in a thread; what this returns starts it, on the loop."""


class _NothingDone(Exception):
    """A transaction failed before its end: it is certain that none of it was written."""


class GroupCommitWriter:
    """Everything the dispatch writes goes through here, one transaction after the other."""

    def __init__(self, hands: Hands, terms: Terms, threads: ThreadPoolExecutor) -> None:
        self._hands = hands
        self._terms = terms
        self._threads = threads
        self._waiting: deque[_Entry] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def mark(self, claim: Claim, resume_token: str) -> bool:
        """May the effect begin? (docs/protocol.md: mark)"""
        return cast(bool, await self._put(Marked(claim, resume_token)))

    async def ended(self, claim: Claim, result: Result, timed_out: bool) -> DeliveryState | None:
        """The state that follows, or `None` where the ledger stays as it is."""
        return cast(DeliveryState | None, await self._put(Ended(claim, result, timed_out)))

    async def wait_for_round(self) -> None:
        """Claims what can be claimed now."""
        await self._put(Idle())

    async def alone(self, do: Callable[[Transaction], T]) -> T:
        return cast(T, await self._put(Alone(do)))

    async def _put(self, entries: Ended | Marked | Idle | Alone) -> Any:
        """What was said is waited for, even when who said it is cancelled meanwhile."""
        loop = asyncio.get_running_loop()
        entry = _Entry(entries, loop.create_future())
        self._waiting.append(entry)
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write_all())
        try:
            return await entry.answer
        except asyncio.CancelledError:
            if not entry.is_answered:
                entry.answer = loop.create_future()
                await asyncio.wait([entry.answer])
                entry.answer.exception()
            raise

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group = self._next_group()
            entries = [entry.entries for entry in group]
            answers, starts = await loop.run_in_executor(self._threads, self._written, entries)
            for start in starts:
                start()
            for entry, answer in zip(group, answers, strict=True):
                entry.tell(answer)

    def _next_group(self) -> list[_Entry]:
        """All that wait, up to one who wants to be alone, and up to a second word about the same delivery."""
        group: list[_Entry] = []
        known: set[str] = set()
        while self._waiting:
            entries = self._waiting[0].entries
            if isinstance(entries, Alone):
                return group or [self._waiting.popleft()]
            if isinstance(entries, Ended | Marked):
                if entries.claim.delivery_id in known:
                    break
                known.add(entries.claim.delivery_id)
            group.append(self._waiting.popleft())
        return group

    def _written(self, group: Sequence[Ended | Marked | Idle | Alone]) -> tuple[list[Any], list[Callable[[], None]]]:
        """Answers in order, an exception for whoever could not be written down; and what is to be started.

        One of whom nothing can be written spoils it for nobody: then each is written for himself.
        """
        try:
            return self._write(group)
        except _NothingDone as failure:
            if len(group) > 1:
                _log.warning("%d deliveries could not be written down together", len(group), exc_info=failure.__cause__)
                each = [self._written([one]) for one in group]
                return [answer for answers, _ in each for answer in answers], [
                    one for _, starts in each for one in starts
                ]
            return [failure.__cause__], []
        except Exception as error:
            return [error] * len(group), []

    def _write(self, group: Sequence[Ended | Marked | Idle | Alone]) -> tuple[list[Any], list[Callable[[], None]]]:
        claims: list[Claim] = []

        def do(transaction: Transaction) -> list[Any]:
            try:
                if isinstance(group[0], Alone):
                    return [group[0].do(transaction)]
                with restated_at_the_end(transaction):
                    answers = self._done(transaction, group)
                    claims.extend(self._hands.claim_round(transaction, sum(isinstance(one, Ended) for one in group)))
            except Exception as error:
                raise _NothingDone from error
            if all(_is_plain(entries, answer) for entries, answer in zip(group, answers, strict=True)):
                self._hands.hush()
            return answers

        answers = self._hands.write(do)
        if not claims:
            return answers, []
        kill_point("claim.committed")
        return answers, [self._hands.claimed(claims)]

    def _done(self, transaction: Transaction, group: Sequence[Ended | Marked | Idle | Alone]) -> list[Any]:
        """Receipts first: nothing that they change matters to a mark. After anything else it is looked again."""
        entries = [one for one in group if isinstance(one, Ended | Marked)]
        locked: dict[str, Row[Any]] | None = lock_integrations(
            transaction, [one.claim.integration_id for one in entries]
        )
        answers = _each(group, _is_end, lambda some: record_together(transaction, self._terms, some, locked))
        answers |= _each(group, _is_recheck, lambda some: [self._rechecked(transaction, one) for one in some])
        if not all(_is_plain(group[at], answer) for at, answer in answers.items()):
            locked = None
        answers |= _each(group, _is_mark, lambda some: self._marks(transaction, some, locked))
        return [answers.get(at) for at in range(len(group))]

    def _rechecked(self, transaction: Transaction, one: Ended) -> DeliveryState | None:
        return rechecks.record(transaction, self._terms, one.claim, one.result)

    def _marks(
        self, transaction: Transaction, some: Sequence[Marked], locked: dict[str, Row[Any]] | None
    ) -> list[bool]:
        return mark_together(transaction, self._terms, [(one.claim, one.resume_token) for one in some], locked)


def _each(group: Sequence[Any], which: Callable[[Any], bool], do: Callable[[list[Any]], list[Any]]) -> dict[int, Any]:
    """Answers of some of the group, by their places in it."""
    places = [at for at, one in enumerate(group) if which(one)]
    return dict(zip(places, do([group[at] for at in places]), strict=True)) if places else {}


def _is_end(entries: Any) -> bool:
    return isinstance(entries, Ended) and not entries.claim.recheck


def _is_recheck(entries: Any) -> bool:
    return isinstance(entries, Ended) and entries.claim.recheck


def _is_mark(entries: Any) -> bool:
    return isinstance(entries, Marked)


def _is_plain(entries: Any, answer: Any) -> bool:
    """A mark that passed, or a receipt: nothing becomes due by it."""
    if isinstance(entries, Ended):
        return answer is DeliveryState.DELIVERED and isinstance(entries.result, Receipt) and not entries.claim.recheck
    return isinstance(entries, Idle) or answer is True
