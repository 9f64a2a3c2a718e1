"""The bodies of commands: the changes that a user can request of the backend (docs/protocol.md, "Commands, up").

`KIND` is the name of a command on the wire, in the outbox and in the service's database. It stays the same if the class
is renamed.
"""

from datetime import date
from typing import ClassVar

import msgspec

from banqup_tui.domain.client import ClientDetails
from banqup_tui.domain.document import DocumentValues
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import RuleKind, SourceKind
from banqup_tui.domain.values import JsonObject, Sha256, Value


class CommandBody(Value, frozen=True, kw_only=True):
    """The base of all bodies. On the wire the kind stands beside the body, not in it."""

    KIND: ClassVar[str]


class Send(CommandBody, frozen=True, kw_only=True):
    """Queues documents that have not arrived; without `integration_ids`, to every active integration of their client.

    Deliveries that are delivered, unknown or under way stay as they are: a second copy needs RESEND. The result is
    `{"queued": n, "unchanged": n}`.
    """

    KIND: ClassVar[str] = "SEND"

    document_ids: tuple[str, ...]
    integration_ids: tuple[str, ...] | None = None


class Copy(Value, frozen=True, kw_only=True):
    """A delivery of which another copy is wanted.

    `generation` is the one that the user saw: if another user has asked for a copy meanwhile, no second one is sent.
    """

    delivery_id: str
    generation: int


class Resend(CommandBody, frozen=True, kw_only=True):
    """Sends another copy of each delivery. With `if_gone`, receivers with look-up get only what is gone there."""

    KIND: ClassVar[str] = "RESEND"

    copies: tuple[Copy, ...]
    if_gone: bool = False


class Query(Value, frozen=True, kw_only=True):
    """A selection of documents: of a client, a folder, a year and month of it; or by id."""

    client_id: str | None = None
    folder: Folder | None = None
    year: int | None = None
    month: int | None = None
    document_ids: tuple[str, ...] | None = None
    failed_only: bool = False


class BulkSend(CommandBody, frozen=True, kw_only=True):
    """Queues all documents of a query that were ready at `up_to`, the `epoch.seq` that the user saw.

    It is refused (`count-changed`) if that would queue more than `expected`, the number that the user confirmed. With
    `again`, delivered documents get another copy.
    """

    KIND: ClassVar[str] = "BULK_SEND"

    query: Query
    up_to: str
    expected: int
    integration_ids: tuple[str, ...] | None = None
    again: bool = False


class Cancel(CommandBody, frozen=True, kw_only=True):
    """Cancels deliveries that are queued or not yet past their mark."""

    KIND: ClassVar[str] = "CANCEL"

    delivery_ids: tuple[str, ...]


class Dismiss(CommandBody, frozen=True, kw_only=True):
    """Takes failed and unknown deliveries off the list of failures."""

    KIND: ClassVar[str] = "DISMISS"

    delivery_ids: tuple[str, ...]


class Settle(CommandBody, frozen=True, kw_only=True):
    """Settles an unknown delivery: the user has looked at the receiver, and the document is there or is not."""

    KIND: ClassVar[str] = "SETTLE"

    delivery_id: str
    generation: int
    there: bool


