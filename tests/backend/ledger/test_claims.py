"""Who may send what, and when: claim, mark, turns and slots."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from banqup_tui.backend import tables
from banqup_tui.backend.ledger.claims import claim
from banqup_tui.backend.ledger.enqueue import wanted_copy_key
from banqup_tui.backend.ledger.ready import sweep
from banqup_tui.connectors.interface import Fault, NotSent, Receipt, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Cancel, PauseIntegration, RemoveIntegration, ResumeIntegration, Send
from tests.backend.ledger.clock import START
from tests.backend.ledger.world import World

TAKEN = Receipt(text="/in/1.xml", reference="1")


def test_a_claim_raises_the_fence_and_names_its_owner(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    (claimed,) = world.claim("one")
    row = world.delivery()
    assert (row.state, row.phase, row.owner, row.fence, row.attempts) == ("SENDING", "CLAIMED", "one", 1, 1)
    assert claimed.fence == 1
    assert world.claim("two") == []
    assert world.row(tables.document, document).attempted


def test_nothing_is_claimed_before_it_is_due(world: World) -> None:
    world.queued(world.receiver())
    (claimed,) = world.claim()
    world.record(claimed, NotSent("Busy."))
    assert world.claim() == []
    world.clock.pass_(10)
    assert len(world.claim()) == 1


def test_an_integration_never_has_more_under_way_than_its_slots(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(), concurrency=2)
    world.documents(client, 5)
    world.plan()
    first, second = world.claim()
    assert world.claim() == []
    world.mark(first)
    world.record(first, TAKEN)
    (third,) = world.claim()
    assert third.delivery_id not in (first.delivery_id, second.delivery_id)


def test_a_receiver_that_bears_so_many_a_minute_gets_no_more_and_the_rest_when_the_minute_is_over(
    world: World,
) -> None:
    client, receiver = world.client(), world.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=3)
    integration = world.integration(client, receiver, concurrency=10)
    world.documents(client, 5)
    world.plan()
    for claimed in world.claim(free=2):
        world.record(claimed, TAKEN)
    world.clock.pass_(20)
    (third,) = world.claim()
    world.record(third, TAKEN)
    assert world.claim() == []
    assert world.row(tables.integration, integration).ready_at == START + timedelta(seconds=60)
    world.clock.pass_(40)
    assert len(world.claim()) == 2


def test_a_limit_a_minute_is_kept_when_the_service_begins_anew(world: World, tmp_path: Path) -> None:
    client, receiver = world.client(), world.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=1)
    world.integration(client, receiver)
    world.documents(client, 2)
    world.plan()
    (claimed,) = world.claim()
    world.record(claimed, NotSent("Busy."))
    again = World(tmp_path)
    again.shelf.receivers = world.shelf.receivers
    again.clock.pass_(30)
    assert again.claim() == []
    again.clock.pass_(30)
    assert len(again.claim()) == 1


def test_look_ups_count_among_the_attempts_of_a_minute(world: World) -> None:
    receiver = world.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=1)
    world.uncertain(receiver)
    world.clock.pass_(20)
    assert world.checks() == []
    assert world.delivery().check_at == START + timedelta(seconds=60)
    world.clock.pass_(40)
    assert len(world.checks()) == 1


def test_a_clock_that_was_set_back_holds_nothing_up_for_longer_than_a_minute(world: World) -> None:
    client, receiver = world.client(), world.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=1)
    world.integration(client, receiver)
    world.documents(client, 2)
    world.plan()
    (claimed,) = world.claim()
    world.record(claimed, TAKEN)
    world.clock.pass_(-3600)
    with world.write() as work:
        work.execute(tables.delivery.update().values(due_at=world.clock.now()))
        sweep(work)
    assert len(world.claim()) == 1


def test_an_extension_that_was_updated_bears_what_it_says_now(world: World) -> None:
    client, receiver = world.client(), world.receiver()
    integration = world.integration(client, receiver, concurrency=1)
    world.documents(client, 5)
    world.plan()
    assert len(world.claim()) == 1
    receiver.manifest = msgspec.structs.replace(receiver.manifest, concurrency=3)
    world.set(tables.integration, integration, ready_at=world.clock.now())
    assert len(world.claim()) == 2


def test_turns_go_round_so_a_big_client_does_not_keep_a_small_one_waiting(world: World) -> None:
    receiver = world.receiver()
    big, small = world.client("Big"), world.client("Small")
    first = world.integration(big, receiver, concurrency=1)
    second = world.integration(small, receiver, concurrency=1)
    world.documents(big, 10)
    world.document(small)
    world.plan()
    turns = []
    for _ in range(3):
        with world.write() as work:
            (claimed,) = claim(work, world.terms, "me", 1) or []
        turns.append(claimed.integration_id)
        world.mark(claimed)
        world.record(claimed, TAKEN)
    assert sorted(turns[:2]) == sorted([first, second])
    assert turns[2] == first


def test_within_an_integration_the_oldest_that_is_due_goes_first(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(), concurrency=1)
    old = world.document(client)
    world.plan()
    world.clock.pass_(1)
    world.documents(client, 3)
    world.plan()
    assert world.claim()[0].document_id == old


def test_nothing_is_claimed_while_the_integration_is_paused(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    world.do(PauseIntegration(integration_id=integration))
    assert world.claim() == []
    assert world.delivery().state == "QUEUED"
    world.do(ResumeIntegration(integration_id=integration))
    assert len(world.claim()) == 1


def test_nothing_is_claimed_of_a_paused_integration_whatever_is_noted_of_its_turn(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    world.do(PauseIntegration(integration_id=integration))
    world.set(tables.integration, integration, ready_at=world.clock.now())
    assert world.claim() == []


def test_no_effect_begins_after_a_pause_was_answered(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.do(PauseIntegration(integration_id=integration))
    assert not world.mark(claimed)
    row = world.delivery()
    assert (row.state, row.owner, row.phase) == ("QUEUED", None, None)
    world.do(ResumeIntegration(integration_id=integration))
    assert len(world.claim()) == 1


def test_no_effect_begins_after_a_removal_was_answered(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.do(RemoveIntegration(integration_id=integration))
    assert not world.mark(claimed)
    assert world.delivery().state == "CANCELLED"


def test_no_effect_begins_with_settings_that_have_changed_since(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.configure(integration, "elsewhere")
    assert not world.mark(claimed)
    (again,) = world.claim()
    assert (again.settings_version, again.destination) == (2, "fake:elsewhere")
    assert world.mark(again)
    assert world.delivery().destination == "fake:elsewhere"


def test_no_effect_begins_under_a_fence_that_is_not_the_last(world: World) -> None:
    world.queued(world.receiver())
    (old,) = world.claim("dead")
    world.take_over()
    (new,) = world.claim("alive")
    assert not world.mark(old)
    assert world.mark(new)
    assert not world.mark(new)


def test_the_mark_writes_down_what_is_needed_to_finish_or_find_it(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver())
    row = world.delivery()
    assert (row.phase, row.remnant, row.destination, row.settings_version) == ("COMMITTING", ".hidden", "fake:in", 1)
    (attempt,) = world.attempts(claimed.delivery_id)
    assert (attempt.phase, attempt.remnant, attempt.committed_at) == ("COMMITTING", ".hidden", world.clock.now())


def test_every_attempt_at_one_copy_bears_the_same_key_and_another_copy_another(world: World) -> None:
    claimed, integration, _ = world.committing(world.receiver())
    row = world.delivery()
    assert wanted_copy_key(integration, row.sha256, 1) == wanted_copy_key(integration, row.sha256, 1)
    assert wanted_copy_key(integration, row.sha256, 1) != wanted_copy_key(integration, row.sha256, 2)
    assert claimed.generation == 1


def test_an_uncertain_one_with_a_key_is_not_sent_to_a_destination_that_has_changed(world: World) -> None:
    _, integration, document = world.uncertain(world.receiver(ReceiverKind.KEY))
    world.configure(integration, "elsewhere")
    world.clock.pass_(60)
    assert world.claim() == []
    assert world.delivery().state == "UNKNOWN"
    assert world.status(document) == "ERROR"


def test_an_uncertain_one_is_not_sent_with_a_key_that_the_receiver_may_have_forgotten(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY, key_seconds=3600))
    world.clock.pass_(3601)
    assert world.claim() == []
    assert world.delivery().state == "UNKNOWN"


def test_a_key_that_grew_too_old_between_claim_and_mark_is_not_used(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY, key_seconds=3600))
    world.clock.pass_(3600 - 420 - 10)
    (claimed,) = world.claim()
    world.clock.pass_(20)
    assert not world.mark(claimed)
    assert world.delivery().state == "UNKNOWN"
    assert world.attempts(claimed.delivery_id)[-1].outcome == "UNKNOWN"


def test_the_age_of_a_key_counts_from_its_first_use_not_from_its_last(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY, key_seconds=3600))
    for _ in range(2):
        world.clock.pass_(1500)
        for claimed in world.claim():
            world.mark(claimed)
            world.record(claimed, Uncertain("reset"))
    world.clock.pass_(200)
    assert world.claim() == []
    assert world.delivery().state == "UNKNOWN"


def test_a_key_has_to_be_good_until_the_attempt_has_surely_ended(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY, key_seconds=3600))
    world.clock.pass_(3600 - 420)
    assert world.claim() == []
    assert world.delivery().state == "UNKNOWN"


def test_a_key_is_too_old_when_the_clock_was_set_back(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY, key_seconds=3600))
    row = world.delivery()
    world.set(tables.delivery, row.id, key_at=world.clock.now() + timedelta(days=1))
    world.clock.pass_(60)
    assert world.claim() == []
    assert world.delivery().state == "UNKNOWN"


def test_a_copy_that_certainly_did_not_arrive_may_go_to_a_new_destination(world: World) -> None:
    claimed, integration, _ = world.committing(world.receiver(ReceiverKind.KEY))
    world.record(claimed, NotSent("Busy."))
    world.configure(integration, "elsewhere")
    world.clock.pass_(10)
    assert len(world.claim()) == 1


def test_an_integration_whose_extension_is_gone_says_so_and_stops_no_other(world: World) -> None:
    gone, well = world.receiver(ReceiverKind.KEY), world.receiver(ReceiverKind.RENAME)
    _, broken, document = world.queued(gone)
    world.queued(well)
    del world.shelf.receivers[gone.manifest.id]
    assert [claimed.extension_id for claimed in world.claim()] == [well.manifest.id]
    assert world.row(tables.integration, broken).state == "BROKEN"
    assert world.status(document) == "ERROR"


def test_while_an_integration_fails_one_probe_at_a_time_is_sent(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(), concurrency=4)
    world.documents(client, 6)
    world.plan()
    claims = world.claim()
    assert len(claims) == 4
    for claimed in claims:
        world.record(claimed, NotSent("No connection.", fault=Fault.INTEGRATION))
    assert world.claim() == []
    world.clock.pass_(10)
    (probe,) = world.claim()
    world.mark(probe)
    world.record(probe, TAKEN)
    assert len(world.claim()) == 4


def test_an_integration_that_times_out_has_one_slot_until_it_answers(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver(ReceiverKind.NEITHER), concurrency=4)
    world.documents(client, 8)
    world.plan()
    claims = world.claim()
    for claimed in claims:
        world.mark(claimed)
    world.record(claims[0], Uncertain("Too slow."), timed_out=True)
    for claimed in claims[1:]:
        world.record(claimed, Uncertain("Too slow."), timed_out=True)
    world.clock.pass_(20)
    (probe,) = world.claim()
    assert probe.slow
    world.mark(probe)
    world.record(probe, TAKEN)
    assert not world.row(tables.integration, integration).timed_out
    assert len(world.claim()) == 3


def test_slow_integrations_are_passed_over_when_their_half_of_the_slots_is_taken(world: World) -> None:
    _, slow, _ = world.queued(world.receiver())
    _, quick, _ = world.queued(world.receiver())
    world.set(tables.integration, slow, timed_out=True)
    with world.write() as work:
        (claimed,) = claim(work, world.terms, "me", 4, with_slow=False) or []
        assert claimed.integration_id == quick
        assert claim(work, world.terms, "me", 4, with_slow=False) is None


def test_a_wrong_note_of_when_an_integration_is_ready_is_mended_by_the_sweep(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    world.set(tables.integration, integration, ready_at=None)
    assert world.claim() == []
    with world.write() as work:
        sweep(work)
    assert len(world.claim()) == 1


@pytest.mark.parametrize("wish", ["send", "cancel", "record"])
def test_whoever_changes_what_is_queued_says_when_the_integration_is_ready(world: World, wish: str) -> None:
    _, integration, document = world.queued(world.receiver())
    delivery = world.delivery().id
    if wish == "cancel":
        world.do(Cancel(delivery_ids=(delivery,)))
        assert world.row(tables.integration, integration).ready_at is None
        return
    if wish == "record":
        (claimed,) = world.claim()
        world.record(claimed, NotSent("Busy."))
        assert world.row(tables.integration, integration).ready_at == world.delivery().due_at
        return
    world.do(Send(document_ids=(document,)))
    assert world.row(tables.integration, integration).ready_at == world.clock.now()
