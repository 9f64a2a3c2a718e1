"""Attempts side by side share their transactions, and nothing else: what becomes of one is never another's."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from banqup_tui.backend import tables
from banqup_tui.backend.ledger import desk
from banqup_tui.backend.ledger.claims import mark_together
from banqup_tui.backend.ledger.outcomes import Ended, record_together
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.backend.work import Work
from banqup_tui.connectors.interface import Fault, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Cancel, PauseIntegration, RemoveIntegration
from tests.backend.ledger.world import World


def marked(world: World, *claims: Any) -> list[bool]:
    with world.write() as work:
        return mark_together(work, world.terms, [(one, f".{one.delivery_id}") for one in claims])


def recorded(world: World, *ended: tuple[Any, Any]) -> list[str | None]:
    with world.write() as work:
        return record_together(work, world.terms, [Ended(claim, result) for claim, result in ended])  # type: ignore


def test_of_two_marked_together_the_one_that_lost_its_fence_does_not_begin(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver())
    world.documents(client, 3)
    world.plan()
    lost, first, second = world.claim()
    world.do(Cancel(delivery_ids=(lost.delivery_id,)))
    assert marked(world, first, lost, second) == [True, False, True]
    rows = {row.id: row for row in world.deliveries()}
    assert [rows[one.delivery_id].phase for one in (first, second)] == ["COMMITTING"] * 2
    assert [rows[one.delivery_id].remnant for one in (first, second)] == [
        f".{one.delivery_id}" for one in (first, second)
    ]
    assert (rows[lost.delivery_id].state, rows[lost.delivery_id].remnant) == ("CANCELLED", None)
    (attempt,) = world.attempts(first.delivery_id)
    assert (attempt.phase, attempt.remnant, attempt.destination) == ("COMMITTING", f".{first.delivery_id}", "fake:in")
    assert attempt.committed_at is not None
    world.check_statuses()


def test_of_two_marked_together_only_that_of_the_paused_integration_goes_back(world: World) -> None:
    receiver = world.receiver()
    _, paused, _ = world.queued(receiver)
    world.queued(receiver)
    claims = world.claim()
    world.do(PauseIntegration(integration_id=paused))
    assert marked(world, *claims) == [one.integration_id != paused for one in claims]
    assert {row.integration_id == paused: row.state for row in world.deliveries()} == {True: "QUEUED", False: "SENDING"}


def test_settings_that_changed_for_one_do_not_stop_another(world: World) -> None:
    receiver = world.receiver()
    _, changed, _ = world.queued(receiver)
    world.queued(receiver)
    claims = world.claim()
    world.configure(changed, "elsewhere")
    assert marked(world, *claims) == [one.integration_id != changed for one in claims]


def test_each_of_several_outcomes_written_together_is_its_own(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(ReceiverKind.NEITHER), concurrency=6)
    world.documents(client, 6)
    world.plan()
    one, two, late, rejected, busy, cut_off = world.claim()
    marked(world, one, two, late, cut_off)
    world.set(tables.delivery, late.delivery_id, fence=late.fence + 1)
    results = (Receipt(text="/1", reference="a"), Receipt(text="/2"), Receipt(text="/late"))
    ends = [(one, results[0]), (cut_off, Uncertain("reset")), (late, results[2]), (two, results[1])]
    answers = recorded(world, *ends, (rejected, Rejected("Not this one.")), (busy, NotSent("Not now.")))
    assert answers == ["DELIVERED", "UNKNOWN", None, "DELIVERED", "FAILED", "QUEUED"]
    rows = {row.id: row for row in world.deliveries()}
    assert [(rows[of.delivery_id].receipt, rows[of.delivery_id].sent_as) for of in (one, two)] == [
        ("/1", "a"),
        ("/2", "/2"),
    ]
    assert rows[late.delivery_id].state == "SENDING"
    assert [world.attempts(of.delivery_id)[0].receipt for of in (one, two, late)] == ["a", "/2", "/late"]
    settled = {rows[of.delivery_id].settled_seq for of in (one, two)}
    assert settled == {world.seq()}
    world.check_statuses()


def test_a_failure_written_with_receipts_still_holds_its_integration_back(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver())
    world.documents(client, 2)
    world.plan()
    good, bad = world.claim()
    marked(world, good)
    recorded(world, (bad, NotSent("No connection.", fault=Fault.INTEGRATION)), (good, Receipt(text="there")))
    row = world.row(tables.integration, integration)
    assert (row.failures, row.held_until > world.clock.now()) == (1, True)


def test_a_receipt_of_a_removed_integration_is_kept_beside_others(world: World) -> None:
    receiver = world.receiver()
    first, removed, _ = world.committing(receiver)
    second, _, _ = world.committing(receiver)
    world.do(RemoveIntegration(integration_id=removed))
    assert recorded(world, (first, Receipt(text="/1")), (second, Receipt(text="/2"))) == ["DELIVERED"] * 2
    assert world.states() == {"DELIVERED": 2}


async def test_many_documents_share_their_commits(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(), concurrency=16)
    world.documents(client, 64)
    commits: list[int] = []
    world.database.on_commit(commits.append)
    await world.run()
    assert world.states() == {"DELIVERED": 64}
    assert len(commits) < 64
    world.check_statuses()


async def test_one_that_cannot_be_written_down_spoils_it_for_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.client()
    world.integration(client, world.receiver(), concurrency=8)
    world.documents(client, 8)
    world.plan()
    poison = world.deliveries()[0].id
    original = desk.record_together

    def record(work: Work, terms: Any, ended: list[Ended], *more: Any) -> Any:
        if any(one.claim.delivery_id == poison for one in ended):
            raise ValueError("this one has something strange in it")
        return original(work, terms, ended, *more)

    monkeypatch.setattr(desk, "record_together", record)
    await world.run(lambda: world.states().get("DELIVERED") == 7)
    assert world.states() == {"DELIVERED": 7, "SENDING": 1}
    monkeypatch.undo()
    await world.run(lambda: world.states().get("UNKNOWN") == 1, dispatch=world.dispatch(timing=Timing(sweep=0.0)))
    world.clock.pass_(60)
    await world.run()
    assert world.states() == {"DELIVERED": 8}


@pytest.mark.parametrize("nth", [2, 3, 4])
async def test_a_commit_that_fails_loses_none_of_those_in_it(
    world: World, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    receiver, client = world.receiver(), world.client()
    world.integration(client, receiver, concurrency=4)
    world.documents(client, 8)
    world.plan()
    original, passed = Work._finish, []

    def finish(work: Work) -> None:
        passed.append(work)
        if len(passed) == nth:
            raise OperationalError("disk I/O error", None, Exception())
        original(work)

    monkeypatch.setattr(Work, "_finish", finish)
    for _ in range(8):
        dispatch = world.dispatch(timing=Timing(sweep=0.0))
        await world.run(lambda: "SENDING" not in world.states() and len(passed) > nth, dispatch=dispatch)
        world.clock.pass_(600)
    await world.run()
    assert world.states() == {"DELIVERED": 8}
    assert len(receiver.arrived) == len(set(receiver.arrived)) == 8
    world.check_statuses()