class SetProcessed(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "SET_PROCESSED"

    document_ids: tuple[str, ...]
    processed: bool


class DecideDuplicate(CommandBody, frozen=True, kw_only=True):
    """Decides about a document that is held because an earlier one has its business key.

    Refused if another user has decided already: the answer says what.
    """

    KIND: ClassVar[str] = "DECIDE_DUPLICATE"

    document_id: str
    choice: DuplicateChoice


class ReopenDuplicate(CommandBody, frozen=True, kw_only=True):
    """Takes a decision about a duplicate back. Refused if something of the document was sent since."""

    KIND: ClassVar[str] = "REOPEN_DUPLICATE"

    document_id: str


class Withdraw(CommandBody, frozen=True, kw_only=True):
    """Withdraws documents: they are in no folder, count or search, and nothing more of them is sent.

    They are forgotten after 30 days.
    """

    KIND: ClassVar[str] = "WITHDRAW"

    document_ids: tuple[str, ...]


class Restore(CommandBody, frozen=True, kw_only=True):
    """Restores withdrawn documents. What was cancelled by the withdrawal is queued again."""

    KIND: ClassVar[str] = "RESTORE"

    document_ids: tuple[str, ...]


class MoveDocument(CommandBody, frozen=True, kw_only=True):
    """Moves a document to another client or folder. Refused if it is not any more where the user saw it.

    `back`: the move is taken back, so nothing new is sent.
    """

    KIND: ClassVar[str] = "MOVE_DOCUMENT"

    document_id: str
    client_id: str
    folder: Folder
    from_client_id: str
    from_folder: Folder
    back: bool = False


class CorrectDocument(CommandBody, frozen=True, kw_only=True):
    """Sets the values of a document whose file has none that can be read as data.

    Refused if they are not `before` any more, as the user saw them.
    """

    KIND: ClassVar[str] = "CORRECT_DOCUMENT"

    document_id: str
    values: DocumentValues
    before: DocumentValues


class CreateClient(ClientDetails, CommandBody, frozen=True, kw_only=True):
    """Creates a client. An empty reference is made from the name."""

    KIND: ClassVar[str] = "CREATE_CLIENT"

    client_id: str


class EditClient(CommandBody, frozen=True, kw_only=True):
    """Changes the details of a client. Refused if they are not `before` any more, as the user saw them."""

    KIND: ClassVar[str] = "EDIT_CLIENT"

    client_id: str
    details: ClientDetails
    before: ClientDetails


class SetArchived(CommandBody, frozen=True, kw_only=True):
    """Archives clients, or brings them back. Documents of an archived client wait in *To place*."""

    KIND: ClassVar[str] = "SET_ARCHIVED"

    client_ids: tuple[str, ...]
    archived: bool


class Install(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "INSTALL"

    installation_id: str
    extension_id: str
    settings: JsonObject = {}


class Configure(CommandBody, frozen=True, kw_only=True):
    """Changes settings of an installation: named settings are replaced, null removes a setting, others stay."""

    KIND: ClassVar[str] = "CONFIGURE"

    installation_id: str
    settings: JsonObject


class AllowPackage(CommandBody, frozen=True, kw_only=True):
    """Allows a package of another author to run, by the name of its distribution as the owner saw it."""

    KIND: ClassVar[str] = "ALLOW_PACKAGE"

    extension_id: str
    package: str


class Uninstall(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "UNINSTALL"

    installation_id: str


class Deactivate(CommandBody, frozen=True, kw_only=True):
    """Removes an installation from every client. It is refused if there are more integrations than `expected`."""

    KIND: ClassVar[str] = "DEACTIVATE"

    installation_id: str
    expected: int


class Backfill(Value, frozen=True, kw_only=True):
    """The documents from before the activation that are sent too, those dated `since` or later if it is set.

    `up_to` and `expected` as in `BulkSend`.
    """

    up_to: str
    expected: int
    since: date | None = None


class AddIntegration(CommandBody, frozen=True, kw_only=True):
    """Activates an installation for a client. Without `backfill` only documents that come later are sent."""

    KIND: ClassVar[str] = "ADD_INTEGRATION"

    integration_id: str
    client_id: str
    installation_id: str
    label: str | None = None
    settings: JsonObject = {}
    folders: tuple[Folder, ...] | None = None
    backfill: Backfill | None = None


class ConfigureIntegration(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "CONFIGURE_INTEGRATION"

    integration_id: str
    settings: JsonObject = {}
    folders: tuple[Folder, ...] | None = None


class PauseIntegration(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "PAUSE_INTEGRATION"

    integration_id: str


class ResumeIntegration(CommandBody, frozen=True, kw_only=True):
    """Resumes a paused integration, or a BROKEN one: deliveries that failed for its cause are queued again."""

    KIND: ClassVar[str] = "RESUME_INTEGRATION"

    integration_id: str


class RemoveIntegration(CommandBody, frozen=True, kw_only=True):
    """Removes an integration. Its ledger stays: adding it again does not send delivered documents again."""

    KIND: ClassVar[str] = "REMOVE_INTEGRATION"

    integration_id: str


class ImportFile(CommandBody, frozen=True, kw_only=True):
    """Imports a file whose bytes were uploaded under `sha256` before.

    Without `client_id` or `folder` they are found from the content and from `path`, the relative path at which the user
    had the file. `dated` is the document's date if the file has none. `beside` is the SHA-256 of an XML of the same
    name in the same directory, which was imported before: a PDF may be its picture.
    """

    KIND: ClassVar[str] = "IMPORT_FILE"

    sha256: Sha256
    file_name: str
    client_id: str | None = None
    folder: Folder | None = None
    create_clients: bool = False
    approved: bool = True
    path: str | None = None
    dated: date | None = None
    beside: Sha256 | None = None


class AddSource(CommandBody, frozen=True, kw_only=True):
    """Adds a watched folder at `path`, the SFTP drop at the address `HOST:PORT`, or the mailbox at that of
    `domain.mailbox_address`, of which the mails that came on `since` or later are taken, and then moved to the folder
    `move_to` of the server; empty: they are moved no more.

    There is only one drop and one mailbox: adding it again changes its address. The password of a mailbox is in no
    command, as commands are stored on the user's computer: `protocol.paths.MAILBOX_PASSWORD`.
    """

    KIND: ClassVar[str] = "ADD_SOURCE"

    source_id: str
    path: str
    kind: SourceKind = SourceKind.FOLDER
    since: date | None = None
    move_to: str | None = None


class RemoveSource(CommandBody, frozen=True, kw_only=True):
    """Removes a source. `kind` and `path` are what the user saw of a watched folder, so that it can be added again."""

    KIND: ClassVar[str] = "REMOVE_SOURCE"

    source_id: str
    kind: SourceKind | None = None
    path: str = ""


class AddAccount(CommandBody, frozen=True, kw_only=True):
    """Adds an account of the SFTP drop, with a `public_key` or a `secret`, the slow hash of a password."""

    KIND: ClassVar[str] = "ADD_ACCOUNT"

    account_id: str
    source_id: str
    name: str
    client_id: str | None = None
    folder: Folder | None = None
    secret: str | None = None
    public_key: str | None = None


class RemoveAccount(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "REMOVE_ACCOUNT"

    account_id: str


class PlaceFile(CommandBody, frozen=True, kw_only=True):
    """Files an unfiled file. With `remember`, a filing rule is made: similar files are filed alike from now on."""

    KIND: ClassVar[str] = "PLACE_FILE"

    unfiled_id: str = msgspec.field(name="toPlaceId")
    client_id: str
    folder: Folder
    remember: bool = False


class DismissUnfiled(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "DISMISS_TO_PLACE"

    unfiled_ids: tuple[str, ...] = msgspec.field(name="toPlaceIds")


class AddRule(CommandBody, frozen=True, kw_only=True):
    """Adds a rule on mails of the mailbox: those with the text `match` in their SENDER, RECIPIENT or SUBJECT are the
    client's. It takes the place of one with the same text.
    """

    KIND: ClassVar[str] = "ADD_RULE"

    kind: RuleKind
    match: str
    client_id: str
    folder: Folder | None = None


class RemoveRule(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "REMOVE_RULE"

    rule_id: str


Body = (
    Send | Resend | BulkSend | Cancel | Dismiss | Settle | SetProcessed | CreateClient | EditClient | SetArchived
    | Install | Configure
    | AllowPackage | Uninstall | Deactivate | AddIntegration | ConfigureIntegration | PauseIntegration
    | ResumeIntegration | RemoveIntegration | ImportFile | AddSource | RemoveSource | AddAccount | RemoveAccount
    | PlaceFile | DismissUnfiled | AddRule | RemoveRule | DecideDuplicate | ReopenDuplicate
    | Withdraw | Restore | MoveDocument | CorrectDocument
)  # fmt: skip


BODIES: dict[str, type[CommandBody]] = {body.KIND: body for body in Body.__args__}

_DECODERS: dict[str, msgspec.json.Decoder[CommandBody]] = {
    kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()
}
"""Built at import, before any thread: msgspec 0.22 crashes if two threads decode a type for the first time at once."""


def encode(body: CommandBody) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))


def decode(kind: str, raw: msgspec.Raw | bytes) -> CommandBody:
    """Raises `KeyError` for an unknown kind and `msgspec.ValidationError` for a body that does not fit."""
    return _DECODERS[kind].decode(raw)
