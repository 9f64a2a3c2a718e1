"""The PDF library, opened safely: it is imported here only, when the first PDF comes, and used by one
thread at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from banqup_tui.formats.refusals import refuse

PDFIUM_LOCK = threading.RLock()
"""PDFium is not safe for threads: whoever calls it holds this lock, as `open_pdf` does."""

MAX_ATTACHMENTS = 100
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD of fpdfview.h


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """The document in the bytes, closed at the end; raises UnreadableDocument for a locked or damaged one."""
    with PDFIUM_LOCK:
        pypdfium2 = _library()
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            locked = getattr(error, "err_code", None) == _WRONG_PASSWORD or "password" in str(error).lower()
            raise refuse("encrypted-pdf" if locked else "damaged-pdf") from error
        try:
            if len(pdf) < 1:
                raise refuse("damaged-pdf")
            yield pdf
        finally:
            pdf.close()


def embedded_files(data: bytes) -> list[tuple[str, bytes]]:
    """Name and bytes of the files embedded in a PDF; an entry that cannot be taken out is left out."""
    with open_pdf(data) as pdf:
        found = []
        for index in range(min(pdf.count_attachments(), MAX_ATTACHMENTS)):
            try:
                attachment = pdf.get_attachment(index)
                found.append((_name(attachment, index), bytes(attachment.get_data())))
            except _library().PdfiumError:
                continue
        return found


def _name(attachment: Any, index: int) -> str:
    try:
        return str(attachment.get_name())
    except UnicodeDecodeError:  # half a surrogate pair in the name is no reason to lose the file
        return f"attachment {index + 1}"


def _library() -> Any:
    import pypdfium2

    return pypdfium2
