"""The interface between the service and its connectors: manifest, settings type and channel.

A delivery has two steps, so that nothing takes effect at the receiver before the ledger has recorded it:

1. `prepare` does everything without effect at the receiver (connect, upload under a hidden name). It returns a
  resume token: the text by which the delivery can be finished or found again.
2. `commit` has the effect. The ledger has stored the resume token before `commit` is called.

The result is a return value or exactly one of the exceptions `NotSent`, `Rejected` and `Uncertain`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar, get_type_hints, runtime_checkable

import msgspec

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind, Words, in_languages
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import Message, message, text_message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.domain.values import JsonObject, Value

NO_SECRET: Any = msgspec.field(default_factory=Secret)
"""Default of an optional secret. A factory, because the JSON Schema cannot hold a `Secret` as a default value."""

S = TypeVar("S", bound=msgspec.Struct)
S_contra = TypeVar("S_contra", bound=msgspec.Struct, contravariant=True)


class Manifest(Value, frozen=True, kw_only=True):
    """Describes a connector to the service and to the form of its settings.

    Attributes:
        title, description: in English, or by language code, with `en`.
        max_size: largest document, in bytes; `None` is no limit.
        key_seconds: seconds for which a KEY receiver honours an idempotency key; `None` is for ever.
        concurrency: deliveries of one integration that may run at the same time.
        per_minute: attempts of one integration in any minute; `None` is no limit.
    """

    id: str
    title: str | Words
    description: str | Words
    category: Category
    kind: ReceiverKind
    version: str
    media_types: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ALL_FOLDERS
    max_size: int | None = None
    key_seconds: float | None = None
    concurrency: int = 4
    per_minute: int | None = None


class PdfFile(Value, frozen=True, kw_only=True):
    """The PDF that shows what an e-invoice says. `size` in bytes, `sha256` in hexadecimal."""

    file: Path
    file_name: str
    size: int
    sha256: str


class DeliveryRequest(Value, frozen=True, kw_only=True):
    """One document to deliver.

    Attributes:
        key: idempotency key (UUIDv5), the same for every attempt at one generation of a delivery.
        attempt: the fence of the ledger, which grows with every attempt. The hidden file of an attempt has it in its
            name, so that no attempt touches the file of another.
        size: bytes of `file`; sha256: its hash in hexadecimal.
        client_reference, vat_number, enterprise_number: identifiers of the client.
        number: number of the document, which some documents lack.
        pdf: kept with an e-invoice. A connector that can take both sends it along if its settings say so; it belongs
            to the delivery, has no receipt of its own, and arrives before the document or with it.
    """

    key: str
    delivery_id: str
    generation: int
    file: Path
    file_name: str
    media_type: str
    size: int
    sha256: str
    client_reference: str
    client_name: str
    vat_number: str | None
    enterprise_number: str | None
    folder: Folder
    number: str | None
    issue_date: date
    attempt: int = 0
    pdf: PdfFile | None = None


class Receipt(Value, frozen=True, kw_only=True):
    """Proof of arrival.

    Attributes:
        text: the place at the receiver, in its own terms (`/in/PARVIS/achats/2026-11874.xml`), never a sentence.
        reference: identifier of the document at the receiver.
        about: state of the document at the receiver, where users should see it.
    """

    text: str
    reference: str | None = None
    about: Message | None = None


class Fault(StrEnum):
    """Decides what waits after a failure: this document, the whole integration, or both until a person acts."""

    DOCUMENT = "DOCUMENT"
    INTEGRATION = "INTEGRATION"
    PERSON = "PERSON"


class NotSent(BanqupError):
    """Nothing has arrived, and a later attempt may succeed.

    Args:
        fault: PERSON means that no attempt is made until a person has changed the settings.
        trouble: kind of repair that a fault of PERSON needs (a new sign-in, or other settings).
        retry_after: seconds for which the receiver asks to be left alone.
    """

    def __init__(
        self,
        message: Message | str,
        remedy: str = "",
        *,
        fault: Fault = Fault.DOCUMENT,
        trouble: Trouble = Trouble.SETTINGS,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.fault = fault
        self.trouble = trouble
        self.retry_after = retry_after


class Rejected(BanqupError):
    """The receiver refused the document: nothing has arrived, and the same document would be refused again."""


class Uncertain(BanqupError):
    """The exchange broke off after the effect may have begun: the document may have arrived.

    Args:
        retry_after: seconds for which the receiver asks to be left alone.
    """

    def __init__(self, message: Message | str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class Found(StrEnum):
    """Answer of a look-up. PENDING: the receiver cannot tell yet. REFUSED: it has the document and rejected it."""

    FOUND = "FOUND"
    ABSENT = "ABSENT"
    PENDING = "PENDING"
    REFUSED = "REFUSED"


class Step(Value, frozen=True, kw_only=True):
    """One step of a connection test, with its result."""

    ok: bool
    message: Message


def failed_step(error: BanqupError) -> Step:
    """Returns the step of a connection test that ended with this error."""
    return Step(ok=False, message=error.message)


Entered = Mapping[str, Any]
"""Values of settings, by name, as the user has entered them; secrets are `Secret`."""


class SettingProblem(Value, frozen=True, kw_only=True):
    """A fault in one setting, found without a question to the receiver.

    Attributes:
        field: name of the setting.
        message: message of this program. Connectors of other packages give `sentence` and `remedy` in its place.
    """

    field: str
    message: Message | None = None
    sentence: str = ""
    remedy: str = ""

    @property
    def reason(self) -> Message:
        return self.message or text_message(self.sentence, self.remedy)


class Channel(Protocol):
    """An open connection to one receiver, used for several documents and closed by its context manager.

    A subclass overrides the methods that its kind of receiver needs. All methods of a channel run on one event loop.
    """

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        """Does everything that has no effect at the receiver.

        Returns:
            The resume token, which the ledger stores with its mark before it calls `commit`.

        Raises:
            NotSent, Rejected: nothing has arrived. `Uncertain` is impossible before the effect.
        """
        ...

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        """Makes the document take effect at the receiver. The ledger has stored the resume token before.

        Raises:
            NotSent, Rejected: the receiver has proved that nothing arrived.
            Uncertain: the effect may have begun.
        """
        ...

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        """Finishes a delivery at a RENAME receiver: gives the hidden file in the token its final name.

        A missing hidden file counts as done: only the rename takes it away (docs/protocol.md).

        Raises:
            Uncertain: for every failure; the ledger tries again later.
        """
        raise Uncertain(message("delivery.nothing-to-finish"))

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Asks a LOOKUP receiver whether the document has arrived.

        Args:
            earlier_receipts: references of earlier generations. They do not count, or a resend would find the
                first copy.
        """
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        """Deletes the hidden file of a delivery that was given up before its effect. Raises nothing."""
        return


