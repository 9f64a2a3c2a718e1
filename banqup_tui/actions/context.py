"""The interface of an action, and the context in which an action is named, judged available and run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

import msgspec

from banqup_tui.actions.places import EVERYWHERE, Place
from banqup_tui.actions.prompts import Ask
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation, ReceiverKind
from banqup_tui.domain.failures import Failing, FailureGroup
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import UnderWay
from banqup_tui.domain.messages import Message
from banqup_tui.domain.send_plan import Offer, SendSelection, offers, selection
from banqup_tui.domain.source import Source, Unfiled
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CommandBody
from banqup_tui.protocol.messages import BackfillCount
from banqup_tui.store.outbox_entry import Rescue
from banqup_tui.sync.server import Question
from banqup_tui.sync.state import SyncState

if TYPE_CHECKING:
    from banqup_tui.sync.session import FileToImport

V = TypeVar("V")


class ActionSession(Protocol):
    """The part of a session that actions use: the outbox, the local copy, and questions to the service.

    The coroutines ask the service and raise `BanqupError`, such as `ServerDown` and `NoNetwork`. The other methods use
    the local database and answer within milliseconds.
    """

    def act(self, body: CommandBody, label: str = "", *, key: str | None = None) -> str:
        """Writes a command to the outbox and returns its key.

        `label` says in words what was done; the list of undo shows it.
        """
        ...

    def act_all(self, bodies: Sequence[CommandBody], label: str = "", *, labels: Sequence[str] = ()) -> Sequence[str]:
        """Writes several commands in one transaction, in order, and returns their keys.

        `labels` has a label for each command and replaces `label`.
        """
        ...

    def clients(self) -> Sequence[Client]: ...

    def documents(self, ids: Sequence[str]) -> Sequence[Document]:
        """Returns documents of the local copy; those that it does not have are left out."""
        ...

    def take_back(self, key: str) -> bool:
        """Cancels a command that was never sent. Returns false if it was sent."""
        ...

    def inverse_of(self, key: str) -> CommandBody | None:
        """Returns the command that undoes one that the server has done; `None` if it is too late."""
        ...

    async def sync_now(self) -> None: ...

    def try_again(self) -> None:
        """Makes the engine connect now, without waiting for the result."""
        ...

    def is_still_true(self, keys: Sequence[str], *, waits: bool) -> bool:
        """Returns whether a message about these commands is still true: none was refused or taken back.

        With `waits` the message says that they wait on this computer, so at least one of them must. Of commands that
        queue deliveries, at least one delivery must still be under way.
        """
        ...

    def clients_of(self, key: str) -> Sequence[str]:
        """Returns the names of the clients that a command concerns."""
        ...

    def deliveries(self, document_ids: Sequence[str]) -> Sequence[Delivery]:
        """Returns the deliveries of documents, also those at integrations of an earlier client."""
        ...

    def rescues(self) -> Sequence[Rescue]:
        """Returns what was rescued of damaged outboxes, as far as the user has not confirmed it."""
        ...

    def dismiss_rescues(self) -> None: ...

    def retry_changes(self, keys: Sequence[str]) -> Sequence[str]:
        """Gives refused changes again as new commands and returns their keys. Those that cannot be stay refused."""
        ...

    def clear_changes(self, keys: Sequence[str]) -> None:
        """Removes refused changes from the list of refused changes."""
        ...

    async def download(self, sha256: str) -> Path:
        """Returns the path of a document's file in the cache, after fetching it if needed."""
        ...

    async def ask(self, question: Question[V], *, seconds: float = 30.0, wait: bool = True) -> V:
        """Returns the service's answer, or raises `BanqupError`: at once if the service is away and `wait` is off."""
        ...

    async def backfill_count(
        self, client_id: str, folders: Sequence[Folder], since: date | None = None
    ) -> BackfillCount | None:
        """Counts the documents that an activation would send as well, dated `since` or later.

        Returns `None` if it cannot be counted now.
        """
        ...

    async def under_way(self, integration_ids: Sequence[str]) -> UnderWay:
        """Counts the deliveries of these integrations that are queued and being sent."""
        ...

    def import_files(
        self, files: Sequence[FileToImport], *, client_id: str | None = None, create_clients: bool = False
    ) -> list[str | OSError]:
        """Copies files to the spool, and gives the commands that send them, in one transaction.

        Returns for each file the key of its command, or the error for which it cannot be taken.

        Args:
            client_id: The client; without it the service reads from each document whose it is.
            create_clients: Whether the service may create the clients that the documents name.
        """
        ...

    def import_counts(self, keys: Sequence[str]) -> ImportCounts:
        """Counts what became of imports."""
        ...


class ImportCounts(Value, frozen=True, kw_only=True):
    """What became of imports: of the documents and files in them, and of the commands.

    `undecided`: of those that were taken, held as duplicates. `waiting`: commands without an answer.
    """

    taken: int = 0
    undecided: int = 0
    known: int = 0
    unfiled: int = 0
    pictures: int = 0
    refused: int = 0
    waiting: int = 0


class Undoable(Value, frozen=True, kw_only=True):
    """A command that can be undone, with its title for a list. `is_done`: the server has carried it out."""

    key: str
    title: str
    at: datetime
    is_done: bool = False


class Subject(Value, frozen=True, kw_only=True):
    """The selection, or the row under the cursor: ids, but failures and refused changes as values."""

    client_id: str | None = None
    client_ids: Sequence[str] = ()
    document_ids: Sequence[str] = ()
    delivery_id: str | None = None
    integration_id: str | None = None
    extension_id: str | None = None
    failures: FailureGroup | None = None
    unfiled_ids: Sequence[str] = ()
    source_id: str | None = None
    changes: Sequence[RefusedChange] = ()


