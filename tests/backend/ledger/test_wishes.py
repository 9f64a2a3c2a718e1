"""What a user asks for, and what it does or does not do."""

import pytest

from banqup_tui.backend import tables
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
from tests.backend.ledger.practice_file import EPOCH
from tests.backend.ledger.world import ANNE, BART, World

TAKEN = Receipt(text="/in/1.xml", reference="1")


def test_a_document_that_the_client_has_not_approved_cannot_be_sent(world: World) -> None:
    client = world.client()
    document = world.document(client, approved=False)
    world.integration(client, world.receiver())
    assert world.refused(Send(document_ids=(document,))).problem.type == "refused"


def test_of_a_selection_what_is_not_approved_stays_behind(world: World) -> None:
    client = world.client()
    yes, no = world.document(client), world.document(client, approved=False)
    world.integration(client, world.receiver())
    answer = world.do(Send(document_ids=(yes, no)))
    assert (answer["queued"], answer["notApproved"]) == (1, 1)


def test_a_document_that_is_not_there_cannot_be_sent(world: World) -> None:
    world.integration(world.client(), world.receiver())
    assert world.refused(Send(document_ids=("gone",))).problem.type == "not-found"


def test_nothing_can_be_sent_where_no_integration_is_active(world: World) -> None:
    client = world.client()
    document = world.document(client)
    assert world.refused(Send(document_ids=(document,))).problem.type == "refused"
    integration = world.integration(client, world.receiver())
    world.do(PauseIntegration(integration_id=integration))
    world.refused(Send(document_ids=(document,)))
    named = world.refused(Send(document_ids=(document,), integration_ids=(integration,)))
    assert "paused" in named.sentence


def test_by_hand_a_document_goes_to_every_active_integration_whatever_folders_it_takes(world: World) -> None:
    client, receiver = world.client(), world.receiver()
    document = world.document(client, folder=Folder.OTHER_DOCUMENTS)
    world.integration(client, receiver, folders=[Folder.SALES_INVOICES])
    world.integration(world.client(), receiver)
    world.do(Send(document_ids=(document,)))
    assert len(world.deliveries()) == 1


def test_sending_what_is_under_way_or_there_does_nothing_and_says_who_asked_and_when(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    answer = world.do(Send(document_ids=(document,)), by=BART)
    assert (answer["queued"], answer["unchanged"]) == (0, 1)
    (detail,) = answer["details"]
    assert (detail["why"], detail["askedBy"], detail["at"][:16]) == ("QUEUED", ANNE, "2026-11-24T09:00")
    (claimed,) = world.claim()
    assert world.do(Send(document_ids=(document,)))["details"][0]["why"] == "SENDING"
    world.mark(claimed)
    world.record(claimed, TAKEN)
    assert world.do(Send(document_ids=(document,)))["details"][0]["why"] == "DELIVERED"
    assert world.delivery().generation == 1


def test_sending_what_may_have_arrived_never_makes_a_copy(world: World) -> None:
    _, _, document = world.uncertain(world.receiver(ReceiverKind.NEITHER))
    assert world.delivery().state == "UNKNOWN"
    assert world.do(Send(document_ids=(document,)))["queued"] == 0
    assert world.claim() == []


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_what_did_not_arrive_can_be_sent_and_is_still_the_same_copy(world: World, how: str) -> None:
    _, _, document = world.queued(world.receiver())
    if how == "failed":
        (claimed,) = world.claim()
        world.record(claimed, Rejected("Not for us."))
    else:
        world.do(Cancel(delivery_ids=(world.delivery().id,)))
    assert world.do(Send(document_ids=(document,)), by=BART)["queued"] == 1
    row = world.delivery()
    assert (row.state, row.generation, row.tries, row.asked_by) == ("QUEUED", 1, 0, BART)
    world.check_statuses()


def test_another_copy_is_a_new_generation_in_the_name_of_who_asked(world: World) -> None:
    claimed, _, document = world.committing(world.receiver())
    world.record(claimed, TAKEN)
    copy = Copy(delivery_id=world.delivery().id, generation=1)
    assert world.do(Resend(copies=(copy,)), by=BART)["queued"] == 1
    row = world.delivery()
    assert (row.state, row.generation, row.asked_by, row.receipt) == ("QUEUED", 2, BART, None)
    assert row.generation_seq == world.seq()
    assert world.status(document) == "QUEUED"


def test_two_users_who_press_resend_on_the_same_view_make_one_copy(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver())
    world.record(claimed, TAKEN)
    seen, copy = world.seq(), Copy(delivery_id=world.delivery().id, generation=1)
    world.do(Resend(copies=(copy,)), by=ANNE, seen=seen)
    answer = world.do(Resend(copies=(copy,)), by=BART, seen=seen)
    assert (answer["queued"], answer["unchanged"]) == (0, 1)
    assert answer["details"][0]["askedBy"] == ANNE
    assert world.delivery().generation == 2


def test_a_copy_is_not_made_for_someone_who_had_not_seen_the_last_one_settle(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver())
    unsettled = world.seq()
    world.record(claimed, TAKEN)
    copy = Copy(delivery_id=world.delivery().id, generation=1)
    answer = world.do(Resend(copies=(copy,)), seen=unsettled)
    assert answer["details"][0]["why"] == "CHANGED_SINCE"
    assert world.delivery().generation == 1


def test_a_copy_is_not_made_of_a_generation_older_than_what_was_asked_since(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver())
    world.record(claimed, TAKEN)
    first = Copy(delivery_id=world.delivery().id, generation=1)
    world.do(Resend(copies=(first,)))
    (second,) = world.claim()
    world.mark(second)
    world.record(second, TAKEN)
    assert world.do(Resend(copies=(first,)))["details"][0]["why"] == "DELIVERED"
    assert world.delivery().generation == 2


def test_no_copy_is_made_of_what_the_program_is_still_looking_up(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.LOOKUP))
    row = world.delivery()
    answer = world.do(Resend(copies=(Copy(delivery_id=row.id, generation=1),)))
    assert answer["details"][0]["why"] == "CHECKING"
    assert world.delivery().generation == 1


