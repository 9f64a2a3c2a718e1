"""The backend killed in the midst of 200 deliveries: the terminal starts it again, and each document arrives once."""

import signal

import pytest

from banqup_tui.domain.errors import BanqupError
from banqup_tui.protocol.commands import BulkSend, Query
from tests.e2e.conftest import MANY
from tests.support import papers
from tests.support.local_setup import LocalSetup, hashes_of, id_of, invoices, until
from tests.support.terminal import Terminal

KILL_POINTS = [
    "rename.after:60",
    *(
        pytest.param(point, marks=pytest.mark.campaign)
        for point in ("claim.committed:3", "mark.committed:60", "rename.before:60", "outcome.committed:60")
    ),
]
"""The one that is the hardest each time; the ledger's own tests go through all of them. Claims come by the dozen."""


def send_all(terminal: Terminal) -> None:
    terminal.wait_for(papers.BAKERY.name)
    terminal.wait_for("Up to date")
    terminal.press("enter")
    terminal.wait_for("200 documents")
    terminal.press("A")
    terminal.wait_for("200 selected")
    terminal.press("r")
    terminal.wait_for("Send 200 deliveries")
    terminal.press("enter")


def each_arrived_once(setup: LocalSetup) -> None:
    until(lambda: len(setup.files_received()) >= MANY, what="all 200 files")
    until(lambda: setup.delivery_states() == {"DELIVERED": MANY}, what="200 deliveries")
    assert setup.hashes_received() == hashes_of(list(invoices(MANY).values()))
    assert not [path for path in setup.received.rglob(".*") if path.is_file()]


def test_killed_by_the_system_in_the_middle_each_document_arrives_exactly_once(large_setup: LocalSetup) -> None:
    large_setup.deliver_into(id_of("client", "FOURNIL"))
    first = large_setup.backend().pid
    terminal = large_setup.terminal()
    send_all(terminal)
    terminal.wait_until(lambda _: len(large_setup.files_received()) >= 10, what="the first files")
    large_setup.kill_backend(signal.SIGKILL)
    assert len(large_setup.files_received()) < MANY
    terminal.wait_until(lambda _: large_setup.backend_pid() not in (None, first), what="another backend")
    each_arrived_once(large_setup)
    terminal.wait_for("Up to date")


@pytest.mark.parametrize("point", KILL_POINTS)
def test_killed_at_the_worst_moments_each_document_arrives_exactly_once(large_setup: LocalSetup, point: str) -> None:
    large_setup.deliver_into(id_of("client", "FOURNIL"))
    large_setup.kill_backend(signal.SIGTERM)
    first = large_setup.start_backend(BANQUP_KILL_AT=point).pid
    terminal = large_setup.terminal()
    send_all(terminal)
    terminal.wait_until(lambda _: large_setup.backend_pid() not in (None, first), what="another backend")
    each_arrived_once(large_setup)


def test_a_bulk_send_cut_off_while_it_was_counted_is_done_once_when_it_is_asked_again(setup: LocalSetup) -> None:
    client = setup.add_client()
    setup.add_documents(client, invoices(5))
    setup.deliver_into(client)
    asked = BulkSend(query=Query(client_id=client), up_to=setup.seen(), expected=5)
    setup.kill_backend(signal.SIGTERM)
    setup.start_backend(BANQUP_KILL_AT="bulk.counted")
    with pytest.raises(BanqupError):
        setup.do(asked)
    setup.do(asked)
    until(lambda: setup.delivery_states() == {"DELIVERED": 5}, what="five deliveries")
    assert setup.hashes_received() == hashes_of(list(invoices(5).values()))
