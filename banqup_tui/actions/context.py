"""The interface of an action, and the context in which it is asked what it is called and whether it is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Protocol

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
from banqup_tui.domain.send_plan import Offer, SendSelection, offers, selection
from banqup_tui.domain.source import Unfiled
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CommandBody
from banqup_tui.protocol.messages import BackfillCount, SignIn, SignInRequest, TestRequest, TestResult
from banqup_tui.store.outbox_entry import Rescue
from banqup_tui.sync.state import SyncState


class Doing(Protocol):
    """What actions need of a session: the outbox, and the few things that only the backend can answer."""

    def act(self, body: CommandBody, label: str = "", *, key: str | None = None) -> str:
        """Write a command to the outbox; its key. `label` is what was done, in words, for the list of `u`."""
        ...

    def act_all(self, bodies: Sequence[CommandBody], label: str = "", *, labels: Sequence[str] = ()) -> Sequence[str]:
        """Several commands at once, in order; their keys. `labels`: one for each, in place of the same for all."""
        ...

    def clients(self) -> Sequence[Client]: ...

    def documents(self, ids: Sequence[str]) -> Sequence[Document]:
        """Of the local copy; what is not there is left out."""
        ...

    def take_back(self, key: str) -> bool:
        """Cancel a command that was never tried; false where it was."""
        ...

    def opposite_of(self, key: str) -> CommandBody | None:
        """The command that takes back one that is done; None where it is too late."""
        ...

    async def sync_now(self) -> None: ...

    def try_again(self) -> None:
        """Look for the server now, without waiting for the answer."""
        ...

    def is_so(self, keys: Sequence[str], *, waits: bool) -> bool:
        """Whether what was said of commands when they were given still is: none was refused or taken back.

        `waits`: it was said that they wait here. Of what was queued, something has to be on its way still.
        """
        ...

    def clients_of(self, key: str) -> Sequence[str]:
        """The names of the clients that a command concerned."""
        ...

    def rescues(self) -> Sequence[Rescue]:
        """What was saved of damaged outboxes and what was not, as far as the user has not read it."""
        ...

    def dismiss_rescues(self) -> None: ...

    def retry_changes(self, keys: Sequence[str]) -> Sequence[str]:
        """Gives refused changes again as new commands; their keys. What cannot be given again stays refused."""
        ...

    def clear_changes(self, keys: Sequence[str]) -> None:
        """Takes refused changes off the list of them."""
        ...

    async def download(self, sha256: str) -> Path:
        """The bytes of a document, in the file cache."""
        ...

    async def test_connection(self, request: TestRequest) -> TestResult: ...

    async def begin_sign_in(self, request: SignInRequest) -> SignIn:
        """A sign-in in the browser begins; it waits for the user then."""
        ...

    async def sign_in(self, sign_in_id: str) -> SignIn:
        """How one stands that was begun."""
        ...

    async def return_to(self, sign_in_id: str, address: str) -> SignIn:
        """The address to which the browser was sent back, where it could not be opened."""
        ...

    async def backfill_count(
        self, client_id: str, folders: Sequence[Folder], since: date | None = None
    ) -> BackfillCount | None:
        """What an activation would find there already, dated `since` or later; None where it cannot be known now."""
        ...

    async def under_way(self, integration_ids: Sequence[str]) -> UnderWay: ...

    def import_file(
        self,
        path: Path,
        *,
        below: Path | None = None,
        client_id: str | None = None,
        create_clients: bool = False,
        hint: str | None = None,
        label: str = "",
    ) -> str:
        """The bytes are kept first, then the command is given; its key. Raises `OSError`.

        `below`: the folder that the user named, in which no link is followed.
        """
        ...


class Undoable(Value, frozen=True, kw_only=True):
    """A command that can be taken back, with what it is called in a list. `is_done`: the server has done it."""

    key: str
    title: str
    at: datetime
    is_done: bool = False


class Context(Value, frozen=True, kw_only=True, dict=True):
    """Where the user is and what is under the cursor or selected: values only, so that asking costs nothing.

    `clients`: those selected in a list of clients. `documents`: the selection, else the one under the cursor.
    `integrations`: of the clients of those documents, of `client` and `clients`. `deliveries`: of those documents.
    `unfiled`: the files selected there, else the one under the cursor, and `clients` are all clients then;
    `waiting_unfiled` counts those files. `changes`: the refused ones that are selected, else the one under the cursor,
    of `refused_changes`. `now` is aware. `offline`: what is done waits on this computer. `any_failed`: of the whole
    firm; `failures`: those of the cause under the cursor, which `failing` reads one by one, with `integrations` theirs.
    `connection`: how the copy stands to its server, where it is followed. `has_browser`: one can be opened on this
    computer's screen. `download_to`: the directory that is suggested.
    """

    doing: Doing
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
        """Of several documents without those that are marked as processed."""
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
        """The one document, `None` if there are several or none."""
        return self.documents[0] if len(self.documents) == 1 else None

    @property
    def installation(self) -> Installation | None:
        """Of the extension under the cursor, where the firm has installed it."""
        return self.installation_of(self.extension.id) if self.extension else None

    def installation_of(self, extension_id: str) -> Installation | None:
        return next(
            (installation for installation in self.installations if installation.extension_id == extension_id), None
        )

    def label_of(self, integration_id: str) -> str:
        """The integration's label; a dash for one that is gone."""
        return next((integration.label for integration in self.integrations if integration.id == integration_id), "–")


class Action:
    """One thing that a user can do.

    `keys` are Textual's names; `spare_keys` do the same and are not shown. `places` limits where it applies; `menu` is
    its part of the three-dot menu (entries of one part stand together), `None` where it is not in it; `rank` orders
    the footer.
    """

    id: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ()
    spare_keys: ClassVar[tuple[str, ...]] = ()
    places: ClassVar[frozenset[Place]] = EVERYWHERE
    menu: ClassVar[int | None] = None
    rank: ClassVar[int] = 50
    in_footer: ClassVar[bool] = True

    def name(self) -> str:
        """What it is called where there is no context: in the help, the palette, the docs."""
        raise NotImplementedError

    def help(self) -> str:
        """One sentence: what it does, and what it leaves alone."""
        raise NotImplementedError

    def title(self, context: Context) -> str:
        """What the menu says; ends in `…` if it asks first."""
        return self.name()

    def in_help(self) -> str:
        """What stands beside its key in the help: few words."""
        return self.name().rstrip("…")

    def short(self, context: Context) -> str:
        """One word or two for the footer."""
        return self.title(context).rstrip("…")

    def shows_in_footer(self, context: Context) -> bool:
        return self.in_footer

    def availability(self, context: Context) -> str | None:
        """`None` where it can be done now, else the reason why not."""
        return None

    def note(self, context: Context) -> str | None:
        """What will happen, for the line below the entry."""
        return None

    async def run(self, context: Context) -> None:
        """Only called where it is available."""
        raise NotImplementedError
