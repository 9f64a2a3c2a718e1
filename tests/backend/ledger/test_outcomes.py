"""What an attempt came to, by the kind of the receiver, and what is never said without proof."""

import pytest

from banqup_tui.backend.db import tables
from banqup_tui.connectors.interface import Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.commands import Copy, PauseIntegration, RemoveIntegration, Resend, ResumeIntegration, Settle
from tests.backend.ledger.clock import START
from tests.backend.ledger.harness import LedgerHarness

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
    harness: LedgerHarness, kind: ReceiverKind, state: str, status: str
) -> None:
    _, _, document = harness.uncertain(harness.receiver(kind))
    row = harness.delivery()
    assert (row.state, row.uncertain) == (state, True)
    assert (row.check_at is not None) == (kind in (ReceiverKind.RENAME, ReceiverKind.LOOKUP))
    assert harness.status(document) == status


def test_what_was_cut_off_at_a_receiver_that_knows_nothing_is_never_sent_again_by_itself(
    harness: LedgerHarness,
) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.NEITHER))
    harness.clock.pass_(10**7)
    assert (harness.claim(), harness.checks()) == ([], [])


def test_an_answer_under_an_old_fence_changes_nothing_but_the_record_of_its_attempt(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (old,) = harness.claim()
    harness.take_over()
    (new,) = harness.claim()
    assert harness.record(old, Rejected("No.")) is None
    row = harness.delivery()
    assert (row.state, row.fence) == ("SENDING", new.fence)


def test_late_proof_settles_what_was_unknown(harness: LedgerHarness) -> None:
    claimed, _, document = harness.committing(harness.receiver(ReceiverKind.NEITHER))
    harness.take_over()
    assert harness.delivery().state == "UNKNOWN"
    assert harness.record(claimed, TAKEN) == "DELIVERED"
    assert harness.delivery().receipt == "/in/1.xml"
    assert harness.attempts(claimed.delivery_id)[0].outcome == "DELIVERED"
    assert harness.status(document) == "READY_TO_PROCESS"


def test_late_proof_settles_what_was_queued_to_be_tried_with_the_same_key(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver(ReceiverKind.KEY))
    harness.take_over()
    assert harness.delivery().state == "QUEUED"
    assert harness.record(claimed, TAKEN) == "DELIVERED"
    harness.clock.pass_(100)
    assert harness.claim() == []


def test_late_proof_of_an_older_copy_says_nothing_of_the_newer_one(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver(ReceiverKind.NEITHER))
    harness.take_over()
    harness.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    assert harness.record(claimed, TAKEN) is None
    row = harness.delivery()
    assert (row.state, row.generation) == ("QUEUED", 2)
    assert harness.attempts(claimed.delivery_id)[0].receipt == "1"


def test_late_proof_of_an_older_copy_does_not_settle_what_is_unknown_of_the_newer_one(harness: LedgerHarness) -> None:
    first, _, _ = harness.committing(harness.receiver(ReceiverKind.NEITHER))
    harness.take_over()
    harness.do(Resend(copies=(Copy(delivery_id=first.delivery_id, generation=1),)))
    (second,) = harness.claim()
    harness.mark(second)
    harness.record(second, Uncertain("reset"))
    assert harness.record(first, TAKEN) is None
    row = harness.delivery()
    assert (row.state, row.generation) == ("UNKNOWN", 2)


def test_late_proof_does_not_overrule_a_user_who_looked(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver(ReceiverKind.NEITHER))
    harness.take_over()
    harness.clock.pass_(300)
    harness.do(Settle(delivery_id=claimed.delivery_id, generation=1, there=False))
    assert harness.record(claimed, TAKEN) is None
    assert harness.delivery().state == "FAILED"
    assert harness.attempts(claimed.delivery_id)[0].receipt == "1"


def test_a_document_that_is_not_taken_is_tried_twelve_times_with_growing_waits(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    waits = []
    for _ in range(12):
        (claimed,) = harness.claim()
        harness.record(claimed, NotSent("The file is in use there."))
        waits.append((harness.delivery().due_at - harness.clock.now()).total_seconds())
        harness.clock.pass_(6 * 3600)
    row = harness.delivery()
    assert (row.state, row.tries, row.attempts) == ("FAILED", 12, 12)
    assert row.reason.params["text"] == "The file is in use there."
    for tries, wait in enumerate(waits[:-1]):
        assert 5 * 2**tries <= wait <= min(10 * 2**tries, 6 * 3600)
    assert harness.status(document) == "ERROR"


def test_twelve_tries_of_what_may_have_arrived_leave_it_unknown(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.uncertain(harness.receiver(ReceiverKind.KEY))
    for _ in range(11):
        harness.clock.pass_(6 * 3600)
        (claimed,) = harness.claim()
        harness.record(claimed, NotSent("Busy."))
    assert harness.delivery().state == "UNKNOWN"


def test_a_rejection_of_what_may_have_arrived_before_leaves_it_unknown(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY))
    harness.clock.pass_(60)
    (claimed,) = harness.claim()
    harness.record(claimed, Rejected("No."))
    assert harness.delivery().state == "UNKNOWN"


def test_a_receiver_that_is_away_costs_the_document_no_tries(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    for _ in range(30):
        (claimed,) = harness.claim()
        harness.record(claimed, NotSent("No connection.", fault=Fault.INTEGRATION))
        harness.clock.pass_(6 * 3600)
    row = harness.delivery()
    assert (row.state, row.tries, row.attempts) == ("QUEUED", 0, 30)


def test_a_receiver_that_asks_for_patience_gets_it_for_at_most_a_day(harness: LedgerHarness) -> None:
    _, integration, _ = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("Too many.", fault=Fault.INTEGRATION, retry_after=1000))
    assert (harness.row(tables.integration, integration).postponed_until - harness.clock.now()).total_seconds() == 1000
    harness.clock.pass_(999)
    assert harness.claim() == []
    harness.clock.pass_(1)
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("Too many.", fault=Fault.INTEGRATION, retry_after=10**9))
    assert (harness.row(tables.integration, integration).postponed_until - harness.clock.now()).total_seconds() == 86400


def test_a_receiver_that_fails_half_way_and_asks_for_patience_gets_it_too(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver(ReceiverKind.KEY))
    harness.record(claimed, Uncertain("It fails.", retry_after=1000))
    harness.clock.pass_(999)
    assert harness.claim() == []
    harness.clock.pass_(1)
    assert len(harness.claim()) == 1


def test_a_receiver_that_is_away_holds_up_no_other(harness: LedgerHarness) -> None:
    away, well = harness.receiver(ReceiverKind.KEY), harness.receiver(ReceiverKind.RENAME)
    harness.queued(away)
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("No connection.", fault=Fault.INTEGRATION))
    harness.queued(well)
    assert [one.extension_id for one in harness.claim()] == [well.manifest.id]