class Connector(Protocol, Generic[S]):
    """A type of receiver. It has no state: everything that changes is in the settings and the channel."""

    manifest: Manifest
    settings: type[S]

    def destination(self, settings: S) -> str:
        """Returns the place to which documents go, as text that the ledger compares.

        A key and a resume token are only good for the destination for which they were made. The text is stored
        and shown with every attempt, so it must hold no secret.
        """
        ...

    def connect(self, settings: S) -> AbstractAsyncContextManager[Channel]:
        """Opens a channel. Entering it raises `NotSent` if there is no connection or the sign-in is refused."""
        ...

    async def test(self, settings: S, sample: DeliveryRequest | None) -> list[Step]:
        """Tries everything short of a real delivery. Returns the steps in order; a failed step is the last."""
        ...


AnyConnector = Connector[Any]
"""A connector whose settings are not known where it is used."""


@runtime_checkable
class Checks(Protocol):
    """A connector that checks its settings beyond their schema, before they are stored.

    Args of `check`:
        entered: the settings that have a value, each of its right type.
        complete: no further settings will be added, so a missing setting is a fault.
    """

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]: ...


@runtime_checkable
class SignsIn(Protocol[S_contra]):
    """A connector whose sign-in (a token, a certificate) ends at a time that its settings tell."""

    def signed_in_until(self, settings: S_contra) -> datetime | None:
        """Returns the end as an aware datetime, or `None` if there is none. Asked when settings are stored."""
        ...


@runtime_checkable
class Shows(Protocol[S_contra]):
    """A connector that can tell the place of a document without a question to the receiver."""

    def where(self, settings: S_contra, delivery_request: DeliveryRequest) -> str:
        """Returns the place for display, without secrets."""
        ...


