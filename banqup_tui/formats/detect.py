"""Finds the reader of a file by its content."""

from __future__ import annotations

from banqup_tui.domain.messages import message
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats.content import Content, ContentKind
from banqup_tui.formats.plain import is_html, is_pdf, media_type_of
from banqup_tui.formats.refusals import refuse

MAX_ENTRIES = 100_000
"""The most lines of an invoice, or movements of all statements with their parts: what screen and copy can take."""


def read_content(data: bytes) -> Content:
    """Returns the content of a file. Each reader is imported with the first file of its format.

    Raises `UnreadableDocument`.
    """
    content = _read(data)
    if _entries(content) > MAX_ENTRIES:
        raise refuse("file.too-many-entries", limit=MAX_ENTRIES)
    return content


def _entries(content: Content) -> int:
    lines = len(content.invoice.lines) if content.invoice is not None else 0
    movements = (movement for statement in content.statements for movement in statement.movements)
    return lines + len(content.statements) + sum(1 + len(movement.parts) for movement in movements)


def _read(data: bytes) -> Content:
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise refuse("file.empty")
    if is_pdf(data):
        from banqup_tui.formats.hybrid_pdf import read_pdf

        return read_pdf(data)
    return _xml(data) or _bank_text(data) or _plain(data)


def _xml(data: bytes) -> Content | None:
    from banqup_tui.formats import xml

    if is_html(data) or not xml.looks_like_xml(data):
        return None
    from banqup_tui.formats import camt, vocabularies, xml_invoice
    from banqup_tui.formats.containers.envelopes import unwrapped

    data, count = unwrapped(data)
    document = xml.parse(data)
    vocabulary, element = vocabularies.locate(document)
    if vocabulary is vocabularies.Vocabulary.CAMT:
        statements = camt.read_camt(element, document.warnings)
        return Content(media_type="application/xml", kind=ContentKind.STATEMENTS, statements=statements)
    invoice = xml_invoice.invoice_of(document)
    several = message("content.several-invoices", "", count=count)
    warnings = (ReadWarning(place="XML", message=several),) if count > 1 else ()
    return Content(media_type="application/xml", kind=ContentKind.INVOICE, invoice=invoice, warnings=warnings)


def _bank_text(data: bytes) -> Content | None:
    from banqup_tui.formats import bank_text, coda, mt940

    head, _ = bank_text.decoded(data[:20_000])
    if coda.looks_like_coda(head):
        statements = coda.read_coda(data)
    elif mt940.looks_like_mt940(head):
        statements = mt940.read_mt940(data)
    elif coda.looks_like_coda_fragment(head):
        raise refuse("file.fragment", format="CODA", missing="header-record")
    else:
        return None
    return Content(media_type="text/plain", kind=ContentKind.STATEMENTS, statements=statements)


def _plain(data: bytes) -> Content:
    if data.lstrip()[:4] in (b"UNA:", b"UNB+"):
        raise refuse("file.other-format", what="edifact")
    media_type = media_type_of(data)
    if media_type is None:
        raise refuse("file.unknown-kind")
    return Content(media_type=media_type, kind=ContentKind.PLAIN)
