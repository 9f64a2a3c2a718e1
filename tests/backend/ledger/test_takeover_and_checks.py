"""After a process died, and where the program can clear up by itself what was cut off."""

import pytest

from banqup_tui.backend import tables
from banqup_tui.backend.ledger.checks import earlier_receipts
from banqup_tui.backend.ledger.quarantine import Quarantine
from banqup_tui.backend.ledger.restore import restored
from banqup_tui.connectors.interface import Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Copy, PauseIntegration, RemoveIntegration, Resend, ResumeIntegration
from tests.backend.ledger.world import World

TAKEN = Receipt(text="/in/1.xml", reference="1")


def test_what_a_dead_process_had_not_begun_to_send_is_queued_again(world: World) -> None:
    world.queued(world.receiver())
    (claimed,) = world.claim("dead")
    assert world.take_over() == 1
    row = world.delivery()
    assert (row.state, row.fence, row.deaths, row.uncertain) == ("QUEUED", claimed.fence + 1, 1, False)
    assert world.attempts(row.id)[0].outcome == "QUEUED"
    assert world.take_over() == 0


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
    world: World, kind: ReceiverKind, state: str, checked: bool
) -> None:
    claimed, _, _ = world.committing(world.receiver(kind))
    world.take_over()
    row = world.delivery()
    assert (row.state, row.uncertain, row.fence) == (state, True, claimed.fence + 1)
    assert (row.check_at is not None) == checked


def test_a_look_up_that_a_dead_process_had_begun_is_begun_again(world: World) -> None:
    world.uncertain(world.receiver())
    world.clock.pass_(60)
    (checked,) = world.checks()
    world.take_over()
    row = world.delivery()
    assert (row.state, row.fence) == ("UNKNOWN", checked.fence + 1)
    assert row.check_at is not None


