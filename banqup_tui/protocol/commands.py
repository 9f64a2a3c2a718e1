"""The commands: what a user can ask of the backend, each answered once and for all under its key.

`KIND` is the name of a command on the wire, in the outbox and in the service's database. It never changes, whatever
becomes of the class.
"""

from datetime import date
from typing import Any, ClassVar

import msgspec

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import SourceKind
from banqup_tui.domain.values import Sha256, Value


class CommandBody(Value, frozen=True, kw_only=True):
    """What a command asks for. The kind stands beside the body on the wire, not in it."""

    KIND: ClassVar[str]


class Send(CommandBody, frozen=True, kw_only=True):
    """Queue what has not arrived. Without `integration_ids`: every active integration of the document's client.

    Never sends again what is delivered, unknown or under way: there it does nothing and says so in the result
    `{"queued": n, "unchanged": n}`.
    """

    KIND: ClassVar[str] = "SEND"

    document_ids: tuple[str, ...]
    integration_ids: tuple[str, ...] | None = None


class Copy(Value, frozen=True, kw_only=True):
    """One delivery of which another copy is wanted, and the generation that the user saw."""

    delivery_id: str
    generation: int


class Resend(CommandBody, frozen=True, kw_only=True):
    """Another copy of each. `if_gone`: look first where the receiver can be asked, and send only what is gone."""

    KIND: ClassVar[str] = "RESEND"

    copies: tuple[Copy, ...]
    if_gone: bool = False


class Query(Value, frozen=True, kw_only=True):
    """Which documents: all of a client, or one folder, year, month of it; or these, by id."""

    client_id: str | None = None
    folder: Folder | None = None
    year: int | None = None
    month: int | None = None
    document_ids: tuple[str, ...] | None = None
    failed_only: bool = False


class BulkSend(CommandBody, frozen=True, kw_only=True):
    """`up_to` is the `epoch.seq` seen, `expected` the number that the user confirmed: more is refused."""

    KIND: ClassVar[str] = "BULK_SEND"

    query: Query
    up_to: str
    expected: int
    integration_ids: tuple[str, ...] | None = None
    again: bool = False


class Cancel(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "CANCEL"

    delivery_ids: tuple[str, ...]


class Dismiss(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "DISMISS"

    delivery_ids: tuple[str, ...]


class Settle(CommandBody, frozen=True, kw_only=True):
    """The user looked at the receiver: it is there, or it is not."""

    KIND: ClassVar[str] = "SETTLE"

    delivery_id: str
    generation: int
    there: bool


class SetProcessed(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "SET_PROCESSED"

    document_ids: tuple[str, ...]
    processed: bool


class CreateClient(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "CREATE_CLIENT"

    client_id: str
    reference: str
    name: str
    vat_number: str | None = None
    enterprise_number: str | None = None


class Install(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "INSTALL"

    installation_id: str
    extension_id: str
    settings: dict[str, Any] = {}


class Configure(CommandBody, frozen=True, kw_only=True):
    """Settings given replace those of the same name; a null takes one away; those not named stay."""

    KIND: ClassVar[str] = "CONFIGURE"

    installation_id: str
    settings: dict[str, Any]


class AllowPackage(CommandBody, frozen=True, kw_only=True):
    """The owner lets a package of others in, by the name of its distribution as it was shown."""

    KIND: ClassVar[str] = "ALLOW_PACKAGE"

    extension_id: str
    package: str


class Uninstall(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "UNINSTALL"

    installation_id: str


class Deactivate(CommandBody, frozen=True, kw_only=True):
    """Take an installation away from every client. `expected`: how many integrations the user saw; more is refused."""

    KIND: ClassVar[str] = "DEACTIVATE"

    installation_id: str
    expected: int


class Backfill(Value, frozen=True, kw_only=True):
    """What was there before, in the folders of the integration; `since`: only what is dated then or later."""

    up_to: str
    expected: int
    since: date | None = None


class AddIntegration(CommandBody, frozen=True, kw_only=True):
    """Activate for one client. `backfill`: also send what was there before, in the number that was confirmed."""

    KIND: ClassVar[str] = "ADD_INTEGRATION"

    integration_id: str
    client_id: str
    installation_id: str
    label: str | None = None
    settings: dict[str, Any] = {}
    folders: tuple[Folder, ...] | None = None
    backfill: Backfill | None = None


class ConfigureIntegration(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "CONFIGURE_INTEGRATION"

    integration_id: str
    settings: dict[str, Any] = {}
    folders: tuple[Folder, ...] | None = None


class PauseIntegration(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "PAUSE_INTEGRATION"

    integration_id: str


class ResumeIntegration(CommandBody, frozen=True, kw_only=True):
    """Also mends a BROKEN one: what failed for its cause is queued again."""

    KIND: ClassVar[str] = "RESUME_INTEGRATION"

    integration_id: str


class RemoveIntegration(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "REMOVE_INTEGRATION"

    integration_id: str


class ImportFile(CommandBody, frozen=True, kw_only=True):
    """The file's bytes were put under `sha256` before. Without `client_id` the content says whose it is.

    `path` is where it was found, relative, as a hint. `dated` is the day on it, where the file itself does not say.
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


class AddSource(CommandBody, frozen=True, kw_only=True):
    """`path`: the folder, or where an SFTP drop listens (`HOST:PORT`). There is one drop: its address changes so."""

    KIND: ClassVar[str] = "ADD_SOURCE"

    source_id: str
    path: str
    kind: SourceKind = SourceKind.FOLDER


class RemoveSource(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "REMOVE_SOURCE"

    source_id: str


class AddAccount(CommandBody, frozen=True, kw_only=True):
    """Somebody who may put files into the SFTP drop: with `secret`, the slow hash of a password, or a `public_key`."""

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
    """A person says whose a file under *To place* is. `remember`: what is like it goes there by itself from now on."""

    KIND: ClassVar[str] = "PLACE_FILE"

    unfiled_id: str = msgspec.field(name="toPlaceId")
    client_id: str
    folder: Folder
    remember: bool = False


class DismissUnfiled(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "DISMISS_TO_PLACE"

    unfiled_ids: tuple[str, ...] = msgspec.field(name="toPlaceIds")


class RemoveRule(CommandBody, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "REMOVE_RULE"

    rule_id: str


Body = (
    Send | Resend | BulkSend | Cancel | Dismiss | Settle | SetProcessed | CreateClient | Install | Configure
    | AllowPackage | Uninstall | Deactivate | AddIntegration | ConfigureIntegration | PauseIntegration
    | ResumeIntegration | RemoveIntegration | ImportFile | AddSource | RemoveSource | AddAccount | RemoveAccount
    | PlaceFile | DismissUnfiled | RemoveRule
)  # fmt: skip


BODIES: dict[str, type[CommandBody]] = {body.KIND: body for body in Body.__args__}

_DECODERS: dict[str, msgspec.json.Decoder[CommandBody]] = {
    kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()
}
"""Made at the import: threads that decode a type for the first time at once bring the process down (msgspec 0.22)."""


def encode(body: CommandBody) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))


def decode(kind: str, raw: msgspec.Raw | bytes) -> CommandBody:
    """Raises `KeyError` for an unknown kind and `msgspec.ValidationError` for a body that does not fit."""
    return _DECODERS[kind].decode(raw)
