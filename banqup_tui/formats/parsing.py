"""Parses documents in the calling process. Only the reader process (`formats.process`) may import this."""

from __future__ import annotations

import codecs
import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats.container import Container, ContainerPart
from banqup_tui.formats.content import Content, PdfText
from banqup_tui.formats.detect import read_content
from banqup_tui.formats.plain import is_pdf
from banqup_tui.formats.refusals import refuse

_LOADED_WHEN_NEEDED = (
    "camt",
    "containers.walk",
    "cii",
    "coda",
    "hybrid_pdf",
    "media_types",
    "mt940",
    "statement_subset",
    "ubl",
    "vocabularies",
    "xml",
    "xml_invoice",
)


def load_all() -> None:
    """Loads the readers, the PDF library and all codecs before the process is confined."""
    for name in _LOADED_WHEN_NEEDED:
        importlib.import_module(f"banqup_tui.formats.{name}")
    from banqup_tui.formats import pdfium
    from banqup_tui.formats.text_encoding import CODECS

    pdfium.load()
    for name in CODECS:
        codecs.lookup(name)


def parsed(data: bytes, file_name: str = "") -> Content:
    """Returns the content of a file, as `formats.read` does.

    Raises `UnreadableDocument` and `MemoryError`.
    """
    with _defects_refused(file_name):
        return read_content(data)


@contextmanager
def _defects_refused(file_name: str) -> Iterator[None]:
    """Makes a refusal of a defect of a reader, so that a file never shows a traceback."""
    try:
        yield
    except (UnreadableDocument, MemoryError):
        raise
    except Exception as error:
        raise refuse("file.reader-failed", problem=f"{type(error).__name__} {file_name}".strip()) from error


def opened(data: bytes, file_name: str = "") -> tuple[Container, Iterator[ContainerPart]] | None:
    """Returns a container and its parts, see `containers.walk`; `None` if the file is none."""
    from banqup_tui.formats.containers import walk

    found = walk.opened(data, file_name)
    return found and (found[0], _guarded(found[1], file_name))


def _guarded(parts: Iterator[ContainerPart], file_name: str) -> Iterator[ContainerPart]:
    with _defects_refused(file_name):
        yield from parts


def bank_subset(data: bytes, indices: Sequence[int]) -> bytes:
    """See `banqup_tui.formats.bank_subset`."""
    from banqup_tui.formats import statement_subset

    with _defects_refused(""):
        return statement_subset.subset(data, indices)


def attachment_bytes(data: bytes, index: int) -> bytes:
    """See `banqup_tui.formats.attachment_bytes`."""
    payloads = _payloads(data)
    if not 0 <= index < len(payloads):
        raise refuse("file.no-attachment", number=index + 1)
    if not payloads[index]:
        raise refuse("file.damaged-attachment")
    return payloads[index]


def _payloads(data: bytes) -> list[bytes]:
    if is_pdf(data):
        from banqup_tui.formats.hybrid_pdf import attachments_of_pdf

        return attachments_of_pdf(data)
    from banqup_tui.formats.containers.envelopes import unwrapped
    from banqup_tui.formats.xml import looks_like_xml, parse
    from banqup_tui.formats.xml_invoice import invoice_payloads

    return invoice_payloads(parse(unwrapped(data)[0])) if looks_like_xml(data) else []


def embedded_invoice_xml(data: bytes) -> tuple[str, bytes] | None:
    """See `banqup_tui.formats.embedded_invoice_xml`."""
    if not is_pdf(data):
        return None
    from banqup_tui.formats.hybrid_pdf import embedded_invoice

    try:
        return embedded_invoice(data)
    except UnreadableDocument:
        return None


def pdf_text(data: bytes) -> PdfText:
    """See `banqup_tui.formats.pdf_text`."""
    from banqup_tui.formats import pdfium

    if not is_pdf(data):
        return PdfText()
    with _defects_refused(""):
        return pdfium.text(data)


def root_name(data: bytes) -> tuple[str, str]:
    """See `banqup_tui.formats.root_name`."""
    from banqup_tui.formats import xml

    if not xml.looks_like_xml(data):
        return "", ""
    try:
        document = xml.parse(data)
    except UnreadableDocument:
        return "", ""
    return document.root.tag, document.namespaces.get(document.root, "")


def media_type(data: bytes) -> str:
    """See `banqup_tui.formats.media_type`."""
    from banqup_tui.formats import media_types

    return media_types.media_type(data)
