"""The one list of the backend's rooms: who answers which command, and what runs beside the routes."""

from __future__ import annotations

import asyncio
from typing import Protocol

from banqup_tui.backend import (
    allowed_packages,
    client_commands,
    installations,
    intake,
    integrations,
    placing,
    source_commands,
)
from banqup_tui.backend.commands import Handlers
from banqup_tui.backend.context import Services
from banqup_tui.backend.drop import DropRoom
from banqup_tui.backend.ledger import commands as ledger
from banqup_tui.backend.ledger.dispatch import Dispatch
from banqup_tui.backend.watching import Watching


class Runs(Protocol):
    """Something that works beside the routes until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


class Dispatches(Runs, Protocol):
    """Also takes over at the start what a process that is no more was sending, and knows whether anything is due."""

    def take_over(self) -> int: ...

    def busy(self) -> bool: ...


def handlers() -> Handlers:
    rooms = (client_commands, allowed_packages, installations, integrations, intake, source_commands, placing, ledger)
    return {body: handler for room in rooms for body, handler in room.HANDLERS.items()}


def dispatch(services: Services, instance_id: str) -> Dispatches:
    return Dispatch(services, instance_id)


def watching(services: Services) -> Runs:
    return Watching(services)


def drop(services: Services) -> Runs:
    return DropRoom(services)
