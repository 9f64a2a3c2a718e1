"""What a file turned out to be."""

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
    """A file that was read.

    `media_type` is told by the bytes, never by the name. `invoice` is there for INVOICE, at least one of
    `statements` for STATEMENTS; PLAIN is a file to be looked at. `embedded_name` is the name of the XML
    inside a PDF, where the invoice came from there. `warnings` are about the file; those about what is in
    it stand there.
    """

    media_type: str
    kind: ContentKind
    invoice: Invoice | None = None
    statements: tuple[Statement, ...] = ()
    embedded_name: str = ""
    warnings: tuple[ReadWarning, ...] = ()
