"""The one list of the backend's rooms: who answers which command, and what runs beside the routes."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from pathlib import Path
from typing import Any, Protocol

from banqup_tui.backend.commands import Handlers
from banqup_tui.backend.context import Services
from banqup_tui.protocol.messages import TestRequest, TestResult

WITH_HANDLERS = (
    "banqup_tui.backend.client_commands",
    "banqup_tui.backend.installations",
    "banqup_tui.backend.integrations",
    "banqup_tui.backend.intake",
    "banqup_tui.backend.ledger.commands",
)


class Runs(Protocol):
    """Something that works beside the routes until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


class Dispatches(Runs, Protocol):
    def take_over(self) -> None: ...

    def busy(self) -> bool: ...


def handlers() -> Handlers:
    found: Handlers = {}
    for name in WITH_HANDLERS:
        if _is_there(name):
            found.update(importlib.import_module(name).HANDLERS)
    return found


def extensions() -> Any:
    if not _is_there("banqup_tui.backend.extensions"):
        return _NoExtensions()
    return importlib.import_module("banqup_tui.backend.extensions").Extensions()


def vault(key_file: Path) -> Any:
    if not _is_there("banqup_tui.backend.vault"):
        return None
    return importlib.import_module("banqup_tui.backend.vault").Vault(key_file)


def dispatch(services: Services, instance_id: str) -> Dispatches | None:
    if not _is_there("banqup_tui.backend.ledger.dispatch"):
        return None
    found: Dispatches = importlib.import_module("banqup_tui.backend.ledger.dispatch").Dispatch(services, instance_id)
    return found


def watching(services: Services) -> Runs | None:
    if not _is_there("banqup_tui.backend.watching"):
        return None
    found: Runs = importlib.import_module("banqup_tui.backend.watching").Watching(services)
    return found


async def test(services: Services, request: TestRequest) -> TestResult:
    found: TestResult = await importlib.import_module("banqup_tui.backend.testing").test(services, request)
    return found


class _NoExtensions:
    def all(self) -> tuple[Any, ...]:
        return ()

    def secret_names(self, extension_id: str) -> frozenset[str]:
        return frozenset()


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
