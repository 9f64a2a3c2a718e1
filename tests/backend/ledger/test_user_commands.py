"""What a user asks for, and what it does or does not do."""

import pytest

from banqup_tui.backend.db import tables
from banqup_tui.connectors.interface import NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import text_message
from banqup_tui.protocol.commands import (
    BulkSend,
    Cancel,
    Copy,
    Dismiss,
    PauseIntegration,
    Query,
    Resend,
    Send,
    Settle,
)
from tests.backend.ledger.harness import ANNE, BART, LedgerHarness
from tests.backend.ledger.ledger_template import EPOCH

TAKEN = Receipt(text="/in/1.xml", reference="1")


def test_a_document_that_the_client_has_not_approved_cannot_be_sent(harness: LedgerHarness) -> None:
    client = harness.client()
    document = harness.document(client, approved=False)
    harness.integration(client, harness.receiver())
    assert harness.refused(Send(document_ids=(document,))).problem.type == "refused"


def test_of_a_selection_what_is_not_approved_stays_behind(harness: LedgerHarness) -> None:
    client = harness.client()
    yes, no = harness.document(client), harness.document(client, approved=False)
    harness.integration(client, harness.receiver())
    answer = harness.do(Send(document_ids=(yes, no)))
    assert (answer["queued"], answer["notApproved"]) == (1, 1)


def test_a_document_that_is_not_there_cannot_be_sent(harness: LedgerHarness) -> None:
    harness.integration(harness.client(), harness.receiver())
    assert harness.refused(Send(document_ids=("gone",))).problem.type == "not-found"


def test_nothing_can_be_sent_where_no_integration_is_active(harness: LedgerHarness) -> None:
    client = harness.client()
    document = harness.document(client)
    assert harness.refused(Send(document_ids=(document,))).problem.type == "refused"
    integration = harness.integration(client, harness.receiver())
    harness.do(PauseIntegration(integration_id=integration))
    harness.refused(Send(document_ids=(document,)))
    named = harness.refused(Send(document_ids=(document,), integration_ids=(integration,)))
    assert "paused" in named.sentence


def test_by_hand_a_document_goes_to_every_active_integration_whatever_folders_it_takes(harness: LedgerHarness) -> None:
    client, receiver = harness.client(), harness.receiver()
    document = harness.document(client, folder=Folder.OTHER_DOCUMENTS)
    harness.integration(client, receiver, folders=[Folder.SALES_INVOICES])
    harness.integration(harness.client(), receiver)
    harness.do(Send(document_ids=(document,)))
    assert len(harness.deliveries()) == 1


