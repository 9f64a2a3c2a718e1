"""Opens PDF files with PDFium. It is not safe for threads, so only the reader process, which has one, may use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from banqup_tui.formats.refusals import refuse

MAX_ATTACHMENTS = 100
MAX_BYTES = 64 * 2**20
"""The most bytes of all embedded files together, unpacked."""


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


def _name(attachment: Any, index: int) -> str:
    try:
        return str(attachment.get_name())
    except UnicodeDecodeError:  # a name with half a surrogate pair
        return f"attachment {index + 1}"


def load() -> Any:
    """Imports the library, with the first PDF."""
    import pypdfium2

    return pypdfium2
