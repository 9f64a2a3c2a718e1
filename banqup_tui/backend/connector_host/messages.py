"""The messages between the service and the connector host: MessagePack arrays, each preceded by its length."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import msgspec

from banqup_tui.backend.frames import Frames as Frames
from banqup_tui.backend.frames import frame
from banqup_tui.connectors.interface import DeliveryRequest, Fault, Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import Message


class _Message(msgspec.Struct, frozen=True, array_like=True):
    pass


class Open(_Message, frozen=True, tag="Open"):
    """Opens a channel to a receiver.

    Attributes:
        channel: Number that the service gives to the channel.
        connector: Class of the connector, as `module:name`.
        settings: JSON of the connector's settings struct, with its secrets.
    """

    channel: int
    connector: str
    settings: bytes


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


class GiveUp(_Message, frozen=True, tag="GiveUp"):
    """Cancels a question; there will be no answer."""

    number: int


Question = Prepare | Commit | RollForward | LookUp | Discard | Ready
HostMessage = Open | Close | GiveUp | Prepare | Commit | RollForward | LookUp | Discard | Ready


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """An exception that a channel raised.

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
        """Returns the exception to raise in the service."""
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


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The answer to the question with the same number; the question decides which other fields are set."""

    number: int
    text: str | None = None
    receipt: Receipt | None = None
    found: Found | None = None
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


def _as_text(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value))


def _from_text(kind: type, value: Any) -> Any:
    return kind(value)


_encode = msgspec.msgpack.Encoder(enc_hook=_as_text).encode
# Built at import: msgspec 0.22 crashes the process when two threads decode a type for the first time at once.
decode_host_message = msgspec.msgpack.Decoder(HostMessage, dec_hook=_from_text)
to_service = msgspec.msgpack.Decoder(Answer, dec_hook=_from_text)


def framed(message: _Message | Answer) -> bytes:
    """Returns an encoded message with its length before it."""
    return frame(_encode(message))