class Authorization(Value, frozen=True, kw_only=True):
    """Client registration at an authorization server (OAuth 2.0, RFC 6749 section 2).

    Attributes:
        parameters: added to the authorization request; some providers grant a refresh token only if asked by one.
    """

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: Secret = NO_SECRET
    scope: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _with_secrets(self)


@runtime_checkable
class Authorizes(Protocol):
    """A connector with a setting that is a sign-in (`look="sign-in"`); the service stores its tokens.

    The value of the setting names the sign-in; `tokens.access_token` returns an access token for it.
    """

    def authorization(self, entered: Entered) -> Authorization | SettingProblem:
        """Returns the registration from the settings so far, or the problem with the setting that it lacks."""
        ...


def _with_secrets(struct: msgspec.Struct) -> None:
    """Turns plain text in fields of type `Secret` into a `Secret`."""
    for name, kind in _hints(type(struct)).items():
        if kind is Secret and isinstance(value := getattr(struct, name), str):
            msgspec.structs.force_setattr(struct, name, Secret(value))


@cache
def _hints(of: type) -> dict[str, object]:
    return get_type_hints(of)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the settings of connectors. Its `repr` hides the secrets, so that logs and tracebacks are safe.

    Declare a secret as `password: Annotated[Secret, setting("Password", "Mot de passe", secret=True)]`.
    """

    def __post_init__(self) -> None:
        _with_secrets(self)

    def __repr__(self) -> str:
        secret = secret_names(type(self))
        shown = (f"{name}={'…' if name in secret else repr(getattr(self, name))}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(shown)})"


Look = Literal["text", "email", "host", "port", "url", "path", "choice", "sign-in"]
"""The meaning of a setting beyond its type; it decides the checks while the user types."""


def setting(
    title: str | Words,
    *,
    level: str = "firm",
    help: str | Words = "",
    look: Look = "text",
    example: str = "",
    secret: bool = False,
    belongs_to: Sequence[str] | None = None,
    template: bool = False,
    when: Mapping[str, Sequence[str]] | None = None,
) -> object:
    """Returns the annotation of a settings field: `path: Annotated[str, setting("Path", template=True)]`.

    Args:
        title: in English, or by language code, with `en`. The program's own catalogue is asked for what is missing.
        help: the same for a sentence below the field.
        example: a valid value, shown beside an error and under an empty field.
        when: the field is asked only while each of these settings has one of the values listed for it.
        belongs_to: settings for which a secret is valid. When one of them changes, the secret must be entered again,
            or it would be sent to another server. Default: every address, host, port and user.
    """
    extra: dict[str, Any] = {"x-level": level, "x-titles": in_languages(title)}
    if look != "text":
        extra["x-look"] = look
    if example:
        extra["x-example"] = example
    if help:
        extra["x-help"] = in_languages(help)
    if template:
        extra["x-template"] = True
    if when:
        extra["x-when"] = {name: list(values) for name, values in when.items()}
    if secret or look == "sign-in":
        extra["writeOnly"] = True
    if belongs_to is not None:
        extra["x-belongs-to"] = list(belongs_to)
    return msgspec.Meta(title=extra["x-titles"]["en"], extra_json_schema=extra)


@cache
def secret_names(settings: type[msgspec.Struct]) -> frozenset[str]:
    properties = schema(settings).get("properties", {})
    return frozenset(name for name, of in properties.items() if of.get("writeOnly"))


def schema(settings: type[msgspec.Struct]) -> JsonObject:
    """Returns the JSON Schema of a settings struct, with its references resolved.

    The schema goes to terminals, so the title, which msgspec sets to the class name, is left out.
    """
    (resolved,), components = msgspec.json.schema_components([settings], schema_hook=_schema_of)
    found = dict(_resolved(resolved, components))
    found.pop("title", None)
    properties = {name: _resolved(of, components) for name, of in found.get("properties", {}).items()}
    return found | {"properties": properties}


def _schema_of(kind: type) -> dict[str, object]:
    if kind is Secret:
        return {"type": "string"}
    raise NotImplementedError


def _resolved(of: Schema, components: Mapping[str, dict[str, object]]) -> Schema:
    """Replaces a `$ref` by its target. Keys beside the `$ref` win over those of the target."""
    if "anyOf" in of:
        return {**of, "anyOf": [_resolved(one, components) for one in of["anyOf"]]}
    referred = components.get(str(of.get("$ref", "")).rpartition("/")[2])
    return {**referred, **{key: value for key, value in of.items() if key != "$ref"}} if referred else of