def test_sending_what_is_under_way_or_there_does_nothing_and_says_who_asked_and_when(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    answer = harness.do(Send(document_ids=(document,)), by=BART)
    assert (answer["queued"], answer["unchanged"]) == (0, 1)
    (detail,) = answer["details"]
    assert (detail["why"], detail["askedBy"], detail["at"][:16]) == ("QUEUED", ANNE, "2026-11-24T09:00")
    (claimed,) = harness.claim()
    assert harness.do(Send(document_ids=(document,)))["details"][0]["why"] == "SENDING"
    harness.mark(claimed)
    harness.record(claimed, TAKEN)
    assert harness.do(Send(document_ids=(document,)))["details"][0]["why"] == "DELIVERED"
    assert harness.delivery().generation == 1


def test_sending_what_may_have_arrived_never_makes_a_copy(harness: LedgerHarness) -> None:
    _, _, document = harness.uncertain(harness.receiver(ReceiverKind.NEITHER))
    assert harness.delivery().state == "UNKNOWN"
    assert harness.do(Send(document_ids=(document,)))["queued"] == 0
    assert harness.claim() == []


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_what_did_not_arrive_can_be_sent_and_is_still_the_same_copy(harness: LedgerHarness, how: str) -> None:
    _, _, document = harness.queued(harness.receiver())
    if how == "failed":
        (claimed,) = harness.claim()
        harness.record(claimed, Rejected("Not for us."))
    else:
        harness.do(Cancel(delivery_ids=(harness.delivery().id,)))
    assert harness.do(Send(document_ids=(document,)), by=BART)["queued"] == 1
    row = harness.delivery()
    assert (row.state, row.generation, row.tries, row.asked_by) == ("QUEUED", 1, 0, BART)
    harness.check_statuses()


def test_another_copy_is_a_new_generation_in_the_name_of_who_asked(harness: LedgerHarness) -> None:
    claimed, _, document = harness.committing(harness.receiver())
    harness.record(claimed, TAKEN)
    copy = Copy(delivery_id=harness.delivery().id, generation=1)
    assert harness.do(Resend(copies=(copy,)), by=BART)["queued"] == 1
    row = harness.delivery()
    assert (row.state, row.generation, row.asked_by, row.receipt) == ("QUEUED", 2, BART, None)
    assert row.generation_seq == harness.seq()
    assert harness.status(document) == "QUEUED"


def test_two_users_who_press_resend_on_the_same_view_make_one_copy(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver())
    harness.record(claimed, TAKEN)
    seen, copy = harness.seq(), Copy(delivery_id=harness.delivery().id, generation=1)
    harness.do(Resend(copies=(copy,)), by=ANNE, seen=seen)
    answer = harness.do(Resend(copies=(copy,)), by=BART, seen=seen)
    assert (answer["queued"], answer["unchanged"]) == (0, 1)
    assert answer["details"][0]["askedBy"] == ANNE
    assert harness.delivery().generation == 2


def test_a_copy_is_not_made_for_someone_who_had_not_seen_the_last_one_settle(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver())
    unsettled = harness.seq()
    harness.record(claimed, TAKEN)
    copy = Copy(delivery_id=harness.delivery().id, generation=1)
    answer = harness.do(Resend(copies=(copy,)), seen=unsettled)
    assert answer["details"][0]["why"] == "CHANGED_SINCE"
    assert harness.delivery().generation == 1


def test_a_copy_is_not_made_of_a_generation_older_than_what_was_asked_since(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver())
    harness.record(claimed, TAKEN)
    first = Copy(delivery_id=harness.delivery().id, generation=1)
    harness.do(Resend(copies=(first,)))
    (second,) = harness.claim()
    harness.mark(second)
    harness.record(second, TAKEN)
    assert harness.do(Resend(copies=(first,)))["details"][0]["why"] == "DELIVERED"
    assert harness.delivery().generation == 2


def test_no_copy_is_made_of_what_the_program_is_still_looking_up(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.LOOKUP))
    row = harness.delivery()
    answer = harness.do(Resend(copies=(Copy(delivery_id=row.id, generation=1),)))
    assert answer["details"][0]["why"] == "CHECKING"
    assert harness.delivery().generation == 1


