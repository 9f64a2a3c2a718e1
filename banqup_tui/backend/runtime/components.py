"""The one list of the backend's rooms: who answers which command, and what runs beside the routes."""

from __future__ import annotations

import asyncio
from typing import Protocol

from banqup_tui.backend.api.commands import Handlers
from banqup_tui.backend.dispatch.loop import Dispatch
from banqup_tui.backend.intake import client_commands, document_intake, source_commands, unfiled_commands
from banqup_tui.backend.intake.sftp_drop import SftpDrop
from banqup_tui.backend.intake.watched_folders import Watching
from banqup_tui.backend.integrations import activation, allowed_packages, installations
from banqup_tui.backend.ledger import commands as ledger
from banqup_tui.backend.services import Services


class Runs(Protocol):
    """Something that works beside the routes until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


class Dispatches(Runs, Protocol):
    """Also takes over at the start what a process that is no more was sending, and knows whether anything is due."""

    def take_over(self) -> int: ...

    def busy(self) -> bool: ...


def handlers() -> Handlers:
    modules = (
        client_commands,
        allowed_packages,
        installations,
        activation,
        document_intake,
        source_commands,
        unfiled_commands,
        ledger,
    )
    return {body: handler for module in modules for body, handler in module.HANDLERS.items()}


def dispatch(services: Services, instance_id: str) -> Dispatches:
    return Dispatch(services, instance_id)


def watching(services: Services) -> Runs:
    return Watching(services)


def drop(services: Services) -> Runs:
    return SftpDrop(services)
