"""The messages between the service and a connector host: MessagePack arrays, each preceded by its length.

There are two sockets. On the first, questions about channels are answered in any order. On the second, questions about
a connector's definition are answered one after the other, because threads of the service wait for them.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import msgspec

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.frames import Frames as Frames
from banqup_tui.backend.frames import frame
from banqup_tui.connectors.interface import (
    Authorization,
    DeliveryRequest,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    Rejected,
    Step,
    Uncertain,
)
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import Message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.values import JsonObject


class _Message(msgspec.Struct, frozen=True, array_like=True):
    pass


class Open(_Message, frozen=True, tag="Open"):
    """Opens a channel to a receiver.

    Attributes:
        channel: Number that the service gives to the channel.
        connector: Class of the connector, as `module:name`.
        settings: The connector's settings by name, with their secrets.
    """

    channel: int
    connector: str
    settings: JsonObject


class Close(_Message, frozen=True, tag="Close"):
    """Closes a channel; there is no answer."""

    channel: int


class Prepare(_Message, frozen=True, tag="Prepare"):
    """Asks for `Channel.prepare`; the answer has the resume token as `text`."""

    number: int
    channel: int
    delivery_request: DeliveryRequest


class Commit(_Message, frozen=True, tag="Commit"):
    """Asks for `Channel.commit`; the answer has the `receipt`."""

    number: int
    channel: int
    delivery_request: DeliveryRequest
    resume_token: str


class RollForward(_Message, frozen=True, tag="RollForward"):
    """Asks for `Channel.roll_forward`; the answer has the `receipt`."""

    number: int
    channel: int
    delivery_request: DeliveryRequest
    resume_token: str


class LookUp(_Message, frozen=True, tag="LookUp"):
    """Asks for `Channel.look_up`; the answer has `found` and perhaps a `receipt`."""

    number: int
    channel: int
    delivery_request: DeliveryRequest
    earlier_receipts: tuple[str, ...]


class Discard(_Message, frozen=True, tag="Discard"):
    """Asks for `Channel.discard`; the answer is empty."""

    number: int
    channel: int
    resume_token: str


class Ready(_Message, frozen=True, tag="Ready"):
    """Asks for an answer when the channel is open."""

    number: int
    channel: int


class Test(_Message, frozen=True, tag="Test"):
    """Asks for `Connector.test`; the answer has the `steps`.

    Attributes:
        channel: Number under which the test may ask for access tokens, as a channel does.
    """

    number: int
    channel: int
    connector: str
    settings: JsonObject
    sample: DeliveryRequest | None


class CancelQuestion(_Message, frozen=True, tag="CancelQuestion"):
    """Cancels a question. There will be no answer but `Acknowledged`, which shows that the host is not blocked."""

    number: int


class Token(_Message, frozen=True, tag="Token"):
    """Answers `TokenWanted`: the access token, or the `failure` to get one."""

    number: int
    text: str | None = None
    failure: Failure | None = None


Question = Prepare | Commit | RollForward | LookUp | Discard | Ready | Test
HostMessage = Open | Close | CancelQuestion | Token | Prepare | Commit | RollForward | LookUp | Discard | Ready | Test


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """An exception that a connector raised.

    Attributes:
        kind: `NotSent`, `Rejected` or `Uncertain`, and `Error` for any other exception.
        trace: Traceback of any other exception, for the log.
    """

    kind: str
    message: Message
    fault: Fault = Fault.DOCUMENT
    trouble: Trouble = Trouble.SETTINGS
    retry_after: float | None = None
    trace: str = ""

    def error(self) -> Exception:
        """Returns the exception to raise in the other process."""
        match self.kind:
            case "NotSent":
                return NotSent(
                    self.message,
                    fault=self.fault,
                    trouble=self.trouble,
                    retry_after=self.retry_after,
                )
            case "Rejected":
                return Rejected(self.message)
            case "Uncertain":
                return Uncertain(self.message, retry_after=self.retry_after)
        error = RuntimeError(self.message.quote)
        error.add_note(self.trace)
        return error


class Answer(_Message, frozen=True, tag="Answer"):
    """The answer to the question with the same number; the question decides which other fields are set."""

    number: int
    text: str | None = None
    receipt: Receipt | None = None
    found: Found | None = None
    steps: tuple[Step, ...] | None = None
    failure: Failure | None = None


class TokenWanted(_Message, frozen=True, tag="TokenWanted"):
    """Asks the service for an access token (`connectors.common.tokens`); it answers with `Token`.

    Attributes:
        channel: The channel or test whose settings name the sign-in.
    """

    number: int
    channel: int
    sign_in: str
    authorization: Authorization
    refused: str | None


class Acknowledged(_Message, frozen=True, tag="Acknowledged"):
    """Confirms `CancelQuestion`."""

    number: int


class LogLine(_Message, frozen=True, tag="LogLine"):
    """A line for the log of the service."""

    level: int
    logger: str
    text: str


ServiceMessage = Answer | TokenWanted | Acknowledged | LogLine


class Describe(_Message, frozen=True, tag="Describe"):
    """Asks for the `Description` of a connector."""

    connector: str
    extension_id: str
    package: str


class ReadSettings(_Message, frozen=True, tag="ReadSettings"):
    """Asks for `Definition.read`."""

    connector: str
    settings: JsonObject
    level: Level


class DestinationOf(_Message, frozen=True, tag="DestinationOf"):
    """Asks for `Definition.destination`."""

    connector: str
    settings: JsonObject


class PlaceOf(_Message, frozen=True, tag="PlaceOf"):
    """Asks for `Definition.where`."""

    connector: str
    settings: JsonObject
    delivery_request: DeliveryRequest


class SignedInUntil(_Message, frozen=True, tag="SignedInUntil"):
    """Asks for `Definition.signed_in_until`."""

    connector: str
    settings: JsonObject


class AuthorizationOf(_Message, frozen=True, tag="AuthorizationOf"):
    """Asks for `Definition.authorization`, as `AuthorizationAnswer`."""

    connector: str
    entered: JsonObject


DefinitionQuestion = Describe | ReadSettings | DestinationOf | PlaceOf | SignedInUntil | AuthorizationOf


class Description(_Message, frozen=True, tag="Description"):
    """What a connector is; `problem` is why it does not load."""

    extension: Extension | None = None
    manifest: Manifest | None = None
    problem: str = ""


class AuthorizationAnswer(_Message, frozen=True, tag="AuthorizationAnswer"):
    """The registration, or the setting that it lacks and why; all `None` where the connector has no sign-in."""

    authorization: Authorization | None = None
    field: str | None = None
    reason: Message | None = None


class DefinitionAnswer(_Message, frozen=True, tag="DefinitionAnswer"):
    """The answer to a question about a definition, as the question says, or the `failure`."""

    value: Any = None
    failure: Failure | None = None


def failure_of(error: BaseException) -> Failure:
    """Returns the message for an exception. Of an unexpected one only the type and traceback travel."""
    match error:
        case NotSent():
            return Failure("NotSent", error.message, error.fault, error.trouble, error.retry_after)
        case Rejected():
            return Failure("Rejected", error.message)
        case Uncertain():
            return Failure("Uncertain", error.message, retry_after=error.retry_after)
    return Failure(
        "Error", Message("error", quote=type(error).__name__), trace="".join(traceback.format_exception(error))
    )


def encoded(value: object) -> object:
    """The `enc_hook` of these messages. The sockets are between processes of this program, so secrets are sent."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(type(value))


def decoded(kind: type, value: object) -> object:
    """The `dec_hook` of these messages: makes a path or a secret of its text."""
    return kind(value)


_encode = msgspec.msgpack.Encoder(enc_hook=encoded).encode
# Built at import: msgspec 0.22 crashes the process when two threads decode a type for the first time at once.
decode_host_message = msgspec.msgpack.Decoder(HostMessage, dec_hook=decoded)
decode_service_message = msgspec.msgpack.Decoder(ServiceMessage, dec_hook=decoded)
decode_definition_question = msgspec.msgpack.Decoder(DefinitionQuestion, dec_hook=decoded)
decode_definition_answer = msgspec.msgpack.Decoder(DefinitionAnswer, dec_hook=decoded)


def framed(message: _Message) -> bytes:
    """Returns an encoded message with its length before it."""
    return frame(_encode(message))