def test_resend_does_nothing_to_what_has_failed(world: World) -> None:
    world.queued(world.receiver())
    (claimed,) = world.claim()
    world.record(claimed, Rejected("No."))
    answer = world.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    assert answer["details"][0]["why"] == "FAILED"


def test_no_copy_goes_to_an_integration_that_is_paused(world: World) -> None:
    claimed, integration, _ = world.committing(world.receiver())
    world.record(claimed, TAKEN)
    world.do(PauseIntegration(integration_id=integration))
    answer = world.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    assert answer["details"][0]["why"] == "INTEGRATION_PAUSED"


def test_what_is_queued_can_be_cancelled_and_is_not_sent(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    assert world.do(Cancel(delivery_ids=(world.delivery().id,)))["cancelled"] == 1
    assert world.delivery().state == "CANCELLED"
    assert world.claim() == []
    assert world.status(document) == "READY_TO_PROCESS"


def test_what_is_claimed_but_not_yet_sent_can_be_cancelled(world: World) -> None:
    world.queued(world.receiver())
    (claimed,) = world.claim()
    assert world.do(Cancel(delivery_ids=(claimed.delivery_id,)))["cancelled"] == 1
    assert not world.mark(claimed)
    assert world.delivery().state == "CANCELLED"
    assert world.attempts(claimed.delivery_id)[0].outcome == "CANCELLED"


def test_what_is_being_sent_can_no_longer_be_cancelled(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver())
    answer = world.do(Cancel(delivery_ids=(claimed.delivery_id,)))
    assert (answer["cancelled"], answer["details"][0]["why"]) == (0, "SENDING")
    assert world.record(claimed, TAKEN) == "DELIVERED"


def test_what_may_have_arrived_is_unknown_after_it_was_cancelled(world: World) -> None:
    world.uncertain(world.receiver(ReceiverKind.KEY))
    assert world.delivery().state == "QUEUED"
    world.do(Cancel(delivery_ids=(world.delivery().id,)))
    assert world.delivery().state == "UNKNOWN"


def test_a_failure_that_was_seen_can_be_let_be(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.record(claimed, Rejected("No."))
    assert world.status(document) == "ERROR"
    assert world.do(Dismiss(delivery_ids=(claimed.delivery_id,)))["dismissed"] == 1
    assert world.status(document) == "READY_TO_PROCESS"
    assert world.do(Dismiss(delivery_ids=(claimed.delivery_id,)))["unchanged"] == 1
    world.do(Send(document_ids=(document,)))
    assert not world.delivery().dismissed


def test_nobody_can_say_that_it_is_not_there_while_it_may_still_arrive(world: World) -> None:
    claimed, _, _ = world.uncertain(world.receiver(ReceiverKind.NEITHER))
    wish = Settle(delivery_id=claimed.delivery_id, generation=1, there=False)
    assert world.refused(wish).message.code == "delivery.may-still-arrive"
    world.clock.pass_(299)
    world.refused(wish)
    world.clock.pass_(1)
    assert world.do(wish)["changed"] == 1
    assert world.delivery().state == "FAILED"


@pytest.mark.parametrize(("there", "state"), [(True, "DELIVERED"), (False, "FAILED")])
def test_a_user_who_looked_says_whether_it_is_there(world: World, there: bool, state: str) -> None:
    claimed, _, document = world.uncertain(world.receiver(ReceiverKind.NEITHER))
    assert world.status(document) == "ERROR"
    world.clock.pass_(300)
    world.do(Settle(delivery_id=claimed.delivery_id, generation=1, there=there), by=BART)
    row = world.delivery()
    assert (row.state, row.asked_by, row.uncertain, row.fence) == (state, BART, False, claimed.fence + 1)
    world.check_statuses()


def test_what_a_user_saw_of_an_older_copy_says_nothing_of_the_newer_one(world: World) -> None:
    claimed, _, _ = world.uncertain(world.receiver(ReceiverKind.NEITHER))
    world.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),)))
    world.clock.pass_(20)
    (second,) = world.claim()
    assert second.generation == 2
    world.mark(second)
    world.record(second, Uncertain("reset"))
    world.clock.pass_(300)
    answer = world.do(Settle(delivery_id=claimed.delivery_id, generation=1, there=True))
    assert (answer["changed"], world.delivery().state) == (0, "UNKNOWN")


