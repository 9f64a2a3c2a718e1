"""Accounting software that can be told what to do, and the shelf on which the ledger finds it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.backend.connector_host.definition import LocalDefinition
from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.connectors.interface import Channel, DeliveryRequest, Found, Manifest, Receipt, Step
from banqup_tui.domain.extension import Category, ReceiverKind


class Where(msgspec.Struct, frozen=True):
    inbox: str = "in"


class Receiver:
    """Accounting software: `arrived` has the (delivery, generation, key) of every effect, in order.

    `tell(step, *answers)`: what the next calls of that step do, an exception to raise or a callable to await; then
    everything works again. `kinds` of receivers differ only in what they can be asked.
    """

    def __init__(self, kind: ReceiverKind, key_seconds: float | None = None) -> None:
        self.manifest = Manifest(
            id=f"fake-{kind.lower()}",
            title={"en": "Fake"},
            description={"en": "Fake"},
            category=Category.OTHER,
            kind=kind,
            version="1",
            key_seconds=key_seconds,
        )
        self.settings = Where
        self.arrived: list[tuple[str, int]] = []
        self.keys: set[str] = set()
        self.hidden: dict[str, tuple[str, int]] = {}
        self.calls: list[str] = []
        self.discarded: list[str] = []
        self.opened = 0
        self.open_now = 0
        self.most_at_once = 0
        self._at_once = 0
        self._found_there: dict[str, list[Any]] = {}

    def tell(self, step: str, *answers: Any) -> None:
        self._found_there.setdefault(step, []).extend(answers)

    def destination(self, settings: Where) -> str:
        return f"fake:{settings.inbox}"

    @asynccontextmanager
    async def connect(self, settings: Where) -> AsyncIterator[Channel]:
        await self._step("connect")
        self.opened += 1
        self.open_now += 1
        try:
            yield self
        finally:
            self.open_now -= 1

    async def test(self, settings: Where, sample: DeliveryRequest | None) -> list[Step]:
        return []

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        self._at_once += 1
        self.most_at_once = max(self._at_once, self.most_at_once)
        try:
            await self._step("prepare")
        finally:
            self._at_once -= 1
        resume_token = f".{delivery_request.delivery_id}.{delivery_request.attempt}"
        self.hidden[resume_token] = (delivery_request.delivery_id, delivery_request.generation)
        return resume_token

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        await self._step("commit")
        self.take(delivery_request, resume_token)
        await self._step("answer")
        return Receipt(text=f"/in/{delivery_request.delivery_id}", reference=f"ref-{delivery_request.generation}")

    def take(self, delivery_request: DeliveryRequest, resume_token: str) -> None:
        copy = (delivery_request.delivery_id, delivery_request.generation)
        if self.manifest.kind is ReceiverKind.KEY and delivery_request.key in self.keys:
            return
        self.keys.add(delivery_request.key)
        if self.manifest.kind is not ReceiverKind.RENAME or self.hidden.pop(resume_token, False):
            self.arrived.append(copy)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        await self._step("roll_forward")
        self.take(delivery_request, resume_token)
        return Receipt(text=f"/in/{delivery_request.delivery_id}", reference=f"ref-{delivery_request.generation}")

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        step_answer = await self._step("look_up")
        if isinstance(step_answer, Found):
            return step_answer, None
        known = [f"ref-{generation}" for of, generation in self.arrived if of == delivery_request.delivery_id]
        left = [reference for reference in known if reference not in earlier_receipts]
        return (Found.FOUND, Receipt(text=left[-1], reference=left[-1])) if left else (Found.ABSENT, None)

    async def discard(self, resume_token: str) -> None:
        self.discarded.append(resume_token)
        self.hidden.pop(resume_token, None)

    async def _step(self, step: str) -> Any:
        self.calls.append(step)
        step_answer = self._found_there.get(step)
        answer = step_answer.pop(0) if step_answer else None
        if isinstance(answer, BaseException):
            raise answer
        return await answer() if callable(answer) else answer


class InProcess:
    """A connector that works in the process of the test, where it can be told what to do and watched."""

    def __init__(self, connector: Any) -> None:
        self._connector = connector
        self.manifest: Manifest = connector.manifest
        self.definition = LocalDefinition(connector, self.manifest.id)

    @asynccontextmanager
    async def connect(self, settings: Mapping[str, Any]) -> AsyncIterator[Channel]:
        async with self._connector.connect(self.definition.typed(settings)) as channel:
            yield channel


class Shelf:
    """As much of the extensions as the ledger asks for."""

    def __init__(self) -> None:
        self.receivers: dict[str, Any] = {}
        self.hosts: list[ConnectorHost] = []

    def put(self, *connectors: Any) -> None:
        """Connectors of this program, which work in a host as they do in a service."""
        host = ConnectorHost()
        self.hosts.append(host)
        for connector in connectors:
            kind, extension_id = type(connector), connector.manifest.id
            definition = LocalDefinition(connector, extension_id)
            self.receivers[extension_id] = HostedConnector(f"{kind.__module__}:{kind.__qualname__}", definition, host)

    def connector(self, extension_id: str) -> Any:
        receiver = self.receivers.get(extension_id)
        return receiver if receiver is None or isinstance(receiver, HostedConnector) else InProcess(receiver)

    def close(self) -> None:
        for host in self.hosts:
            host.close()
