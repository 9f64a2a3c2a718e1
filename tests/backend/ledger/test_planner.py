"""What is sent by itself: exactly what was created after the activation and is ready."""

import pytest

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger import planner
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.commands import PauseIntegration, RemoveIntegration, ResumeIntegration
from tests.backend.ledger.harness import LedgerHarness


def test_a_document_approved_late_is_still_sent_by_itself(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver())
    late = harness.document(client, approved=False)
    soon = harness.document(client)
    harness.plan()
    assert {row.document_id for row in harness.deliveries()} == {soon}
    harness.approve(late)
    harness.plan()
    assert harness.delivery(late).state == "QUEUED"


def test_a_document_created_before_the_activation_is_not_sent_when_it_is_approved_after_it(
    harness: LedgerHarness,
) -> None:
    client = harness.client()
    early = harness.document(client, approved=False)
    harness.integration(client, harness.receiver())
    harness.approve(early)
    harness.plan()
    assert harness.deliveries() == []


def test_only_the_folders_that_are_taken_are_sent_by_themselves(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver(), folders=[Folder.SALES_INVOICES])
    taken = harness.document(client, folder=Folder.SALES_INVOICES)
    harness.document(client, folder=Folder.OTHER_DOCUMENTS)
    harness.plan()
    assert harness.delivery().document_id == taken


def test_a_paused_integration_goes_on_collecting_and_sends_when_it_is_resumed(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver())
    harness.do(PauseIntegration(integration_id=integration))
    document = harness.document(client)
    harness.plan()
    assert harness.delivery(document).state == "QUEUED"
    assert harness.claim() == []
    harness.do(ResumeIntegration(integration_id=integration))
    assert len(harness.claim()) == 1


def test_a_removed_integration_collects_nothing(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver())
    harness.do(RemoveIntegration(integration_id=integration))
    harness.document(client)
    harness.plan()
    assert harness.deliveries() == []


def test_planning_that_is_cut_off_is_done_once_when_it_is_done_again(harness: LedgerHarness) -> None:
    client = harness.client()
    integration = harness.integration(client, harness.receiver())
    harness.documents(client, 3)
    before = harness.row(tables.integration, integration).planned_seq
    try:
        with harness.write() as transaction:
            planner.plan(transaction)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert harness.deliveries() == []
    assert harness.row(tables.integration, integration).planned_seq == before
    harness.plan()
    harness.plan()
    assert len(harness.deliveries()) == 3


def test_a_flood_of_documents_is_planned_in_portions(harness: LedgerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "AT_ONCE", 20)
    client = harness.client()
    harness.integration(client, harness.receiver())
    harness.documents(client, 41)
    portions = 0
    while True:
        with harness.write() as transaction:
            if not planner.plan(transaction):
                break
        portions += 1
    assert portions == 3
    assert harness.states() == {"QUEUED": 41}
    harness.check_statuses()


def test_the_same_content_imported_again_after_deletion_is_not_sent_again(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver())
    first = harness.document(client, content="invoice 17")
    harness.plan()
    harness.set(tables.delivery, harness.delivery().id, state="DELIVERED")
    harness.delete(first)
    again = harness.document(client, content="invoice 17")
    harness.plan()
    assert harness.delivery(again).state == "DELIVERED"


def test_every_delivery_says_under_which_number_it_was_wanted(harness: LedgerHarness) -> None:
    client = harness.client()
    harness.integration(client, harness.receiver())
    harness.document(client)
    harness.plan()
    row = harness.delivery()
    assert row.generation_seq == harness.seq()
    assert 0 < row.seq <= row.generation_seq
