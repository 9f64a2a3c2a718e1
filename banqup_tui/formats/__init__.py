"""Document files in, domain values out.

Documents come from strangers: each is parsed in the reader process (`formats.process`), which is started with the
first one. A file that takes too much time or memory, or that breaks a reader, is refused like any other that cannot be
read. Importing this package loads no reader.
"""

from __future__ import annotations

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats.content import Content, ContentKind
from banqup_tui.formats.refusals import PASSING

__all__ = [
    "PASSING",
    "Content",
    "ContentKind",
    "UnreadableDocument",
    "attachment_bytes",
    "embedded_invoice_xml",
    "media_type",
    "read",
    "root_name",
]


def read(data: bytes, file_name: str = "") -> Content:
    """What a file holds, told by its bytes; `file_name` only stands in the report of a defect.

    Raises UnreadableDocument with one plain reason for the user, and `refusals.ReaderNotAvailable` where the
    reader process cannot be started. Waits for the answer: some milliseconds, seconds at most.
    """
    from banqup_tui.formats.process import client

    return client.shared().read(data, file_name)


def attachment_bytes(data: bytes, index: int) -> bytes:
    """The bytes of attachment `index` (from 0) of `Invoice.attachments`, out of the raw document.

    Raises UnreadableDocument: `no-attachment`, `damaged-file`, or why the document itself cannot be read.
    """
    from banqup_tui.formats.process import client

    return client.shared().attachment_bytes(data, index)


def embedded_invoice_xml(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the invoice inside a PDF; None where the file is no PDF or holds none."""
    from banqup_tui.formats.process import client

    return client.shared().embedded_invoice_xml(data)


def root_name(data: bytes) -> tuple[str, str]:
    """Name and namespace of the root of an XML; both empty where the file is none, or cannot be parsed."""
    from banqup_tui.formats.process import client

    return client.shared().root_name(data)


def media_type(data: bytes) -> str:
    """What kind of file the bytes are, by their content; empty where that is not known."""
    from banqup_tui.formats.process import client

    return client.shared().media_type(data)
