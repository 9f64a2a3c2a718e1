"""A document that ends the process of the connectors stops no other, and is given up."""

from pathlib import Path

import pytest

from banqup_tui.backend.db import tables
from tests.backend.ledger.harness import LedgerHarness
from tests.support.scripted import Deadly


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
