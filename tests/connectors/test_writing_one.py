"""The example of the page on writing a connector keeps the contract of all connectors."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import ModuleType
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.backend.connector_host.definition import LocalDefinition
from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.connectors.interface import Channel, DeliveryRequest, Step
from tests.connectors.contract import Arrived, WireContract, WiredReceiver
from tests.support.acme import TOKEN, Acme, acme
from tests.support.packages import block, install_the_example
from tests.support.wire import Wire, wire_to


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    directory = tmp_path_factory.mktemp("packages")
    install_the_example(directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(directory))
        patch.syspath_prepend(str(directory))
        yield importlib.import_module("acme_ledger")
    sys.modules.pop("acme_ledger", None)


class Hosted:
    """A connector in a host, with the settings of the contract."""

    def __init__(self, connector: Any, host: ConnectorHost) -> None:
        kind = type(connector)
        definition = LocalDefinition(connector, connector.manifest.id)
        self._hosted = HostedConnector(f"{kind.__module__}:{kind.__qualname__}", definition, host)
        self.manifest, self.settings = connector.manifest, connector.settings
        self.destination = connector.destination

    def connect(self, settings: Any) -> AbstractAsyncContextManager[Channel]:
        return self._hosted.connect(msgspec.structs.asdict(settings))

    async def test(self, settings: Any, sample: DeliveryRequest | None) -> list[Step]:
        return await self._hosted.test(msgspec.structs.asdict(settings), sample)


class Ledger:
    """The example as the service runs it: in a process of its own."""

    secret = TOKEN
    largest = None
    answers_in_commit = 0

    def __init__(self, example: ModuleType, host: ConnectorHost, server: Acme, wire: Wire) -> None:
        self.connector: Any = Hosted(example.AcmeLedger(), host)
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
        host = ConnectorHost()
        with acme() as server:
            async with wire_to(server.port) as wire:
                yield Ledger(example, host, server, wire)
        await asyncio.to_thread(host.close)


def test_the_example_is_short() -> None:
    assert len(block("python").splitlines()) < 65
