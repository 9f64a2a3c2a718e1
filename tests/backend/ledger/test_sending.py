"""From the wish to the receipt, through the real dispatch."""

import asyncio

from banqup_tui.backend import tables
from banqup_tui.protocol.commands import Send
from tests.backend.ledger.waiting import until
from tests.backend.ledger.world import ANNE, World


async def test_a_document_that_is_sent_arrives_and_shows_its_receipt(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    document = world.document(client)
    integration = world.integration(client, receiver)
    answer = world.do(Send(document_ids=(document,)))
    assert (answer["queued"], answer["unchanged"]) == (1, 0)
    assert world.status(document) == "QUEUED"
    await world.run()
    row = world.delivery(document)
    assert (row.state, row.receipt, row.sent_as) == ("DELIVERED", f"/in/{row.id}", "ref-1")
    assert receiver.arrived == [(row.id, 1)]
    assert world.status(document) == "READY_TO_PROCESS"
    assert world.row(tables.document, document).attempted
    assert world.row(tables.integration, integration).last_sent_at is not None
    (attempt,) = world.attempts(row.id)
    assert (attempt.outcome, attempt.receipt, attempt.asked_by) == ("DELIVERED", "ref-1", ANNE)
    world.check_statuses()


async def test_a_document_that_comes_after_the_activation_is_sent_by_itself(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    before = world.document(client)
    world.integration(client, receiver)
    after = world.document(client)
    await world.run()
    assert world.delivery().document_id == after
    assert world.deliveries(before) == []
    assert world.states() == {"DELIVERED": 1}


async def test_many_documents_share_one_open_channel(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    world.integration(client, receiver, concurrency=3)
    world.documents(client, 20)
    await world.run()
    assert world.states() == {"DELIVERED": 20}
    assert receiver.opened == 1
    assert receiver.open_now == 0
    assert receiver.most_at_once <= 3


async def test_the_service_notices_at_once_what_is_asked_while_it_runs(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    document = world.document(client)
    world.integration(client, receiver)
    dispatch = world.dispatch()
    stop = asyncio.Event()
    running = asyncio.create_task(dispatch.run(stop))
    await asyncio.to_thread(world.do, Send(document_ids=(document,)))
    await until(lambda: world.states() == {"DELIVERED": 1})
    stop.set()
    await running
    assert not dispatch.busy()
