"""What an attempt came to, by the kind of the receiver, and what is never said without proof."""

import pytest

from banqup_tui.backend import tables
from banqup_tui.connectors.interface import Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.commands import Copy, PauseIntegration, RemoveIntegration, Resend, ResumeIntegration, Settle
from tests.backend.ledger.clock import START
from tests.backend.ledger.world import World

TAKEN = Receipt(text="/in/1.xml", reference="1")


@pytest.mark.parametrize(
    ("kind", "state", "status"),
    [
        (ReceiverKind.KEY, "QUEUED", "QUEUED"),
        (ReceiverKind.RENAME, "UNKNOWN", "QUEUED"),
        (ReceiverKind.LOOKUP, "UNKNOWN", "QUEUED"),
        (ReceiverKind.NEITHER, "UNKNOWN", "ERROR"),
    ],
)
def test_after_a_cut_off_the_kind_of_receiver_decides(
    world: World, kind: ReceiverKind, state: str, status: str
) -> None:
    _, _, document = world.uncertain(world.receiver(kind))
    row = world.delivery()
    assert (row.state, row.uncertain) == (state, True)
    assert (row.check_at is not None) == (kind in (ReceiverKind.RENAME, ReceiverKind.LOOKUP))
    assert world.status(document) == status


def test_what_was_cut_off_at_a_receiver_that_knows_nothing_is_never_sent_again_by_itself(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.NEITHER))
    world.clock.pass_(10**7)
    assert (world.claim(), world.checks()) == ([], [])


def test_an_answer_under_an_old_fence_changes_nothing_but_the_record_of_its_attempt(world: World) -> None:
    world.queued(world.receiver())
    (old,) = world.claim()
    world.take_over()
    (new,) = world.claim()
    assert world.record(old, Rejected("No.")) is None
    row = world.delivery()
    assert (row.state, row.fence) == ("SENDING", new.fence)


def test_late_proof_settles_what_was_unknown(world: World) -> None:
    claimed, _, document = world.committing(world.receiver(ReceiverKind.NEITHER))
    world.take_over()
    assert world.delivery().state == "UNKNOWN"
    assert world.record(claimed, TAKEN) == "DELIVERED"
    assert world.delivery().receipt == "/in/1.xml"
    assert world.attempts(claimed.delivery_id)[0].outcome == "DELIVERED"
    assert world.status(document) == "READY_TO_PROCESS"


def test_late_proof_settles_what_was_queued_to_be_tried_with_the_same_key(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver(ReceiverKind.KEY))
    world.take_over()
    assert world.delivery().state == "QUEUED"
    assert world.record(claimed, TAKEN) == "DELIVERED"
    world.clock.pass_(100)
    assert world.claim() == []


def test_late_proof_of_an_older_copy_says_nothing_of_the_newer_one(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver(ReceiverKind.NEITHER))
    world.take_over()
    world.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    assert world.record(claimed, TAKEN) is None
    row = world.delivery()
    assert (row.state, row.generation) == ("QUEUED", 2)
    assert world.attempts(claimed.delivery_id)[0].receipt == "1"


def test_late_proof_of_an_older_copy_does_not_settle_what_is_unknown_of_the_newer_one(world: World) -> None:
    first, _, _ = world.committing(world.receiver(ReceiverKind.NEITHER))
    world.take_over()
    world.do(Resend(copies=(Copy(delivery_id=first.delivery_id, generation=1),)))
    (second,) = world.claim()
    world.mark(second)
    world.record(second, Uncertain("reset"))
    assert world.record(first, TAKEN) is None
    row = world.delivery()
    assert (row.state, row.generation) == ("UNKNOWN", 2)


def test_late_proof_does_not_overrule_a_user_who_looked(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver(ReceiverKind.NEITHER))
    world.take_over()
    world.clock.pass_(300)
    world.do(Settle(delivery_id=claimed.delivery_id, generation=1, there=False))
    assert world.record(claimed, TAKEN) is None
    assert world.delivery().state == "FAILED"
    assert world.attempts(claimed.delivery_id)[0].receipt == "1"


