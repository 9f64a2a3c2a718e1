"""What a connector is: a manifest, a settings type, and a channel that delivers.

A delivery goes in two steps, so that nothing takes effect before the ledger knows of it:

1. `prepare` does all that has no effect at the receiver's (connect, upload under a hidden name) and returns a
   remnant: text enough to finish or to find it again.
2. `commit` is the effect. The ledger has written the remnant down before it is called.

What happened is told by a return value or by exactly one of `NotSent`, `Rejected`, `Uncertain`.
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
from banqup_tui.domain.extension import Category, ReceiverKind, Words
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import Message, message, text_message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.values import Value

NO_SECRET: Any = msgspec.field(default_factory=Secret)
"""Default of a secret setting that may be empty. A schema is made of plain values, so it is no default value itself."""

S = TypeVar("S", bound=msgspec.Struct)
S_contra = TypeVar("S_contra", bound=msgspec.Struct, contravariant=True)


class Manifest(Value, frozen=True, kw_only=True):
    """`settings` of the connector is a msgspec struct; its JSON Schema draws the form (see `schema`).

    `key_seconds`: how long a KEY receiver honours a key; `None`: for ever. What one integration bears: `concurrency`
    deliveries side by side, and `per_minute` attempts in any minute (`None`: as many as come). `carried`: it works so
    much for every byte that its channels are opened in a process of their own (connectors of this package only).
    """

    id: str
    title: Words
    description: Words
    category: Category
    kind: ReceiverKind
    version: str
    media_types: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ALL_FOLDERS
    max_size: int | None = None
    key_seconds: float | None = None
    concurrency: int = 4
    per_minute: int | None = None
    carried: bool = False


class DeliveryRequest(Value, frozen=True, kw_only=True):
    """One document to deliver. `key` is the same for every attempt at the same wanted copy (UUIDv5).

    `attempt` rises with every attempt at this delivery (the ledger's fence): it tells the hidden file of one attempt
    from another's. `client_reference`, `vat_number`, `enterprise_number` are the client's; `number` may be absent.
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


class Receipt(Value, frozen=True, kw_only=True):
    """Proof of arrival: `text` as the receiver knows it (`/in/PARVIS/achats/2026-11874.xml`), never a sentence.

    `reference`: its identifier at the receiver's. `about`: what became of the document there, where that is to be said.
    """

    text: str
    reference: str | None = None
    about: Message | None = None


class Fault(StrEnum):
    """Whose fault it is that nothing was sent: decides who waits."""

    DOCUMENT = "DOCUMENT"
    INTEGRATION = "INTEGRATION"
    PERSON = "PERSON"


class NotSent(BanqupError):
    """Certainly nothing arrived, and trying again may help. PERSON: only after someone has mended the settings.

    `trouble` says then what has to be mended: it is told as "sign-in refused", or as "needs attention".
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
    """The receiver said no: certainly nothing arrived, and the same again would be refused again."""


class Uncertain(BanqupError):
    """Cut off after the effect may have begun: it may have arrived.

    `retry_after`: seconds for which the receiver asks to be left alone.
    """

    def __init__(self, message: Message | str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class Found(StrEnum):
    """Answer of a look-up or of rolling forward. GONE: the hidden file is not there, so it was done before."""

    FOUND = "FOUND"
    ABSENT = "ABSENT"
    PENDING = "PENDING"
    REFUSED = "REFUSED"


class Step(Value, frozen=True, kw_only=True):
    """One thing that a test of the connection tried."""

    ok: bool
    message: Message


def failed_step(error: BanqupError) -> Step:
    """The step of a test that ended with this error."""
    return Step(ok=False, message=error.message)


class SettingProblem(Value, frozen=True, kw_only=True):
    """What is wrong with one setting, found without asking the receiver. `field` names the setting.

    `message` is one of the program's own; a package of others gives a sentence and a remedy.
    """

    field: str
    message: Message | None = None
    sentence: str = ""
    remedy: str = ""

    @property
    def reason(self) -> Message:
        return self.message or text_message(self.sentence, self.remedy)


class Channel(Protocol):
    """An open way to one receiver; used for several documents, closed by its context manager.

    A channel that is a subclass of this one writes what its kind of receiver needs, and leaves the rest.
    """

    async def prepare(self, delivery_request: DeliveryRequest) -> str: ...

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt: ...

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        """RENAME receivers: finish what the remnant names; a missing hidden file means it was done.

        Whatever else goes wrong is `Uncertain`: it is tried again later.
        """
        raise Uncertain(message("delivery.nothing-to-finish"))

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """LOOKUP receivers: is it there, leaving out the receipts of earlier generations?"""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        """Take away a hidden file whose delivery was given up before its effect. Never fails."""
        return


class Connector(Protocol, Generic[S]):
    """One class per system, without state of its own."""

    manifest: Manifest
    settings: type[S]

    def destination(self, settings: S) -> str:
        """Where documents go, as text to compare: another destination is another ledger question.

        It is kept in the clear and shown with every attempt, so no secret may be in it.
        """
        ...

    def connect(self, settings: S) -> AbstractAsyncContextManager[Channel]: ...

    async def test(self, settings: S, sample: DeliveryRequest | None) -> list[Step]:
        """Try everything but a real document. Steps in order, the first that fails last."""
        ...


@runtime_checkable
class Checks(Protocol):
    """A connector that knows more about its settings than their schema says; asked before they are kept.

    `entered` has the settings that are there, of their right types; `complete` says that no more will be added.
    """

    def check(self, entered: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]: ...


@runtime_checkable
class SignsIn(Protocol[S_contra]):
    """A connector whose sign-in ends at a time that its settings tell: a token, a certificate."""

    def signed_in_until(self, settings: S_contra) -> datetime | None:
        """Aware; `None` where it does not end. Asked when settings are kept, so that the user is told in time."""
        ...


@runtime_checkable
class Shows(Protocol[S_contra]):
    """A connector that can say where a document would go without asking the receiver."""

    def where(self, settings: S_contra, delivery_request: DeliveryRequest) -> str: ...


class Authorization(Value, frozen=True, kw_only=True):
    """How an application signs in for a user at a provider (OAuth 2.0, RFC 6749), as its owner registered it there.

    `parameters` are added to the address that the user opens: some providers want to be asked for a lasting sign-in.
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
    """A connector with a setting that is a sign-in (`look="sign-in"`). The service holds the tokens.

    The setting's value names the sign-in; `tokens.access_token` gives what it is good for, whenever it is needed.
    """

    def authorization(self, entered: Mapping[str, Any]) -> Authorization | SettingProblem:
        """From the settings that are there; a problem where one is missing that it needs."""
        ...


def _with_secrets(made: msgspec.Struct) -> None:
    """A field that is a `Secret` becomes one also where it was given as a text."""
    for name, kind in _hints(type(made)).items():
        if kind is Secret and isinstance(value := getattr(made, name), str):
            msgspec.structs.force_setattr(made, name, Secret(value))


@cache
def _hints(of: type) -> dict[str, Any]:
    return get_type_hints(of)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base for the settings of a connector: shown anywhere, in a log or a traceback, they hide their secrets.

    A secret one is best a `Secret`: `password: Annotated[Secret, setting("Password", "Mot de passe", secret=True)]`.
    """

    def __post_init__(self) -> None:
        _with_secrets(self)

    def __repr__(self) -> str:
        secret = secret_names(type(self))
        shown = (f"{name}={'…' if name in secret else repr(getattr(self, name))}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(shown)})"


Look = Literal["text", "email", "host", "port", "url", "path", "choice", "sign-in"]
"""What a setting is, beyond its type: says what is checked as one types."""


def setting(
    title_en: str,
    title_fr: str,
    *,
    level: str = "firm",
    help_en: str = "",
    help_fr: str = "",
    look: Look = "text",
    example: str = "",
    secret: bool = False,
    belongs_to: Sequence[str] | None = None,
    template: bool = False,
    when: Mapping[str, Sequence[str]] | None = None,
) -> Any:
    """Annotation of a field of a settings struct: `path: Annotated[str, setting("Path", "Chemin", template=True)]`.

    `example`: a right value, shown beside an error and under an empty field. `when`: it is asked only while the named
    settings have one of the values listed for each. `belongs_to`: the settings for whose values a secret was given, so
    that it has to be given again where one of them changes; where none are named, every address, host, port and user.
    """
    extra: dict[str, Any] = {"x-level": level, "x-titles": {"en": title_en, "fr": title_fr}}
    if look != "text":
        extra["x-look"] = look
    if example:
        extra["x-example"] = example
    if help_en:
        extra["x-help"] = {"en": help_en, "fr": help_fr or help_en}
    if template:
        extra["x-template"] = True
    if when:
        extra["x-when"] = {name: list(values) for name, values in when.items()}
    if secret or look == "sign-in":
        extra["writeOnly"] = True
    if belongs_to is not None:
        extra["x-belongs-to"] = list(belongs_to)
    return msgspec.Meta(title=title_en, extra_json_schema=extra)


@cache
def secret_names(settings: type[msgspec.Struct]) -> frozenset[str]:
    properties = schema(settings).get("properties", {})
    return frozenset(name for name, of in properties.items() if of.get("writeOnly"))


def schema(settings: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a settings struct, with the references resolved.

    It goes to terminals, so the name of the class, which msgspec gives as its title, is left out.
    """
    (resolved,), components = msgspec.json.schema_components([settings], schema_hook=_schema_of)
    found = dict(_resolved(resolved, components))
    found.pop("title", None)
    properties = {name: _resolved(of, components) for name, of in found.get("properties", {}).items()}
    return found | {"properties": properties}


def _schema_of(kind: type) -> dict[str, Any]:
    if kind is Secret:
        return {"type": "string"}
    raise NotImplementedError


def _resolved(of: dict[str, Any], components: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """With what it refers to (the values of an enumeration) in its place; what it says itself goes before."""
    if "anyOf" in of:
        return {**of, "anyOf": [_resolved(one, components) for one in of["anyOf"]]}
    referred = components.get(str(of.get("$ref", "")).rpartition("/")[2])
    return {**referred, **{key: value for key, value in of.items() if key != "$ref"}} if referred else of
