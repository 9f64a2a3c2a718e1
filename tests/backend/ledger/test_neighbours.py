"""What one client's broken integration is to the others: nothing."""

import asyncio
from pathlib import Path

from banqup_tui.backend import tables
from banqup_tui.connectors.interface import Fault, NotSent
from banqup_tui.connectors.local_folder import LocalFolder
from banqup_tui.domain.extension import ReceiverKind
from tests.backend.ledger.waiting import waits
from tests.backend.ledger.world import World

CLIENTS, EACH = 10, 5


def ten_clients(world: World, inbox: Path) -> list[str]:
    """Each with an integration into a real folder; the integrations."""
    world.shelf.receivers["local-folder"] = LocalFolder()
    settings = {"path": f"{inbox}/"}
    integrations = []
    for number in range(CLIENTS):
        client = world.client(f"Client {number}")
        folder = world.shelf.receivers["local-folder"]
        integrations.append(world.integration(client, folder, settings=settings))
        world.documents(client, EACH)
    return integrations


def have_all_arrived(inbox: Path) -> bool:
    return inbox.is_dir() and sum(not one.name.startswith(".") for one in inbox.iterdir()) == CLIENTS * EACH


def states_at(world: World, integration: str) -> set[str]:
    return {row.state for row in world.deliveries() if row.integration_id == integration}


async def test_ten_clients_deliveries_arrive_while_a_server_that_says_nothing_is_still_waited_for(
    world: World, tmp_path: Path
) -> None:
    silent, ever = world.receiver(ReceiverKind.KEY), asyncio.Event()
    silent.tell("prepare", *[waits(ever)] * 100)
    neighbour = world.client("Neighbour")
    broken = world.integration(neighbour, silent, concurrency=16)
    world.documents(neighbour, 40)
    ten_clients(world, tmp_path / "in")

    def arrived_beside_it() -> bool:
        return have_all_arrived(tmp_path / "in") and world.states().get("DELIVERED") == CLIENTS * EACH

    stopper = asyncio.create_task(world.run(arrived_beside_it, dispatch=None))
    while not stopper.done() and not arrived_beside_it():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert silent.most_at_once == 16
    assert states_at(world, broken) == {"SENDING", "QUEUED"}
    ever.set()
    await stopper


async def test_an_integration_that_has_to_be_mended_stops_no_other(world: World, tmp_path: Path) -> None:
    refused = world.receiver(ReceiverKind.NEITHER)
    refused.tell("connect", *[NotSent("The sign-in was refused.", "Sign in again.", fault=Fault.PERSON)] * 100)
    neighbour = world.client("Neighbour")
    broken = world.integration(neighbour, refused)
    world.documents(neighbour, 40)
    ten_clients(world, tmp_path / "in")
    await world.run()
    assert have_all_arrived(tmp_path / "in")
    assert states_at(world, broken) == {"FAILED"}
    assert world.row(tables.integration, broken).state == "BROKEN"
