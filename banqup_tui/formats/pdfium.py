"""Opens PDF files with PDFium. It is not safe for threads, so only the reader process, which has one, may use it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from banqup_tui.formats.content import MOST_PDF_CHARACTERS, PdfText
from banqup_tui.formats.refusals import refuse

MAX_ATTACHMENTS = 100
MAX_BYTES = 64 * 2**20
"""The most bytes of all embedded files together, unpacked."""

FIRST_PAGES, LAST_PAGES = 20, 2
"""The pages whose text is read. An invoice has its number on the first page and its total on the last."""

_SECONDS_FOR_TEXT = 4.0
"""Seconds after which no further page is read, well within those of the reader process."""


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """Opens a PDF and closes it at the end. Raises `UnreadableDocument` if it is locked or damaged."""
    pypdfium2 = load()
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise refuse("file.encrypted-pdf" if is_locked else "file.damaged-pdf") from error
    try:
        if len(pdf) < 1:
            raise refuse("file.damaged-pdf")
        yield pdf
    finally:
        pdf.close()


def embedded_files(data: bytes) -> tuple[list[tuple[str, bytes]], bool]:
    """Returns name and bytes of each embedded file, and whether these are all.

    Files that cannot be unpacked are left out, and those beyond `MAX_ATTACHMENTS` and `MAX_BYTES`.
    """
    with open_pdf(data) as pdf:
        files: list[tuple[str, bytes]] = []
        total, count = 0, pdf.count_attachments()
        for index in range(min(count, MAX_ATTACHMENTS)):
            try:
                attachment = pdf.get_attachment(index)
                content = bytes(attachment.get_data())
            except load().PdfiumError:
                continue
            total += len(content)
            if total > MAX_BYTES:
                return files, False
            files.append((_name(attachment, index), content))
        return files, count <= MAX_ATTACHMENTS


def text(data: bytes) -> PdfText:
    """Returns the text layer of a PDF, without that of pages that PDFium cannot read."""
    with open_pdf(data) as pdf:
        count, deadline = len(pdf), time.monotonic() + _SECONDS_FOR_TEXT
        numbers = list(chain(range(min(count, FIRST_PAGES)), range(max(FIRST_PAGES, count - LAST_PAGES), count)))
        pages: list[str] = []
        left = MOST_PDF_CHARACTERS
        for number in numbers:
            if left <= 0 or time.monotonic() > deadline:
                break
            page = _page_text(pdf, number, left)
            left -= len(page) + 1
            pages.append(page)
        is_whole = len(pages) == count and left > 0
        return PdfText(text="\f".join(pages), pages=count, is_whole=is_whole)


def _page_text(pdf: Any, number: int, most: int) -> str:
    """Returns the text of a page with one line break a line, at most `most` characters of it."""
    try:
        page = pdf[number]
        try:
            characters = page.get_textpage()
            try:
                found = str(characters.get_text_range(0, min(characters.count_chars(), most), errors="replace"))
            finally:
                characters.close()
        finally:
            page.close()
    except load().PdfiumError:
        return ""
    return found.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")[:most]


def _name(attachment: Any, index: int) -> str:
    try:
        return str(attachment.get_name())
    except UnicodeDecodeError:  # a name with half a surrogate pair
        return f"attachment {index + 1}"


def load() -> Any:
    """Imports the library, with the first PDF."""
    import pypdfium2

    return pypdfium2
