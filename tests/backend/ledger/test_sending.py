"""From the wish to the receipt, through the real dispatch."""

import asyncio

from banqup_tui.backend.db import tables
from banqup_tui.protocol.commands import Send
from tests.backend.ledger.harness import ANNE, LedgerHarness
from tests.support.waiting import until


async def test_a_document_that_is_sent_arrives_and_shows_its_receipt(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    document = harness.document(client)
    integration = harness.integration(client, receiver)
    answer = harness.do(Send(document_ids=(document,)))
    assert (answer["queued"], answer["unchanged"]) == (1, 0)
    assert harness.status(document) == "QUEUED"
    await harness.run()
    row = harness.delivery(document)
    assert (row.state, row.receipt, row.sent_as) == ("DELIVERED", f"/in/{row.id}", "ref-1")
    assert receiver.arrived == [(row.id, 1)]
    assert harness.status(document) == "READY_TO_PROCESS"
    assert harness.row(tables.document, document).attempted
    assert harness.row(tables.integration, integration).last_sent_at is not None
    (attempt,) = harness.attempts(row.id)
    assert (attempt.outcome, attempt.receipt, attempt.asked_by) == ("DELIVERED", "ref-1", ANNE)
    harness.check_statuses()


async def test_a_document_that_comes_after_the_activation_is_sent_by_itself(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    before = harness.document(client)
    harness.integration(client, receiver)
    after = harness.document(client)
    await harness.run()
    assert harness.delivery().document_id == after
    assert harness.deliveries(before) == []
    assert harness.states() == {"DELIVERED": 1}


async def test_many_documents_share_one_open_channel(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    harness.integration(client, receiver, concurrency=3)
    harness.documents(client, 20)
    await harness.run()
    assert harness.states() == {"DELIVERED": 20}
    assert receiver.opened == 1
    assert receiver.open_now == 0
    assert receiver.most_at_once <= 3


async def test_the_service_notices_at_once_what_is_asked_while_it_runs(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    document = harness.document(client)
    harness.integration(client, receiver)
    dispatch = harness.dispatch()
    stop = asyncio.Event()
    running = asyncio.create_task(dispatch.run(stop))
    await asyncio.to_thread(harness.do, Send(document_ids=(document,)))
    await until(lambda: harness.states() == {"DELIVERED": 1})
    stop.set()
    await running
    assert not dispatch.busy()
