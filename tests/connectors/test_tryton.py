"""The connector for Tryton, against Tryton itself: see `make test-tryton`."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Rejected,
    Uncertain,
)
from banqup_tui.connectors.tryton.connector import Tryton, TrytonSettings
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.secret import Secret
from tests.connectors.contract import Arrived, WireContract, WiredReceiver, next_attempt
from tests.support import papers
from tests.support.delivery_requests import delivery_request
from tests.support.messages import raising, remedy, sentence, words
from tests.support.tryton import Books, served
from tests.support.wire import Wire, wire_to

pytestmark = pytest.mark.tryton


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with served(tmp_path_factory.mktemp("tryton")) as books:
        yield books


@pytest.fixture
def books(installation: Books) -> Books:
    installation.clear()
    return installation


class TrytonServer:
    connector = Tryton()
    largest = None
    answers_in_commit = 0

    def __init__(self, books: Books, wire: Wire) -> None:
        self.books, self.wire = books, wire
        self.secret = books.banqup

    def settings(self) -> TrytonSettings:
        return self.books.settings(url=f"http://127.0.0.1:{self.wire.port}")

    def wrong_credentials(self) -> TrytonSettings:
        return msgspec.structs.replace(self.settings(), key="f" * 128)

    async def arrived(self) -> list[Arrived]:
        rows = self.books.documents("name", "data")
        return [Arrived(row["name"], base64.b64decode(row["data"]["base64"])) for row in rows]

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        with self.books.without_the_company():
            yield


class TestTheContract(WireContract):
    @pytest.fixture
    async def receiver(self, books: Books) -> AsyncIterator[WiredReceiver]:
        async with wire_to(books.port) as wire:
            yield TrytonServer(books, wire)


async def send(books: Books, what: DeliveryRequest, **changed: Any) -> Receipt:
    async with Tryton().connect(books.settings(**changed)) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def look_up(books: Books, what: DeliveryRequest, *earlier: str) -> tuple[Found, Receipt | None]:
    async with Tryton().connect(books.settings()) as channel:
        return await channel.look_up(what, earlier)


def _connected(books: Books, wire: Wire) -> AbstractAsyncContextManager[Channel]:
    return Tryton().connect(books.settings(url=f"http://127.0.0.1:{wire.port}"))


def invoice_of(store: Path, **changed: Any) -> DeliveryRequest:
    return delivery_request(store, papers.invoice(**changed), number="2026-00417")


def pdf_of(store: Path, **changed: Any) -> DeliveryRequest:
    values: dict[str, Any] = {"file_name": "Facture.pdf", "media_type": "application/pdf", "number": None, **changed}
    return delivery_request(store, papers.letter(), **values)


def amount(value: Any) -> str:
    return str(value["decimal"])


async def test_an_e_invoice_becomes_a_draft_with_its_exact_totals(books: Books, tmp_path: Path) -> None:
    receipt = await send(books, invoice_of(tmp_path))
    (document,) = books.documents("state", "result", "company")
    (invoice,) = books.invoices(
        "state", "type", "reference", "untaxed_amount", "tax_amount", "total_amount", "party.name"
    )
    assert (document["state"], document["company"]) == ("done", books.company)
    assert receipt.text == f"account.invoice,{invoice['id']}"
    assert sentence(receipt.about) == (
        f"Draft supplier invoice {invoice['id']} in Tryton, from incoming document {document['id']}."
    )
    assert receipt.reference == f"document.incoming,{document['id']}"
    assert (invoice["state"], invoice["type"], invoice["reference"]) == ("draft", "in", "2026-00417")
    assert invoice["party"]["name"] == papers.MILL.name
    bill = papers.BILL
    totals = (amount(invoice["untaxed_amount"]), amount(invoice["tax_amount"]), amount(invoice["total_amount"]))
    assert totals == tuple(f"{cents / 100:.2f}" for cents in (bill.net, bill.vat, bill.gross))


async def test_a_credit_note_becomes_a_draft_that_takes_the_same_away(books: Books, tmp_path: Path) -> None:
    await send(books, invoice_of(tmp_path, credit=True, credits="2026-00400"))
    (invoice,) = books.invoices("total_amount", "state")
    assert (amount(invoice["total_amount"]), invoice["state"]) == (f"{-papers.BILL.gross / 100:.2f}", "draft")


async def test_a_pdf_becomes_a_draft_with_the_file_attached(books: Books, tmp_path: Path) -> None:
    what = pdf_of(tmp_path)
    receipt = await send(books, what)
    (invoice,) = books.invoices("state", "type", "company", "party.name")
    (file,) = books.rows(
        "ir.attachment", "name", "data", domain=[["resource", "=", f"account.invoice,{invoice['id']}"]]
    )
    assert (invoice["state"], invoice["type"], invoice["company"]) == ("draft", "in", books.company)
    assert file["name"] == "Facture.pdf"
    assert base64.b64decode(file["data"]["base64"]) == what.file.read_bytes()
    assert sentence(receipt.about).startswith("Draft supplier invoice ")


@pytest.mark.parametrize(
    ("changed", "stored"),
    [({"pictures": "leave"}, Folder.PURCHASE_INVOICES), ({}, Folder.OTHER_DOCUMENTS)], ids=["as-set", "other-document"],
)  # fmt: skip
async def test_what_is_no_purchase_or_is_to_be_left_waits_as_it_came(
    books: Books, tmp_path: Path, changed: dict[str, Any], stored: Folder
) -> None:
    receipt = await send(books, pdf_of(tmp_path, folder=stored), **changed)
    (document,) = books.documents("state", "type", "result")
    assert (document["state"], document["type"], document["result"]) == ("draft", None, None)
    assert sentence(receipt.about) == f"Arrived in Tryton as incoming document {document['id']}, to be worked on there."
    assert books.invoices() == []


async def test_an_invoice_for_another_company_has_arrived_and_the_receipt_says_why_it_is_no_invoice(
    books: Books, tmp_path: Path
) -> None:
    what = invoice_of(tmp_path, buyer=papers.GARAGE)
    receipt = await send(books, what)
    (document,) = books.documents("state", "result")
    assert document["state"] == "processing"
    assert words(receipt.about) == (
        f"Arrived in Tryton as incoming document {document['id']}, not yet an invoice: "
        "“Could not find the company for”. Look in Tryton."
    )
    assert books.invoices() == []
    assert (await look_up(books, what))[0] is Found.FOUND


async def test_a_document_that_was_cut_off_before_it_was_processed_is_processed_when_it_is_found(
    books: Books, tmp_path: Path
) -> None:
    what = invoice_of(tmp_path)
    async with wire_to(books.port) as wire, _connected(books, wire) as channel:
        resume_token = await channel.prepare(what)
        wire.cut_answer()
        with pytest.raises(Uncertain):
            await channel.commit(what, resume_token)
    assert [row["state"] for row in books.documents("state")] == ["draft"]
    found, receipt = await look_up(books, next_attempt(what))
    assert found is Found.FOUND
    assert receipt is not None
    assert sentence(receipt.about).startswith("Draft supplier invoice ")
    await look_up(books, next_attempt(what))
    assert len(books.documents()) == len(books.invoices()) == 1


async def test_what_the_bookkeeper_has_put_back_or_cancelled_is_found_and_left_alone(
    books: Books, tmp_path: Path
) -> None:
    what = invoice_of(tmp_path, buyer=papers.GARAGE)
    await send(books, what)
    (document,) = books.documents()
    books.press("document.incoming", document["id"], "draft")
    assert (await look_up(books, what))[0] is Found.FOUND
    assert books.documents("state")[0]["state"] == "draft"
    books.press("document.incoming", document["id"], "cancel")
    _found, receipt = await look_up(books, what)
    assert receipt is not None
    assert (
        sentence(receipt.about) == f"Arrived in Tryton as incoming document {document['id']}, and was cancelled there."
    )


async def test_what_was_deleted_there_is_absent(books: Books, tmp_path: Path) -> None:
    what = pdf_of(tmp_path, folder=Folder.OTHER_DOCUMENTS)
    await send(books, what)
    books.delete("document.incoming", books.documents()[0]["id"])
    assert await look_up(books, what) == (Found.ABSENT, None)


async def test_nobody_who_may_not_see_the_company_says_that_a_document_is_not_there(
    books: Books, tmp_path: Path
) -> None:
    await send(books, invoice_of(tmp_path))
    with books.without_the_company(), raising(NotSent, match="has no company") as raised:
        await look_up(books, invoice_of(tmp_path))
    assert raised.value.fault is Fault.PERSON


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"company": 4711}, "has no company 4711"), ({"database": "nowhere"}, "has no database of this name"),
     ({"key": "x"}, "does not accept the key")],
    ids=["company", "database", "key"],
)  # fmt: skip
async def test_a_setting_that_is_wrong_waits_for_a_person_before_anything_is_sent(
    books: Books, tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    with raising(NotSent, match=sentence) as raised:
        await send(books, invoice_of(tmp_path), **changed)
    assert raised.value.fault is Fault.PERSON
    assert remedy(raised.value)
    (step,) = await Tryton().test(books.settings(**changed), None)
    assert not step.ok
    assert words(step, "fr") != words(step)
    assert books.documents() == []


async def test_what_is_larger_than_trytons_configuration_allows_is_refused_with_the_setting_to_change(
    books: Books, tmp_path: Path
) -> None:
    with raising(Rejected, match="does not take a document of this size") as raised:
        await send(books, delivery_request(tmp_path, b"%PDF-1.7" + bytes(3_000_000), media_type="application/pdf"))
    assert "max_size" in remedy(raised.value)
    assert books.documents() == []


async def test_the_test_of_the_connection_names_the_company(books: Books) -> None:
    steps = await Tryton().test(books.settings(), None)
    assert [sentence(step) for step in steps] == [
        f"Signed in to {papers.BAKERY.name}.",
        "E-invoices become draft invoices.",
    ]


async def test_a_server_that_is_no_tryton_is_told_from_one(tmp_path: Path) -> None:
    from tests.support.hooks import hooks

    async with hooks() as server:
        settings = TrytonSettings(url=f"http://127.0.0.1:{server.port}", database="books", key=Secret("k"), company=1)
        with pytest.raises(NotSent) as raised:
            async with Tryton().connect(settings) as channel:
                await channel.prepare(delivery_request(tmp_path))
    assert raised.value.fault is Fault.PERSON