def test_one_document_that_always_breaks_the_receiver_does_not_keep_the_others_waiting_for_ever(
    harness: LedgerHarness,
) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(ReceiverKind.KEY), concurrency=1)
    poison, *others = harness.documents(client, 4)
    harness.plan()
    for _ in range(40):
        for claimed in harness.claim():
            harness.mark(claimed)
            harness.record(claimed, Uncertain("500") if claimed.document_id == poison else TAKEN)
        harness.clock.pass_(3600)
    assert {harness.delivery(document).state for document in others} == {"DELIVERED"}
    assert harness.delivery(poison).state == "UNKNOWN"


def test_what_a_person_has_to_mend_fails_all_that_is_queued_with_one_cause(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver(), concurrency=1)
    documents = harness.documents(client, 3)
    harness.plan()
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("The host key has changed.", "Compare the key.", fault=Fault.PERSON))
    row = harness.row(tables.integration, integration)
    assert (row.state, row.cause) == ("BROKEN", text_message("The host key has changed.", "Compare the key."))
    assert {of.state for of in harness.deliveries()} == {"FAILED"}
    assert [of.reason for of in harness.deliveries()] == [row.cause] * len(harness.deliveries())
    assert {harness.status(document) for document in documents} == {"ERROR"}


def test_what_failed_with_its_integration_is_sent_again_with_one_press_when_that_is_mended(
    harness: LedgerHarness,
) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver(), concurrency=2)
    harness.documents(client, 3)
    harness.plan()
    rejected, broken = harness.claim()
    harness.record(rejected, Rejected("No."))
    harness.record(broken, NotSent("Sign in again.", fault=Fault.PERSON))
    assert harness.do(ResumeIntegration(integration_id=integration))["queued"] == 2
    assert harness.states() == {"FAILED": 1, "QUEUED": 2}
    row = harness.row(tables.integration, integration)
    assert (row.state, row.cause) == ("ACTIVE", None)
    assert len(harness.claim()) == 2


def test_what_may_have_arrived_is_unknown_when_its_integration_breaks(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(ReceiverKind.KEY), concurrency=2)
    harness.documents(client, 2)
    harness.plan()
    first, second = harness.claim()
    harness.mark(first)
    harness.record(first, Uncertain("reset"))
    harness.record(second, NotSent("Sign in again.", fault=Fault.PERSON))
    assert harness.states() == {"UNKNOWN": 1, "FAILED": 1}


