"""Who may send what, and when: claim, mark, turns and slots."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger.claim import claim
from banqup_tui.backend.ledger.enqueue import delivery_key
from banqup_tui.backend.ledger.schedule import sweep
from banqup_tui.connectors.interface import Fault, NotSent, Receipt, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Cancel, PauseIntegration, RemoveIntegration, ResumeIntegration, Send
from tests.backend.ledger.clock import START
from tests.backend.ledger.harness import LedgerHarness

TAKEN = Receipt(text="/in/1.xml", reference="1")


def test_a_claim_raises_the_fence_and_names_its_owner(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    (claimed,) = harness.claim("one")
    row = harness.delivery()
    assert (row.state, row.phase, row.owner, row.fence, row.attempts) == ("SENDING", "CLAIMED", "one", 1, 1)
    assert claimed.fence == 1
    assert harness.claim("two") == []
    assert harness.row(tables.document, document).attempted


def test_nothing_is_claimed_before_it_is_due(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("Busy."))
    assert harness.claim() == []
    harness.clock.pass_(10)
    assert len(harness.claim()) == 1


def test_an_integration_never_has_more_under_way_than_its_slots(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(), concurrency=2)
    harness.documents(client, 5)
    harness.plan()
    first, second = harness.claim()
    assert harness.claim() == []
    harness.mark(first)
    harness.record(first, TAKEN)
    (third,) = harness.claim()
    assert third.delivery_id not in (first.delivery_id, second.delivery_id)


def test_a_receiver_that_bears_so_many_a_minute_gets_no_more_and_the_rest_when_the_minute_is_over(
    harness: LedgerHarness,
) -> None:
    client, receiver = harness.client(), harness.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=3)
    integration = harness.integration(client, receiver, concurrency=10)
    harness.documents(client, 5)
    harness.plan()
    for claimed in harness.claim(free=2):
        harness.record(claimed, TAKEN)
    harness.clock.pass_(20)
    (third,) = harness.claim()
    harness.record(third, TAKEN)
    assert harness.claim() == []
    assert harness.row(tables.integration, integration).ready_at == START + timedelta(seconds=60)
    harness.clock.pass_(40)
    assert len(harness.claim()) == 2


def test_a_limit_a_minute_is_kept_when_the_service_begins_anew(harness: LedgerHarness, tmp_path: Path) -> None:
    client, receiver = harness.client(), harness.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=1)
    harness.integration(client, receiver)
    harness.documents(client, 2)
    harness.plan()
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("Busy."))
    again = LedgerHarness(tmp_path)
    again.shelf.receivers = harness.shelf.receivers
    again.clock.pass_(30)
    assert again.claim() == []
    again.clock.pass_(30)
    assert len(again.claim()) == 1


def test_look_ups_count_among_the_attempts_of_a_minute(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=1)
    harness.uncertain(receiver)
    harness.clock.pass_(20)
    assert harness.checks() == []
    assert harness.delivery().check_at == START + timedelta(seconds=60)
    harness.clock.pass_(40)
    assert len(harness.checks()) == 1


def test_a_clock_that_was_set_back_holds_nothing_up_for_longer_than_a_minute(harness: LedgerHarness) -> None:
    client, receiver = harness.client(), harness.receiver()
    receiver.manifest = msgspec.structs.replace(receiver.manifest, per_minute=1)
    harness.integration(client, receiver)
    harness.documents(client, 2)
    harness.plan()
    (claimed,) = harness.claim()
    harness.record(claimed, TAKEN)
    harness.clock.pass_(-3600)
    with harness.write() as transaction:
        transaction.execute(tables.delivery.update().values(due_at=harness.clock.now()))
        sweep(transaction)
    assert len(harness.claim()) == 1


def test_an_extension_that_was_updated_bears_what_it_says_now(harness: LedgerHarness) -> None:
    client, receiver = harness.client(), harness.receiver()
    integration = harness.integration(client, receiver, concurrency=1)
    harness.documents(client, 5)
    harness.plan()
    assert len(harness.claim()) == 1
    receiver.manifest = msgspec.structs.replace(receiver.manifest, concurrency=3)
    harness.set(tables.integration, integration, ready_at=harness.clock.now())
    assert len(harness.claim()) == 2


def test_turns_go_round_so_a_big_client_does_not_keep_a_small_one_waiting(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    big, small = harness.client("Big"), harness.client("Small")
    first = harness.integration(big, receiver, concurrency=1)
    second = harness.integration(small, receiver, concurrency=1)
    harness.documents(big, 10)
    harness.document(small)
    harness.plan()
    rounds = []
    for _ in range(3):
        with harness.write() as transaction:
            (claimed,) = claim(transaction, harness.rules, "me", 1) or []
        rounds.append(claimed.integration_id)
        harness.mark(claimed)
        harness.record(claimed, TAKEN)
    assert sorted(rounds[:2]) == sorted([first, second])
    assert rounds[2] == first


def test_within_an_integration_the_oldest_that_is_due_goes_first(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(), concurrency=1)
    old = harness.document(client)
    harness.plan()
    harness.clock.pass_(1)
    harness.documents(client, 3)
    harness.plan()
    assert harness.claim()[0].document_id == old


def test_nothing_is_claimed_while_the_integration_is_paused(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    harness.do(PauseIntegration(integration_id=integration))
    assert harness.claim() == []
    assert harness.delivery().state == "QUEUED"
    harness.do(ResumeIntegration(integration_id=integration))
    assert len(harness.claim()) == 1


def test_nothing_is_claimed_of_a_paused_integration_whatever_is_noted_of_its_turn(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    harness.do(PauseIntegration(integration_id=integration))
    harness.set(tables.integration, integration, ready_at=harness.clock.now())
    assert harness.claim() == []


def test_no_effect_begins_after_a_pause_was_answered(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.do(PauseIntegration(integration_id=integration))
    assert not harness.mark(claimed)
    row = harness.delivery()
    assert (row.state, row.owner, row.phase) == ("QUEUED", None, None)
    harness.do(ResumeIntegration(integration_id=integration))
    assert len(harness.claim()) == 1


def test_no_effect_begins_after_a_removal_was_answered(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.do(RemoveIntegration(integration_id=integration))
    assert not harness.mark(claimed)
    assert harness.delivery().state == "CANCELLED"


def test_no_effect_begins_with_settings_that_have_changed_since(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.configure(integration, "elsewhere")
    assert not harness.mark(claimed)
    (again,) = harness.claim()
    assert (again.settings_version, again.destination) == (2, "fake:elsewhere")
    assert harness.mark(again)
    assert harness.delivery().destination == "fake:elsewhere"


def test_no_effect_begins_under_a_fence_that_is_not_the_last(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (old,) = harness.claim("dead")
    harness.take_over()
    (new,) = harness.claim("alive")
    assert not harness.mark(old)
    assert harness.mark(new)
    assert not harness.mark(new)


def test_the_mark_writes_down_what_is_needed_to_finish_or_find_it(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver())
    row = harness.delivery()
    assert (row.phase, row.resume_token, row.destination, row.settings_version) == (
        "COMMITTING",
        ".hidden",
        "fake:in",
        1,
    )
    (attempt,) = harness.attempts(claimed.delivery_id)
    assert (attempt.phase, attempt.resume_token, attempt.committed_at) == ("COMMITTING", ".hidden", harness.clock.now())


def test_every_attempt_at_one_copy_bears_the_same_key_and_another_copy_another(harness: LedgerHarness) -> None:
    claimed, integration, _ = harness.committing(harness.receiver())
    row = harness.delivery()
    assert delivery_key(integration, row.sha256, 1) == delivery_key(integration, row.sha256, 1)
    assert delivery_key(integration, row.sha256, 1) != delivery_key(integration, row.sha256, 2)
    assert claimed.generation == 1


def test_an_uncertain_one_with_a_key_is_not_sent_to_a_destination_that_has_changed(harness: LedgerHarness) -> None:
    _, integration, document = harness.uncertain(harness.receiver(ReceiverKind.KEY))
    harness.configure(integration, "elsewhere")
    harness.clock.pass_(60)
    assert harness.claim() == []
    assert harness.delivery().state == "UNKNOWN"
    assert harness.status(document) == "ERROR"


def test_an_uncertain_one_is_not_sent_with_a_key_that_the_receiver_may_have_forgotten(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY, key_seconds=3600))
    harness.clock.pass_(3601)
    assert harness.claim() == []
    assert harness.delivery().state == "UNKNOWN"


def test_a_key_that_grew_too_old_between_claim_and_mark_is_not_used(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY, key_seconds=3600))
    harness.clock.pass_(3600 - 420 - 10)
    (claimed,) = harness.claim()
    harness.clock.pass_(20)
    assert not harness.mark(claimed)
    assert harness.delivery().state == "UNKNOWN"
    assert harness.attempts(claimed.delivery_id)[-1].outcome == "UNKNOWN"


def test_the_age_of_a_key_counts_from_its_first_use_not_from_its_last(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY, key_seconds=3600))
    for _ in range(2):
        harness.clock.pass_(1500)
        for claimed in harness.claim():
            harness.mark(claimed)
            harness.record(claimed, Uncertain("reset"))
    harness.clock.pass_(200)
    assert harness.claim() == []
    assert harness.delivery().state == "UNKNOWN"


def test_a_key_has_to_be_good_until_the_attempt_has_surely_ended(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY, key_seconds=3600))
    harness.clock.pass_(3600 - 420)
    assert harness.claim() == []
    assert harness.delivery().state == "UNKNOWN"


def test_a_key_is_too_old_when_the_clock_was_set_back(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY, key_seconds=3600))
    row = harness.delivery()
    harness.set(tables.delivery, row.id, key_at=harness.clock.now() + timedelta(days=1))
    harness.clock.pass_(60)
    assert harness.claim() == []
    assert harness.delivery().state == "UNKNOWN"


def test_a_copy_that_certainly_did_not_arrive_may_go_to_a_new_destination(harness: LedgerHarness) -> None:
    claimed, integration, _ = harness.committing(harness.receiver(ReceiverKind.KEY))
    harness.record(claimed, NotSent("Busy."))
    harness.configure(integration, "elsewhere")
    harness.clock.pass_(10)
    assert len(harness.claim()) == 1


def test_an_integration_whose_extension_is_gone_says_so_and_stops_no_other(harness: LedgerHarness) -> None:
    gone, well = harness.receiver(ReceiverKind.KEY), harness.receiver(ReceiverKind.RENAME)
    _, broken, document = harness.queued(gone)
    harness.queued(well)
    del harness.shelf.receivers[gone.manifest.id]
    assert [claimed.extension_id for claimed in harness.claim()] == [well.manifest.id]
    assert harness.row(tables.integration, broken).state == "BROKEN"
    assert harness.status(document) == "ERROR"


def test_while_an_integration_fails_one_probe_at_a_time_is_sent(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(), concurrency=4)
    harness.documents(client, 6)
    harness.plan()
    claims = harness.claim()
    assert len(claims) == 4
    for claimed in claims:
        harness.record(claimed, NotSent("No connection.", fault=Fault.INTEGRATION))
    assert harness.claim() == []
    harness.clock.pass_(10)
    (probe,) = harness.claim()
    harness.mark(probe)
    harness.record(probe, TAKEN)
    assert len(harness.claim()) == 4


def test_an_integration_that_times_out_has_one_slot_until_it_answers(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver(ReceiverKind.NEITHER), concurrency=4)
    harness.documents(client, 8)
    harness.plan()
    claims = harness.claim()
    for claimed in claims:
        harness.mark(claimed)
    harness.record(claims[0], Uncertain("Too slow."), timed_out=True)
    for claimed in claims[1:]:
        harness.record(claimed, Uncertain("Too slow."), timed_out=True)
    harness.clock.pass_(20)
    (probe,) = harness.claim()
    assert probe.slow
    harness.mark(probe)
    harness.record(probe, TAKEN)
    assert not harness.row(tables.integration, integration).timed_out
    assert len(harness.claim()) == 3


def test_slow_integrations_are_passed_over_when_their_half_of_the_slots_is_taken(harness: LedgerHarness) -> None:
    _, slow, _ = harness.queued(harness.receiver())
    _, quick, _ = harness.queued(harness.receiver())
    harness.set(tables.integration, slow, timed_out=True)
    with harness.write() as transaction:
        (claimed,) = claim(transaction, harness.rules, "me", 4, with_slow=False) or []
        assert claimed.integration_id == quick
        assert claim(transaction, harness.rules, "me", 4, with_slow=False) is None


def test_a_wrong_note_of_when_an_integration_is_ready_is_mended_by_the_sweep(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    harness.set(tables.integration, integration, ready_at=None)
    assert harness.claim() == []
    with harness.write() as transaction:
        sweep(transaction)
    assert len(harness.claim()) == 1


@pytest.mark.parametrize("command", ["send", "cancel", "record"])
def test_whoever_changes_what_is_queued_says_when_the_integration_is_ready(
    harness: LedgerHarness, command: str
) -> None:
    _, integration, document = harness.queued(harness.receiver())
    delivery = harness.delivery().id
    if command == "cancel":
        harness.do(Cancel(delivery_ids=(delivery,)))
        assert harness.row(tables.integration, integration).ready_at is None
        return
    if command == "record":
        (claimed,) = harness.claim()
        harness.record(claimed, NotSent("Busy."))
        assert harness.row(tables.integration, integration).ready_at == harness.delivery().due_at
        return
    harness.do(Send(document_ids=(document,)))
    assert harness.row(tables.integration, integration).ready_at == harness.clock.now()
