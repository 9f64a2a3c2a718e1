"""What an integration has is asked by destination: after a change it has nothing, until it is sent there."""

import pytest

from banqup_tui.connectors.interface import Receipt
from banqup_tui.protocol.commands import BulkSend, Query, Send
from tests.backend.ledger.harness import LedgerHarness
from tests.backend.ledger.ledger_template import EPOCH
from tests.backend.ledger.receiver import Receiver


def delivered(harness: LedgerHarness, number: int = 1) -> tuple[str, str, list[str]]:
    """A client, its integration, and documents that have arrived at the first destination."""
    receiver = harness.receiver()
    client = harness.client()
    documents = harness.documents(client, number)
    integration = harness.integration(client, receiver)
    harness.do(Send(document_ids=tuple(documents)))
    arrive(harness)
    return client, integration, documents


def arrive(harness: LedgerHarness) -> list[str]:
    """All that is queued is delivered; where it went."""
    went = []
    for claim in harness.claim():
        assert harness.mark(claim)
        harness.record(claim, Receipt(text="there", reference="there"))
        went.append(claim.destination)
    return went


def bulk(harness: LedgerHarness, client: str, expected: int, **how: object) -> BulkSend:
    up_to = f"{EPOCH}.{harness.seq()}"
    return BulkSend(query=Query(client_id=client), up_to=up_to, expected=expected, **how)  # type: ignore[arg-type]


def test_a_document_goes_to_a_destination_that_has_changed_once(harness: LedgerHarness) -> None:
    _, integration, (document,) = delivered(harness)
    assert harness.do(Send(document_ids=(document,)))["queued"] == 0
    harness.configure(integration, "moved")
    assert harness.do(Send(document_ids=(document,)))["queued"] == 1
    assert arrive(harness) == ["fake:moved"]
    assert harness.do(Send(document_ids=(document,)))["queued"] == 0
    assert harness.delivery().generation == 2


def test_the_proof_of_the_first_destination_stays_in_the_history(harness: LedgerHarness) -> None:
    _, integration, (document,) = delivered(harness)
    harness.configure(integration, "moved")
    harness.do(Send(document_ids=(document,)))
    arrive(harness)
    assert [(row.destination, row.outcome, row.receipt) for row in harness.attempts(harness.delivery().id)] == [
        ("fake:in", "DELIVERED", "there"),
        ("fake:moved", "DELIVERED", "there"),
    ]


def test_a_destination_that_comes_back_has_what_it_had(harness: LedgerHarness) -> None:
    _, integration, (document,) = delivered(harness)
    harness.configure(integration, "moved")
    harness.do(Send(document_ids=(document,)))
    arrive(harness)
    harness.configure(integration, "in")
    assert harness.do(Send(document_ids=(document,)))["queued"] == 0


def test_nothing_goes_to_a_new_destination_by_itself(harness: LedgerHarness) -> None:
    _, integration, _documents = delivered(harness)
    harness.configure(integration, "moved")
    harness.plan()
    assert harness.claim() == []


@pytest.mark.parametrize("again", [False, True])
def test_many_are_counted_and_sent_to_a_new_destination(harness: LedgerHarness, again: bool) -> None:
    client, integration, documents = delivered(harness, 3)
    harness.configure(integration, "moved")
    assert harness.do(bulk(harness, client, 3, again=again))["queued"] == 3
    harness.work_off_jobs()
    assert arrive(harness) == ["fake:moved"] * len(documents)
    assert harness.do(bulk(harness, client, 0))["queued"] == 0


def test_a_destination_that_changes_after_the_count_sweeps_nothing_along(harness: LedgerHarness) -> None:
    client, integration, _documents = delivered(harness, 3)
    harness.document(client)
    assert harness.do(bulk(harness, client, 1))["queued"] == 1
    harness.configure(integration, "moved")
    harness.work_off_jobs()
    assert arrive(harness) == ["fake:moved"]


def test_what_may_have_arrived_at_the_first_destination_waits_for_the_user(harness: LedgerHarness) -> None:
    receiver: Receiver = harness.receiver()
    _claim, integration, document = harness.uncertain(receiver)
    harness.configure(integration, "moved")
    assert harness.do(Send(document_ids=(document,)))["queued"] == 0


def test_a_slash_at_the_end_of_a_folder_makes_no_other_destination(harness: LedgerHarness) -> None:
    _, integration, (document,) = delivered(harness)
    harness.configure(integration, "in/")
    assert harness.do(Send(document_ids=(document,)))["queued"] == 0