class Context(Value, frozen=True, kw_only=True, dict=True):
    """The user's place and selection, as values, so that asking every action costs nothing.

    Attributes:
        documents: The selected documents, else the one under the cursor.
        deliveries: Those of `documents`.
        integrations: Those of the clients of `documents`, of `client` and of `clients`; with `failures` those
            concerned.
        clients: The clients selected in a list of clients; all clients if files are being placed.
        unfiled: The selected files in *To place*, else the one under the cursor.
        waiting_unfiled: How many files are in *To place*.
        sources: All of them, in the place *Sources* only; `source` is the one under the cursor.
        held: How many documents are held as duplicates.
        changes: The selected refused changes, else the one under the cursor; `refused_changes` counts all of them.
        any_failed: Whether the firm has any failure.
        failures: The group of failures under the cursor; `failing` reads the deliveries in it.
        has_browser: Whether a browser can be opened in front of the user.
        offline: Whether commands wait on this computer, because the server does not answer.
        connection: The state of the synchronisation, if an engine runs.
        download_to: The directory that is suggested for downloads.
        now: The time, with a time zone.
    """

    session: ActionSession
    ask: Ask
    place: Place
    documents: Sequence[Document] = ()
    deliveries: Sequence[Delivery] = ()
    integrations: Sequence[Integration] = ()
    client: Client | None = None
    clients: Sequence[Client] = ()
    delivery: Delivery | None = None
    integration: Integration | None = None
    extension: Extension | None = None
    extensions: Mapping[str, Extension] = {}
    installations: Sequence[Installation] = ()
    unfiled: Sequence[Unfiled] = ()
    waiting_unfiled: int = 0
    sources: Sequence[Source] = ()
    source: Source | None = None
    undecided: int = 0
    changes: Sequence[RefusedChange] = ()
    refused_changes: int = 0
    undoable: Sequence[Undoable] = ()
    any_failed: bool = False
    failures: FailureGroup | None = None
    failing: Callable[[], Sequence[Failing]] = tuple
    over_ssh: bool = False
    has_browser: bool = False
    offline: bool = False
    connection: SyncState | None = None
    download_to: Path = msgspec.field(default_factory=Path.cwd)
    now: datetime

    @cached_property
    def selection(self) -> SendSelection:
        """The part of `documents` that can be sent; of several, those marked as processed are left out."""
        return selection(self._offers)

    @cached_property
    def selection_with_processed(self) -> SendSelection:
        return selection(self._offers, with_processed=True)

    @cached_property
    def _offers(self) -> tuple[Offer, ...]:
        return offers(self.documents, self.integrations, self.deliveries, self.kinds)

    @property
    def kinds(self) -> dict[str, ReceiverKind]:
        return {extension.id: extension.kind for extension in self.extensions.values()}

    @property
    def document(self) -> Document | None:
        """The document, if `documents` has exactly one."""
        return self.documents[0] if len(self.documents) == 1 else None

    @property
    def installation(self) -> Installation | None:
        """The firm's installation of the extension under the cursor."""
        return self.installation_of(self.extension.id) if self.extension else None

    def installation_of(self, extension_id: str) -> Installation | None:
        return next(
            (installation for installation in self.installations if installation.extension_id == extension_id), None
        )

    def label_of(self, integration_id: str) -> str:
        """Returns the integration's label; a dash for one that is gone."""
        return next((integration.label for integration in self.integrations if integration.id == integration_id), "–")


class Action:
    """Something that a user can do. Subclasses stand in `registry.ACTIONS`.

    The methods before `run` are called for every place, often several times for each key: they read only the context.

    Attributes:
        id: The name in keymaps and in `docs/keys.md`. It is public, so it does not change.
        keys: Its keys, as Textual names them. `spare_keys` do the same and are not shown.
        places: Where it applies.
        menu: Its part of the three-dot menu, where entries of a part stand together; `None` leaves it out of the menu.
        rank: Its place in the footer, lowest first; from 80 on the help lists it under *Everywhere*.
        in_footer: Whether the footer has room for it at all.
    """

    id: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ()
    spare_keys: ClassVar[tuple[str, ...]] = ()
    places: ClassVar[frozenset[Place]] = EVERYWHERE
    menu: ClassVar[int | None] = None
    rank: ClassVar[int] = 50
    in_footer: ClassVar[bool] = True

    def name(self) -> str:
        """Returns its name without a context, for help, palette and docs."""
        raise NotImplementedError

    def help(self) -> str:
        """Returns a sentence on what it does and what it leaves alone."""
        raise NotImplementedError

    def title(self, context: Context) -> str:
        """Returns its title in the menu. It ends in `…` if the action asks before it acts."""
        return self.name()

    def in_help(self) -> str:
        """Returns the few words beside its key in the help."""
        return self.name().rstrip("…")

    def short(self, context: Context) -> str:
        """Returns one or two words for the footer."""
        return self.title(context).rstrip("…")

    def shows_in_footer(self, context: Context) -> bool:
        return self.in_footer

    def availability(self, context: Context) -> Message | None:
        """Returns `None` if it can be done now, else the reason why not."""
        return None

    def in_menu(self, context: Context) -> bool:
        """Returns whether the three-dot menu has it here: what concerns few documents is not shown dimmed on all."""
        return True

    def note(self, context: Context) -> str | None:
        """Returns what will happen, for the line below the menu entry."""
        return None

    async def run(self, context: Context) -> None:
        """Carries it out. It is called only if `availability` is `None`; it may ask the user through `context.ask`."""
        raise NotImplementedError
