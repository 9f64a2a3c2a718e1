"""What one client's broken integration is to the others: nothing."""

import asyncio
from pathlib import Path

from banqup_tui.backend.db import tables
from banqup_tui.connectors.interface import Fault, NotSent
from banqup_tui.connectors.local_folder import LocalFolder
from banqup_tui.domain.extension import ReceiverKind
from tests.backend.ledger.harness import LedgerHarness
from tests.support.waiting import waits

CLIENTS, EACH = 10, 5


def ten_clients(harness: LedgerHarness, inbox: Path) -> list[str]:
    """Each with an integration into a real folder; the integrations."""
    harness.shelf.put(LocalFolder())
    settings = {"path": f"{inbox}/"}
    integrations = []
    for number in range(CLIENTS):
        client = harness.client(f"Client {number}")
        folder = harness.shelf.receivers["local-folder"]
        integrations.append(harness.integration(client, folder, settings=settings))
        harness.documents(client, EACH)
    return integrations


def have_all_arrived(inbox: Path) -> bool:
    return inbox.is_dir() and sum(not one.name.startswith(".") for one in inbox.iterdir()) == CLIENTS * EACH


def states_at(harness: LedgerHarness, integration: str) -> set[str]:
    return {row.state for row in harness.deliveries() if row.integration_id == integration}


async def test_ten_clients_deliveries_arrive_while_a_server_that_says_nothing_is_still_waited_for(
    harness: LedgerHarness, tmp_path: Path
) -> None:
    silent, ever = harness.receiver(ReceiverKind.KEY), asyncio.Event()
    silent.tell("prepare", *[waits(ever)] * 100)
    neighbour = harness.client("Neighbour")
    broken = harness.integration(neighbour, silent, concurrency=16)
    harness.documents(neighbour, 40)
    ten_clients(harness, tmp_path / "in")

    def arrived_beside_it() -> bool:
        return have_all_arrived(tmp_path / "in") and harness.states().get("DELIVERED") == CLIENTS * EACH

    stopper = asyncio.create_task(harness.run(arrived_beside_it, dispatch=None))
    while not stopper.done() and not arrived_beside_it():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert silent.most_at_once == 16
    assert states_at(harness, broken) == {"SENDING", "QUEUED"}
    ever.set()
    await stopper


async def test_an_integration_that_has_to_be_mended_stops_no_other(harness: LedgerHarness, tmp_path: Path) -> None:
    refused = harness.receiver(ReceiverKind.NEITHER)
    refused.tell("connect", *[NotSent("The sign-in was refused.", "Sign in again.", fault=Fault.PERSON)] * 100)
    neighbour = harness.client("Neighbour")
    broken = harness.integration(neighbour, refused)
    harness.documents(neighbour, 40)
    ten_clients(harness, tmp_path / "in")
    await harness.run()
    assert have_all_arrived(tmp_path / "in")
    assert states_at(harness, broken) == {"FAILED"}
    assert harness.row(tables.integration, broken).state == "BROKEN"
