"""The files embedded in a document, taken out of its bytes on demand."""

from __future__ import annotations

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats.plain import is_pdf
from banqup_tui.formats.refusals import refuse


def attachment_bytes(data: bytes, index: int) -> bytes:
    """The bytes of attachment `index` (from 0) of `Invoice.attachments`, out of the raw document.

    Raises UnreadableDocument: `no-attachment`, `damaged-file`, or why the document itself cannot be read.
    """
    payloads = _payloads(data)
    if not 0 <= index < len(payloads):
        raise refuse("no-attachment", number=index + 1)
    if not payloads[index]:
        raise refuse("damaged-file", what="attachment")
    return payloads[index]


def _payloads(data: bytes) -> list[bytes]:
    if is_pdf(data):
        from banqup_tui.formats.hybrid_pdf import attachments_of_pdf

        return attachments_of_pdf(data)
    from banqup_tui.formats.xml import looks_like_xml, parse
    from banqup_tui.formats.xml_invoice import invoice_payloads

    return invoice_payloads(parse(data)) if looks_like_xml(data) else []


def embedded_invoice_xml(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the invoice inside a PDF; None where the file is no PDF or holds none."""
    if not is_pdf(data):
        return None
    from banqup_tui.formats.hybrid_pdf import embedded_invoice

    try:
        return embedded_invoice(data)
    except UnreadableDocument:
        return None
