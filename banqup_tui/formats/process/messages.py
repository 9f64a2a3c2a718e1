"""Requests to the reader process and its answers: MessagePack, each with its length in front.

The process reads hostile files, so its answers are decoded by type and within a limit of size, and a refusal is taken
over only with a known code and the parameters of that code.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from banqup_tui.domain.messages import Message
from banqup_tui.formats.content import Content

MOST_ANSWERED = 64 * 2**20
"""Bytes of an answer. An attachment is as large as this at most; the lines of a document are far smaller."""

REQUEST_HEAD = Struct(">IQ")
"""Length of the encoded request, and of the document behind it."""

ANSWER_HEAD = Struct(">Q")


class ReadRequest(msgspec.Struct, frozen=True, tag="Read", array_like=True):
    """What does the document hold?"""

    file_name: str = ""


class TakeAttachment(msgspec.Struct, frozen=True, tag="TakeAttachment", array_like=True):
    index: int


class TakeEmbeddedInvoice(msgspec.Struct, frozen=True, tag="TakeEmbeddedInvoice", array_like=True):
    pass


class NameRoot(msgspec.Struct, frozen=True, tag="NameRoot", array_like=True):
    pass


class NameMediaType(msgspec.Struct, frozen=True, tag="NameMediaType", array_like=True):
    pass


Request = ReadRequest | TakeAttachment | TakeEmbeddedInvoice | NameRoot | NameMediaType


class ReadContent(msgspec.Struct, frozen=True, tag="ReadContent", array_like=True):
    content: Content


class AttachmentBytes(msgspec.Struct, frozen=True, tag="AttachmentBytes", array_like=True):
    data: bytes


class EmbeddedInvoice(msgspec.Struct, frozen=True, tag="EmbeddedInvoice", array_like=True):
    """`data` is None where the file holds no invoice."""

    name: str = ""
    data: bytes | None = None


class RootName(msgspec.Struct, frozen=True, tag="RootName", array_like=True):
    """Both are empty where the file is no XML that can be parsed."""

    name: str = ""
    namespace: str = ""


class MediaType(msgspec.Struct, frozen=True, tag="MediaType", array_like=True):
    """Empty where the kind of file is not known."""

    name: str = ""


class Refusal(msgspec.Struct, frozen=True, tag="Refusal", array_like=True):
    """With one of the codes of `refusals.REASONS`."""

    message: Message


Result = ReadContent | AttachmentBytes | EmbeddedInvoice | RootName | MediaType | Refusal


class ReaderAnswer(msgspec.Struct, frozen=True, array_like=True):
    """`cpu_seconds`: what the process has used since its start. `is_last`: it ends now, another has to be started."""

    result: Result
    cpu_seconds: float
    is_last: bool = False


requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
answers = msgspec.msgpack.Decoder(ReaderAnswer)
encoder = msgspec.msgpack.Encoder(decimal_format="string")
