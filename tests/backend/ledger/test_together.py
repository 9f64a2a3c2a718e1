"""Attempts side by side share their transactions, and nothing else: what becomes of one is never another's."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.dispatch import group_commit
from banqup_tui.backend.ledger.claim import mark_together
from banqup_tui.backend.ledger.outcome import Ended, record_together
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.connectors.interface import Fault, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Cancel, PauseIntegration, RemoveIntegration
from banqup_tui.protocol.messages import EntityKind
from tests.backend.ledger.harness import LedgerHarness


def marked(harness: LedgerHarness, *claims: Any) -> list[bool]:
    with harness.write() as transaction:
        return mark_together(transaction, harness.rules, [(one, f".{one.delivery_id}") for one in claims])


def recorded(harness: LedgerHarness, *ended: tuple[Any, Any]) -> list[str | None]:
    with harness.write() as transaction:
        return record_together(transaction, harness.rules, [Ended(claim, result) for claim, result in ended])  # type: ignore


def test_of_two_marked_together_the_one_that_lost_its_fence_does_not_begin(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver())
    harness.documents(client, 3)
    harness.plan()
    lost, first, second = harness.claim()
    harness.do(Cancel(delivery_ids=(lost.delivery_id,)))
    assert marked(harness, first, lost, second) == [True, False, True]
    rows = {row.id: row for row in harness.deliveries()}
    assert [rows[one.delivery_id].phase for one in (first, second)] == ["COMMITTING"] * 2
    assert [rows[one.delivery_id].resume_token for one in (first, second)] == [
        f".{one.delivery_id}" for one in (first, second)
    ]
    assert (rows[lost.delivery_id].state, rows[lost.delivery_id].resume_token) == ("CANCELLED", None)
    (attempt,) = harness.attempts(first.delivery_id)
    assert (attempt.phase, attempt.resume_token, attempt.destination) == (
        "COMMITTING",
        f".{first.delivery_id}",
        "fake:in",
    )
    assert attempt.committed_at is not None
    harness.check_statuses()


def test_of_two_marked_together_only_that_of_the_paused_integration_goes_back(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    _, paused, _ = harness.queued(receiver)
    harness.queued(receiver)
    claims = harness.claim()
    harness.do(PauseIntegration(integration_id=paused))
    assert marked(harness, *claims) == [one.integration_id != paused for one in claims]
    assert {row.integration_id == paused: row.state for row in harness.deliveries()} == {
        True: "QUEUED",
        False: "SENDING",
    }


def test_settings_that_changed_for_one_do_not_stop_another(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    _, changed, _ = harness.queued(receiver)
    harness.queued(receiver)
    claims = harness.claim()
    harness.configure(changed, "elsewhere")
    assert marked(harness, *claims) == [one.integration_id != changed for one in claims]


def test_each_of_several_outcomes_written_together_is_its_own(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(ReceiverKind.NEITHER), concurrency=6)
    harness.documents(client, 6)
    harness.plan()
    one, two, late, rejected, busy, cut_off = harness.claim()
    marked(harness, one, two, late, cut_off)
    harness.set(tables.delivery, late.delivery_id, fence=late.fence + 1)
    results = (Receipt(text="/1", reference="a"), Receipt(text="/2"), Receipt(text="/late"))
    ends = [(one, results[0]), (cut_off, Uncertain("reset")), (late, results[2]), (two, results[1])]
    answers = recorded(harness, *ends, (rejected, Rejected("Not this one.")), (busy, NotSent("Not now.")))
    assert answers == ["DELIVERED", "UNKNOWN", None, "DELIVERED", "FAILED", "QUEUED"]
    rows = {row.id: row for row in harness.deliveries()}
    assert [(rows[of.delivery_id].receipt, rows[of.delivery_id].sent_as) for of in (one, two)] == [
        ("/1", "a"),
        ("/2", "/2"),
    ]
    assert rows[late.delivery_id].state == "SENDING"
    assert [harness.attempts(of.delivery_id)[0].receipt for of in (one, two, late)] == ["a", "/2", "/late"]
    settled = {rows[of.delivery_id].settled_seq for of in (one, two)}
    assert settled == {harness.seq()}
    harness.check_statuses()


def test_a_failure_written_with_receipts_still_holds_its_integration_back(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver())
    harness.documents(client, 2)
    harness.plan()
    good, bad = harness.claim()
    marked(harness, good)
    recorded(harness, (bad, NotSent("No connection.", fault=Fault.INTEGRATION)), (good, Receipt(text="there")))
    row = harness.row(tables.integration, integration)
    assert (row.failures, row.postponed_until > harness.clock.now()) == (1, True)


def test_a_receipt_of_a_removed_integration_is_kept_beside_others(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    first, removed, _ = harness.committing(receiver)
    second, _, _ = harness.committing(receiver)
    harness.do(RemoveIntegration(integration_id=removed))
    assert recorded(harness, (first, Receipt(text="/1")), (second, Receipt(text="/2"))) == ["DELIVERED"] * 2
    assert harness.states() == {"DELIVERED": 2}


async def test_many_documents_share_their_commits(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(), concurrency=16)
    harness.documents(client, 64)
    commits: list[int] = []
    harness.database.on_commit(commits.append)
    of_sources: list[int] = []
    harness.database.on_commit(of_sources.append, {EntityKind.SOURCE})
    await harness.run()
    assert harness.states() == {"DELIVERED": 64}
    assert len(commits) < 64
    assert of_sources == [], "a mailbox and an SFTP drop would wake up for nothing"
    harness.check_statuses()


async def test_one_that_cannot_be_written_down_spoils_it_for_nobody(
    harness: LedgerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(), concurrency=8)
    harness.documents(client, 8)
    harness.plan()
    poison = harness.deliveries()[0].id
    original = record_together

    def record(transaction: Transaction, rules: Any, ended: list[Ended], *more: Any) -> Any:
        if any(one.claim.delivery_id == poison for one in ended):
            raise ValueError("this one has something strange in it")
        return original(transaction, rules, ended, *more)

    monkeypatch.setattr(group_commit, "record_together", record)
    await harness.run(lambda: harness.states().get("DELIVERED") == 7)
    assert harness.states() == {"DELIVERED": 7, "SENDING": 1}
    monkeypatch.undo()
    await harness.run(lambda: harness.states().get("UNKNOWN") == 1, dispatch=harness.dispatch(timing=Timing(sweep=0.0)))
    harness.clock.pass_(60)
    await harness.run()
    assert harness.states() == {"DELIVERED": 8}


@pytest.mark.parametrize("nth", [2, 3, 4])
async def test_a_commit_that_fails_loses_none_of_those_in_it(
    harness: LedgerHarness, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    receiver, client = harness.receiver(), harness.client()
    harness.integration(client, receiver, concurrency=4)
    harness.documents(client, 8)
    harness.plan()
    original, passed = Transaction._finish, []

    def finish(transaction: Transaction) -> None:
        passed.append(transaction)
        if len(passed) == nth:
            raise OperationalError("disk I/O error", None, Exception())
        original(transaction)

    monkeypatch.setattr(Transaction, "_finish", finish)
    for _ in range(8):
        dispatch = harness.dispatch(timing=Timing(sweep=0.0))
        await harness.run(lambda: "SENDING" not in harness.states() and len(passed) > nth, dispatch=dispatch)
        harness.clock.pass_(600)
    await harness.run()
    assert harness.states() == {"DELIVERED": 8}
    assert len(receiver.arrived) == len(set(receiver.arrived)) == 8
    harness.check_statuses()
