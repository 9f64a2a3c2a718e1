"""The PDF library, opened safely. It is not safe for threads: it is used in the reader process, which has one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from banqup_tui.formats.refusals import refuse

MAX_ATTACHMENTS = 100
MAX_BYTES = 64 * 2**20
"""Of all embedded files together, unpacked."""

_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD of fpdfview.h


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """The document in the bytes, closed at the end; raises UnreadableDocument for a locked or damaged one."""
    pypdfium2 = load()
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == _WRONG_PASSWORD or "password" in str(error).lower()
        raise refuse("file.encrypted-pdf" if locked else "file.damaged-pdf") from error
    try:
        if len(pdf) < 1:
            raise refuse("file.damaged-pdf")
        yield pdf
    finally:
        pdf.close()


def embedded_files(data: bytes) -> tuple[list[tuple[str, bytes]], bool]:
    """Name and bytes of the files embedded in a PDF, and whether these are all.

    An entry that cannot be taken out is left out, and so is what is beyond MAX_ATTACHMENTS and MAX_BYTES.
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
    except UnicodeDecodeError:  # half a surrogate pair in the name is no reason to lose the file
        return f"attachment {index + 1}"


def load() -> Any:
    import pypdfium2

    return pypdfium2