def test_a_document_whose_sending_killed_the_process_three_times_is_left_alone(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    for _ in range(3):
        assert len(world.claim()) == 1
        world.take_over()
    assert world.delivery().state == "FAILED"
    assert world.status(document) == "ERROR"
    assert world.claim() == []


def test_one_that_may_have_arrived_before_the_third_death_is_unknown(world: World) -> None:
    world.queued(world.receiver(ReceiverKind.KEY))
    for _ in range(3):
        (claimed,) = world.claim()
        world.mark(claimed)
        world.take_over()
        world.clock.pass_(3600)
    row = world.delivery()
    assert (row.state, row.check_at) == ("UNKNOWN", None)


def test_deaths_are_forgotten_when_an_attempt_comes_to_an_end(world: World) -> None:
    world.queued(world.receiver())
    for _ in range(2):
        world.claim()
        world.take_over()
    (claimed,) = world.claim()
    world.record(claimed, NotSent("Busy."))
    assert world.delivery().deaths == 0


def test_only_what_the_dead_process_held_is_taken_over(world: World) -> None:
    world.queued(world.receiver())
    world.claim("alive")
    assert world.take_over(of=["dead"]) == 0
    assert world.delivery().state == "SENDING"


def test_a_rename_that_was_cut_off_is_rolled_forward_soon_and_under_a_new_fence(world: World) -> None:
    claimed, _, document = world.uncertain(world.receiver())
    world.clock.pass_(20)
    (checked,) = world.checks()
    assert (checked.fence, checked.remnant, checked.checking) == (claimed.fence + 1, ".hidden", True)
    assert world.delivery().phase == "CHECKING"
    assert world.record(checked, TAKEN) == "DELIVERED"
    assert world.status(document) == "READY_TO_PROCESS"


def test_nothing_is_looked_up_while_the_request_may_still_arrive(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    world.clock.pass_(299)
    assert world.checks() == []
    world.clock.pass_(1)
    assert len(world.checks()) == 1


def test_a_wall_clock_set_forward_does_not_shorten_the_wait_for_a_look_up(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    world.set(tables.delivery, world.delivery().id, check_at=world.clock.now())
    world.clock.pass_(60)
    assert world.checks() == []
    world.clock.pass_(240)
    assert len(world.checks()) == 1


def test_after_a_restart_the_wait_for_a_look_up_begins_anew() -> None:
    seconds = [1000.0]
    quarantine = Quarantine(300, lambda: seconds[0])
    assert not quarantine.past("never seen here")
    seconds[0] += 300
    assert quarantine.past("never seen here")
    quarantine.ended("seen")
    assert not quarantine.past("seen")
    seconds[0] += 300
    assert quarantine.past("seen")


def test_what_is_found_there_is_delivered(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    world.clock.pass_(300)
    (checked,) = world.checks()
    assert world.record(checked, TAKEN) == "DELIVERED"


def test_what_is_not_there_is_sent_again_as_the_same_copy(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    world.clock.pass_(300)
    (checked,) = world.checks()
    assert world.record(checked, Found.ABSENT) == "QUEUED"
    row = world.delivery()
    assert (row.generation, row.uncertain, row.tries) == (1, False, 1)


def test_what_the_receiver_refused_has_failed(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    world.clock.pass_(300)
    (checked,) = world.checks()
    assert world.record(checked, Found.REFUSED) == "FAILED"


def test_a_look_up_that_says_nothing_is_repeated_and_after_twelve_the_user_decides(world: World) -> None:
    _, _, document = world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    for _ in range(12):
        assert world.status(document) == "QUEUED"
        world.clock.pass_(12 * 3600)
        (checked,) = world.checks()
        assert world.record(checked, Found.PENDING) == "UNKNOWN"
    assert world.delivery().check_at is None
    assert world.status(document) == "ERROR"


def test_what_nobody_could_say_is_looked_up_once_more_when_the_user_asks(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    for _ in range(12):
        world.clock.pass_(12 * 3600)
        (checked,) = world.checks()
        world.record(checked, Found.PENDING)
    asked = world.do(Resend(copies=(Copy(delivery_id=world.delivery().id, generation=1),), if_gone=True))
    assert (asked["queued"], asked["checking"]) == (0, 1)
    (checked,) = world.checks()
    assert world.record(checked, Found.ABSENT) == "QUEUED"
    assert world.delivery().generation == 1


def test_a_receiver_that_is_away_costs_no_look_ups(world: World) -> None:
    world.uncertain(world.receiver())
    for _ in range(20):
        world.clock.pass_(24 * 3600)
        (checked,) = world.checks()
        world.record(checked, NotSent("No connection.", fault=Fault.INTEGRATION))
    assert world.delivery().check_at is not None


def test_receipts_of_earlier_copies_are_left_out_of_the_look_up(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver(ReceiverKind.LOOKUP))
    world.record(claimed, Receipt(text="Document 17", reference="17"))
    world.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    (second,) = world.claim()
    world.mark(second)
    world.record(second, Uncertain("reset"))
    world.clock.pass_(300)
    (checked,) = world.checks()
    with world.database.read() as connection:
        assert earlier_receipts(connection, checked) == ["17"]


def test_a_look_up_waits_while_the_integration_is_paused(world: World) -> None:
    _, integration, _ = world.uncertain(world.receiver())
    world.do(PauseIntegration(integration_id=integration))
    world.clock.pass_(600)
    assert world.checks() == []
    assert not world.dispatch().busy()
    world.do(ResumeIntegration(integration_id=integration))
    assert len(world.checks()) == 1


def test_what_was_cut_off_before_a_removal_is_still_cleared_up(world: World) -> None:
    _, integration, _ = world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    world.do(RemoveIntegration(integration_id=integration))
    world.clock.pass_(300)
    (checked,) = world.checks()
    assert world.record(checked, Found.ABSENT) == "CANCELLED"


def test_what_is_rolled_forward_goes_where_it_was_prepared_though_the_path_has_changed_since(world: World) -> None:
    _, integration, _ = world.uncertain(world.receiver())
    world.configure(integration, "elsewhere")
    world.clock.pass_(60)
    (checked,) = world.checks()
    assert (checked.settings_version, checked.destination) == (1, "fake:in")


def test_what_was_cut_off_while_its_extension_was_gone_is_cleared_up_when_that_is_back(world: World) -> None:
    receiver = world.receiver()
    world.committing(receiver)
    del world.shelf.receivers[receiver.manifest.id]
    world.take_over()
    assert world.delivery().check_at is not None
    world.clock.pass_(60)
    assert world.checks() == []
    world.shelf.receivers[receiver.manifest.id] = receiver
    world.clock.pass_(60)
    assert len(world.checks()) == 1


def test_a_rejection_of_a_look_up_is_not_taken_for_a_rejection_of_what_may_be_there(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.RENAME))
    world.clock.pass_(60)
    (checked,) = world.checks()
    world.record(checked, Rejected("Not allowed."))
    assert world.delivery().state == "UNKNOWN"


def test_after_a_backup_was_put_back_nothing_open_goes_on_by_itself(world: World) -> None:
    receiver = world.receiver()
    client = world.client()
    integration = world.integration(client, receiver)
    sent, claimed_one, queued, unplanned = (world.document(client) for _ in range(4))
    world.plan()
    claims = {claimed.document_id: claimed for claimed in world.claim()}
    world.mark(claims[sent])
    world.record(claims[sent], TAKEN)
    world.document(client)
    with world.write() as work:
        restored(work, world.services)
    states = {row.document_id: row.state for row in world.deliveries()}
    assert states.pop(sent) == "DELIVERED"
    assert set(states.values()) == {"UNKNOWN"}
    assert len(states) == 4
    assert {claimed_one, queued, unplanned} < set(states)
    assert world.row(tables.integration, integration).state == "PAUSED"
    assert not world.mark(claims[queued])
    world.do(ResumeIntegration(integration_id=integration))
    world.plan()
    assert (world.claim(), world.checks()) == ([], [])
    world.check_statuses()
