"""A connector of another package that blocks or fails, and the service that goes on beside it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.connector_host.foreign import ForeignConnector
from banqup_tui.connectors.interface import Channel, Checks, DeliveryRequest, NotSent, Receipt, Shows, Step
from banqup_tui.connectors.local_folder import LocalFolder
from tests.support.connectors import Mailbox, MailboxSettings
from tests.support.delivery_requests import delivery_request


class Slow(Mailbox):
    """Waits in `prepare`, without giving way, until it is let go. `closed`: where it was closed."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.opened_in: Any = None
        self.closed_in: Any = None

    @asynccontextmanager
    async def connect(self, settings: MailboxSettings) -> AsyncIterator[Channel]:
        self.opened_in = asyncio.current_task()
        try:
            yield SlowChannel(self.go)
        finally:
            self.closed_in = asyncio.current_task()

    async def test(self, settings: MailboxSettings, sample: DeliveryRequest | None) -> list[Step]:
        raise NotSent("No room.", "Make some.")


class SlowChannel(Channel):
    def __init__(self, go: threading.Event) -> None:
        self._go = go

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        self._go.wait()
        return "left"

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        raise NotSent("No room.", "Make some.")


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.go.set()


SETTINGS = MailboxSettings(host="mail.example", address="in@mail.example")


async def test_one_that_blocks_can_be_given_up_while_others_go_on(
    slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banqup_tui.backend.connector_host.foreign.CLOSING_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        async with ForeignConnector(slow).connect(SETTINGS) as channel, asyncio.timeout(0.1):
            await channel.prepare(delivery_request(tmp_path))
    slow.go.set()


async def test_what_it_says_comes_across_and_it_is_closed_where_it_was_opened(slow: Slow, tmp_path: Path) -> None:
    slow.go.set()
    foreign_connector = ForeignConnector(slow)
    async with foreign_connector.connect(SETTINGS) as channel:
        assert await channel.prepare(delivery_request(tmp_path)) == "left"
        with pytest.raises(NotSent, match="No room"):
            await channel.commit(delivery_request(tmp_path), "left")
    assert slow.closed_in is slow.opened_in is not None
    with pytest.raises(NotSent, match="No room"):
        await foreign_connector.test(SETTINGS, None)


def test_it_offers_what_its_connector_offers() -> None:
    assert isinstance(ForeignConnector(LocalFolder()), Checks)
    assert isinstance(ForeignConnector(LocalFolder()), Shows)
    assert not isinstance(ForeignConnector(Mailbox()), Checks | Shows)
    assert ForeignConnector(Mailbox()).destination(SETTINGS) == "mail:in@mail.example"


def test_a_foreign_connector_never_shares_the_process_of_ours() -> None:
    class Eager(Mailbox):
        manifest = msgspec.structs.replace(Mailbox.manifest, carried=True)

    assert not ForeignConnector(Eager()).manifest.carried