def test_a_document_that_is_not_taken_is_tried_twelve_times_with_growing_waits(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    waits = []
    for _ in range(12):
        (claimed,) = world.claim()
        world.record(claimed, NotSent("The file is in use there."))
        waits.append((world.delivery().due_at - world.clock.now()).total_seconds())
        world.clock.pass_(6 * 3600)
    row = world.delivery()
    assert (row.state, row.tries, row.attempts) == ("FAILED", 12, 12)
    assert row.reason.params["text"] == "The file is in use there."
    for tries, wait in enumerate(waits[:-1]):
        assert 5 * 2**tries <= wait <= min(10 * 2**tries, 6 * 3600)
    assert world.status(document) == "ERROR"


def test_twelve_tries_of_what_may_have_arrived_leave_it_unknown(world: World) -> None:
    claimed, _, _ = world.uncertain(world.receiver(ReceiverKind.KEY))
    for _ in range(11):
        world.clock.pass_(6 * 3600)
        (claimed,) = world.claim()
        world.record(claimed, NotSent("Busy."))
    assert world.delivery().state == "UNKNOWN"


def test_a_rejection_of_what_may_have_arrived_before_leaves_it_unknown(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY))
    world.clock.pass_(60)
    (claimed,) = world.claim()
    world.record(claimed, Rejected("No."))
    assert world.delivery().state == "UNKNOWN"


def test_a_receiver_that_is_away_costs_the_document_no_tries(world: World) -> None:
    world.queued(world.receiver())
    for _ in range(30):
        (claimed,) = world.claim()
        world.record(claimed, NotSent("No connection.", fault=Fault.INTEGRATION))
        world.clock.pass_(6 * 3600)
    row = world.delivery()
    assert (row.state, row.tries, row.attempts) == ("QUEUED", 0, 30)


def test_a_receiver_that_asks_for_patience_gets_it_for_at_most_a_day(world: World) -> None:
    _, integration, _ = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.record(claimed, NotSent("Too many.", fault=Fault.INTEGRATION, retry_after=1000))
    assert (world.row(tables.integration, integration).held_until - world.clock.now()).total_seconds() == 1000
    world.clock.pass_(999)
    assert world.claim() == []
    world.clock.pass_(1)
    (claimed,) = world.claim()
    world.record(claimed, NotSent("Too many.", fault=Fault.INTEGRATION, retry_after=10**9))
    assert (world.row(tables.integration, integration).held_until - world.clock.now()).total_seconds() == 86400


def test_a_receiver_that_fails_half_way_and_asks_for_patience_gets_it_too(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver(ReceiverKind.KEY))
    world.record(claimed, Uncertain("It fails.", retry_after=1000))
    world.clock.pass_(999)
    assert world.claim() == []
    world.clock.pass_(1)
    assert len(world.claim()) == 1


def test_a_receiver_that_is_away_holds_up_no_other(world: World) -> None:
    away, well = world.receiver(ReceiverKind.KEY), world.receiver(ReceiverKind.RENAME)
    world.queued(away)
    (claimed,) = world.claim()
    world.record(claimed, NotSent("No connection.", fault=Fault.INTEGRATION))
    world.queued(well)
    assert [one.extension_id for one in world.claim()] == [well.manifest.id]


def test_one_document_that_always_breaks_the_receiver_does_not_keep_the_others_waiting_for_ever(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(ReceiverKind.KEY), concurrency=1)
    poison, *others = world.documents(client, 4)
    world.plan()
    for _ in range(40):
        for claimed in world.claim():
            world.mark(claimed)
            world.record(claimed, Uncertain("500") if claimed.document_id == poison else TAKEN)
        world.clock.pass_(3600)
    assert {world.delivery(document).state for document in others} == {"DELIVERED"}
    assert world.delivery(poison).state == "UNKNOWN"


def test_what_a_person_has_to_mend_fails_all_that_is_queued_with_one_cause(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver(), concurrency=1)
    documents = world.documents(client, 3)
    world.plan()
    (claimed,) = world.claim()
    world.record(claimed, NotSent("The host key has changed.", "Compare the key.", fault=Fault.PERSON))
    row = world.row(tables.integration, integration)
    assert (row.state, row.cause) == ("BROKEN", text_message("The host key has changed.", "Compare the key."))
    assert {of.state for of in world.deliveries()} == {"FAILED"}
    assert [of.reason for of in world.deliveries()] == [row.cause] * len(world.deliveries())
    assert {world.status(document) for document in documents} == {"ERROR"}


def test_what_failed_with_its_integration_is_sent_again_with_one_press_when_that_is_mended(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver(), concurrency=2)
    world.documents(client, 3)
    world.plan()
    rejected, broken = world.claim()
    world.record(rejected, Rejected("No."))
    world.record(broken, NotSent("Sign in again.", fault=Fault.PERSON))
    assert world.do(ResumeIntegration(integration_id=integration))["queued"] == 2
    assert world.states() == {"FAILED": 1, "QUEUED": 2}
    row = world.row(tables.integration, integration)
    assert (row.state, row.cause) == ("ACTIVE", None)
    assert len(world.claim()) == 2


