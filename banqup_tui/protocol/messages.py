"""What the calls of docs/protocol.md answer."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.messages import Message
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.domain.space import Role, Space
from banqup_tui.domain.values import Value
from banqup_tui.protocol.problems import Problem


class EntityKind(StrEnum):
    SPACE = "SPACE"
    CLIENT = "CLIENT"
    DOCUMENT = "DOCUMENT"
    DELIVERY = "DELIVERY"
    INSTALLATION = "INSTALLATION"
    INTEGRATION = "INTEGRATION"
    SOURCE = "SOURCE"
    UNFILED = "TO_PLACE"
    RULE = "RULE"
    ACCESS = "ACCESS"


class Op(StrEnum):
    PUT = "PUT"
    DELETE = "DELETE"
    GRANTED = "GRANTED"
    REVOKED = "REVOKED"


class Instance(Value, frozen=True, kw_only=True):
    """The running service: which version it is, and the range of protocols that it speaks."""

    instance_id: str
    version: str
    protocol: dict[str, int]
    space_id: str
    pid: int


class Snapshot(Value, frozen=True, kw_only=True):
    """The beginning of a copy: everything small, and the cursor from which changes follow."""

    cursor: str
    epoch: str
    seq: int
    role: Role
    space: Space
    clients: tuple[Client, ...]
    extensions: tuple[Extension, ...] = ()
    installations: tuple[Installation, ...] = ()
    integrations: tuple[Integration, ...] = ()
    sources: tuple[Source, ...] = ()
    unfiled: tuple[Unfiled, ...] = msgspec.field(default=(), name="toPlace")
    rules: tuple[PlacingRule, ...] = ()
    document_count: int = 0


class VersionedDocument(Value, frozen=True, kw_only=True):
    """A document with the change number of its row."""

    seq: int
    value: Document


class VersionedDelivery(Value, frozen=True, kw_only=True):
    seq: int
    value: Delivery


class DocumentsPage(Value, frozen=True, kw_only=True):
    """At most 1,000 documents below the key, newest first; `next` is null at the end."""

    documents: tuple[VersionedDocument, ...]
    deliveries: tuple[VersionedDelivery, ...]
    next: str | None = None


NO_VALUE = msgspec.Raw(b"null")


class Change(Value, frozen=True, kw_only=True):
    """`value` is left undecoded; msgspec does so only where nothing else is allowed, not even None: see `has_value`."""

    seq: int
    kind: EntityKind
    op: Op
    id: str
    value: msgspec.Raw = msgspec.field(default_factory=lambda: NO_VALUE)  # a description cannot have it as a default

    @property
    def has_value(self) -> bool:
        return self.value != NO_VALUE


class Changes(Value, frozen=True, kw_only=True):
    """`cursor` passes what the user may not see; `seq` is its number in the clear."""

    changes: tuple[Change, ...]
    cursor: str
    seq: int
    has_more: bool = False


class Command(Value, frozen=True, kw_only=True):
    """`seen` is `epoch.seq` of the copy when the user acted; `body` is one of protocol.commands."""

    key: str
    kind: str
    seen: str
    body: msgspec.Raw


class Commands(Value, frozen=True, kw_only=True):
    commands: tuple[Command, ...]


class CommandStatus(StrEnum):
    DONE = "DONE"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"


class CommandResult(Value, frozen=True, kw_only=True):
    key: str
    status: CommandStatus
    seq: int = 0
    result: Any = None
    problem: Problem | None = None


class CommandResults(Value, frozen=True, kw_only=True):
    """A prefix of what was asked, in order; `more`: ask again for the rest."""

    results: tuple[CommandResult, ...]
    more: bool = False


class FormSettings(Value, frozen=True, kw_only=True):
    """Either an extension (firm's settings) or an installation for a client, with settings not kept yet.

    Settings that are kept already, secrets above all, need not be given again.
    """

    extension_id: str
    installation_id: str | None = None
    integration_id: str | None = None
    client_id: str | None = None
    settings: dict[str, Any] = {}


class TestRequest(FormSettings, frozen=True, kw_only=True):
    """`dry`: only look at the settings and say where a document would go; the receiver is not asked."""

    __test__ = False

    dry: bool = False


class TestStep(Value, frozen=True, kw_only=True):
    """One thing that was tried, and what came of it. `field`: the setting it is about."""

    __test__ = False

    ok: bool
    message: Message
    field: str | None = None


class TestResult(Value, frozen=True, kw_only=True):
    """`preview`: where the newest document would go with these settings, if it can be told.

    `variables`: what the placeholders of a path stand for with that document.
    """

    __test__ = False

    steps: tuple[TestStep, ...]
    preview: str | None = None
    variables: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        return all(step.ok for step in self.steps)


class SignInRequest(FormSettings, frozen=True, kw_only=True):
    """`field`: the setting that is a sign-in."""

    field: str


class SignInState(StrEnum):
    """WAITING: for the user at the provider's page. REFUSED is final: another sign-in has to be begun."""

    WAITING = "WAITING"
    SIGNED_IN = "SIGNED_IN"
    REFUSED = "REFUSED"


class SignIn(Value, frozen=True, kw_only=True):
    """A sign-in at a provider (OAuth 2.0 authorization code with PKCE). Once SIGNED_IN, `id` is the setting's value.

    `url`: to be opened in a browser. `returns_to`: the beginning of the address to which the provider sends the browser
    back; where that cannot be reached, the user copies the whole address from the browser. `until`: when it ends, where
    the provider says so. `reason`: why it was refused.
    """

    id: str
    state: SignInState
    provider: str
    url: str
    returns_to: str
    until: datetime | None = None
    reason: Message | None = None


class ReturnedTo(Value, frozen=True, kw_only=True):
    """The whole address to which the provider sent the browser back, as it was copied."""

    address: str


class BackfillCount(Value, frozen=True, kw_only=True):
    """How many documents of the client, in these folders, were there before."""

    folders: tuple[Folder, ...]
    count: int
    up_to: str
