"""The dispatch itself: what it opens, bounds, survives and writes down."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from banqup_tui.backend.db import tables
from banqup_tui.backend.dispatch import attempt, group_commit, loop
from banqup_tui.backend.ledger import messages
from banqup_tui.backend.ledger.outcome import record_together
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.connectors.interface import Fault, Found, NotSent, Rejected, Uncertain
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import Cancel, Copy, PauseIntegration, Resend, ResumeIntegration, Send
from tests.backend.ledger.harness import LedgerHarness
from tests.support.deadlines import Deadlines
from tests.support.waiting import until, waits


@pytest.fixture
def deadlines(monkeypatch: pytest.MonkeyPatch) -> Deadlines:
    return Deadlines(monkeypatch, attempt, loop)


@pytest.mark.parametrize("kind", list(ReceiverKind))
async def test_every_kind_of_receiver_gets_each_document_once(harness: LedgerHarness, kind: ReceiverKind) -> None:
    receiver, client = harness.receiver(kind), harness.client()
    harness.integration(client, receiver)
    harness.documents(client, 5)
    await harness.run()
    assert harness.states() == {"DELIVERED": 5}
    assert len(receiver.arrived) == len(set(receiver.arrived)) == 5


async def test_a_document_cut_off_at_a_rename_arrives_once_and_shows_it(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    _, _, document = harness.queued(receiver)
    receiver.tell("answer", Uncertain("The connection was reset."))
    await harness.run()
    assert harness.delivery().state == "UNKNOWN"
    harness.clock.pass_(20)
    await harness.run()
    assert harness.delivery(document).state == "DELIVERED"
    assert len(receiver.arrived) == 1
    assert receiver.calls.count("roll_forward") == 1


async def test_a_rename_that_had_not_happened_is_made_to_happen(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    harness.queued(receiver)
    receiver.tell("commit", Uncertain("The connection was reset."))
    await harness.run()
    assert receiver.arrived == []
    harness.clock.pass_(20)
    await harness.run()
    assert harness.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_document_cut_off_at_a_receiver_that_can_be_asked_arrives_once(
    harness: LedgerHarness, arrived: bool
) -> None:
    receiver = harness.receiver(ReceiverKind.LOOKUP)
    harness.queued(receiver)
    receiver.tell("answer" if arrived else "commit", Uncertain("The connection was reset."))
    await harness.run()
    assert "look_up" not in receiver.calls
    harness.clock.pass_(300)
    await harness.run()
    harness.clock.pass_(60)
    await harness.run()
    assert harness.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


async def test_a_document_cut_off_at_a_receiver_with_keys_is_repeated_under_the_same_key(
    harness: LedgerHarness,
) -> None:
    receiver = harness.receiver(ReceiverKind.KEY)
    harness.queued(receiver)
    receiver.tell("answer", Uncertain("The connection was reset."), Uncertain("The connection was reset."))
    for _ in range(3):
        await harness.run()
        harness.clock.pass_(60)
    assert harness.delivery().state == "DELIVERED"
    assert receiver.calls.count("commit") == 3
    assert len(receiver.keys) == len(receiver.arrived) == 1


async def test_a_receiver_that_never_answers_is_given_up_at_the_deadline(
    harness: LedgerHarness, deadlines: Deadlines
) -> None:
    receiver = harness.receiver(ReceiverKind.NEITHER)
    _, integration, _ = harness.queued(receiver)
    receiver.tell("commit", waits(asyncio.Event()))
    running = asyncio.create_task(harness.run())
    await until(lambda: "commit" in receiver.calls)
    deadlines.pass_(harness.timing.deadline)
    await running
    row = harness.delivery()
    assert (row.state, row.reason) == ("UNKNOWN", messages.TOO_SLOW)
    assert harness.row(tables.integration, integration).timed_out


async def test_what_was_not_begun_at_the_deadline_is_only_queued_again(
    harness: LedgerHarness, deadlines: Deadlines
) -> None:
    receiver = harness.receiver(ReceiverKind.NEITHER)
    harness.queued(receiver)
    receiver.tell("prepare", waits(asyncio.Event()))
    running = asyncio.create_task(harness.run())
    await until(lambda: "prepare" in receiver.calls)
    deadlines.pass_(harness.timing.deadline)
    await running
    row = harness.delivery()
    assert (row.state, row.uncertain, row.tries) == ("QUEUED", False, 1)


async def test_receivers_that_were_too_slow_leave_half_of_the_slots_to_the_others(harness: LedgerHarness) -> None:
    slow, ever = harness.receiver(ReceiverKind.KEY), asyncio.Event()
    slow.tell("prepare", *[waits(ever)] * 6)
    for _ in range(6):
        _, integration, _ = harness.queued(slow)
        harness.set(tables.integration, integration, timed_out=True)
    quick = harness.receiver()
    harness.integration(client := harness.client(), quick)
    harness.documents(client, 5)
    running = asyncio.create_task(harness.run(ever.is_set, dispatch=harness.dispatch(slots=4)))
    await until(lambda: len(quick.arrived) == 5 or slow.most_at_once > 2)
    ever.set()
    await running
    assert (len(quick.arrived), slow.most_at_once) == (5, 2)


async def test_a_connector_that_falls_over_before_its_effect_does_no_harm(harness: LedgerHarness) -> None:
    receiver = harness.receiver(ReceiverKind.NEITHER)
    harness.queued(receiver)
    receiver.tell("prepare", ZeroDivisionError())
    await harness.run()
    assert (harness.delivery().state, harness.delivery().uncertain) == ("QUEUED", False)
    harness.clock.pass_(10)
    await harness.run()
    assert harness.delivery().state == "DELIVERED"


async def test_a_connector_that_falls_over_at_its_effect_may_have_delivered(harness: LedgerHarness) -> None:
    receiver = harness.receiver(ReceiverKind.NEITHER)
    harness.queued(receiver)
    receiver.tell("answer", ZeroDivisionError())
    await harness.run()
    assert harness.delivery().state == "UNKNOWN"


async def test_a_connector_that_is_uncertain_before_its_effect_is_not_believed(harness: LedgerHarness) -> None:
    receiver = harness.receiver(ReceiverKind.NEITHER)
    harness.queued(receiver)
    receiver.tell("prepare", Uncertain("reset"))
    await harness.run()
    assert harness.delivery().state == "QUEUED"


async def test_a_channel_that_cannot_be_opened_fails_nobody_for_good(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    harness.integration(client, receiver, concurrency=3)
    harness.documents(client, 3)
    receiver.tell("connect", NotSent("No connection.", fault=Fault.INTEGRATION))
    await harness.run()
    assert harness.states().get("FAILED") is None
    harness.clock.pass_(20)
    await harness.run()
    assert harness.states() == {"DELIVERED": 3}


async def test_a_channel_that_broke_is_not_used_again(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    harness.integration(client, receiver, concurrency=1)
    harness.documents(client, 2)
    receiver.tell("prepare", NotSent("The connection was lost.", fault=Fault.INTEGRATION))
    await harness.run()
    harness.clock.pass_(20)
    await harness.run()
    assert harness.states() == {"DELIVERED": 2}
    assert (receiver.opened, receiver.open_now) == (2, 0)


async def test_a_document_that_is_rejected_costs_the_others_no_new_connection(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    harness.integration(client, receiver, concurrency=1)
    harness.documents(client, 3)
    receiver.tell("prepare", Rejected("Not this one."), NotSent("Not now."))
    await harness.run()
    assert harness.states() == {"FAILED": 1, "QUEUED": 1, "DELIVERED": 1}
    assert receiver.opened == 1


async def test_new_settings_are_used_for_the_next_document(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    integration = harness.integration(client, receiver)
    harness.document(client)
    await harness.run()
    harness.configure(integration, "elsewhere")
    second = harness.document(client)
    await harness.run()
    assert harness.delivery(second).destination == "fake:elsewhere"
    assert receiver.opened == 2


async def test_settings_that_cannot_be_read_stop_the_integration_and_say_so(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    _, integration, _ = harness.queued(receiver)
    with harness.database.engine.begin() as connection:
        connection.execute(tables.settings.update().values(effective=b'{"inbox": 7}'))
    await harness.run()
    row = harness.row(tables.integration, integration)
    assert row.state == "BROKEN"
    assert row.cause.code == "integration.setting-does-not-fit"
    assert receiver.calls == []


async def test_a_hidden_file_is_taken_away_when_its_mark_is_refused(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    _, integration, _ = harness.queued(receiver)

    async def pause() -> None:
        await asyncio.to_thread(harness.do, PauseIntegration(integration_id=integration))

    receiver.tell("prepare", pause)
    await harness.run()
    assert harness.delivery().state == "QUEUED"
    assert (receiver.arrived, receiver.hidden) == ([], {})
    assert len(receiver.discarded) == 1
    harness.do(ResumeIntegration(integration_id=integration))
    await harness.run()
    assert len(receiver.arrived) == 1


async def test_a_cancellation_during_the_upload_keeps_the_document_from_appearing(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    harness.queued(receiver)
    delivery = harness.delivery().id

    async def cancel() -> None:
        await asyncio.to_thread(harness.do, Cancel(delivery_ids=(delivery,)))

    receiver.tell("prepare", cancel)
    await harness.run()
    assert harness.delivery().state == "CANCELLED"
    assert (receiver.arrived, receiver.hidden) == ([], {})


@pytest.mark.parametrize(("step", "state"), [("prepare", "QUEUED"), ("commit", "UNKNOWN")])
async def test_a_stop_gives_what_is_under_way_its_time_and_then_lets_go(
    harness: LedgerHarness, deadlines: Deadlines, step: str, state: str
) -> None:
    receiver = harness.receiver(ReceiverKind.NEITHER)
    harness.queued(receiver)
    receiver.tell(step, waits(asyncio.Event()))
    running = asyncio.create_task(harness.run(lambda: step in receiver.calls))
    await until(lambda: deadlines.is_set(harness.timing.grace))
    assert not running.done()
    deadlines.pass_(harness.timing.grace)
    await running
    row = harness.delivery()
    assert (row.state, row.deaths) == (state, 0)
    assert receiver.open_now == 0


async def test_a_stop_waits_for_what_is_just_being_sent(harness: LedgerHarness) -> None:
    receiver, goes_on = harness.receiver(), asyncio.Event()
    harness.queued(receiver)
    receiver.tell("commit", waits(goes_on))
    stop = asyncio.Event()
    running = asyncio.create_task(harness.dispatch().run(stop))
    await until(lambda: "commit" in receiver.calls)
    stop.set()
    goes_on.set()
    await running
    assert harness.delivery().state == "DELIVERED"


async def test_an_answer_that_could_not_be_written_is_not_lost_for_ever(
    harness: LedgerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = harness.receiver()
    harness.queued(receiver)
    original, failed = record_together, list[bool]()

    def record(*entered: Any, **how: Any) -> Any:
        if not failed:
            failed.append(True)
            raise OperationalError("database is locked", None, Exception())
        return original(*entered, **how)

    monkeypatch.setattr(group_commit, "record_together", record)
    dispatch = harness.dispatch(timing=Timing(sweep=0.0))
    await harness.run(lambda: harness.delivery().state == "UNKNOWN", dispatch=dispatch)
    harness.clock.pass_(60)
    await harness.run()
    assert harness.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


async def test_a_document_that_is_no_longer_here_fails_and_stops_no_other(harness: LedgerHarness) -> None:
    receiver, client = harness.receiver(), harness.client()
    harness.integration(client, receiver)
    gone, here = harness.documents(client, 2)
    harness.plan()
    harness.delete(gone)
    await harness.run()
    assert harness.delivery(gone).state == "FAILED"
    assert harness.delivery(here).state == "DELIVERED"


async def test_a_copy_only_if_gone_changes_nothing_where_it_is_still_there(harness: LedgerHarness) -> None:
    receiver = harness.receiver(ReceiverKind.LOOKUP)
    harness.queued(receiver)
    await harness.run()
    copy = Copy(delivery_id=harness.delivery().id, generation=1)
    answer = harness.do(Resend(copies=(copy,), if_gone=True))
    assert (answer["queued"], answer["checking"]) == (0, 1)
    assert harness.dispatch().busy()
    await harness.run()
    row = harness.delivery()
    assert (row.state, row.generation, row.reason) == ("DELIVERED", 1, messages.STILL_THERE)
    assert len(receiver.arrived) == 1
    assert not harness.dispatch().busy()


async def test_a_copy_only_if_gone_is_sent_where_it_is_gone(harness: LedgerHarness) -> None:
    receiver = harness.receiver(ReceiverKind.LOOKUP)
    harness.queued(receiver)
    await harness.run()
    receiver.arrived.clear()
    harness.do(Resend(copies=(Copy(delivery_id=harness.delivery().id, generation=1),), if_gone=True))
    await harness.run()
    row = harness.delivery()
    assert (row.state, row.generation) == ("DELIVERED", 2)
    assert receiver.arrived == [(row.id, 2)]


async def test_a_copy_only_if_gone_waits_for_an_answer_and_then_gives_up(harness: LedgerHarness) -> None:
    receiver = harness.receiver(ReceiverKind.LOOKUP)
    harness.queued(receiver)
    await harness.run()
    receiver.tell("look_up", *[Found.PENDING] * 12)
    harness.do(Resend(copies=(Copy(delivery_id=harness.delivery().id, generation=1),), if_gone=True))
    for _ in range(12):
        await harness.run(lambda: harness.delivery().due_at > harness.clock.now() or not harness.delivery().recheck_by)
        harness.clock.pass_(12 * 3600)
    row = harness.delivery()
    assert (row.state, row.generation, row.recheck_by) == ("DELIVERED", 1, None)
    assert row.reason == messages.CANNOT_BE_ASKED


def test_a_copy_only_if_gone_is_not_for_receivers_that_cannot_be_asked(harness: LedgerHarness) -> None:
    claimed, _, _ = harness.committing(harness.receiver())
    from banqup_tui.connectors.interface import Receipt

    harness.record(claimed, Receipt(text="there"))
    answer = harness.do(Resend(copies=(Copy(delivery_id=claimed.delivery_id, generation=1),), if_gone=True))
    assert answer["details"][0]["why"] == "CANNOT_BE_ASKED"


def test_the_service_stays_while_something_is_due_and_leaves_when_all_waits_for_a_person(
    harness: LedgerHarness,
) -> None:
    dispatch = harness.dispatch()
    assert not dispatch.busy()
    _, integration, document = harness.queued(harness.receiver(ReceiverKind.NEITHER))
    assert dispatch.busy()
    assert dispatch.next_due() == harness.clock.now()
    (claimed,) = harness.claim()
    harness.record(claimed, NotSent("Busy."))
    assert dispatch.busy()
    assert dispatch.next_due() == harness.delivery(document).due_at
    harness.do(PauseIntegration(integration_id=integration))
    assert not dispatch.busy()
    harness.do(ResumeIntegration(integration_id=integration))
    harness.clock.pass_(20)
    (claimed,) = harness.claim()
    harness.mark(claimed)
    harness.record(claimed, Uncertain("reset"))
    assert (harness.delivery().state, dispatch.busy()) == ("UNKNOWN", False)


async def test_a_parcel_bears_what_the_receiver_needs_to_file_it(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    client, _, document = harness.queued(receiver)
    delivery_requests = []
    original = receiver.prepare

    async def prepare(delivery_request: Any) -> str:
        delivery_requests.append(delivery_request)
        return await original(delivery_request)

    receiver.prepare = prepare  # type: ignore[method-assign]
    await harness.run()
    (delivery_request,) = delivery_requests
    assert delivery_request.file.read_bytes() == document.encode()
    assert (delivery_request.client_name, delivery_request.generation, delivery_request.attempt) == ("Parvis", 1, 1)
    assert delivery_request.client_reference.startswith("Parvis-")
    assert delivery_request.sha256 == harness.delivery().sha256
    assert client


async def test_several_clients_are_served_side_by_side(harness: LedgerHarness) -> None:
    receiver, goes_on = harness.receiver(), asyncio.Event()
    for name in ("One", "Two", "Three"):
        client = harness.client(name)
        harness.integration(client, receiver, concurrency=1)
        harness.document(client)
    receiver.tell("commit", *[waits(goes_on)] * 3)
    stop = asyncio.Event()
    running = asyncio.create_task(harness.dispatch().run(stop))
    await until(lambda: receiver.calls.count("commit") == 3)
    goes_on.set()
    await until(lambda: harness.states() == {"DELIVERED": 3})
    stop.set()
    await running


async def test_what_is_asked_of_two_integrations_goes_to_both(harness: LedgerHarness) -> None:
    client, one, two = harness.client(), harness.receiver(ReceiverKind.KEY), harness.receiver(ReceiverKind.RENAME)
    document = harness.document(client)
    harness.integration(client, one)
    harness.integration(client, two)
    assert harness.do(Send(document_ids=(document,)))["queued"] == 2
    await harness.run()
    assert (len(one.arrived), len(two.arrived)) == (1, 1)


async def test_a_hidden_file_stays_where_another_may_finish_what_it_was_for(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    harness.queued(receiver)

    async def taken_over() -> None:
        await asyncio.to_thread(harness.take_over)
        raise NotSent("Busy.")

    receiver.tell("commit", taken_over)
    await harness.run()
    assert harness.delivery().state == "UNKNOWN"
    assert (receiver.discarded, len(receiver.hidden)) == ([], 1)
    harness.clock.pass_(60)
    await harness.run()
    assert harness.delivery().state == "DELIVERED"
    assert len(receiver.arrived) == 1


async def test_a_hidden_file_is_taken_away_once_it_is_written_down_that_nothing_arrived(harness: LedgerHarness) -> None:
    receiver = harness.receiver()
    harness.queued(receiver)
    receiver.tell("commit", Rejected("The name is not allowed."))
    await harness.run()
    assert harness.delivery().state == "FAILED"
    assert (len(receiver.discarded), receiver.hidden) == (1, {})
