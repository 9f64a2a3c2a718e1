"""I5, I6, I7: whatever is lost, late or killed, and whatever users ask meanwhile (docs/protocol.md, invariants).

The receivers here keep their own books of what took effect, also of attempts that the ledger has given up. An attempt
takes effect at most `deadline` after its mark while somebody waits for it, and at most Q after nobody does any more.
"""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import event

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger import stopped_documents
from banqup_tui.backend.ledger.claim import Claim
from banqup_tui.backend.ledger.enqueue import delivery_key
from banqup_tui.backend.ledger.look_up import earlier_receipts
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.connectors.interface import Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import (
    Cancel,
    Copy,
    DecideDuplicate,
    Dismiss,
    PauseIntegration,
    ReopenDuplicate,
    Resend,
    Restore,
    ResumeIntegration,
    Send,
    Settle,
    Withdraw,
)
from tests.backend.ledger.harness import ANNE, BART, LedgerHarness

KEY_SECONDS = 3600.0
Q = 300.0
pick = st.integers(0, 5)
often = st.sampled_from([True, True, True, False])


class Steady(Timing, frozen=True, kw_only=True):
    """Without chance, so that what went wrong once goes wrong again."""

    def wait(self, before: int) -> float:
        return min(self.longest_wait, self.first_wait * 2.0**before)


