"""The example of the page on writing a connector keeps the contract of all connectors."""

import importlib
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.connector_host.foreign import ForeignConnector
from tests.connectors.contract import Arrived, WireContract, WiredReceiver
from tests.support.acme import TOKEN, Acme, acme
from tests.support.packages import block, install_the_example
from tests.support.wire import Wire, wire_to


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    directory = tmp_path_factory.mktemp("packages")
    install_the_example(directory)
    sys.path.insert(0, str(directory))
    try:
        yield importlib.import_module("acme_ledger")
    finally:
        sys.path.remove(str(directory))
        sys.modules.pop("acme_ledger", None)


class Ledger:
    """The example as the service runs it: apart, like every connector of another package."""

    secret = TOKEN
    largest = None
    answers_in_commit = 0

    def __init__(self, example: ModuleType, server: Acme, wire: Wire) -> None:
        self.connector: Any = ForeignConnector(example.AcmeLedger())
        self.server, self.wire = server, wire

    def settings(self) -> Any:
        url = f"http://127.0.0.1:{self.wire.port}"
        return self.connector.settings(url=url, token=TOKEN, books="PARVIS")

    def wrong_credentials(self) -> Any:
        return msgspec.structs.replace(self.settings(), token="verkeerd")

    async def arrived(self) -> list[Arrived]:
        return [Arrived(taken.name, taken.content) for taken in self.server.taken.values()]

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        self.server.refuses = True
        yield
        self.server.refuses = False


class TestTheContract(WireContract):
    @pytest.fixture
    async def receiver(self, example: ModuleType) -> AsyncIterator[WiredReceiver]:
        with acme() as server:
            async with wire_to(server.port) as wire:
                yield Ledger(example, server, wire)


def test_the_example_is_short() -> None:
    assert len(block("python").splitlines()) < 65
