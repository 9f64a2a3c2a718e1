"""A client's documents go three ways and one of them is broken: what arrived, what did not, why, and what to do."""

import json
from pathlib import Path

from banqup_tui.protocol.commands import AddIntegration, Install
from tests.support import papers
from tests.support.local_setup import LocalSetup, id_of, until

REMEDY = "Choose another path, or move what stands in the way."


def three_ways(setup: LocalSetup, client_id: str, in_the_way: Path) -> None:
    installation = id_of("installation", "local-folder")
    setup.do(Install(installation_id=installation, extension_id="local-folder", settings={"path": "/"}))
    for label, path in (("Books", "books"), ("Archive", "archive"), ("Broken", f"{in_the_way.name}/inside")):
        setup.do(
            AddIntegration(
                integration_id=id_of("integration", label),
                client_id=client_id,
                installation_id=installation,
                label=label,
                settings={"path": f"{setup.received}/{path}/"},
            )
        )


def test_two_are_delivered_and_one_failed_with_its_reason_on_the_document_in_the_table_and_on_the_command_line(
    setup: LocalSetup,
) -> None:
    in_the_way = setup.received / "file"
    in_the_way.write_text("no folder")
    client_id = setup.add_client()
    three_ways(setup, client_id, in_the_way)
    setup.add_documents(client_id, {"facture.xml": papers.invoice()})
    until(lambda: setup.delivery_states() == {"DELIVERED": 2, "FAILED": 1}, what="two delivered, one failed")

    reason = f"The path {in_the_way}/inside leads through something that is not a folder."
    (document,) = setup.documents()
    results = {
        one["integration"]: (one["state"], one["attempts"], one["reason"] and one["reason"]["message"])
        for one in document["deliveries"]
    }
    assert results == {
        "Archive": ("DELIVERED", 1, None),
        "Books": ("DELIVERED", 1, None),
        "Broken": ("FAILED", 1, reason),
    }
    (failed,) = json.loads(setup.banqup("deliveries", "--failed", "--id", document["id"], "--json").stdout)
    assert (failed["reason"]["message"], failed["reason"]["remedy"]) == (reason, REMEDY)
    assert [attempt["outcome"] for attempt in failed["log"]] == ["FAILED"]
    (group,) = json.loads(setup.banqup("deliveries", "--failed", "--group", "--json").stdout)
    assert group["cause"]["message"] == "The path … leads through something that is not a folder."
    health = {one["label"]: one["health"] for one in setup.integrations()}
    assert health == {"Archive": "WELL", "Books": "WELL", "Broken": "NEEDS_ATTENTION"}

    terminal = setup.terminal()
    terminal.wait_for("Up to date")
    terminal.press("enter")
    terminal.wait_for("2/3")
    terminal.wait_for("× Error")
    terminal.press("i")
    terminal.wait_for("2 of 3 delivered")
    terminal.wait_for("leads through something that is not a folder")
    terminal.wait_for(REMEDY)

    in_the_way.unlink()
    retried = setup.banqup("deliveries", "retry", "--cause", "not a folder", "--yes")
    assert retried.returncode == 0, retried.stderr
    until(lambda: setup.delivery_states() == {"DELIVERED": 3}, what="all three")
    terminal.wait_for("3 of 3 delivered")
