"""What is sent by itself: exactly what was created after the activation and is ready."""

import pytest

from banqup_tui.backend import tables
from banqup_tui.backend.ledger import planner
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.commands import PauseIntegration, RemoveIntegration, ResumeIntegration
from tests.backend.ledger.world import World


def test_a_document_approved_late_is_still_sent_by_itself(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver())
    late = world.document(client, approved=False)
    soon = world.document(client)
    world.plan()
    assert {row.document_id for row in world.deliveries()} == {soon}
    world.approve(late)
    world.plan()
    assert world.delivery(late).state == "QUEUED"


def test_a_document_created_before_the_activation_is_not_sent_when_it_is_approved_after_it(world: World) -> None:
    client = world.client()
    early = world.document(client, approved=False)
    world.integration(client, world.receiver())
    world.approve(early)
    world.plan()
    assert world.deliveries() == []


def test_only_the_folders_that_are_taken_are_sent_by_themselves(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver(), folders=[Folder.SALES_INVOICES])
    taken = world.document(client, folder=Folder.SALES_INVOICES)
    world.document(client, folder=Folder.OTHER_DOCUMENTS)
    world.plan()
    assert world.delivery().document_id == taken


def test_a_paused_integration_goes_on_collecting_and_sends_when_it_is_resumed(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver())
    world.do(PauseIntegration(integration_id=integration))
    document = world.document(client)
    world.plan()
    assert world.delivery(document).state == "QUEUED"
    assert world.claim() == []
    world.do(ResumeIntegration(integration_id=integration))
    assert len(world.claim()) == 1


def test_a_removed_integration_collects_nothing(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver())
    world.do(RemoveIntegration(integration_id=integration))
    world.document(client)
    world.plan()
    assert world.deliveries() == []


def test_planning_that_is_cut_off_is_done_once_when_it_is_done_again(world: World) -> None:
    client = world.client()
    integration = world.integration(client, world.receiver())
    world.documents(client, 3)
    before = world.row(tables.integration, integration).planned_seq
    try:
        with world.write() as work:
            planner.plan(work)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert world.deliveries() == []
    assert world.row(tables.integration, integration).planned_seq == before
    world.plan()
    world.plan()
    assert len(world.deliveries()) == 3


def test_a_flood_of_documents_is_planned_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "AT_ONCE", 20)
    client = world.client()
    world.integration(client, world.receiver())
    world.documents(client, 41)
    portions = 0
    while True:
        with world.write() as work:
            if not planner.plan(work):
                break
        portions += 1
    assert portions == 3
    assert world.states() == {"QUEUED": 41}
    world.check_statuses()


def test_the_same_content_imported_again_after_deletion_is_not_sent_again(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver())
    first = world.document(client, content="invoice 17")
    world.plan()
    world.set(tables.delivery, world.delivery().id, state="DELIVERED")
    world.delete(first)
    again = world.document(client, content="invoice 17")
    world.plan()
    assert world.delivery(again).state == "DELIVERED"


def test_every_delivery_says_under_which_number_it_was_wanted(world: World) -> None:
    client = world.client()
    world.integration(client, world.receiver())
    world.document(client)
    world.plan()
    row = world.delivery()
    assert row.generation_seq == world.seq()
    assert 0 < row.seq <= row.generation_seq