def test_resend_does_nothing_to_what_has_failed(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.record(claimed, Rejected("No."))
    answer = harness.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    assert answer["details"][0]["why"] == "FAILED"


def test_no_copy_goes_to_an_integration_that_is_paused(harness: LedgerHarness) -> None:
    claimed, integration, _ = harness.committing(harness.receiver())
    harness.record(claimed, TAKEN)
    harness.do(PauseIntegration(integration_id=integration))
    answer = harness.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    assert answer["details"][0]["why"] == "INTEGRATION_PAUSED"


def test_what_is_queued_can_be_cancelled_and_is_not_sent(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    assert harness.do(Cancel(delivery_ids=(harness.delivery().id,)))["cancelled"] == 1
    assert harness.delivery().state == "CANCELLED"
    assert harness.claim() == []
    assert harness.status(document) == "READY_TO_PROCESS"


def test_what_is_claimed_but_not_yet_sent_can_be_cancelled(harness: LedgerHarness) -> None:
    harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    assert harness.do(Cancel(delivery_ids=(claimed.delivery_id,)))["cancelled"] == 1
    assert not harness.mark(claimed)
    assert harness.delivery().state == "CANCELLED"
    assert harness.attempts(claimed.delivery_id)[0].outcome == "CANCELLED"


def test_what_is_being_sent_can_no_longer_be_cancelled(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver())
    answer = harness.do(Cancel(delivery_ids=(claimed.delivery_id,)))
    assert (answer["cancelled"], answer["details"][0]["why"]) == (0, "SENDING")
    assert harness.record(claimed, TAKEN) == "DELIVERED"


def test_what_may_have_arrived_is_unknown_after_it_was_cancelled(harness: LedgerHarness) -> None:
    harness.uncertain(harness.receiver(ReceiverKind.KEY))
    assert harness.delivery().state == "QUEUED"
    harness.do(Cancel(delivery_ids=(harness.delivery().id,)))
    assert harness.delivery().state == "UNKNOWN"


def test_a_failure_that_was_seen_can_be_let_be(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.record(claimed, Rejected("No."))
    assert harness.status(document) == "ERROR"
    assert harness.do(Dismiss(delivery_ids=(claimed.delivery_id,)))["dismissed"] == 1
    assert harness.status(document) == "READY_TO_PROCESS"
    assert harness.do(Dismiss(delivery_ids=(claimed.delivery_id,)))["unchanged"] == 1
    harness.do(Send(document_ids=(document,)))
    assert not harness.delivery().dismissed


def test_nobody_can_say_that_it_is_not_there_while_it_may_still_arrive(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.uncertain(harness.receiver(ReceiverKind.NEITHER))
    command = Settle(delivery_id=claimed.delivery_id, generation=1, there=False)
    assert harness.refused(command).message.code == "delivery.may-still-arrive"
    harness.clock.pass_(299)
    harness.refused(command)
    harness.clock.pass_(1)
    assert harness.do(command)["changed"] == 1
    assert harness.delivery().state == "FAILED"


@pytest.mark.parametrize(("there", "state"), [(True, "DELIVERED"), (False, "FAILED")])
def test_a_user_who_looked_says_whether_it_is_there(harness: LedgerHarness, there: bool, state: str) -> None:
    claimed, _, document = harness.uncertain(harness.receiver(ReceiverKind.NEITHER))
    assert harness.status(document) == "ERROR"
    harness.clock.pass_(300)
    harness.do(Settle(delivery_id=claimed.delivery_id, generation=1, there=there), by=BART)
    row = harness.delivery()
    assert (row.state, row.asked_by, row.uncertain, row.fence) == (state, BART, False, claimed.fence + 1)
    harness.check_statuses()


def test_what_a_user_saw_of_an_older_copy_says_nothing_of_the_newer_one(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.uncertain(harness.receiver(ReceiverKind.NEITHER))
    harness.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    harness.clock.pass_(20)
    (second,) = harness.claim()
    assert second.generation == 2
    harness.mark(second)
    harness.record(second, Uncertain("reset"))
    harness.clock.pass_(300)
    answer = harness.do(Settle(delivery_id=claimed.delivery_id, generation=1, there=True))
    assert (answer["changed"], harness.delivery().state) == (0, "UNKNOWN")


def test_a_bulk_send_queues_everything_that_was_counted_in_portions(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.documents(client, 1100)
    harness.integration(client, harness.receiver())
    up_to = f"{EPOCH}.{harness.seq()}"
    answer = harness.do(BulkSend(query=Query(client_id=client), up_to=up_to, expected=1100))
    assert (answer["queued"], harness.deliveries()) == (1100, [])
    with harness.write() as transaction:
        from banqup_tui.backend.ledger.bulk_jobs import step

        assert step(transaction, harness.services)
    assert harness.states() == {"QUEUED": 500}
    harness.work_off_jobs()
    assert harness.states() == {"QUEUED": 1100}
    (job,) = harness.rows(tables.job)
    assert (job.state, job.done) == ("DONE", 1100)


def test_a_bulk_send_of_more_than_was_confirmed_queues_nothing(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.documents(client, 3)
    harness.integration(client, harness.receiver())
    command = BulkSend(query=Query(client_id=client), up_to=f"{EPOCH}.{harness.seq()}", expected=2)
    assert harness.refused(command).problem.type == "count-changed"


def test_a_bulk_send_counts_only_what_would_be_queued(harness: LedgerHarness) -> None:
    client = harness.client()
    there, *_ = harness.documents(client, 3)
    harness.integration(client, harness.receiver())
    harness.do(Send(document_ids=(there,)))
    up_to = f"{EPOCH}.{harness.seq()}"
    assert harness.do(BulkSend(query=Query(client_id=client), up_to=up_to, expected=2))["queued"] == 2


def test_a_bulk_send_leaves_alone_what_came_after_it_was_counted(harness: LedgerHarness) -> None:
    client = harness.client()
    counted = harness.documents(client, 2)
    late = harness.document(client, approved=False)
    harness.integration(client, harness.receiver(), folders=[Folder.SALES_INVOICES])
    up_to = f"{EPOCH}.{harness.seq()}"
    harness.document(client)
    harness.approve(late)
    harness.do(BulkSend(query=Query(client_id=client), up_to=up_to, expected=2))
    harness.work_off_jobs()
    assert {row.document_id for row in harness.deliveries()} == set(counted)


def test_a_bulk_resend_makes_copies_only_of_what_was_settled_when_it_was_counted(harness: LedgerHarness) -> None:
    client = harness.client()
    documents = harness.documents(client, 2)
    harness.integration(client, harness.receiver())
    harness.do(Send(document_ids=(documents[0],)))
    (first,) = harness.claim()
    harness.mark(first)
    harness.record(first, TAKEN)
    up_to = f"{EPOCH}.{harness.seq()}"
    harness.do(Send(document_ids=(documents[1],)))
    (second,) = harness.claim()
    harness.mark(second)
    harness.record(second, TAKEN)
    command = BulkSend(query=Query(client_id=client), up_to=up_to, expected=1, again=True)
    assert harness.do(command)["queued"] == 1
    harness.work_off_jobs()
    harness.work_off_jobs()
    assert {row.document_id: row.generation for row in harness.deliveries()} == {documents[0]: 2, documents[1]: 1}


def test_all_that_failed_is_sent_again_with_one_wish(harness: LedgerHarness) -> None:
    client = harness.client()
    documents = harness.documents(client, 3)
    harness.integration(client, harness.receiver())
    harness.do(Send(document_ids=tuple(documents[:2])))
    for claimed in harness.claim():
        harness.record(claimed, Rejected("No."))
    up_to = f"{EPOCH}.{harness.seq()}"
    command = BulkSend(query=Query(client_id=client, failed_only=True), up_to=up_to, expected=2)
    assert harness.do(command)["queued"] == 2
    harness.work_off_jobs()
    assert harness.states() == {"QUEUED": 2}


def test_a_bulk_send_counted_before_a_restore_is_refused(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.document(client)
    harness.integration(client, harness.receiver())
    command = BulkSend(query=Query(client_id=client), up_to=f"other-epoch.{harness.seq()}", expected=1)
    assert harness.refused(command).problem.type == "count-changed"


def test_a_document_that_fails_shows_why_and_what_to_do(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.record(claimed, Rejected("No such supplier.", "Add the supplier there."))
    row = harness.delivery(document)
    assert row.reason == text_message("No such supplier.", "Add the supplier there.")
    assert harness.attempts(row.id)[0].reason == row.reason


def test_a_document_waiting_to_be_tried_again_shows_why_and_until_when(harness: LedgerHarness) -> None:
    _, _, document = harness.queued(harness.receiver())
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("The file is in use there."))
    row = harness.delivery(document)
    assert (row.state, row.reason.params["text"]) == ("QUEUED", "The file is in use there.")
    assert row.due_at > harness.clock.now()