def test_what_may_have_arrived_is_unknown_when_its_integration_breaks(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(ReceiverKind.KEY), concurrency=2)
    world.documents(client, 2)
    world.plan()
    first, second = world.claim()
    world.mark(first)
    world.record(first, Uncertain("reset"))
    world.record(second, NotSent("Sign in again.", fault=Fault.PERSON))
    assert world.states() == {"UNKNOWN": 1, "FAILED": 1}


def test_what_is_being_sent_at_a_pause_ends_by_itself(world: World) -> None:
    claimed, integration, _ = world.committing(world.receiver())
    world.do(PauseIntegration(integration_id=integration))
    assert world.record(claimed, TAKEN) == "DELIVERED"


@pytest.mark.parametrize(("uncertain", "state"), [(False, "CANCELLED"), (True, "UNKNOWN")])
def test_what_was_not_sent_at_a_removal_is_cancelled_or_unknown(world: World, uncertain: bool, state: str) -> None:
    receiver = world.receiver(ReceiverKind.KEY)
    if uncertain:
        _, integration, _ = world.uncertain(receiver)
        world.clock.pass_(60)
        (claimed,) = world.claim()
        world.mark(claimed)
    else:
        claimed, integration, _ = world.committing(receiver)
    world.do(RemoveIntegration(integration_id=integration))
    assert world.delivery().state == "SENDING"
    world.record(claimed, NotSent("Busy."))
    assert world.delivery().state == state


def test_a_removal_cancels_what_is_queued_and_leaves_unknown_what_may_have_arrived(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver(ReceiverKind.KEY), concurrency=1)
    world.documents(client, 2)
    world.plan()
    (claimed,) = world.claim()
    world.mark(claimed)
    world.record(claimed, Uncertain("reset"))
    assert world.do(RemoveIntegration(integration_id=integration))["cancelled"] == 2
    assert world.states() == {"UNKNOWN": 1, "CANCELLED": 1}
    world.check_statuses()


def test_a_look_up_answer_is_not_the_end_of_a_send(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver(ReceiverKind.LOOKUP))
    world.take_over()
    assert world.record(claimed, Found.ABSENT) is None
    assert world.delivery().state == "UNKNOWN"


def test_the_history_shows_every_attempt_and_what_the_receiver_said(world: World) -> None:
    world.queued(world.receiver())
    (first,) = world.claim()
    world.record(first, NotSent("Busy."))
    world.clock.pass_(10)
    (second,) = world.claim()
    world.mark(second)
    world.record(second, TAKEN)
    log = [(row.outcome, row.reason, row.receipt) for row in world.attempts(first.delivery_id)]
    assert log == [("QUEUED", text_message("Busy."), None), ("DELIVERED", None, "1")]


def test_an_integration_without_an_answer_says_since_when_and_why_until_it_has_one(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver())
    world.documents(client, 2)
    world.plan()
    first, second = world.claim()
    silent = NotSent("sftp.example does not answer.", "Check the host.", fault=Fault.INTEGRATION)
    before = world.seq()
    world.record(first, silent)
    row = world.row(tables.integration, integration)
    assert row.failing_since == world.clock.now()
    assert row.failing_reason == text_message("sftp.example does not answer.", "Check the host.")
    assert row.seq > before
    world.clock.pass_(3)
    world.record(second, silent)
    assert world.row(tables.integration, integration).failing_since == START
    world.clock.pass_(60)
    before = world.seq()
    (again,) = world.claim()
    world.mark(again)
    world.record(again, Receipt(text="/in/1.xml"))
    row = world.row(tables.integration, integration)
    assert (row.failing_since, row.failing_reason, row.held_until) == (None, None, None)
    assert row.seq > before


@pytest.mark.parametrize("trouble", [Trouble.SIGN_IN, Trouble.SETTINGS])
def test_an_integration_that_broke_says_what_it_lacks_until_it_is_mended(world: World, trouble: Trouble) -> None:
    claimed, integration, _ = world.committing(world.receiver())
    world.record(claimed, NotSent("Not accepted.", "Correct it.", fault=Fault.PERSON, trouble=trouble))
    row = world.row(tables.integration, integration)
    assert (row.state, row.trouble, row.failing_since) == ("BROKEN", trouble, world.clock.now())
    world.do(ResumeIntegration(integration_id=integration))
    row = world.row(tables.integration, integration)
    assert (row.state, row.trouble, row.failing_since) == ("ACTIVE", None, None)


def test_what_is_wrong_with_one_document_says_nothing_of_its_integration(world: World) -> None:
    claimed, integration, _ = world.committing(world.receiver())
    world.record(claimed, Rejected("It is too large."))
    assert world.row(tables.integration, integration).failing_since is None
