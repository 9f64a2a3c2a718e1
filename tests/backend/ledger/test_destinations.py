"""What an integration has is asked by destination: after a change it has nothing, until it is sent there."""

import pytest

from banqup_tui.connectors.interface import Receipt
from banqup_tui.protocol.commands import BulkSend, Query, Send
from tests.backend.ledger.practice_file import EPOCH
from tests.backend.ledger.receiver import Receiver
from tests.backend.ledger.world import World


def delivered(world: World, number: int = 1) -> tuple[str, str, list[str]]:
    """A client, its integration, and documents that have arrived at the first destination."""
    receiver = world.receiver()
    client = world.client()
    documents = world.documents(client, number)
    integration = world.integration(client, receiver)
    world.do(Send(document_ids=tuple(documents)))
    arrive(world)
    return client, integration, documents


def arrive(world: World) -> list[str]:
    """All that is queued is delivered; where it went."""
    went = []
    for claim in world.claim():
        assert world.mark(claim)
        world.record(claim, Receipt(text="there", reference="there"))
        went.append(claim.destination)
    return went


def bulk(world: World, client: str, expected: int, **how: object) -> BulkSend:
    up_to = f"{EPOCH}.{world.seq()}"
    return BulkSend(query=Query(client_id=client), up_to=up_to, expected=expected, **how)  # type: ignore[arg-type]


def test_a_document_goes_to_a_destination_that_has_changed_once(world: World) -> None:
    _, integration, (document,) = delivered(world)
    assert world.do(Send(document_ids=(document,)))["queued"] == 0
    world.configure(integration, "moved")
    assert world.do(Send(document_ids=(document,)))["queued"] == 1
    assert arrive(world) == ["fake:moved"]
    assert world.do(Send(document_ids=(document,)))["queued"] == 0
    assert world.delivery().generation == 2


def test_the_proof_of_the_first_destination_stays_in_the_history(world: World) -> None:
    _, integration, (document,) = delivered(world)
    world.configure(integration, "moved")
    world.do(Send(document_ids=(document,)))
    arrive(world)
    assert [(row.destination, row.outcome, row.receipt) for row in world.attempts(world.delivery().id)] == [
        ("fake:in", "DELIVERED", "there"),
        ("fake:moved", "DELIVERED", "there"),
    ]


def test_a_destination_that_comes_back_has_what_it_had(world: World) -> None:
    _, integration, (document,) = delivered(world)
    world.configure(integration, "moved")
    world.do(Send(document_ids=(document,)))
    arrive(world)
    world.configure(integration, "in")
    assert world.do(Send(document_ids=(document,)))["queued"] == 0


def test_nothing_goes_to_a_new_destination_by_itself(world: World) -> None:
    _, integration, _documents = delivered(world)
    world.configure(integration, "moved")
    world.plan()
    assert world.claim() == []


@pytest.mark.parametrize("again", [False, True])
def test_many_are_counted_and_sent_to_a_new_destination(world: World, again: bool) -> None:
    client, integration, documents = delivered(world, 3)
    world.configure(integration, "moved")
    assert world.do(bulk(world, client, 3, again=again))["queued"] == 3
    world.work_off_jobs()
    assert arrive(world) == ["fake:moved"] * len(documents)
    assert world.do(bulk(world, client, 0))["queued"] == 0


def test_a_destination_that_changes_after_the_count_sweeps_nothing_along(world: World) -> None:
    client, integration, _documents = delivered(world, 3)
    world.document(client)
    assert world.do(bulk(world, client, 1))["queued"] == 1
    world.configure(integration, "moved")
    world.work_off_jobs()
    assert arrive(world) == ["fake:moved"]


def test_what_may_have_arrived_at_the_first_destination_waits_for_the_user(world: World) -> None:
    receiver: Receiver = world.receiver()
    _claim, integration, document = world.uncertain(receiver)
    world.configure(integration, "moved")
    assert world.do(Send(document_ids=(document,)))["queued"] == 0


def test_a_slash_at_the_end_of_a_folder_makes_no_other_destination(world: World) -> None:
    _, integration, (document,) = delivered(world)
    world.configure(integration, "in/")
    assert world.do(Send(document_ids=(document,)))["queued"] == 0
