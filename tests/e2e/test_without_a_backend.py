"""What is done while the backend cannot run is kept, is seen to be kept, and arrives once when it runs again."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import papers
from tests.support.local_setup import LocalSetup, until
from tests.support.terminal import Terminal


@contextmanager
def backend_that_cannot_start(setup: LocalSetup) -> Iterator[None]:
    """Its lock is held by somebody who never answers."""
    setup.kill_backend()
    handle = os.open(setup.dirs.runtime / "backend.lock", os.O_RDWR)
    until(lambda: _locked(handle), what="the lock")
    try:
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def send_the_document(terminal: Terminal) -> None:
    terminal.wait_for(papers.BAKERY.name)
    terminal.press("enter")
    terminal.wait_for("2026-00417")
    terminal.press("r")
    terminal.wait_for("Send to 1 integration")
    terminal.press("enter")


def in_trouble(text: str) -> bool:
    return "1 kept" in text.splitlines()[0]


def test_a_send_without_a_backend_is_kept_and_shown_and_arrives_once_also_when_the_terminal_was_closed_between(
    setup: LocalSetup,
) -> None:
    client_id = setup.add_client()
    setup.add_documents(client_id, {"facture.xml": papers.invoice()})
    setup.deliver_into(client_id)
    assert setup.banqup("sync").returncode == 0
    with backend_that_cannot_start(setup):
        first = setup.terminal()
        first.wait_until(lambda _: "service.runs-already" in setup.all_lines(), what="a backend that could not start")
        send_the_document(first)
        first.wait_until(lambda text: "→ Queued" in text, what="the document to be shown as queued")
        first.wait_for("Waits on this computer", seconds=5)
        first.wait_until(in_trouble, what="the header to say that 1 is kept")
        first.press("q")
        assert first.wait_for_end() == 0
        second = setup.terminal()
        second.wait_until(in_trouble, what="the header to say that 1 is kept")
        second.press("enter")
        second.wait_for("→ Queued")
        assert setup.files_received() == []
    until(lambda: len(setup.files_received()) == 1, what="the file in the folder")
    second.wait_for("Up to date")
    second.wait_for("● Ready")
    (received,) = setup.files_received()
    assert received.read_bytes() == papers.invoice()
