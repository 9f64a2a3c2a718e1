"""From the command line to Tryton's books and back, with the real backend: see `make test-tryton`."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.domain.folder import Folder
from tests.support import papers
from tests.support.local_setup import LocalSetup, id_of, is_alive, setup_in, until
from tests.support.tryton import Books, served

pytestmark = pytest.mark.tryton

SHORT_GRACE_PERIOD = (
    "import sys, time; from banqup_tui.backend.ledger.grace_period import GracePeriod;"
    "GracePeriod.__init__.__defaults__ = (0.5, time.monotonic);"
    "from banqup_tui.backend.runtime.main import main; sys.exit(main())"
)
"""Five minutes are too long for a test: half a second here, as nothing of the killed process is on its way."""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with served(tmp_path_factory.mktemp("tryton")) as books:
        yield books


@pytest.fixture
def books(runtime: Books) -> Books:
    runtime.clear()
    return runtime


@pytest.fixture
def setup(tmp_path: Path, books: Books) -> Iterator[LocalSetup]:
    """The bakery's documents go to its company in Tryton."""
    values = {"url": f"http://127.0.0.1:{books.port}", "database": "books", "key": books.banqup}
    with setup_in(tmp_path) as made:
        made.add_client()
        printed(made, "store", "install", "tryton", *(f"--set={name}={value}" for name, value in values.items()))
        printed(made, "integrations", "add", "FOURNIL", "tryton", f"--set=company={books.company}")
        yield made


def printed(setup: LocalSetup, *arguments: str) -> str:
    """What the command told the user."""
    ran = setup.banqup(*arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def delivery(setup: LocalSetup) -> dict[str, Any]:
    (found,) = json.loads(setup.banqup("deliveries", "--json").stdout)
    return dict(found)


def arrived(setup: LocalSetup, content: bytes, name: str = "F1.xml") -> str:
    """The id of a purchase invoice of the bakery's, once it has been sent by itself."""
    values = {name: content}
    (document,) = setup.add_documents(id_of("client", "FOURNIL"), values, Folder.PURCHASE_INVOICES)
    until(lambda: setup.delivery_states() == {"DELIVERED": 1}, what="the delivery")
    return document


def totals(books: Books) -> list[tuple[str, str]]:
    """State and total of each invoice in the books."""
    return [(row["state"], row["total_amount"]["decimal"]) for row in books.invoices("state", "total_amount")]


DRAFT = ("draft", f"{papers.BILL.gross / 100:.2f}")


def test_sent_again_it_is_looked_for_and_no_second_one_is_made(setup: LocalSetup, books: Books) -> None:
    document = arrived(setup, papers.invoice())
    assert "What will be sent: Only if not there." in printed(setup, "send", "--id", document)
    until(lambda: delivery(setup)["reason"] is not None, what="the look-up")
    assert delivery(setup)["state"] == "DELIVERED"
    assert delivery(setup)["reason"]["code"] == "delivery.still-there"
    assert totals(books) == [DRAFT]


def test_what_somebody_deleted_in_tryton_is_sent_again(setup: LocalSetup, books: Books) -> None:
    document = arrived(setup, papers.invoice())
    books.clear()
    printed(setup, "send", "--id", document)
    until(lambda: totals(books) == [DRAFT], what="the invoice")
    until(lambda: delivery(setup)["generation"] == 2, what="another copy")


def test_another_copy_is_made_where_it_is_wanted_and_said_before(setup: LocalSetup, books: Books) -> None:
    document = arrived(setup, papers.invoice())
    results = printed(setup, "send", "--id", document, "--again", "--wait")
    assert "What it has: The same" in results
    assert "What will be sent: Another copy." in results
    assert totals(books) == [DRAFT, DRAFT]


def test_the_receipt_says_what_became_of_a_document_in_tryton(setup: LocalSetup, books: Books) -> None:
    arrived(setup, papers.letter(), "Facture.pdf")
    (invoice,) = books.invoices("state")
    assert delivery(setup)["receipt"] == f"account.invoice,{invoice['id']}"
    assert delivery(setup)["reason"]["message"].startswith(f"Draft supplier invoice {invoice['id']} in Tryton, from ")


@pytest.mark.parametrize(
    ("point", "attempts"),
    [
        ("mark.committed", ["UNKNOWN", "QUEUED", "DELIVERED"]),  # looked up and not there: sent
        ("send.lastbyte", ["UNKNOWN", "DELIVERED"]),  # looked up and there
        ("send.answered", ["UNKNOWN", "DELIVERED"]),
        ("outcome.committed", ["DELIVERED"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_backend_that_is_killed_finds_by_look_up_what_has_arrived(
    setup: LocalSetup, books: Books, point: str, attempts: list[str]
) -> None:
    setup.kill_backend(signal.SIGTERM)
    setup.start_backend(("-c", SHORT_GRACE_PERIOD), BANQUP_KILL_AT=point)
    pid = setup.backend_pid()
    setup.add_documents(id_of("client", "FOURNIL"), {"F1.xml": papers.invoice()})
    until(lambda: pid is not None and not is_alive(pid), what="the end of the backend")
    setup.start_backend(("-c", SHORT_GRACE_PERIOD))
    until(lambda: setup.delivery_states() == {"DELIVERED": 1}, what="the delivery")
    assert totals(books) == [DRAFT]
    assert len(books.documents()) == 1
    assert [one["outcome"] for one in reversed(delivery(setup)["log"])] == attempts
