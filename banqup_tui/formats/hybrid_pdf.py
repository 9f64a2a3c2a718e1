"""PDF with an invoice inside: Factur-X, ZUGFeRD, XRechnung, or UBL.

The name of the embedded file is not looked at: names vary, the root's namespace does not. Where there are
two (ZUGFeRD 1 beside 2), the newer syntax is taken.
"""

from __future__ import annotations

import msgspec

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.invoice import Invoice, InvoiceAttachment
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import safe_file_name
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats import pdfium
from banqup_tui.formats.content import Content, ContentKind
from banqup_tui.formats.plain import media_type_of
from banqup_tui.formats.refusals import OTHER_DOCUMENT
from banqup_tui.formats.xml import looks_like_xml, parse
from banqup_tui.formats.xml_invoice import invoice_of, invoice_payloads

MEDIA_TYPE = "application/pdf"
MAX_XML_FILES = 10


class _Embedded(msgspec.Struct, frozen=True):
    """An invoice found inside: its place among the embedded files, name, bytes and content."""

    index: int
    name: str
    data: bytes
    invoice: Invoice


def read_pdf(data: bytes) -> Content:
    """The content of a PDF: the invoice inside, or plain. Raises UnreadableDocument where it is locked or
    damaged.
    """
    files, are_all = pdfium.embedded_files(data)
    found, warnings = _invoices(files)
    if not are_all:
        warnings.append(_warning("PDF", "content.embedded-too-much", count=len(files)))
    if not found:
        return Content(media_type=MEDIA_TYPE, kind=ContentKind.PLAIN, warnings=tuple(warnings))
    chosen = found[0]
    others = tuple(_attachment(name, content) for name, content in _others(files, chosen))
    invoice = msgspec.structs.replace(
        chosen.invoice,
        attachments=chosen.invoice.attachments + others,
        warnings=chosen.invoice.warnings + _doubts(found),
    )
    return Content(
        media_type=MEDIA_TYPE,
        kind=ContentKind.INVOICE,
        invoice=invoice,
        embedded_name=chosen.name,
        warnings=tuple(warnings),
    )


def attachments_of_pdf(data: bytes) -> list[bytes]:
    """The bytes of the attachments in the order of `Invoice.attachments`: those of the XML, then those of
    the PDF.
    """
    files, _ = pdfium.embedded_files(data)
    found, _ = _invoices(files)
    if not found:
        return [content for _, content in files]
    inside = invoice_payloads(parse(found[0].data))
    return inside + [content for _, content in _others(files, found[0])]


def embedded_invoice(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the XML that `read_pdf` takes the invoice from; None for a plain PDF."""
    found, _ = _invoices(pdfium.embedded_files(data)[0])
    return (found[0].name, found[0].data) if found else None


def _invoices(files: list[tuple[str, bytes]]) -> tuple[list[_Embedded], list[ReadWarning]]:
    """The invoices inside, the newest syntax first, and a warning for each that cannot be read.

    The same bytes under another name are no other invoice; of XML files at most MAX_XML_FILES are read.
    """
    found: list[_Embedded] = []
    warnings: list[ReadWarning] = []
    seen: set[bytes] = set()
    for index, (raw_name, content) in enumerate(files):
        if not looks_like_xml(content) or content in seen:
            continue
        seen.add(content)
        if len(seen) > MAX_XML_FILES:
            warnings.append(_warning("PDF", "content.embedded-too-many", limit=MAX_XML_FILES))
            break
        name = safe_file_name(raw_name, "invoice.xml")
        try:
            found.append(_Embedded(index, name, content, invoice_of(parse(content))))
        except UnreadableDocument as error:
            if error.message.code not in OTHER_DOCUMENT:
                params = error.message.params
                warnings.append(_warning(name, "content.embedded-unreadable", reason=error.message.code, **params))
    found.sort(key=lambda one: (one.invoice.syntax == "ZUGFeRD 1.0", one.index))
    return found, warnings


def _others(files: list[tuple[str, bytes]], chosen: _Embedded) -> list[tuple[str, bytes]]:
    return [file for index, file in enumerate(files) if index != chosen.index]


def _attachment(name: str, content: bytes) -> InvoiceAttachment:
    media_type = media_type_of(content) or "application/octet-stream"
    if looks_like_xml(content):
        media_type = "application/xml"
    return InvoiceAttachment(name=safe_file_name(name, "attachment"), media_type=media_type, size=len(content))


def _doubts(found: list[_Embedded]) -> tuple[ReadWarning, ...]:
    if len({one.invoice.number for one in found}) < 2:
        return ()
    return (_warning("PDF", "content.several-invoices", count=len(found)),)


def _warning(place: str, code: str, **params: object) -> ReadWarning:
    return ReadWarning(place=place, message=message(code, "", **params))
