"""From the command line to Tryton's books and back, with the real backend: see `make test-tryton`."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.domain.folder import Folder
from tests.support import papers
from tests.support.office import Office, id_of, is_alive, office_in, until
from tests.support.tryton import Books, served

pytestmark = pytest.mark.tryton

SHORT_QUARANTINE = (
    "import sys, time; from banqup_tui.backend.ledger.quarantine import Quarantine;"
    "Quarantine.__init__.__defaults__ = (0.5, time.monotonic);"
    "from banqup_tui.backend.main import main; sys.exit(main())"
)
"""Five minutes are too long for a test: half a second here, as nothing of the killed process is on its way."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with served(tmp_path_factory.mktemp("tryton")) as books:
        yield books


@pytest.fixture
def books(house: Books) -> Books:
    house.clear()
    return house


@pytest.fixture
def office(tmp_path: Path, books: Books) -> Iterator[Office]:
    """The bakery's documents go to its company in Tryton."""
    given = {"url": f"http://127.0.0.1:{books.port}", "database": "books", "key": books.banqup}
    with office_in(tmp_path) as made:
        made.add_client()
        said(made, "store", "install", "tryton", *(f"--set={name}={value}" for name, value in given.items()))
        said(made, "integrations", "add", "FOURNIL", "tryton", f"--set=company={books.company}")
        yield made


def said(office: Office, *arguments: str) -> str:
    """What the command told the user."""
    ran = office.banqup(*arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def delivery(office: Office) -> dict[str, Any]:
    (found,) = json.loads(office.banqup("deliveries", "--json").stdout)
    return dict(found)


def arrived(office: Office, content: bytes, name: str = "F1.xml") -> str:
    """The id of a purchase invoice of the bakery's, once it has been sent by itself."""
    given = {name: content}
    (document,) = office.add_documents(id_of("client", "FOURNIL"), given, Folder.PURCHASE_INVOICES)
    until(lambda: office.delivery_states() == {"DELIVERED": 1}, what="the delivery")
    return document


def totals(books: Books) -> list[tuple[str, str]]:
    """State and total of each invoice in the books."""
    return [(row["state"], row["total_amount"]["decimal"]) for row in books.invoices("state", "total_amount")]


DRAFT = ("draft", f"{papers.BILL.gross / 100:.2f}")


def test_sent_again_it_is_looked_for_and_no_second_one_is_made(office: Office, books: Books) -> None:
    document = arrived(office, papers.invoice())
    assert "What will be sent: Only if not there." in said(office, "send", "--id", document)
    until(lambda: delivery(office)["reason"] is not None, what="the look-up")
    assert delivery(office)["state"] == "DELIVERED"
    assert delivery(office)["reason"]["code"] == "delivery.still-there"
    assert totals(books) == [DRAFT]


def test_what_somebody_deleted_in_tryton_is_sent_again(office: Office, books: Books) -> None:
    document = arrived(office, papers.invoice())
    books.clear()
    said(office, "send", "--id", document)
    until(lambda: totals(books) == [DRAFT], what="the invoice")
    until(lambda: delivery(office)["generation"] == 2, what="another copy")


def test_another_copy_is_made_where_it_is_wanted_and_said_before(office: Office, books: Books) -> None:
    document = arrived(office, papers.invoice())
    told = said(office, "send", "--id", document, "--again", "--wait")
    assert "What it has: The same" in told
    assert "What will be sent: Another copy." in told
    assert totals(books) == [DRAFT, DRAFT]


def test_the_receipt_says_what_became_of_a_document_in_tryton(office: Office, books: Books) -> None:
    arrived(office, papers.letter(), "Facture.pdf")
    (invoice,) = books.invoices("state")
    assert delivery(office)["receipt"] == f"account.invoice,{invoice['id']}"
    assert delivery(office)["reason"]["message"].startswith(f"Draft supplier invoice {invoice['id']} in Tryton, from ")


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
    office: Office, books: Books, point: str, attempts: list[str]
) -> None:
    office.kill_backend(signal.SIGTERM)
    office.start_backend(("-c", SHORT_QUARANTINE), BANQUP_KILL_AT=point)
    pid = office.backend_pid()
    office.add_documents(id_of("client", "FOURNIL"), {"F1.xml": papers.invoice()})
    until(lambda: pid is not None and not is_alive(pid), what="the end of the backend")
    office.start_backend(("-c", SHORT_QUARANTINE))
    until(lambda: office.delivery_states() == {"DELIVERED": 1}, what="the delivery")
    assert totals(books) == [DRAFT]
    assert len(books.documents()) == 1
    assert [one["outcome"] for one in reversed(delivery(office)["log"])] == attempts
