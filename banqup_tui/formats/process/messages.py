"""Requests to the reader process and its answers: MessagePack, each after its length.

The process reads hostile files, so its answers are decoded by type and up to a size, and a refusal is accepted only
with a known code and the parameters of that code.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from banqup_tui.domain.messages import Message
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin
from banqup_tui.formats.container import ContainerKind
from banqup_tui.formats.content import Content, PdfText

MOST_ANSWERED = 64 * 2**20
"""The most bytes of an answer: an attachment may be as large, the lines of a document are far smaller."""

REQUEST_HEAD = Struct(">IQ")
"""The lengths of the encoded request and of the document after it."""

ANSWER_HEAD = Struct(">Q")


class ReadRequest(msgspec.Struct, frozen=True, tag="Read", array_like=True):
    """Asks for the content of the document."""

    file_name: str = ""


class OpenFile(msgspec.Struct, frozen=True, tag="Open", array_like=True):
    """Asks for the content of a document, or for the parts of a container: see `PartFollows`."""

    file_name: str = ""


class TakeAttachment(msgspec.Struct, frozen=True, tag="TakeAttachment", array_like=True):
    """Asks for the bytes of the attachment `index`."""

    index: int


class TakeStatements(msgspec.Struct, frozen=True, tag="TakeStatements", array_like=True):
    """Asks for a bank file of the statements at these positions."""

    indices: tuple[int, ...]


class TakeEmbeddedInvoice(msgspec.Struct, frozen=True, tag="TakeEmbeddedInvoice", array_like=True):
    """Asks for the invoice inside a PDF."""


class TakePdfText(msgspec.Struct, frozen=True, tag="TakePdfText", array_like=True):
    """Asks for the text layer of a PDF."""


class NameRoot(msgspec.Struct, frozen=True, tag="NameRoot", array_like=True):
    """Asks for name and namespace of an XML's root."""


class NameMediaType(msgspec.Struct, frozen=True, tag="NameMediaType", array_like=True):
    """Asks for the media type."""


PlainRequest = (
    ReadRequest | TakeAttachment | TakeStatements | TakeEmbeddedInvoice | TakePdfText | NameRoot | NameMediaType
)
"""A request that one answer ends."""

Request = PlainRequest | OpenFile


class ReadContent(msgspec.Struct, frozen=True, tag="ReadContent", array_like=True):
    content: Content


class AttachmentBytes(msgspec.Struct, frozen=True, tag="AttachmentBytes", array_like=True):
    data: bytes


class StatementFile(msgspec.Struct, frozen=True, tag="StatementFile", array_like=True):
    data: bytes


class EmbeddedInvoice(msgspec.Struct, frozen=True, tag="EmbeddedInvoice", array_like=True):
    """The invoice in a PDF; `data` is `None` if it has none."""

    name: str = ""
    data: bytes | None = None


class TextOfPdf(msgspec.Struct, frozen=True, tag="TextOfPdf", array_like=True):
    text: PdfText


class RootName(msgspec.Struct, frozen=True, tag="RootName", array_like=True):
    """Name and namespace of a root; both are empty if the file is no XML that can be parsed."""

    name: str = ""
    namespace: str = ""


class MediaType(msgspec.Struct, frozen=True, tag="MediaType", array_like=True):
    """A media type; empty if it is not known."""

    name: str = ""


class PartFollows(msgspec.Struct, frozen=True, tag="Part", array_like=True):
    """A part of a container. Its bytes follow the answer as they are, and further answers after them.

    The parts come one by one, so that neither side has all of them in one message beside those that it made of it.
    """

    name: str
    path: str
    position: str
    size: int
    refusal: Message | None
    mail: MailOrigin | None
    envelope: EnvelopeOrigin | None


class ContainerEnd(msgspec.Struct, frozen=True, tag="Container", array_like=True):
    """The container whose parts have come, `count` of them."""

    kind: ContainerKind
    count: int
    mail: MailOrigin | None
    envelope: EnvelopeOrigin | None


class Refusal(msgspec.Struct, frozen=True, tag="Refusal", array_like=True):
    """A refusal with a code of `refusals.REASONS`."""

    message: Message


Result = (
    ReadContent
    | PartFollows
    | ContainerEnd
    | AttachmentBytes
    | StatementFile
    | EmbeddedInvoice
    | TextOfPdf
    | RootName
    | MediaType
    | Refusal
)


class ReaderAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer.

    `cpu_seconds` is what the process has used since its start. With `is_last` it ends now, and another must be started.
    """

    result: Result
    cpu_seconds: float
    is_last: bool = False


requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
answers = msgspec.msgpack.Decoder(ReaderAnswer)
encoder = msgspec.msgpack.Encoder(decimal_format="string")
