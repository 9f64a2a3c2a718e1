"""The part of the program that commands use: reading, acting, waiting. Tests replace it."""

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
from banqup_tui.domain.values import JsonObject
from banqup_tui.protocol.problems import message_in


class NoBackend(BanqupError):
    """The backend does not answer. The exit code is `EX_UNAVAILABLE` of sysexits.h."""

    exit_code = 69


class NotThere(BanqupError):
    """A client, document or other thing that the user named does not exist. The exit code is `EX_NOINPUT`."""

    exit_code = 66


class Fate(StrEnum):
    """The result of a command. `WAITING`: it is stored on this computer and not answered yet."""

    DONE = "DONE"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    WAITING = "WAITING"


@dataclass(frozen=True, kw_only=True)
class CommandAnswer:
    """The server's answer to a command. `result` and `problem` are plain data, as they came."""

    key: str
    fate: Fate
    result: Any = None
    problem: JsonObject | None = None

    @property
    def reason(self) -> Message | None:
        return message_in(self.problem)


class CliRuntime(Protocol):
    """The program below the commands. Reads are from the local copy, which `sync` brings up to date.

    Coroutines speak with the backend. The other methods read or write the local databases.
    """

    @property
    def session(self) -> ActionSession: ...

    @property
    def firm(self) -> str:
        """The name of the firm."""
        ...

    async def sync(self) -> None:
        """Sends what waits and fetches what is new, until the copy is up to date. Raises `NoBackend`."""
        ...

    async def answers(self, keys: Sequence[str], seconds: float) -> list[CommandAnswer]:
        """Returns an answer for each key, in order, once all are answered or `seconds` are up.

        The copy then includes their effects. A command without an answer is `WAITING`; nothing is raised.
        """
        ...

    async def changed(self, seconds: float) -> None:
        """Returns when something may have changed in the backend, at the latest after `seconds`.

        The copy is up to date then.
        """
        ...

    def waiting(self) -> int:
        """Returns how many commands on this computer have no answer yet."""
        ...

    def refused(self) -> Sequence[RefusedChange]:
        """Returns the changes that were refused or have expired and were not cleared, newest first."""
        ...

    def mark_reported(self, keys: Sequence[str]) -> None:
        """Marks refused commands as read by the user, so that no list shows them again."""
        ...

    def clients(self) -> Sequence[ClientRow]: ...

    def documents(
        self,
        *,
        ids: Collection[str] | None = None,
        client_id: str | None = None,
        folder: Folder | None = None,
        withdrawn: bool = False,
    ) -> Iterator[Document]:
        """Yields documents, newest first, without withdrawn ones, or with `withdrawn` these alone.

        Of `ids` all are given; those that do not exist are left out.
        """
        ...

    def undecided(self) -> Iterator[Document]:
        """Yields the documents that are held as duplicates, newest first."""
        ...

    def deliveries(self, document_ids: Collection[str] | None = None) -> Iterator[Delivery]:
        """Yields the deliveries of these documents; without ids those of all documents."""
        ...

    def failures(self) -> Sequence[FailureGroup]:
        """Returns what failed or may have failed and is not dismissed, by cause, the largest group first."""
        ...

    def failing(self, group: FailureGroup) -> Sequence[Failing]:
        """Returns every delivery of a group."""
        ...

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """Returns all attempts of a delivery, newest first; the delivery itself has only ten. Raises `NoBackend`."""
        ...

    def integrations(self, client_id: str | None = None, *, removed: bool = False) -> Sequence[Integration]:
        """Returns the integrations, without removed ones unless `removed`."""
        ...

    def installations(self) -> Sequence[Installation]: ...

    def extensions(self) -> Sequence[Extension]: ...

    def sources(self) -> Sequence[Source]: ...

    def unfiled(self) -> Sequence[Unfiled]:
        """Returns the files in *To place*, newest first."""
        ...

    def rules(self) -> Sequence[PlacingRule]: ...


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The object that click passes to commands: the directories, and how a runtime is opened."""

    dirs: Callable[[], AppDirs]
    open_runtime: Callable[[AppDirs], AbstractAsyncContextManager[CliRuntime]]


def client_named(runtime: CliRuntime, name: str) -> Client:
    """Returns the client with this reference, id, VAT number or exact name, in any case. Raises `NotThere`."""
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
