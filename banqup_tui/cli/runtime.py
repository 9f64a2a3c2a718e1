"""What the commands need of the program below them: reading, acting, waiting. Tests put a smaller one in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from banqup_tui.actions.context import ActionSession
from banqup_tui.app_dirs import AppDirs
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Attempt, Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.failures import Failing, FailureGroup
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import ClientRow
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.protocol.problems import WAITS_UNFILED, message_in


class NoBackend(BanqupError):
    """`EX_UNAVAILABLE` of sysexits."""

    exit_code = 69


class NotThere(BanqupError):
    """`EX_NOINPUT` of sysexits."""

    exit_code = 66


class Fate(StrEnum):
    """What became of a command. WAITING: kept on this computer, not answered yet."""

    DONE = "DONE"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    WAITING = "WAITING"


@dataclass(frozen=True, kw_only=True)
class CommandAnswer:
    """`result` and `problem` are what the server said, as plain data."""

    key: str
    fate: Fate
    result: Any = None
    problem: dict[str, Any] | None = None

    @property
    def reason(self) -> Message | None:
        return message_in(self.problem)

    @property
    def waits_unfiled(self) -> bool:
        """Of an import: its file waits under *To place* now."""
        return self.fate is Fate.REFUSED and (self.problem or {}).get("type") in WAITS_UNFILED


class CliRuntime(Protocol):
    """Reads are of the local copy; `sync` brings it in step first."""

    @property
    def session(self) -> ActionSession: ...

    @property
    def firm(self) -> str: ...

    async def sync(self) -> None:
        """Send what waits and fetch what is new, until in step. Raises `NoBackend`."""
        ...

    async def answers(self, keys: Sequence[str], seconds: float) -> list[CommandAnswer]:
        """One for each key, in order, once all are answered or the time is up; the copy is in step with them."""
        ...

    async def changed(self, seconds: float) -> None:
        """Until something may have changed in the backend, at most so long; the copy is in step then."""
        ...

    def waiting(self) -> int:
        """Commands on this computer that have no answer yet."""
        ...

    def refused(self) -> Sequence[RefusedChange]:
        """What was refused, or may not have been made, and was not cleared; newest first."""
        ...

    def mark_reported(self, keys: Sequence[str]) -> None:
        """The user has read why these were refused: they need not be looked at again."""
        ...

    def clients(self) -> Sequence[ClientRow]: ...

    def documents(
        self, *, ids: Collection[str] | None = None, client_id: str | None = None, folder: Folder | None = None
    ) -> Iterator[Document]:
        """Newest first; of ids that are not there nothing."""
        ...

    def deliveries(self, document_ids: Collection[str] | None = None) -> Iterator[Delivery]: ...

    def failures(self) -> Sequence[FailureGroup]:
        """What failed, or may have, and is not dismissed, by cause; the largest first."""
        ...

    def failing(self, group: FailureGroup) -> Sequence[Failing]:
        """Every delivery of one of them."""
        ...

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """Every one, newest first: more than a delivery brings along. Raises `NoBackend`."""
        ...

    def integrations(self, client_id: str | None = None, *, removed: bool = False) -> Sequence[Integration]:
        """Without those that were removed, unless they are asked for too."""
        ...

    def installations(self) -> Sequence[Installation]: ...

    def extensions(self) -> Sequence[Extension]: ...

    def sources(self) -> Sequence[Source]: ...

    def unfiled(self) -> Sequence[Unfiled]:
        """Newest first."""
        ...

    def rules(self) -> Sequence[PlacingRule]: ...


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What `banqup` is run with: where files are, and how a house is opened. Given to click as its object."""

    dirs: Callable[[], AppDirs]
    open_runtime: Callable[[AppDirs], AbstractAsyncContextManager[CliRuntime]]


def client_named(runtime: CliRuntime, name: str) -> Client:
    """By reference, identifier, VAT number or exact name, capitals left aside. Raises `NotThere`."""
    wanted = name.strip().casefold()
    compact = "".join(letter for letter in wanted if letter.isalnum())
    clients = [row.client for row in runtime.clients()]
    for key in (_reference, _id, _vat_number, _name):
        matches = [client for client in clients if key(client) in (wanted, compact)]
        if len(matches) == 1:
            return matches[0]
    raise NotThere(_no_client(name, wanted, clients))


def _reference(client: Client) -> str:
    return client.reference.casefold()


def _id(client: Client) -> str:
    return client.id.casefold()


def _vat_number(client: Client) -> str:
    return (client.vat_number or "").casefold() or "-"


def _name(client: Client) -> str:
    return client.name.casefold()


def _no_client(name: str, wanted: str, clients: Sequence[Client]) -> Message:
    import difflib

    references = {client.reference.casefold(): client.reference for client in clients}
    near = difflib.get_close_matches(wanted, references, n=1, cutoff=0.5)
    if near:
        return message("cli.no-client-near", name=name, near=references[near[0]])
    return message("cli.no-client" if clients else "cli.no-clients-yet", name=name)
