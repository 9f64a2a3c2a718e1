"""Document files in, domain values out. Importing this package reads no format: each reader comes in with
its first file.
"""

from __future__ import annotations

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats.attachments import attachment_bytes, embedded_invoice_xml
from banqup_tui.formats.content import Content, ContentKind
from banqup_tui.formats.detect import read_content
from banqup_tui.formats.refusals import refuse

__all__ = ["Content", "ContentKind", "UnreadableDocument", "attachment_bytes", "embedded_invoice_xml", "read"]


def read(data: bytes, file_name: str = "") -> Content:
    """What a file holds, told by its bytes; `file_name` only stands in the report of a defect.

    Raises UnreadableDocument, and nothing else, with one plain reason for the user.
    """
    try:
        return read_content(data)
    except UnreadableDocument:
        raise
    except Exception as error:
        raise refuse("reader-failed", problem=f"{type(error).__name__} {file_name}".strip()) from error