def test_what_is_being_sent_at_a_pause_ends_by_itself(harness: LedgerHarness) -> None:
    claimed, integration, _ = harness.committing(harness.receiver())
    harness.do(PauseIntegration(integration_id=integration))
    assert harness.record(claimed, TAKEN) == "DELIVERED"


@pytest.mark.parametrize(("uncertain", "state"), [(False, "CANCELLED"), (True, "UNKNOWN")])
def test_what_was_not_sent_at_a_removal_is_cancelled_or_unknown(
    harness: LedgerHarness, uncertain: bool, state: str
) -> None:
    receiver = harness.receiver(ReceiverKind.KEY)
    if uncertain:
        _, integration, _ = harness.uncertain(receiver)
        harness.clock.pass_(60)
        (claimed,) = harness.claim()
        harness.mark(claimed)
    else:
        claimed, integration, _ = harness.committing(receiver)
    harness.do(RemoveIntegration(integration_id=integration))
    assert harness.delivery().state == "SENDING"
    harness.record(claimed, NotSent("Busy."))
    assert harness.delivery().state == state


def test_a_removal_cancels_what_is_queued_and_leaves_unknown_what_may_have_arrived(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver(ReceiverKind.KEY), concurrency=1)
    harness.documents(client, 2)
    harness.plan()
    (claimed,) = harness.claim()
    harness.mark(claimed)
    harness.record(claimed, Uncertain("reset"))
    assert harness.do(RemoveIntegration(integration_id=integration))["cancelled"] == 2
    assert harness.states() == {"UNKNOWN": 1, "CANCELLED": 1}
    harness.check_statuses()


def test_a_look_up_answer_is_not_the_end_of_a_send(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver(ReceiverKind.LOOKUP))
    harness.take_over()
    assert harness.record(claimed, Found.ABSENT) is None
    assert harness.delivery().state == "UNKNOWN"


def test_the_history_shows_every_attempt_and_what_the_receiver_said(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (first,) = harness.claim()
    harness.record(first, NotSent("Busy."))
    harness.clock.pass_(10)
    (second,) = harness.claim()
    harness.mark(second)
    harness.record(second, TAKEN)
    log = [(row.outcome, row.reason, row.receipt) for row in harness.attempts(first.delivery_id)]
    assert log == [("QUEUED", text_message("Busy."), None), ("DELIVERED", None, "1")]


def test_an_integration_without_an_answer_says_since_when_and_why_until_it_has_one(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver())
    harness.documents(client, 2)
    harness.plan()
    first, second = harness.claim()
    silent = NotSent("sftp.example does not answer.", "Check the host.", fault=Fault.INTEGRATION)
    before = harness.seq()
    harness.record(first, silent)
    row = harness.row(tables.integration, integration)
    assert row.failing_since == harness.clock.now()
    assert row.failing_reason == text_message("sftp.example does not answer.", "Check the host.")
    assert row.seq > before
    harness.clock.pass_(3)
    harness.record(second, silent)
    assert harness.row(tables.integration, integration).failing_since == START
    harness.clock.pass_(60)
    before = harness.seq()
    (again,) = harness.claim()
    harness.mark(again)
    harness.record(again, Receipt(text="/in/1.xml"))
    row = harness.row(tables.integration, integration)
    assert (row.failing_since, row.failing_reason, row.postponed_until) == (None, None, None)
    assert row.seq > before


@pytest.mark.parametrize("trouble", [Trouble.SIGN_IN, Trouble.SETTINGS])
def test_an_integration_that_broke_says_what_it_lacks_until_it_is_mended(
    harness: LedgerHarness, trouble: Trouble
) -> None:
    claimed, integration, _ = harness.committing(harness.receiver())
    harness.record(claimed, NotSent("Not accepted.", "Correct it.", fault=Fault.PERSON, trouble=trouble))
    row = harness.row(tables.integration, integration)
    assert (row.state, row.trouble, row.failing_since) == ("BROKEN", trouble, harness.clock.now())
    harness.do(ResumeIntegration(integration_id=integration))
    row = harness.row(tables.integration, integration)
    assert (row.state, row.trouble, row.failing_since) == ("ACTIVE", None, None)


def test_what_is_wrong_with_one_document_says_nothing_of_its_integration(harness: LedgerHarness) -> None:
    claimed, integration, _ = harness.committing(harness.receiver())
    harness.record(claimed, Rejected("It is too large."))
    assert harness.row(tables.integration, integration).failing_since is None
