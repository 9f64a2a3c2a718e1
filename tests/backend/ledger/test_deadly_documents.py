"""A document that ends the process of the connectors stops no other, and is given up."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from banqup_tui.backend.db import tables
from banqup_tui.connectors.local_folder import LocalFolder
from tests.backend.ledger.harness import LedgerHarness
from tests.support.scripted import Deadly
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("forked_hosts")


@pytest.mark.parametrize(("step", "state"), [("prepare", "FAILED"), ("commit", "UNKNOWN")])
async def test_a_document_that_ends_the_process_of_its_connector_is_left_alone_and_the_others_arrive(
    harness: LedgerHarness, tmp_path: Path, step: str, state: str
) -> None:
    harness.shelf.put(Deadly())
    client = harness.client()
    settings = {"directory": str(tmp_path)}
    integration = harness.integration(client, harness.shelf.receivers["deadly"], settings=settings, concurrency=1)
    deadly = harness.document(client, content=f"deadly in {step}")
    harmless = harness.documents(client, 3)
    for _ in range(4):
        await harness.run()
        harness.clock.pass_(3600)
    row_of_it = harness.delivery(deadly)
    assert (row_of_it.state, row_of_it.deaths, row_of_it.reason.code) == (state, 3, "delivery.killed-the-service")
    assert [harness.delivery(one).state for one in harmless] == ["DELIVERED"] * 3
    assert {row.state for row in harness.deliveries()} == {state, "DELIVERED"}
    assert harness.row(tables.integration, integration).state == "ACTIVE"


def under_way(harness: LedgerHarness, seen: list[set[str]]) -> set[str]:
    """The deliveries that are being sent, also put behind those of earlier looks."""
    seen.append({row.id for row in harness.deliveries() if row.state == "SENDING"})
    return seen[-1]


async def test_a_host_that_is_killed_twice_delivers_each_document_once(harness: LedgerHarness, tmp_path: Path) -> None:
    harness.shelf.put(LocalFolder())
    client, inbox = harness.client(), tmp_path / "in"
    inbox.mkdir()
    folder = harness.shelf.receivers["local-folder"]
    harness.integration(client, folder, settings={"path": f"{inbox}/"}, concurrency=8)
    documents = harness.documents(client, 200)
    running = asyncio.create_task(harness.run())
    killed = set()
    for arrived in (20, 60):
        await until(lambda: len(list(inbox.iterdir())) > arrived)  # noqa: B023
        process = harness.shelf.hosts[0].process_id
        assert process is not None
        # Stopped first, it answers nothing: once as many are under way as may be, and stay so, a kill hits all of them.
        os.kill(process, signal.SIGSTOP)
        seen: list[set[str]] = []
        await until(lambda: len(under_way(harness, seen)) == 8 and seen[-2:-1] == seen[-1:])  # noqa: B023
        os.kill(process, signal.SIGKILL)
        killed.add(process)
    await running
    harness.clock.pass_(3600)
    await harness.run()
    assert len(killed) == 2
    assert Counter(file.read_text() for file in inbox.iterdir()) == Counter(documents)
    assert harness.states() == {"DELIVERED": 200}
    assert any(row.attempts > 1 for row in harness.deliveries())
