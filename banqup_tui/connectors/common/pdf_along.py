"""The PDF of an e-invoice, sent along with it under the same base name."""

from pathlib import PurePosixPath
from typing import Annotated

import msgspec

from banqup_tui.connectors.common.path_template import FilledPath
from banqup_tui.connectors.interface import DeliveryRequest, Receipt, setting
from banqup_tui.domain.messages import Message, message
from banqup_tui.presentation.words import N_

PDF_TYPE = "application/pdf"

PdfAlong = Annotated[
    bool,
    setting(
        N_("Send the PDF along"),
        help=N_("Of an e-invoice that has one: a second file of that name, put there first."),
    ),
]
"""Setting of connectors that put files into folders."""


def pdf_request(delivery_request: DeliveryRequest, wanted: bool, most: int | None = None) -> DeliveryRequest | None:
    """Returns the request for the PDF alone: the same delivery with another file. `None` if none is sent along.

    Args:
        wanted: the setting.
        most: bytes that the document and its PDF may have together.
    """
    pdf = delivery_request.pdf
    if not wanted or pdf is None or not _may_have_one(delivery_request):
        return None
    if most is not None and delivery_request.size + pdf.size > most:
        return None
    return msgspec.structs.replace(
        delivery_request,
        file=pdf.file,
        file_name=pdf.file_name,
        media_type=PDF_TYPE,
        size=pdf.size,
        sha256=pdf.sha256,
        pdf=None,
    )


def pdf_name(name: str) -> str:
    """Returns the file name of the PDF beside a document: `2026-1.xml` gives `2026-1.pdf`."""
    return str(PurePosixPath(name).with_suffix(".pdf"))


def pdf_place(place: FilledPath) -> FilledPath:
    return place.named(pdf_name(place.name))


def with_pdf(receipt: Receipt, name: str | None) -> Receipt:
    """Returns the receipt with the name of the PDF that arrived, too. `None`: there was none."""
    return receipt if name is None else msgspec.structs.replace(receipt, text=f"{receipt.text} + {name}")


def left_out(delivery_request: DeliveryRequest, wanted: bool, sent: bool) -> Message | None:
    """Returns the note on a PDF that was wanted and not sent, as it is too large."""
    if sent or not wanted or delivery_request.pdf is None or not _may_have_one(delivery_request):
        return None
    return message("delivery.pdf-left-out", size=delivery_request.pdf.size)


def _may_have_one(delivery_request: DeliveryRequest) -> bool:
    """Tells whether the document is no PDF itself: both would have the same name."""
    return delivery_request.media_type.partition(";")[0].strip().lower() != PDF_TYPE
