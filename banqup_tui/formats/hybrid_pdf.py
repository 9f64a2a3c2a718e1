"""Reads PDF files with an invoice inside: Factur-X, ZUGFeRD, XRechnung, or UBL.

Embedded files are judged by the namespace of their root, because their names vary. Of two invoices (ZUGFeRD 1 beside 2)
the one in the newer syntax is taken.
"""

from __future__ import annotations

import msgspec

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.invoice import Invoice, InvoiceAttachment
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import last_part, safe_file_name
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats import pdfium
from banqup_tui.formats.content import Content, ContentKind
from banqup_tui.formats.parties import attachment_name
from banqup_tui.formats.plain import media_type_of
from banqup_tui.formats.refusals import OTHER_DOCUMENT
from banqup_tui.formats.xml import looks_like_xml, parse
from banqup_tui.formats.xml_invoice import invoice_of, invoice_payloads

MEDIA_TYPE = "application/pdf"
MAX_XML_FILES = 10


class _Embedded(msgspec.Struct, frozen=True):
    """An embedded invoice: position among the embedded files, name, bytes and content."""

    index: int
    name: str
    data: bytes
    invoice: Invoice


def read_pdf(data: bytes) -> Content:
    """Returns the content of a PDF: the invoice inside, or plain. Raises `UnreadableDocument` if it is locked or
    damaged.
    """
    files, are_all = pdfium.embedded_files(data)
    invoices, warnings = _invoices(files)
    if not are_all:
        warnings.append(_warning("PDF", "content.embedded-too-much", count=len(files)))
    if not invoices:
        return Content(media_type=MEDIA_TYPE, kind=ContentKind.PLAIN, warnings=tuple(warnings))
    chosen = invoices[0]
    others = tuple(_attachment(name, content) for name, content in _others(files, chosen))
    invoice = msgspec.structs.replace(
        chosen.invoice,
        attachments=chosen.invoice.attachments + others,
        warnings=chosen.invoice.warnings + _doubts(invoices),
    )
    return Content(
        media_type=MEDIA_TYPE,
        kind=ContentKind.INVOICE,
        invoice=invoice,
        embedded_name=chosen.name,
        warnings=tuple(warnings),
    )


def attachments_of_pdf(data: bytes) -> list[bytes]:
    """Returns the attachments in the order of `Invoice.attachments`: those of the XML, then those of the PDF."""
    files, _ = pdfium.embedded_files(data)
    invoices, _ = _invoices(files)
    if not invoices:
        return [content for _, content in files]
    inside = invoice_payloads(parse(invoices[0].data))
    return inside + [content for _, content in _others(files, invoices[0])]


def embedded_invoice(data: bytes) -> tuple[str, bytes] | None:
    """Returns name and bytes of the XML that `read_pdf` takes the invoice from; `None` for a plain PDF."""
    invoices, _ = _invoices(pdfium.embedded_files(data)[0])
    return (invoices[0].name, invoices[0].data) if invoices else None


def _invoices(files: list[tuple[str, bytes]]) -> tuple[list[_Embedded], list[ReadWarning]]:
    """Returns the invoices inside, the newest syntax first, and a warning for each that cannot be read.

    The same bytes under another name count once. At most `MAX_XML_FILES` XML files are read.
    """
    invoices: list[_Embedded] = []
    warnings: list[ReadWarning] = []
    contents: set[bytes] = set()
    for index, (raw_name, content) in enumerate(files):
        if not looks_like_xml(content) or content in contents:
            continue
        contents.add(content)
        if len(contents) > MAX_XML_FILES:
            warnings.append(_warning("PDF", "content.embedded-too-many", limit=MAX_XML_FILES))
            break
        name = safe_file_name(last_part(raw_name), "invoice.xml")
        try:
            invoices.append(_Embedded(index, name, content, invoice_of(parse(content))))
        except UnreadableDocument as error:
            if error.message.code not in OTHER_DOCUMENT:
                params = error.message.params
                warnings.append(_warning(name, "content.embedded-unreadable", reason=error.message.code, **params))
    invoices.sort(key=lambda embedded: (embedded.invoice.syntax == "ZUGFeRD 1.0", embedded.index))
    return invoices, warnings


def _others(files: list[tuple[str, bytes]], chosen: _Embedded) -> list[tuple[str, bytes]]:
    return [file for index, file in enumerate(files) if index != chosen.index]


def _attachment(name: str, content: bytes) -> InvoiceAttachment:
    media_type = media_type_of(content) or "application/octet-stream"
    if looks_like_xml(content):
        media_type = "application/xml"
    return InvoiceAttachment(name=attachment_name(name, ""), media_type=media_type, size=len(content))


def _doubts(embedded_invoices: list[_Embedded]) -> tuple[ReadWarning, ...]:
    if len({embedded.invoice.number for embedded in embedded_invoices}) < 2:
        return ()
    return (_warning("PDF", "content.several-invoices", count=len(embedded_invoices)),)


def _warning(place: str, code: str, **params: object) -> ReadWarning:
    return ReadWarning(place=place, message=message(code, "", **params))