def test_a_bulk_send_queues_everything_that_was_counted_in_portions(world: World) -> None:
    client = world.client()
    world.documents(client, 1100)
    world.integration(client, world.receiver())
    up_to = f"{EPOCH}.{world.seq()}"
    answer = world.do(BulkSend(query=Query(client_id=client), up_to=up_to, expected=1100))
    assert (answer["queued"], world.deliveries()) == (1100, [])
    with world.write() as work:
        from banqup_tui.backend.ledger.jobs import step

        assert step(work, world.services)
    assert world.states() == {"QUEUED": 500}
    world.work_off_jobs()
    assert world.states() == {"QUEUED": 1100}
    (job,) = world.rows(tables.job)
    assert (job.state, job.done) == ("DONE", 1100)


def test_a_bulk_send_of_more_than_was_confirmed_queues_nothing(world: World) -> None:
    client = world.client()
    world.documents(client, 3)
    world.integration(client, world.receiver())
    wish = BulkSend(query=Query(client_id=client), up_to=f"{EPOCH}.{world.seq()}", expected=2)
    assert world.refused(wish).problem.type == "count-changed"


def test_a_bulk_send_counts_only_what_would_be_queued(world: World) -> None:
    client = world.client()
    there, *_ = world.documents(client, 3)
    world.integration(client, world.receiver())
    world.do(Send(document_ids=(there,)))
    up_to = f"{EPOCH}.{world.seq()}"
    assert world.do(BulkSend(query=Query(client_id=client), up_to=up_to, expected=2))["queued"] == 2


def test_a_bulk_send_leaves_alone_what_came_after_it_was_counted(world: World) -> None:
    client = world.client()
    counted = world.documents(client, 2)
    late = world.document(client, approved=False)
    world.integration(client, world.receiver(), folders=[Folder.SALES_INVOICES])
    up_to = f"{EPOCH}.{world.seq()}"
    world.document(client)
    world.approve(late)
    world.do(BulkSend(query=Query(client_id=client), up_to=up_to, expected=2))
    world.work_off_jobs()
    assert {row.document_id for row in world.deliveries()} == set(counted)


def test_a_bulk_resend_makes_copies_only_of_what_was_settled_when_it_was_counted(world: World) -> None:
    client = world.client()
    documents = world.documents(client, 2)
    world.integration(client, world.receiver())
    world.do(Send(document_ids=(documents[0],)))
    (first,) = world.claim()
    world.mark(first)
    world.record(first, TAKEN)
    up_to = f"{EPOCH}.{world.seq()}"
    world.do(Send(document_ids=(documents[1],)))
    (second,) = world.claim()
    world.mark(second)
    world.record(second, TAKEN)
    wish = BulkSend(query=Query(client_id=client), up_to=up_to, expected=1, again=True)
    assert world.do(wish)["queued"] == 1
    world.work_off_jobs()
    world.work_off_jobs()
    assert {row.document_id: row.generation for row in world.deliveries()} == {documents[0]: 2, documents[1]: 1}


def test_all_that_failed_is_sent_again_with_one_wish(world: World) -> None:
    client = world.client()
    documents = world.documents(client, 3)
    world.integration(client, world.receiver())
    world.do(Send(document_ids=tuple(documents[:2])))
    for claimed in world.claim():
        world.record(claimed, Rejected("No."))
    up_to = f"{EPOCH}.{world.seq()}"
    wish = BulkSend(query=Query(client_id=client, failed_only=True), up_to=up_to, expected=2)
    assert world.do(wish)["queued"] == 2
    world.work_off_jobs()
    assert world.states() == {"QUEUED": 2}


def test_a_bulk_send_counted_before_a_restore_is_refused(world: World) -> None:
    client = world.client()
    world.document(client)
    world.integration(client, world.receiver())
    wish = BulkSend(query=Query(client_id=client), up_to=f"other-epoch.{world.seq()}", expected=1)
    assert world.refused(wish).problem.type == "count-changed"


def test_a_document_that_fails_shows_why_and_what_to_do(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.record(claimed, Rejected("No such supplier.", "Add the supplier there."))
    row = world.delivery(document)
    assert row.reason == text_message("No such supplier.", "Add the supplier there.")
    assert world.attempts(row.id)[0].reason == row.reason


def test_a_document_waiting_to_be_tried_again_shows_why_and_until_when(world: World) -> None:
    _, _, document = world.queued(world.receiver())
    (claimed,) = world.claim()
    world.record(claimed, NotSent("The file is in use there."))
    row = world.delivery(document)
    assert (row.state, row.reason.params["text"]) == ("QUEUED", "The file is in use there.")
    assert row.due_at > world.clock.now()
