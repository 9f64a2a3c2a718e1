"""The connector for Fava, against Fava itself: see `make test-fava`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.connectors.fava.connector import Fava, FavaSettings
from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, Receipt, Rejected, Uncertain
from tests.connectors.contract import Arrived, WireContract, WiredReceiver, next_attempt
from tests.support import papers
from tests.support.delivery_requests import delivery_request
from tests.support.fava import ACCOUNT, Ledger, served
from tests.support.messages import raising, remedy, sentence, words
from tests.support.wire import Wire, wire_to

pytestmark = pytest.mark.fava


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with served(tmp_path_factory.mktemp("fava")) as ledger:
        yield ledger


@pytest.fixture
def ledger(installation: Ledger) -> Ledger:
    installation.clear()
    return installation


class FavaServer:
    connector = Fava()
    secret = ""
    largest = None
    answers_in_commit = 0

    def __init__(self, ledger: Ledger, wire: Wire) -> None:
        self.ledger, self.wire = ledger, wire
        self.account = ACCOUNT

    def settings(self) -> FavaSettings:
        return self.ledger.settings(url=f"http://127.0.0.1:{self.wire.port}", account=self.account)

    def wrong_credentials(self) -> None:
        return None

    async def arrived(self) -> list[Arrived]:
        return [Arrived(path.name, path.read_bytes()) for path in self.ledger.files()]

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        self.account = "Liabilities:Suppliers:Nobody"
        yield
        self.account = ACCOUNT


class TestTheContract(WireContract):
    @pytest.fixture
    async def receiver(self, ledger: Ledger) -> AsyncIterator[WiredReceiver]:
        async with wire_to(ledger.port) as wire:
            yield FavaServer(ledger, wire)


async def send(to: Ledger, what: DeliveryRequest, **changed: Any) -> Receipt:
    async with Fava().connect(to.settings(**changed)) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def test_a_document_stands_in_the_ledger_under_its_account_and_date(ledger: Ledger, tmp_path: Path) -> None:
    what = delivery_request(
        tmp_path, papers.letter(), media_type="application/pdf", file_name="Facture é.pdf", number=None
    )
    receipt = await send(ledger, what)
    name = "2026-11-20 Facture é_0c7b0a555f0c.pdf"
    assert receipt == Receipt(text=f"{ACCOUNT}: {name}", reference=name)
    (path,) = ledger.files()
    assert path.read_bytes() == what.file.read_bytes()
    assert ledger.entries() == [f"2026-11-20 {ACCOUNT} {path}"]


async def test_an_account_may_be_called_after_the_client(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(NotSent) as raised:
        await send(ledger, delivery_request(tmp_path), account="Liabilities:[client_name]")
    assert sentence(raised.value) == "The account Liabilities:Boulangerie-du-Parvis-SRL is not open in the ledger."
    assert remedy(raised.value).startswith("Open it there (2020-01-01 open Liabilities:Boulangerie-du-Parvis-SRL)")
    assert raised.value.fault is Fault.PERSON


async def test_a_name_that_fava_has_already_is_the_document_sent_before(ledger: Ledger, tmp_path: Path) -> None:
    first = await send(ledger, delivery_request(tmp_path))
    assert await send(ledger, next_attempt(delivery_request(tmp_path))) == first
    assert len(ledger.files()) == 1


async def sent_again_and_again(ledger: Ledger, what: DeliveryRequest) -> None:
    """Fava looks at its folder some time later; until then all that it shows is that the name is taken."""
    async with asyncio.timeout(20):
        while await send(ledger, what):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_file_that_was_cut_off_while_fava_wrote_it_is_never_taken_for_the_document(
    ledger: Ledger, tmp_path: Path
) -> None:
    what = delivery_request(tmp_path)
    await send(ledger, what)
    (path,) = ledger.files()
    path.write_bytes(what.file.read_bytes()[:10])
    with raising(Rejected, match="cut off") as raised:
        await sent_again_and_again(ledger, next_attempt(what))
    assert remedy(raised.value) == "Delete it in Fava, and send the document again."


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [({"ledger": "nobody"}, "shows no ledger nobody"), ({"folder": "papers"}, "has no documents folder papers")],
    ids=["ledger", "folder"],
)  # fmt: skip
async def test_a_setting_that_is_wrong_waits_for_a_person(
    ledger: Ledger, tmp_path: Path, changed: dict[str, Any], wanted: str
) -> None:
    with raising(NotSent, match=wanted) as raised:
        await send(ledger, delivery_request(tmp_path), **changed)
    assert raised.value.fault is Fault.PERSON
    (step,) = await Fava().test(ledger.settings(**changed), delivery_request(tmp_path))
    assert wanted in sentence(step)
    assert words(step, "fr") != words(step)
    assert ledger.files() == []


async def test_an_account_that_is_opened_now_is_found_without_starting_fava_again(tmp_path: Path) -> None:
    with served(tmp_path / "other") as other:
        wanted = other.settings(account="Liabilities:Suppliers:Late")
        assert not (await Fava().test(wanted, None))[-1].ok
        with other.file.open("a") as stream:
            stream.write("2020-01-01 open Liabilities:Suppliers:Late\n")
        async with asyncio.timeout(20):
            while not (await Fava().test(wanted, None))[-1].ok:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_ledger_that_may_only_be_read_waits_for_a_person(tmp_path: Path) -> None:
    with served(tmp_path / "other", "--read-only") as other, raising(NotSent, match="nobody add") as raised:
        await send(other, delivery_request(tmp_path))
    assert raised.value.fault is Fault.PERSON


async def test_what_breaks_in_fava_may_have_arrived(ledger: Ledger, tmp_path: Path) -> None:
    blocked = ledger.documents / "Liabilities" / "Suppliers" / "FOURNIL"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.touch()
    with raising(Uncertain, match="fails, with the status 500"):
        await send(ledger, delivery_request(tmp_path, client_reference="FOURNIL"))
