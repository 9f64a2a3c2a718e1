"""After a process died, and where the program can clear up by itself what was cut off."""

import pytest

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger.grace_period import GracePeriod
from banqup_tui.backend.ledger.look_up import earlier_receipts
from banqup_tui.backend.ledger.restore import restored
from banqup_tui.connectors.interface import Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Copy, PauseIntegration, RemoveIntegration, Resend, ResumeIntegration
from tests.backend.ledger.harness import LedgerHarness

TAKEN = Receipt(text="/in/1.xml", reference="1")


def test_what_a_dead_process_had_not_begun_to_send_is_queued_again(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (claimed,) = harness.claim("dead")
    assert harness.take_over() == 1
    row = harness.delivery()
    assert (row.state, row.fence, row.deaths, row.uncertain) == ("QUEUED", claimed.fence + 1, 1, False)
    assert harness.attempts(row.id)[0].outcome == "QUEUED"
    assert harness.take_over() == 0


@pytest.mark.parametrize(
    ("kind", "state", "checked"),
    [
        (ReceiverKind.KEY, "QUEUED", False),
        (ReceiverKind.RENAME, "UNKNOWN", True),
        (ReceiverKind.LOOKUP, "UNKNOWN", True),
        (ReceiverKind.NEITHER, "UNKNOWN", False),
    ],
)
def test_what_a_dead_process_was_sending_may_have_arrived(
    harness: LedgerHarness, kind: ReceiverKind, state: str, checked: bool
) -> None:
    claimed, _, _ = harness.committing(harness.receiver(kind))
    harness.take_over()
    row = harness.delivery()
    assert (row.state, row.uncertain, row.fence) == (state, True, claimed.fence + 1)
    assert (row.check_at is not None) == checked


def test_a_look_up_that_a_dead_process_had_begun_is_begun_again(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver())
    harness.clock.pass_(60)
    (checked,) = harness.checks()
    harness.take_over()
    row = harness.delivery()
    assert (row.state, row.fence) == ("UNKNOWN", checked.fence + 1)
    assert row.check_at is not None


def test_a_document_whose_sending_killed_the_process_three_times_is_left_alone(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    for _ in range(3):
        assert len(harness.claim()) == 1
        harness.take_over()
    assert harness.delivery().state == "FAILED"
    assert harness.status(document) == "ERROR"
    assert harness.claim() == []


def test_one_that_may_have_arrived_before_the_third_death_is_unknown(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver(ReceiverKind.KEY))
    for _ in range(3):
        (claimed,) = harness.claim()
        harness.mark(claimed)
        harness.take_over()
        harness.clock.pass_(3600)
    row = harness.delivery()
    assert (row.state, row.check_at) == ("UNKNOWN", None)


def test_deaths_are_forgotten_when_an_attempt_comes_to_an_end(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    for _ in range(2):
        harness.claim()
        harness.take_over()
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("Busy."))
    assert harness.delivery().deaths == 0


def test_a_delivery_beside_others_when_the_connectors_process_ended_is_not_blamed(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    for _ in range(4):
        (claimed,) = harness.claim()
        harness.record(claimed, NotSent("It ended."), died=True)
        harness.clock.pass_(3600)
    assert (harness.delivery().state, harness.delivery().deaths) == ("QUEUED", 0)
    for _ in range(3):
        (claimed,) = harness.claim()
        harness.record(claimed, NotSent("It ended."), died=True, alone=True)
        harness.clock.pass_(3600)
    assert (harness.delivery().state, harness.delivery().deaths) == ("FAILED", 3)


def test_only_what_the_dead_process_held_is_taken_over(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    harness.claim("alive")
    assert harness.take_over(owners=["dead"]) == 0
    assert harness.delivery().state == "SENDING"


def test_a_rename_that_was_cut_off_is_rolled_forward_soon_and_under_a_new_fence(harness: LedgerHarness) -> None:
    claimed, _, document = harness.uncertain(harness.receiver())
    harness.clock.pass_(20)
    (checked,) = harness.checks()
    assert (checked.fence, checked.resume_token, checked.checking) == (claimed.fence + 1, ".hidden", True)
    assert harness.delivery().phase == "CHECKING"
    assert harness.record(checked, TAKEN) == "DELIVERED"
    assert harness.status(document) == "READY_TO_PROCESS"


def test_nothing_is_looked_up_while_the_request_may_still_arrive(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    harness.clock.pass_(299)
    assert harness.checks() == []
    harness.clock.pass_(1)
    assert len(harness.checks()) == 1


def test_a_wall_clock_set_forward_does_not_shorten_the_wait_for_a_look_up(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    harness.set(tables.delivery, harness.delivery().id, check_at=harness.clock.now())
    harness.clock.pass_(60)
    assert harness.checks() == []
    harness.clock.pass_(240)
    assert len(harness.checks()) == 1


def test_after_a_restart_the_wait_for_a_look_up_begins_anew() -> None:
    seconds = [1000.0]
    grace_period = GracePeriod(300, lambda: seconds[0])
    assert not grace_period.past("never seen here")
    seconds[0] += 300
    assert grace_period.past("never seen here")
    grace_period.ended("seen")
    assert not grace_period.past("seen")
    seconds[0] += 300
    assert grace_period.past("seen")


def test_what_is_found_there_is_delivered(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    harness.clock.pass_(300)
    (checked,) = harness.checks()
    assert harness.record(checked, TAKEN) == "DELIVERED"


def test_what_is_not_there_is_sent_again_as_the_same_copy(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    harness.clock.pass_(300)
    (checked,) = harness.checks()
    assert harness.record(checked, Found.ABSENT) == "QUEUED"
    row = harness.delivery()
    assert (row.generation, row.uncertain, row.tries) == (1, False, 1)


def test_what_the_receiver_refused_has_failed(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    harness.clock.pass_(300)
    (checked,) = harness.checks()
    assert harness.record(checked, Found.REFUSED) == "FAILED"


def test_a_look_up_that_says_nothing_is_repeated_and_after_twelve_the_user_decides(harness: LedgerHarness) -> None:
    _, _, document = harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    for _ in range(12):
        assert harness.status(document) == "QUEUED"
        harness.clock.pass_(12 * 3600)
        (checked,) = harness.checks()
        assert harness.record(checked, Found.PENDING) == "UNKNOWN"
    assert harness.delivery().check_at is None
    assert harness.status(document) == "ERROR"


def test_what_nobody_could_say_is_looked_up_once_more_when_the_user_asks(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    for _ in range(12):
        harness.clock.pass_(12 * 3600)
        (checked,) = harness.checks()
        harness.record(checked, Found.PENDING)
    asked = harness.do(Resend(copies=(Copy(delivery_id=harness.delivery().id, generation=1),), if_gone=True))
    assert (asked["queued"], asked["checking"]) == (0, 1)
    (checked,) = harness.checks()
    assert harness.record(checked, Found.ABSENT) == "QUEUED"
    assert harness.delivery().generation == 1


def test_a_receiver_that_is_away_costs_no_look_ups(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver())
    for _ in range(20):
        harness.clock.pass_(24 * 3600)
        (checked,) = harness.checks()
        harness.record(checked, NotSent("No connection.", fault=Fault.INTEGRATION))
    assert harness.delivery().check_at is not None


def test_receipts_of_earlier_copies_are_left_out_of_the_look_up(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver(ReceiverKind.LOOKUP))
    harness.record(claimed, Receipt(text="Document 17", reference="17"))
    harness.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    (second,) = harness.claim()
    harness.mark(second)
    harness.record(second, Uncertain("reset"))
    harness.clock.pass_(300)
    (checked,) = harness.checks()
    with harness.database.read() as connection:
        assert earlier_receipts(connection, checked) == ["17"]


def test_a_look_up_waits_while_the_integration_is_paused(harness: LedgerHarness) -> None:
    _, integration, _ = harness.uncertain(harness.receiver())
    harness.do(PauseIntegration(integration_id=integration))
    harness.clock.pass_(600)
    assert harness.checks() == []
    assert not harness.dispatch().busy()
    harness.do(ResumeIntegration(integration_id=integration))
    assert len(harness.checks()) == 1


def test_what_was_cut_off_before_a_removal_is_still_cleared_up(harness: LedgerHarness) -> None:
    _, integration, _ = harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    harness.do(RemoveIntegration(integration_id=integration))
    harness.clock.pass_(300)
    (checked,) = harness.checks()
    assert harness.record(checked, Found.ABSENT) == "CANCELLED"


def test_what_is_rolled_forward_goes_where_it_was_prepared_though_the_path_has_changed_since(
    harness: LedgerHarness,
) -> None:
    _, integration, _ = harness.uncertain(harness.receiver())
    harness.configure(integration, "elsewhere")
    harness.clock.pass_(60)
    (checked,) = harness.checks()
    assert (checked.settings_version, checked.destination) == (1, "fake:in")


def test_what_was_cut_off_while_its_extension_was_gone_is_cleared_up_when_that_is_back(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    harness.committing(receiver)
    del harness.shelf.receivers[receiver.manifest.id]
    harness.take_over()
    assert harness.delivery().check_at is not None
    harness.clock.pass_(60)
    assert harness.checks() == []
    harness.shelf.receivers[receiver.manifest.id] = receiver
    harness.clock.pass_(60)
    assert len(harness.checks()) == 1


def test_a_rejection_of_a_look_up_is_not_taken_for_a_rejection_of_what_may_be_there(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.RENAME))
    harness.clock.pass_(60)
    (checked,) = harness.checks()
    harness.record(checked, Rejected("Not allowed."))
    assert harness.delivery().state == "UNKNOWN"


def test_after_a_backup_was_put_back_nothing_open_goes_on_by_itself(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    client = harness.client()
    integration = harness.integration(client, receiver)
    sent, claimed_one, queued, unplanned = (harness.document(client) for _ in range(4))
    harness.plan()
    claims = {claimed.document_id: claimed for claimed in harness.claim()}
    harness.mark(claims[sent])
    harness.record(claims[sent], TAKEN)
    harness.document(client)
    with harness.write() as transaction:
        restored(transaction, harness.services)
    states = {row.document_id: row.state for row in harness.deliveries()}
    assert states.pop(sent) == "DELIVERED"
    assert set(states.values()) == {"UNKNOWN"}
    assert len(states) == 4
    assert {claimed_one, queued, unplanned} < set(states)
    assert harness.row(tables.integration, integration).state == "PAUSED"
    assert not harness.mark(claims[queued])
    harness.do(ResumeIntegration(integration_id=integration))
    harness.plan()
    assert (harness.claim(), harness.checks()) == ([], [])
    harness.check_statuses()
