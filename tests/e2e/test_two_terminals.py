"""Two terminals on one computer: one backend, and each sees what is done in the other."""

from tests.support import papers
from tests.support.local_setup import LocalSetup, until


def test_what_is_done_in_one_terminal_appears_in_the_other_and_one_backend_serves_both(setup: LocalSetup) -> None:
    client_id = setup.add_client()
    setup.add_documents(client_id, {"facture.xml": papers.invoice()})
    setup.deliver_into(client_id)
    setup.kill_backend()
    first, second = setup.terminal(), setup.terminal(80, 24)
    for terminal in (first, second):
        terminal.wait_for(papers.BAKERY.name)
        terminal.wait_for("Up to date")
    assert len([line for line in setup.all_lines().splitlines() if line.endswith("runtime.server: listening")]) == 2
    for terminal in (first, second):
        terminal.press("enter")
        terminal.wait_for("Purchase invoices")
        if terminal.columns < 110:
            terminal.press("enter")
        terminal.wait_for("● Ready")
    first.press("m")
    second.wait_for("√ Processed")
    second.press("r")
    second.wait_for("Send to 1 integration")
    second.press("enter")
    until(lambda: len(setup.files_received()) == 1, what="the file in the folder")
    first.wait_for("1/1")
    assert setup.delivery_states() == {"DELIVERED": 1}
