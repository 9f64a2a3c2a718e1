"""The dispatch itself: what it opens, bounds, survives and writes down."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from banqup_tui.backend import tables
from banqup_tui.backend.ledger import desk, messages
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.connectors.interface import Fault, Found, NotSent, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Cancel, Copy, PauseIntegration, Resend, ResumeIntegration, Send
from tests.backend.ledger.waiting import until, waits
from tests.backend.ledger.world import World

HASTY = Timing(deadline=0.05, grace=0.05, poll=0.02)


@pytest.mark.parametrize("kind", list(ReceiverKind))
async def test_every_kind_of_receiver_gets_each_document_once(world: World, kind: ReceiverKind) -> None:
    receiver, client = world.receiver(kind), world.client()
    world.integration(client, receiver)
    world.documents(client, 5)
    await world.run()
    assert world.states() == {"DELIVERED": 5}
    assert len(receiver.arrived) == len(set(receiver.arrived)) == 5


async def test_a_document_cut_off_at_a_rename_arrives_once_and_shows_it(world: World) -> None:
    receiver = world.receiver()
    _, _, document = world.queued(receiver)
    receiver.tell("answer", Uncertain("The connection was reset."))
    await world.run()
    assert world.delivery().state == "UNKNOWN"
    world.clock.pass_(20)
    await world.run()
    assert world.delivery(document).state == "DELIVERED"
    assert len(receiver.arrived) == 1
    assert receiver.calls.count("roll_forward") == 1


async def test_a_rename_that_had_not_happened_is_made_to_happen(world: World) -> None:
    receiver = world.receiver()
    world.queued(receiver)
    receiver.tell("commit", Uncertain("The connection was reset."))
    await world.run()
    assert receiver.arrived == []
    world.clock.pass_(20)
    await world.run()
    assert world.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_document_cut_off_at_a_receiver_that_can_be_asked_arrives_once(world: World, arrived: bool) -> None:
    receiver = world.receiver(ReceiverKind.LOOKUP)
    world.queued(receiver)
    receiver.tell("answer" if arrived else "commit", Uncertain("The connection was reset."))
    await world.run()
    assert "look_up" not in receiver.calls
    world.clock.pass_(300)
    await world.run()
    world.clock.pass_(60)
    await world.run()
    assert world.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


async def test_a_document_cut_off_at_a_receiver_with_keys_is_repeated_under_the_same_key(world: World) -> None:
    receiver = world.receiver(ReceiverKind.KEY)
    world.queued(receiver)
    receiver.tell("answer", Uncertain("The connection was reset."), Uncertain("The connection was reset."))
    for _ in range(3):
        await world.run()
        world.clock.pass_(60)
    assert world.delivery().state == "DELIVERED"
    assert receiver.calls.count("commit") == 3
    assert len(receiver.keys) == len(receiver.arrived) == 1


async def test_a_receiver_that_never_answers_is_given_up_at_the_deadline(world: World) -> None:
    receiver = world.receiver(ReceiverKind.NEITHER)
    _, integration, _ = world.queued(receiver)
    receiver.tell("commit", waits(asyncio.Event()))
    await world.run(dispatch=world.dispatch(timing=HASTY))
    row = world.delivery()
    assert (row.state, row.reason) == ("UNKNOWN", messages.TOO_SLOW)
    assert world.row(tables.integration, integration).timed_out


async def test_what_was_not_begun_at_the_deadline_is_only_queued_again(world: World) -> None:
    receiver = world.receiver(ReceiverKind.NEITHER)
    world.queued(receiver)
    receiver.tell("prepare", waits(asyncio.Event()))
    await world.run(dispatch=world.dispatch(timing=HASTY))
    row = world.delivery()
    assert (row.state, row.uncertain, row.tries) == ("QUEUED", False, 1)


async def test_a_connector_that_falls_over_before_its_effect_does_no_harm(world: World) -> None:
    receiver = world.receiver(ReceiverKind.NEITHER)
    world.queued(receiver)
    receiver.tell("prepare", ZeroDivisionError())
    await world.run()
    assert (world.delivery().state, world.delivery().uncertain) == ("QUEUED", False)
    world.clock.pass_(10)
    await world.run()
    assert world.delivery().state == "DELIVERED"


async def test_a_connector_that_falls_over_at_its_effect_may_have_delivered(world: World) -> None:
    receiver = world.receiver(ReceiverKind.NEITHER)
    world.queued(receiver)
    receiver.tell("answer", ZeroDivisionError())
    await world.run()
    assert world.delivery().state == "UNKNOWN"


async def test_a_connector_that_is_uncertain_before_its_effect_is_not_believed(world: World) -> None:
    receiver = world.receiver(ReceiverKind.NEITHER)
    world.queued(receiver)
    receiver.tell("prepare", Uncertain("reset"))
    await world.run()
    assert world.delivery().state == "QUEUED"


async def test_a_channel_that_cannot_be_opened_fails_nobody_for_good(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    world.integration(client, receiver, concurrency=3)
    world.documents(client, 3)
    receiver.tell("connect", NotSent("No connection.", fault=Fault.INTEGRATION))
    await world.run()
    assert world.states().get("FAILED") is None
    world.clock.pass_(20)
    await world.run()
    assert world.states() == {"DELIVERED": 3}


async def test_a_channel_that_broke_is_not_used_again(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    world.integration(client, receiver, concurrency=1)
    world.documents(client, 2)
    receiver.tell("prepare", NotSent("The connection was lost.", fault=Fault.INTEGRATION))
    await world.run()
    world.clock.pass_(20)
    await world.run()
    assert world.states() == {"DELIVERED": 2}
    assert (receiver.opened, receiver.open_now) == (2, 0)


async def test_a_document_that_is_rejected_costs_the_others_no_new_connection(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    world.integration(client, receiver, concurrency=1)
    world.documents(client, 3)
    receiver.tell("prepare", Rejected("Not this one."), NotSent("Not now."))
    await world.run()
    assert world.states() == {"FAILED": 1, "QUEUED": 1, "DELIVERED": 1}
    assert receiver.opened == 1


async def test_new_settings_are_used_for_the_next_document(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    integration = world.integration(client, receiver)
    world.document(client)
    await world.run()
    world.configure(integration, "elsewhere")
    second = world.document(client)
    await world.run()
    assert world.delivery(second).destination == "fake:elsewhere"
    assert receiver.opened == 2


async def test_settings_that_cannot_be_read_stop_the_integration_and_say_so(world: World) -> None:
    receiver = world.receiver()
    _, integration, _ = world.queued(receiver)
    with world.database.engine.begin() as connection:
        connection.execute(tables.settings.update().values(effective=b'{"inbox": 7}'))
    await world.run()
    row = world.row(tables.integration, integration)
    assert row.state == "BROKEN"
    assert row.cause.code == messages.SETTING_DOES_NOT_FIT
    assert receiver.calls == []


async def test_a_hidden_file_is_taken_away_when_its_mark_is_refused(world: World) -> None:
    receiver = world.receiver()
    _, integration, _ = world.queued(receiver)

    async def pause() -> None:
        await asyncio.to_thread(world.do, PauseIntegration(integration_id=integration))

    receiver.tell("prepare", pause)
    await world.run()
    assert world.delivery().state == "QUEUED"
    assert (receiver.arrived, receiver.hidden) == ([], {})
    assert len(receiver.discarded) == 1
    world.do(ResumeIntegration(integration_id=integration))
    await world.run()
    assert len(receiver.arrived) == 1


async def test_a_cancellation_during_the_upload_keeps_the_document_from_appearing(world: World) -> None:
    receiver = world.receiver()
    world.queued(receiver)
    delivery = world.delivery().id

    async def cancel() -> None:
        await asyncio.to_thread(world.do, Cancel(delivery_ids=(delivery,)))

    receiver.tell("prepare", cancel)
    await world.run()
    assert world.delivery().state == "CANCELLED"
    assert (receiver.arrived, receiver.hidden) == ([], {})


@pytest.mark.parametrize(("step", "state"), [("prepare", "QUEUED"), ("commit", "UNKNOWN")])
async def test_a_stop_gives_what_is_under_way_its_time_and_then_lets_go(world: World, step: str, state: str) -> None:
    receiver = world.receiver(ReceiverKind.NEITHER)
    world.queued(receiver)
    receiver.tell(step, waits(asyncio.Event()))
    dispatch = world.dispatch(timing=Timing(grace=0.05))
    await world.run(lambda: step in receiver.calls, dispatch=dispatch)
    row = world.delivery()
    assert (row.state, row.deaths) == (state, 0)
    assert receiver.open_now == 0


async def test_a_stop_waits_for_what_is_just_being_sent(world: World) -> None:
    receiver, goes_on = world.receiver(), asyncio.Event()
    world.queued(receiver)
    receiver.tell("commit", waits(goes_on))
    stop = asyncio.Event()
    running = asyncio.create_task(world.dispatch().run(stop))
    await until(lambda: "commit" in receiver.calls)
    stop.set()
    goes_on.set()
    await running
    assert world.delivery().state == "DELIVERED"


async def test_an_answer_that_could_not_be_written_is_not_lost_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = world.receiver()
    world.queued(receiver)
    original, failed = desk.record_together, []

    def record(*given: Any, **how: Any) -> Any:
        if not failed:
            failed.append(True)
            raise OperationalError("database is locked", None, Exception())
        return original(*given, **how)

    monkeypatch.setattr(desk, "record_together", record)
    dispatch = world.dispatch(timing=Timing(sweep=0.0))
    await world.run(lambda: world.delivery().state == "UNKNOWN", dispatch=dispatch)
    world.clock.pass_(60)
    await world.run()
    assert world.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


async def test_a_document_that_is_no_longer_here_fails_and_stops_no_other(world: World) -> None:
    receiver, client = world.receiver(), world.client()
    world.integration(client, receiver)
    gone, here = world.documents(client, 2)
    world.plan()
    world.delete(gone)
    await world.run()
    assert world.delivery(gone).state == "FAILED"
    assert world.delivery(here).state == "DELIVERED"


async def test_a_copy_only_if_gone_changes_nothing_where_it_is_still_there(world: World) -> None:
    receiver = world.receiver(ReceiverKind.LOOKUP)
    world.queued(receiver)
    await world.run()
    copy = Copy(delivery_id=world.delivery().id, generation=1)
    answer = world.do(Resend(copies=(copy,), if_gone=True))
    assert (answer["queued"], answer["checking"]) == (0, 1)
    assert world.dispatch().busy()
    await world.run()
    row = world.delivery()
    assert (row.state, row.generation, row.reason) == ("DELIVERED", 1, messages.STILL_THERE)
    assert len(receiver.arrived) == 1
    assert not world.dispatch().busy()


async def test_a_copy_only_if_gone_is_sent_where_it_is_gone(world: World) -> None:
    receiver = world.receiver(ReceiverKind.LOOKUP)
    world.queued(receiver)
    await world.run()
    receiver.arrived.clear()
    world.do(Resend(copies=(Copy(delivery_id=world.delivery().id, generation=1),), if_gone=True))
    await world.run()
    row = world.delivery()
    assert (row.state, row.generation) == ("DELIVERED", 2)
    assert receiver.arrived == [(row.id, 2)]


async def test_a_copy_only_if_gone_waits_for_an_answer_and_then_gives_up(world: World) -> None:
    receiver = world.receiver(ReceiverKind.LOOKUP)
    world.queued(receiver)
    await world.run()
    receiver.tell("look_up", *[Found.PENDING] * 12)
    world.do(Resend(copies=(Copy(delivery_id=world.delivery().id, generation=1),), if_gone=True))
    for _ in range(12):
        await world.run(lambda: world.delivery().due_at > world.clock.now() or not world.delivery().recheck_by)
        world.clock.pass_(12 * 3600)
    row = world.delivery()
    assert (row.state, row.generation, row.recheck_by) == ("DELIVERED", 1, None)
    assert row.reason == messages.CANNOT_BE_ASKED


def test_a_copy_only_if_gone_is_not_for_receivers_that_cannot_be_asked(world: World) -> None:
    claimed, _, _ = world.committing(world.receiver())
    from banqup_tui.connectors.interface import Receipt

    world.record(claimed, Receipt(text="there"))
    answer = world.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),), if_gone=True))
    assert answer["details"][0]["why"] == "CANNOT_BE_ASKED"


def test_the_service_stays_while_something_is_due_and_leaves_when_all_waits_for_a_person(world: World) -> None:
    dispatch = world.dispatch()
    assert not dispatch.busy()
    _, integration, document = world.queued(world.receiver(ReceiverKind.NEITHER))
    assert dispatch.busy()
    assert dispatch.next_due() == world.clock.now()
    (claimed,) = world.claim()
    world.record(claimed, NotSent("Busy."))
    assert dispatch.busy()
    assert dispatch.next_due() == world.delivery(document).due_at
    world.do(PauseIntegration(integration_id=integration))
    assert not dispatch.busy()
    world.do(ResumeIntegration(integration_id=integration))
    world.clock.pass_(20)
    (claimed,) = world.claim()
    world.mark(claimed)
    world.record(claimed, Uncertain("reset"))
    assert (world.delivery().state, dispatch.busy()) == ("UNKNOWN", False)


async def test_a_parcel_bears_what_the_receiver_needs_to_file_it(world: World) -> None:
    receiver = world.receiver()
    client, _, document = world.queued(receiver)
    parcels = []
    original = receiver.prepare

    async def prepare(parcel: Any) -> str:
        parcels.append(parcel)
        return await original(parcel)

    receiver.prepare = prepare  # type: ignore[method-assign]
    await world.run()
    (parcel,) = parcels
    assert parcel.file.read_bytes() == document.encode()
    assert (parcel.client_name, parcel.generation, parcel.attempt) == ("Parvis", 1, 1)
    assert parcel.client_reference.startswith("Parvis-")
    assert parcel.sha256 == world.delivery().sha256
    assert client


async def test_several_clients_are_served_side_by_side(world: World) -> None:
    receiver, goes_on = world.receiver(), asyncio.Event()
    for name in ("One", "Two", "Three"):
        client = world.client(name)
        world.integration(client, receiver, concurrency=1)
        world.document(client)
    receiver.tell("commit", *[waits(goes_on)] * 3)
    stop = asyncio.Event()
    running = asyncio.create_task(world.dispatch().run(stop))
    await until(lambda: receiver.calls.count("commit") == 3)
    goes_on.set()
    await until(lambda: world.states() == {"DELIVERED": 3})
    stop.set()
    await running


async def test_what_is_asked_of_two_integrations_goes_to_both(world: World) -> None:
    client, one, two = world.client(), world.receiver(ReceiverKind.KEY), world.receiver(ReceiverKind.RENAME)
    document = world.document(client)
    world.integration(client, one)
    world.integration(client, two)
    assert world.do(Send(document_ids=(document,)))["queued"] == 2
    await world.run()
    assert (len(one.arrived), len(two.arrived)) == (1, 1)


async def test_a_hidden_file_stays_where_another_may_finish_what_it_was_for(world: World) -> None:
    receiver = world.receiver()
    world.queued(receiver)

    async def taken_over() -> None:
        await asyncio.to_thread(world.take_over)
        raise NotSent("Busy.")

    receiver.tell("commit", taken_over)
    await world.run()
    assert world.delivery().state == "UNKNOWN"
    assert (receiver.discarded, len(receiver.hidden)) == ([], 1)
    world.clock.pass_(60)
    await world.run()
    assert world.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


async def test_a_hidden_file_is_taken_away_once_it_is_written_down_that_nothing_arrived(world: World) -> None:
    receiver = world.receiver()
    world.queued(receiver)
    receiver.tell("commit", Rejected("The name is not allowed."))
    await world.run()
    assert world.delivery().state == "FAILED"
    assert (len(receiver.discarded), receiver.hidden) == (1, {})