class RememberingHarness(LedgerHarness):
    """Reads rows again only after a commit: rules and invariants ask for the same ones some ten times a step.

    For one thread only: the event comes just before the commit.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._rows: dict[str, list[Any]] = {}
        event.listen(self.database.engine, "commit", lambda _connection: self._rows.clear())

    def rows(self, table: Any) -> list[Any]:
        if table.name not in self._rows:
            self._rows[table.name] = super().rows(table)
        return list(self._rows[table.name])


class Request(msgspec.Struct, eq=False):
    """One marked attempt, as it is on its way. `ends`: when it can no longer take effect."""

    claim: Claim
    resume_token: str
    ends: float
    waited_for: bool = True
    receipt: Receipt | None = None


class Ledger(RuleBasedStateMachine):
    kind: ReceiverKind

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.harness = RememberingHarness(Path(self.directory.name) / "practice", Steady(), seed=1)
        self.receiver = self.harness.receiver(self.kind, KEY_SECONDS if self.kind is ReceiverKind.KEY else None)
        self.client = self.harness.client()
        self.integration = self.harness.integration(self.client, self.receiver, concurrency=4)
        self.harness.documents(self.client, 2)
        self.harness.plan()
        self.claimed: list[Claim] = []
        self.checking: list[tuple[Claim, float]] = []
        self.on_their_way: list[Request] = []
        self.effects: list[tuple[str, int]] = []
        self.references: dict[str, list[str]] = {}
        self.keys: dict[str, float] = {}
        self.hidden: set[str] = set()
        self.asked: dict[str, int] = {}
        self.destinations = 0

    def teardown(self) -> None:
        self.harness.database.engine.dispose()
        self.directory.cleanup()

    # what happens

    @precondition(lambda self: len(self.harness.rows(tables.document)) < 3)
    @rule()
    def a_document_comes(self) -> None:
        self.harness.document(self.client)
        self.harness.plan()

    @rule(marked=often, wanted=often)
    def a_round_is_claimed(self, marked: bool, wanted: bool) -> None:
        """`marked`: and at once it is on its way. `wanted`: users see to it that there is something to claim."""
        if wanted:
            self.everything_is_wanted()
        claims = self.harness.claim(free=2)
        self.claimed += claims
        while marked and claims:
            self.mark(claims.pop())

    @precondition(lambda self: self.claimed)
    @rule(which=pick)
    def one_is_marked(self, which: int) -> None:
        self.mark(self.claimed[which % len(self.claimed)])

    def everything_is_wanted(self) -> None:
        if self.state_of_integration() != "ACTIVE":
            self.harness.do(ResumeIntegration(integration_id=self.integration))
        documents = tuple(row.id for row in self.harness.rows(tables.document) if row.ready_seq is not None)
        if documents:
            self.send(documents)
        for row in self.harness.deliveries():
            if row.state == "DELIVERED":
                self.ask_for_another(row, self.harness.seq(), ANNE)
        postponed_until = self.harness.row(tables.integration, self.integration).postponed_until
        now = self.harness.clock.now()
        waits = [
            at - now for at in (postponed_until, *(row.due_at for row in self.harness.deliveries())) if at and at > now
        ]
        if waits and not self.on_their_way:
            self.pass_time(max(wait.total_seconds() for wait in waits))

    def mark(self, claim: Claim) -> None:
        self.claimed.remove(claim)
        row = self.row(claim)
        resume_token = f".{claim.delivery_id}.{claim.fence}"
        self.hidden.add(resume_token)
        marked = self.harness.mark(claim, resume_token)
        if not marked:
            self.hidden.discard(resume_token)
            return
        assert self.state_of_integration() == "ACTIVE"
        assert (row.fence, row.state, row.phase) == (claim.fence, "SENDING", "CLAIMED")
        deadline = self.harness.clock.seconds + self.harness.timing.deadline
        self.on_their_way.append(Request(claim, resume_token, deadline))

    @precondition(lambda self: self.claimed)
    @rule(which=pick, fault=st.sampled_from([Fault.DOCUMENT, Fault.INTEGRATION]))
    def one_cannot_be_prepared(self, which: int, fault: Fault) -> None:
        self.harness.record(self.claimed.pop(which % len(self.claimed)), NotSent("No.", fault=fault))

    @precondition(lambda self: self.on_their_way)
    @rule(which=pick)
    def one_takes_effect(self, which: int) -> None:
        request = self.on_their_way[which % len(self.on_their_way)]
        if request.receipt is None:
            request.receipt = self.effect(request.claim, request.resume_token)

    @precondition(lambda self: self.on_their_way)
    @rule(which=pick)
    def an_answer_comes(self, which: int) -> None:
        request = self.on_their_way[which % len(self.on_their_way)]
        request.receipt = request.receipt or self.effect(request.claim, request.resume_token)
        self.on_their_way.remove(request)
        if request.receipt is not None:
            self.harness.record(request.claim, request.receipt)

    @precondition(lambda self: any(one.receipt is None for one in self.on_their_way))
    @rule(result=st.sampled_from([Rejected("No."), NotSent("Busy."), NotSent("Away.", fault=Fault.INTEGRATION)]))
    def one_is_turned_away(self, result: Any) -> None:
        request = next(one for one in self.on_their_way if one.receipt is None)
        self.on_their_way.remove(request)
        if self.harness.record(request.claim, result) not in (None, "UNKNOWN"):
            self.hidden.discard(request.resume_token)

    @precondition(lambda self: any(one.waited_for for one in self.on_their_way))
    @rule()
    def an_answer_is_lost(self) -> None:
        request = next(one for one in self.on_their_way if one.waited_for)
        self.nobody_waits(request)
        self.harness.record(request.claim, Uncertain("reset"))

    @rule()
    def the_service_is_killed_and_starts_again(self) -> None:
        for request in self.on_their_way:
            if request.waited_for:
                self.nobody_waits(request)
        self.claimed.clear()
        self.checking.clear()
        while self.harness.take_over():
            pass

    @rule()
    def it_is_suspected_dead_and_is_not(self) -> None:
        """Its claims and requests live on under fences that are no longer theirs, beside those of another."""
        for request in self.on_their_way:
            if request.waited_for:
                self.nobody_waits(request)
        while self.harness.take_over():
            pass
        self.claimed += self.harness.claim("another", free=2)

    @precondition(lambda self: any(row.check_at for row in self.harness.deliveries()))
    @rule(later=st.sampled_from([0, 15, 301]), answered=often)
    def look_ups_are_claimed(self, later: float, answered: bool) -> None:
        """`answered`: and at once truly answered."""
        self.pass_time(later)
        claims = self.harness.checks()
        deadline = self.harness.clock.seconds + self.harness.timing.deadline
        self.checking += [(claim, deadline) for claim in claims if not answered]
        while answered and claims:
            claim = claims.pop()
            self.harness.record(claim, self.look_up(claim))

    @precondition(lambda self: self.checking)
    @rule(printed=st.sampled_from(["truth", "truth", "truth", "nothing"]))
    def a_look_up_is_answered(self, printed: str) -> None:
        claim, _ = self.checking.pop()
        self.harness.record(claim, self.look_up(claim) if printed == "truth" else Uncertain("reset"))

    @rule(seconds=st.sampled_from([1, 15, 60, 299, 301, 3000, 100_000]))
    def time_passes(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        for request in list(self.on_their_way):
            if request.waited_for and request.ends < self.harness.clock.seconds + seconds:
                self.nobody_waits(request)
                self.harness.record(request.claim, Uncertain("Too slow."), timed_out=True)
        for claim, deadline in list(self.checking):
            if deadline < self.harness.clock.seconds + seconds:
                self.checking.remove((claim, deadline))
                self.harness.record(claim, Uncertain("Too slow."), timed_out=True)
        self.harness.clock.pass_(seconds)
        now = self.harness.clock.seconds
        self.on_their_way = [one for one in self.on_their_way if one.waited_for or one.ends > now]

    # what users do

    @rule(moved=st.integers(0, 9))
    def a_user_pauses_or_resumes(self, moved: int) -> None:
        if moved == 0:
            self.destinations += 1
            self.harness.configure(self.integration, f"in-{self.destinations}")
        elif self.state_of_integration() == "ACTIVE":
            self.harness.do(PauseIntegration(integration_id=self.integration))
        else:
            self.harness.do(ResumeIntegration(integration_id=self.integration))

    @precondition(lambda self: self.state_of_integration() == "ACTIVE" and self.harness.rows(tables.document))
    @rule(which=pick)
    def a_user_sends(self, which: int) -> None:
        documents = self.harness.rows(tables.document)
        row = documents[which % len(documents)]
        if row.ready_seq is not None:
            self.send((row.id,))
        else:
            self.harness.refused(Send(document_ids=(row.id,)))

    def send(self, documents: tuple[str, ...]) -> None:
        """What arrived only where the integration pointed before is sent to the present destination: one more copy."""
        before = {row.id: row for row in self.harness.deliveries()}
        self.harness.do(Send(document_ids=documents), by=ANNE)
        here = self.harness.row(tables.integration, self.integration).destination
        for row in self.harness.deliveries():
            earlier = before.get(row.id)
            if earlier is not None and row.generation != earlier.generation:
                assert (earlier.state, row.document_id in documents) == ("DELIVERED", True)
                assert earlier.destination != here
                self.asked[row.id] = self.asked.get(row.id, 0) + 1

    @precondition(lambda self: self.harness.deliveries())
    @rule(which=pick, twice=st.booleans(), ago=st.sampled_from([0, 0, 0, 3, 12]))
    def a_user_asks_for_another_copy(self, which: int, twice: bool, ago: int) -> None:
        row = self.one(which)
        seen = max(0, self.harness.seq() - ago)
        self.ask_for_another(row, seen, ANNE)
        if twice:
            assert self.ask_for_another(row, seen, BART) == 0

    def ask_for_another(self, row: Any, seen: int, by: str) -> int:
        command = Resend(copies=(Copy(delivery_id=row.id, generation=row.generation),))
        queued = int(self.harness.do(command, by=by, seen=seen)["queued"])
        if queued:
            assert row.state in ("DELIVERED", "UNKNOWN")
            assert row.check_at is None
            assert row.settled_seq <= seen
            self.asked[row.id] = self.asked.get(row.id, 0) + 1
        return queued

    @precondition(lambda self: self.harness.deliveries())
    @rule(which=pick, dismissed=st.booleans())
    def a_user_cancels_or_lets_it_be(self, which: int, dismissed: bool) -> None:
        command = Dismiss if dismissed else Cancel
        self.harness.do(command(delivery_ids=(self.one(which).id,)))

    @precondition(lambda self: any(row.state == "UNKNOWN" for row in self.harness.deliveries()))
    @rule()
    def a_user_looks_and_says_what_is_there(self) -> None:
        row = next(row for row in self.harness.deliveries() if row.state == "UNKNOWN")
        if self.harness.services.grace_period.past(row.id):
            there = (row.id, row.generation) in self.effects
            self.harness.do(Settle(delivery_id=row.id, generation=row.generation, there=there))

    @precondition(lambda self: self.harness.rows(tables.document))
    @rule(which=pick, back=st.booleans())
    def a_user_holds_or_releases_a_document(self, which: int, back: bool) -> None:
        """A duplicate that was decided is held again, as long as nothing of it was sent; a held one is decided."""
        documents = self.harness.rows(tables.document)
        row = documents[which % len(documents)]
        if row.withdrawn_at is not None and row.duplicate == "HELD":
            self.harness.refused(DecideDuplicate(document_id=row.id, choice=DuplicateChoice.TWO_DOCUMENTS))
        elif row.duplicate == "HELD":
            choices = [DuplicateChoice.TWO_DOCUMENTS, DuplicateChoice.NEWER_VERSION, DuplicateChoice.ONE_DOCUMENT]
            self.harness.do(DecideDuplicate(document_id=row.id, choice=choices[which % 3]))
        elif row.duplicate is not None and back and not self.was_sent(row.id):
            self.harness.do(ReopenDuplicate(document_id=row.id))

    @precondition(lambda self: 0 < len(self.harness.rows(tables.document)) < 5)
    @rule(which=pick)
    def the_same_document_comes_again(self, which: int) -> None:
        documents = self.harness.rows(tables.document)
        self.harness.document(self.client, same_as=documents[which % len(documents)].id)
        self.harness.plan()

    @precondition(lambda self: self.harness.rows(tables.document))
    @rule(which=pick)
    def a_user_withdraws_or_restores_a_document(self, which: int) -> None:
        documents = self.harness.rows(tables.document)
        row = documents[which % len(documents)]
        command = Withdraw if row.withdrawn_at is None else Restore
        self.harness.do(command(document_ids=(row.id,)))

    def was_sent(self, document_id: str) -> bool:
        with self.harness.database.read() as connection:
            return bool(stopped_documents.sent(connection, document_id))

    # what holds

    @invariant()
    def nothing_is_claimed_of_a_document_that_is_not_to_be_sent(self) -> None:
        stopped = {row.id for row in self.harness.rows(tables.document) if row.ready_seq is None}
        assert stopped >= {
            row.id
            for row in self.harness.rows(tables.document)
            if row.duplicate == "HELD" or row.withdrawn_at is not None or row.replaced_by is not None
        }
        assert not [row for row in self.harness.deliveries() if row.phase == "CLAIMED" and row.document_id in stopped]

    @invariant()
    def no_wanted_copy_takes_effect_twice(self) -> None:
        assert len(self.effects) == len(set(self.effects))

    @invariant()
    def a_copy_after_the_first_exists_only_because_someone_asked(self) -> None:
        for row in self.harness.deliveries():
            assert row.generation == 1 + self.asked.get(row.id, 0)

    @invariant()
    def what_is_shown_is_true(self) -> None:
        for row in self.harness.deliveries():
            arrived = (row.id, row.generation) in self.effects
            if row.state == "DELIVERED":
                assert arrived
            if row.state in ("FAILED", "CANCELLED"):
                assert not arrived

    @invariant()
    def no_more_than_the_slots_are_used_and_sending_has_an_owner(self) -> None:
        sending = [row for row in self.harness.deliveries() if row.state == "SENDING"]
        assert len(sending) <= 4
        assert all(row.owner and row.phase for row in sending)

    @invariant()
    def every_status_is_the_one_that_is_derived(self) -> None:
        self.harness.check_statuses()

    # the receiver

    def effect(self, claim: Claim, resume_token: str) -> Receipt | None:
        copy = (claim.delivery_id, claim.generation)
        receipt = Receipt(text="there", reference=f"{copy[0]}-{copy[1]}")
        if self.kind is ReceiverKind.KEY and self.is_known(claim):
            return receipt
        if self.kind is ReceiverKind.RENAME:
            if resume_token not in self.hidden:
                return None
            self.hidden.discard(resume_token)
        self.effects.append(copy)
        return receipt

    def is_known(self, claim: Claim) -> bool:
        """Each destination has keys of its own, and forgets them after the time that its connector states."""
        sha256 = self.row(claim).sha256
        key = f"{claim.destination} {delivery_key(claim.integration_id, sha256, claim.generation)}"
        now = self.harness.clock.seconds
        known = key in self.keys and now - self.keys[key] < KEY_SECONDS
        if not known:
            self.keys[key] = now
        return known

    def look_up(self, claim: Claim) -> Any:
        copy = (claim.delivery_id, claim.generation)
        reference = f"{copy[0]}-{copy[1]}"
        if self.kind is ReceiverKind.RENAME:
            assert claim.resume_token is not None
            if claim.resume_token in self.hidden:
                self.effect(claim, claim.resume_token)
            return Receipt(text="there", reference=reference)
        with self.harness.database.read() as connection:
            assert reference not in earlier_receipts(connection, claim)
        return Receipt(text="there", reference=reference) if copy in self.effects else Found.ABSENT

    # help

    def nobody_waits(self, request: Request) -> None:
        request.waited_for = False
        request.ends = self.harness.clock.seconds + Q

    def one(self, which: int) -> Any:
        rows = self.harness.deliveries()
        return rows[which % len(rows)]

    def row(self, claim: Claim) -> Any:
        return self.harness.row(tables.delivery, claim.delivery_id)

    def state_of_integration(self) -> str:
        return str(self.harness.row(tables.integration, self.integration).state)


def machine_of(receiver: ReceiverKind) -> type[Ledger]:
    return type(f"{receiver.title()}Ledger", (Ledger,), {"kind": receiver})


SHORT = settings(
    max_examples=10, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
LONG = settings(SHORT, max_examples=1500, stateful_step_count=80)


@pytest.mark.parametrize("kind", list(ReceiverKind))
def test_whatever_happens_a_document_arrives_once_and_the_ledger_says_only_what_is_true(kind: ReceiverKind) -> None:
    run_state_machine_as_test(machine_of(kind), settings=SHORT)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", list(ReceiverKind))
def test_the_same_for_a_long_time(kind: ReceiverKind) -> None:
    run_state_machine_as_test(machine_of(kind), settings=LONG)
