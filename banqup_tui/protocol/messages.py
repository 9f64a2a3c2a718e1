"""The bodies of requests and answers of the HTTP calls (docs/protocol.md, "Calls")."""

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
from banqup_tui.domain.values import JsonObject, Value
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
    """The running service: its version, and the protocols `min` to `max` that it speaks."""

    instance_id: str
    version: str
    protocol: dict[str, int]
    space_id: str
    pid: int


class Snapshot(Value, frozen=True, kw_only=True):
    """The beginning of a copy: everything but documents and deliveries, and the cursor from which changes follow.

    The cursor is of the moment of the answer, and only clients that the user may see are included.
    """

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
    """A delivery with the change number of its row."""

    seq: int
    value: Delivery


class DocumentsPage(Value, frozen=True, kw_only=True):
    """At most 1,000 documents older than the key, newest first, with their deliveries; `next` is null at the end."""

    documents: tuple[VersionedDocument, ...]
    deliveries: tuple[VersionedDelivery, ...]
    next: str | None = None


NO_VALUE = msgspec.Raw(b"null")


class Change(Value, frozen=True, kw_only=True):
    """A change of one entity; `id` of a change of access is `user:client`.

    `value` stays undecoded until its class is known by `kind`. msgspec leaves a field undecoded only if its type is
    `Raw` alone, without `None`: see `has_value`.
    """

    seq: int
    kind: EntityKind
    op: Op
    id: str
    # A factory, because msgspec cannot write a `Raw` default into the OpenAPI description.
    value: msgspec.Raw = msgspec.field(default_factory=lambda: NO_VALUE)

    @property
    def has_value(self) -> bool:
        return self.value != NO_VALUE


class Changes(Value, frozen=True, kw_only=True):
    """Changes after a cursor, in the order of their numbers.

    The new `cursor` also passes changes that the user may not see, which are left out; else a page full of these would
    be requested for ever. `seq` is the cursor's number in the clear.
    """

    changes: tuple[Change, ...]
    cursor: str
    seq: int
    has_more: bool = False


class Command(Value, frozen=True, kw_only=True):
    """A command: idempotency key, kind, `epoch.seq` of the copy when the user acted, a body of protocol.commands."""

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
    """The final answer to a command, stored under its key; `seq` is the highest change number of its effect."""

    key: str
    status: CommandStatus
    seq: int = 0
    result: Any = None
    problem: Problem | None = None


class CommandResults(Value, frozen=True, kw_only=True):
    """The results of a prefix of the commands, in their order; with `more`, the rest must be sent again."""

    results: tuple[CommandResult, ...]
    more: bool = False


class FormSettings(Value, frozen=True, kw_only=True):
    """Settings of a form that are not stored yet: of an extension for the firm, or of an installation for a client.

    Settings that the service has stored already, such as secrets, may be left out.
    """

    extension_id: str
    installation_id: str | None = None
    integration_id: str | None = None
    client_id: str | None = None
    settings: JsonObject = {}


class TestRequest(FormSettings, frozen=True, kw_only=True):
    """Asks for a test of settings. With `dry` only the settings are checked, and the receiver is not contacted."""

    __test__ = False

    dry: bool = False


class TestStep(Value, frozen=True, kw_only=True):
    """One step of a test and its outcome; `field` is the setting that it concerns."""

    __test__ = False

    ok: bool
    message: Message
    field: str | None = None


class TestResult(Value, frozen=True, kw_only=True):
    """The outcome of a test.

    `preview` is the path at which the newest document would arrive, if that is known. `variables` are the values of
    a path's placeholders for that document.
    """

    __test__ = False

    steps: tuple[TestStep, ...]
    preview: str | None = None
    variables: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        return all(step.ok for step in self.steps)


class SignInRequest(FormSettings, frozen=True, kw_only=True):
    """Begins a sign-in for the setting `field`."""

    field: str


class SignInState(StrEnum):
    """WAITING: the user is at the provider's page. REFUSED is final: another sign-in must be begun."""

    WAITING = "WAITING"
    SIGNED_IN = "SIGNED_IN"
    REFUSED = "REFUSED"


class SignIn(Value, frozen=True, kw_only=True):
    """A sign-in at a provider: OAuth 2.0 authorization code (RFC 6749, 4.1) with PKCE (RFC 7636).

    Once SIGNED_IN, `id` is the value of the setting. The user opens `url` in a browser. `returns_to` is the beginning
    of the address to which the provider sends the browser back; if the browser cannot reach it, the user copies the
    whole address. `until` is the end of the sign-in, if the provider names it. `reason` is that of a refusal.
    """

    id: str
    state: SignInState
    provider: str
    url: str
    returns_to: str
    until: datetime | None = None
    reason: Message | None = None


class ReturnedTo(Value, frozen=True, kw_only=True):
    """The whole address to which the provider sent the browser back, as the user copied it."""

    address: str


class MailboxProvider(Value, frozen=True, kw_only=True):
    """The registration at the provider of a mailbox, for a sign-in in the browser.

    `sign_in_by` is `microsoft`, `google` or `other`; what is empty is the usual value of the first two.
    """

    sign_in_by: str
    user: str
    client_id: str
    client_secret: str = ""
    authorize_url: str = ""
    token_url: str = ""
    scope: str = ""


class MailboxPassword(Value, frozen=True, kw_only=True):
    """The password of a mailbox, which is tried and then stored unless the mailbox refuses it.

    Or, in its place, the id of a sign-in that was made at `provider`.
    """

    password: str = ""
    sign_in: str = ""
    provider: MailboxProvider | None = None


class BackfillCount(Value, frozen=True, kw_only=True):
    """The number of a client's documents in these folders that a backfill would send, as of `up_to` (`epoch.seq`)."""

    folders: tuple[Folder, ...]
    count: int
    up_to: str
