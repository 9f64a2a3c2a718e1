"""The content of a file, as readers return it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.statement import Statement
from banqup_tui.domain.warnings import ReadWarning


class ContentKind(StrEnum):
    INVOICE = "INVOICE"
    STATEMENTS = "STATEMENTS"
    PLAIN = "PLAIN"


class Content(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The content of a file.

    Attributes:
        media_type: Found by the bytes, never by the name.
        kind: `INVOICE` has `invoice`, `STATEMENTS` at least one of `statements`; `PLAIN` is a file to be looked at.
        embedded_name: The name of the XML in a PDF that the invoice came from.
        warnings: Warnings about the file; those about its content stand there.
    """

    media_type: str
    kind: ContentKind
    invoice: Invoice | None = None
    statements: tuple[Statement, ...] = ()
    embedded_name: str = ""
    warnings: tuple[ReadWarning, ...] = ()


MOST_PDF_CHARACTERS = 20_000
"""The most characters of the text of a PDF."""


class PdfText(msgspec.Struct, frozen=True, kw_only=True):
    """The text layer of a PDF, in the order in which the file draws it.

    Attributes:
        text: Lines end with a line feed, pages with a form feed between them.
        pages: Number of pages of the PDF.
        is_whole: False if pages or characters were left out, because they are too many.
    """

    text: str = ""
    pages: int = 0
    is_whole: bool = True
