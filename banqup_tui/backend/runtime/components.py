"""Parts of the backend: the handlers of commands, and the background tasks."""

from __future__ import annotations

import asyncio
from typing import Protocol

from banqup_tui.backend.api.commands import Handlers
from banqup_tui.backend.dispatch.loop import Dispatch
from banqup_tui.backend.intake import (
    arrivals,
    client_commands,
    corrections,
    duplicates,
    source_commands,
    unfiled_commands,
)
from banqup_tui.backend.intake.mailbox import Mailbox
from banqup_tui.backend.intake.sftp_drop import SftpDrop
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.backend.integrations import activation, allowed_packages, installations
from banqup_tui.backend.integrations.oauth.access_tokens import StoredTokens
from banqup_tui.backend.ledger import commands as ledger
from banqup_tui.backend.services import Services


class BackgroundTask(Protocol):
    """A task that runs beside the routes until `stop` is set."""

    async def run(self, stop: asyncio.Event) -> None: ...


class DispatchTask(BackgroundTask, Protocol):
    """The dispatch of deliveries.

    `take_over` adopts at the start the deliveries of an ended process; `busy` tells whether any is due.
    """

    def take_over(self) -> int: ...

    def busy(self) -> bool: ...


def handlers() -> Handlers:
    modules = (
        client_commands,
        corrections,
        allowed_packages,
        installations,
        activation,
        arrivals,
        duplicates,
        corrections,
        source_commands,
        unfiled_commands,
        ledger,
    )
    return {body: handler for module in modules for body, handler in module.HANDLERS.items()}


def dispatch(services: Services, instance_id: str) -> DispatchTask:
    return Dispatch(services, instance_id)


def watched_folders(services: Services) -> BackgroundTask:
    return WatchedFolders(services)


def drop(services: Services) -> BackgroundTask:
    return SftpDrop(services)


def mailbox(services: Services) -> BackgroundTask:
    return Mailbox(services, make_tokens=lambda: StoredTokens(services))
