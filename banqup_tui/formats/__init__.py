"""Readers of documents: bytes of a file in, domain values out.

Documents come from strangers, so each is parsed in the reader process (`formats.process`), which starts with the first
document. A file that takes too much time or memory, or breaks a reader, is refused like any other that cannot be read.
Importing this package loads no reader. All functions may be called from any thread; they block for the answer, some
milliseconds, at most the seconds that a document is given.
"""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin
from banqup_tui.formats.container import Container, ContainerKind, ContainerPart
from banqup_tui.formats.content import Content, ContentKind, PdfText
from banqup_tui.formats.refusals import PASSING

__all__ = [
    "PASSING",
    "Container",
    "ContainerKind",
    "ContainerPart",
    "Content",
    "ContentKind",
    "EnvelopeOrigin",
    "MailOrigin",
    "PdfText",
    "UnreadableDocument",
    "attachment_bytes",
    "bank_subset",
    "embedded_invoice_xml",
    "media_type",
    "open_file",
    "pdf_text",
    "read",
    "root_name",
]


def read(data: bytes, file_name: str = "") -> Content:
    """Returns the content of a file. Its format is found by its bytes, never by its name.

    Args:
        data: The whole file.
        file_name: Only named in the report of a defect of a reader.

    Raises:
        UnreadableDocument: The file cannot be read; its message has a code of `refusals.REASONS`.
        ReaderNotAvailable: The reader process could not be started. It says nothing about the file.
    """
    from banqup_tui.formats.process import client

    return client.shared().read(data, file_name)


def open_file(data: bytes, file_name: str = "") -> Content | Container:
    """Returns the content of a document, as `read` does, or the parts of a file that holds others.

    The parts of a container are taken out, and not read: ask `read` for each that has no `refusal`. So a part that
    costs the reader its process costs the others nothing, and they can be read at the same time. The limits of time
    and memory are for the opening as a whole.

    Args:
        data: The whole file.
        file_name: Parts without a name are named after it. It decides nothing.

    Raises:
        UnreadableDocument: The document cannot be read, or the container cannot be opened or passes a limit of the
            whole. `refusals.INCOMPLETE` is the code of a file whose end is missing, though `read` may read some of it.
        ReaderNotAvailable: See `read`.
    """
    from banqup_tui.formats.process import client

    return client.shared().open_file(data, file_name)


def bank_subset(data: bytes, indices: Sequence[int]) -> bytes:
    """Returns a bank file of some of the statements of a bank file: that of a client, from a file of several.

    Args:
        data: The whole file.
        indices: Positions in `Content.statements`. Of all of them the file itself comes back.

    Raises:
        UnreadableDocument: file.not-separable, if the file cannot be divided so; or it cannot be read.
    """
    from banqup_tui.formats.process import client

    return client.shared().bank_subset(data, indices)


def attachment_bytes(data: bytes, index: int) -> bytes:
    """Returns the bytes of an attachment of an invoice.

    Args:
        data: The whole document, XML or PDF.
        index: The position in `Invoice.attachments`, from 0.

    Raises:
        UnreadableDocument: There is no such attachment, its base64 is damaged, or the document cannot be read.
    """
    from banqup_tui.formats.process import client

    return client.shared().attachment_bytes(data, index)


def embedded_invoice_xml(data: bytes) -> tuple[str, bytes] | None:
    """Returns name and bytes of the invoice inside a PDF; `None` if it is no PDF or has none."""
    from banqup_tui.formats.process import client

    return client.shared().embedded_invoice_xml(data)


def pdf_text(data: bytes) -> PdfText:
    """Returns the text layer of a PDF; an empty text if it has none, as scans have, or if the file is no PDF.

    Raises:
        UnreadableDocument: The PDF is locked or damaged, or its text needs more time or memory than there is.
        ReaderNotAvailable: See `read`.
    """
    from banqup_tui.formats.process import client

    return client.shared().pdf_text(data)


def root_name(data: bytes) -> tuple[str, str]:
    """Returns name and namespace of the root of an XML; both are empty if it cannot be parsed."""
    from banqup_tui.formats.process import client

    return client.shared().root_name(data)


def media_type(data: bytes) -> str:
    """Returns the media type of a file, found by its content; empty if it is not known."""
    from banqup_tui.formats.process import client

    return client.shared().media_type(data)
