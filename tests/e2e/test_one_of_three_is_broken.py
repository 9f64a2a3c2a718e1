"""A client's documents go three ways and one of them is broken: what arrived, what did not, why, and what to do."""

import json
from pathlib import Path

from banqup_tui.protocol.commands import AddIntegration, Install
from tests.support import papers
from tests.support.office import Office, id_of, until

REMEDY = "Choose another path, or move what stands in the way."


def three_ways(office: Office, client_id: str, in_the_way: Path) -> None:
    installation = id_of("installation", "local-folder")
    office.do(Install(installation_id=installation, extension_id="local-folder", settings={"path": "/"}))
    for label, path in (("Books", "books"), ("Archive", "archive"), ("Broken", f"{in_the_way.name}/inside")):
        office.do(
            AddIntegration(
                integration_id=id_of("integration", label),
                client_id=client_id,
                installation_id=installation,
                label=label,
                settings={"path": f"{office.received}/{path}/"},
            )
        )


def test_two_are_delivered_and_one_failed_with_its_reason_on_the_document_in_the_table_and_on_the_command_line(
    office: Office,
) -> None:
    in_the_way = office.received / "file"
    in_the_way.write_text("no folder")
    client_id = office.add_client()
    three_ways(office, client_id, in_the_way)
    office.add_documents(client_id, {"facture.xml": papers.invoice()})
    until(lambda: office.delivery_states() == {"DELIVERED": 2, "FAILED": 1}, what="two delivered, one failed")

    reason = f"The path {in_the_way}/inside leads through something that is not a folder."
    (document,) = office.documents()
    told = {
        one["integration"]: (one["state"], one["attempts"], one["reason"] and one["reason"]["message"])
        for one in document["deliveries"]
    }
    assert told == {
        "Archive": ("DELIVERED", 1, None),
        "Books": ("DELIVERED", 1, None),
        "Broken": ("FAILED", 1, reason),
    }
    (failed,) = json.loads(office.banqup("deliveries", "--failed", "--id", document["id"], "--json").stdout)
    assert (failed["reason"]["message"], failed["reason"]["remedy"]) == (reason, REMEDY)
    assert [attempt["outcome"] for attempt in failed["log"]] == ["FAILED"]
    (group,) = json.loads(office.banqup("deliveries", "--failed", "--group", "--json").stdout)
    assert group["cause"]["message"] == "The path … leads through something that is not a folder."
    health = {one["label"]: one["health"] for one in office.integrations()}
    assert health == {"Archive": "WELL", "Books": "WELL", "Broken": "NEEDS_ATTENTION"}

    terminal = office.terminal()
    terminal.wait_for("Up to date")
    terminal.press("enter")
    terminal.wait_for("2/3")
    terminal.wait_for("× Error")
    terminal.press("i")
    terminal.wait_for("2 of 3 delivered")
    terminal.wait_for("leads through something that is not a folder")
    terminal.wait_for(REMEDY)

    in_the_way.unlink()
    retried = office.banqup("deliveries", "retry", "--cause", "not a folder", "--yes")
    assert retried.returncode == 0, retried.stderr
    until(lambda: office.delivery_states() == {"DELIVERED": 3}, what="all three")
    terminal.wait_for("3 of 3 delivered")
