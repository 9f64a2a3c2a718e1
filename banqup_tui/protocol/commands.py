"""The commands: what a user can ask of the backend, each answered once and for all under its key.

The kind of a command is the name of its body in UPPER_SNAKE, as `kind_of` gives it.
"""

from datetime import date
from typing import Any

import msgspec

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import SourceKind
from banqup_tui.domain.values import Sha256, Value


class Send(Value, frozen=True, kw_only=True):
    """Queue what has not arrived. Without `integration_ids`: every active integration of the document's client.

    Never sends again what is delivered, unknown or under way: there it does nothing and says so in the result
    `{"queued": n, "unchanged": n}`.
    """

    document_ids: tuple[str, ...]
    integration_ids: tuple[str, ...] | None = None


class Copy(Value, frozen=True, kw_only=True):
    """One delivery of which another copy is wanted, and the generation that the user saw."""

    delivery_id: str
    generation: int


class Resend(Value, frozen=True, kw_only=True):
    """Another copy of each. `if_gone`: look first where the receiver can be asked, and send only what is gone."""

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


class BulkSend(Value, frozen=True, kw_only=True):
    """`up_to` is the `epoch.seq` seen, `expected` the number that the user confirmed: more is refused."""

    query: Query
    up_to: str
    expected: int
    integration_ids: tuple[str, ...] | None = None
    again: bool = False


class Cancel(Value, frozen=True, kw_only=True):
    delivery_ids: tuple[str, ...]


class Dismiss(Value, frozen=True, kw_only=True):
    delivery_ids: tuple[str, ...]


class Settle(Value, frozen=True, kw_only=True):
    """The user looked at the receiver: it is there, or it is not."""

    delivery_id: str
    generation: int
    there: bool


class SetProcessed(Value, frozen=True, kw_only=True):
    document_ids: tuple[str, ...]
    processed: bool


class CreateClient(Value, frozen=True, kw_only=True):
    client_id: str
    reference: str
    name: str
    vat_number: str | None = None
    enterprise_number: str | None = None


class Install(Value, frozen=True, kw_only=True):
    installation_id: str
    extension_id: str
    settings: dict[str, Any] = {}


class Configure(Value, frozen=True, kw_only=True):
    """Settings given replace those of the same name; a null takes one away; those not named stay."""

    installation_id: str
    settings: dict[str, Any]


class AllowPackage(Value, frozen=True, kw_only=True):
    """The owner lets a package of others in, by the name of its distribution as it was shown."""

    extension_id: str
    package: str


class Uninstall(Value, frozen=True, kw_only=True):
    installation_id: str


class Deactivate(Value, frozen=True, kw_only=True):
    """Take an installation away from every client. `expected`: how many integrations the user saw; more is refused."""

    installation_id: str
    expected: int


class Backfill(Value, frozen=True, kw_only=True):
    """What was there before, in the folders of the integration; `since`: only what is dated then or later."""

    up_to: str
    expected: int
    since: date | None = None


class AddIntegration(Value, frozen=True, kw_only=True):
    """Activate for one client. `backfill`: also send what was there before, in the number that was confirmed."""

    integration_id: str
    client_id: str
    installation_id: str
    label: str | None = None
    settings: dict[str, Any] = {}
    folders: tuple[Folder, ...] | None = None
    backfill: Backfill | None = None


class ConfigureIntegration(Value, frozen=True, kw_only=True):
    integration_id: str
    settings: dict[str, Any] = {}
    folders: tuple[Folder, ...] | None = None


class PauseIntegration(Value, frozen=True, kw_only=True):
    integration_id: str


class ResumeIntegration(Value, frozen=True, kw_only=True):
    """Also mends a BROKEN one: what failed for its cause is queued again."""

    integration_id: str


class RemoveIntegration(Value, frozen=True, kw_only=True):
    integration_id: str


class ImportFile(Value, frozen=True, kw_only=True):
    """The file's bytes were put under `sha256` before. Without `client_id` the content says whose it is.

    `path` is where it was found, relative, as a hint. `dated` is the day on it, where the file itself does not say.
    """

    sha256: Sha256
    file_name: str
    client_id: str | None = None
    folder: Folder | None = None
    create_clients: bool = False
    approved: bool = True
    path: str | None = None
    dated: date | None = None


class AddSource(Value, frozen=True, kw_only=True):
    """`path`: the folder, or where an SFTP drop listens (`HOST:PORT`). There is one drop: its address changes so."""

    source_id: str
    path: str
    kind: SourceKind = SourceKind.FOLDER


class RemoveSource(Value, frozen=True, kw_only=True):
    source_id: str


class AddAccount(Value, frozen=True, kw_only=True):
    """Somebody who may put files into the SFTP drop: with `secret`, the slow hash of a password, or a `public_key`."""

    account_id: str
    source_id: str
    name: str
    client_id: str | None = None
    folder: Folder | None = None
    secret: str | None = None
    public_key: str | None = None


class RemoveAccount(Value, frozen=True, kw_only=True):
    account_id: str


class PlaceFile(Value, frozen=True, kw_only=True):
    """A person says whose a file under *To place* is. `remember`: what is like it goes there by itself from now on."""

    to_place_id: str
    client_id: str
    folder: Folder
    remember: bool = False


class DismissToPlace(Value, frozen=True, kw_only=True):
    to_place_ids: tuple[str, ...]


class RemoveRule(Value, frozen=True, kw_only=True):
    rule_id: str


Body = (
    Send | Resend | BulkSend | Cancel | Dismiss | Settle | SetProcessed | CreateClient | Install | Configure
    | AllowPackage | Uninstall | Deactivate | AddIntegration | ConfigureIntegration | PauseIntegration
    | ResumeIntegration | RemoveIntegration | ImportFile | AddSource | RemoveSource | AddAccount | RemoveAccount
    | PlaceFile | DismissToPlace | RemoveRule
)  # fmt: skip


def kind_of(body_type: type[Value]) -> str:
    """`SetProcessed` -> `SET_PROCESSED`."""
    name = body_type.__name__
    return "".join(f"_{letter}" if letter.isupper() and at else letter for at, letter in enumerate(name)).upper()


BODIES: dict[str, type[Value]] = {kind_of(body): body for body in Body.__args__}

_DECODERS: dict[str, msgspec.json.Decoder[Value]] = {kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()}
"""Made at the import: threads that decode a type for the first time at once bring the process down (msgspec 0.22)."""


def encode(body: Value) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))


def decode(kind: str, raw: msgspec.Raw | bytes) -> Value:
    """Raises `KeyError` for an unknown kind and `msgspec.ValidationError` for a body that does not fit."""
    return _DECODERS[kind].decode(raw)
