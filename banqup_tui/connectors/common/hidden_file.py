"""Hidden files of RENAME receivers: their names, their final names and their resume token."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from banqup_tui.connectors.common.path_template import FilledPath, with_suffix
from banqup_tui.connectors.common.pdf_along import pdf_name
from banqup_tui.connectors.interface import DeliveryRequest, NotSent, Rejected
from banqup_tui.domain.messages import message

CHUNK = 1 << 20
"""Bytes read from the document at a time."""


class ResumeToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Resume token of a RENAME delivery. The paths are absolute at the receiver.

    Attributes:
        hidden_pdf: The PDF that is sent along, before it has its name; empty if there is none.
    """

    hidden: str
    final: str
    hidden_pdf: str = ""

    @property
    def pdf_name(self) -> str | None:
        """The name that the PDF gets with the recorded name of the document."""
        return pdf_name(self.final.rpartition("/")[2]) if self.hidden_pdf else None

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


_resume_token = msgspec.json.Decoder(ResumeToken)


def resume_token_of(text: str) -> ResumeToken:
    return _resume_token.decode(text)


def hidden_name(delivery_request: DeliveryRequest, attempt: int | None = None, ending: str = ".part") -> str:
    """Returns the name of the hidden file of one attempt.

    Each attempt has its own, so an attempt whose process was wrongly taken for dead cannot touch the file of its
    successor.
    """
    number = delivery_request.attempt if attempt is None else attempt
    return f".banqup-{delivery_request.delivery_id}-{delivery_request.generation}-{number}{ending}"


def older_hidden_names(delivery_request: DeliveryRequest, ending: str = ".part") -> list[str]:
    """Returns the hidden names of at most eight earlier attempts, which have ended or lost their fence."""
    first = max(1, delivery_request.attempt - 8)
    return [hidden_name(delivery_request, number, ending) for number in range(first, delivery_request.attempt)]


def names(place: FilledPath, delivery_request: DeliveryRequest) -> Iterator[FilledPath]:
    """Yields the wanted name, then names with a mark of the delivery, for use when a name is taken."""
    yield place
    mark = _mark(delivery_request)
    yield place.named(with_suffix(place.name, mark))
    for number in range(2, 100):
        yield place.named(with_suffix(place.name, f"{mark}-{number}"))


def is_name_of_this_copy(name: str, delivery_request: DeliveryRequest) -> bool:
    """Tells whether a file of this name with the right bytes is this copy, sent before the ledger was restored.

    For later generations the name must hold the mark: the unmarked name may still be that of the first copy.
    """
    return delivery_request.generation == 1 or _mark(delivery_request) in name


def _mark(delivery_request: DeliveryRequest) -> str:
    mark = delivery_request.delivery_id.replace("-", "")[:8]
    return f"{mark}-{delivery_request.generation}" if delivery_request.generation > 1 else mark


def chunks_of(delivery_request: DeliveryRequest) -> Iterator[bytes]:
    """Yields the bytes of the document.

    Raises:
        Rejected: at the end, if the bytes do not have the recorded hash and size, or the file is gone.
        NotSent: the file cannot be read.
    """
    digest, read = hashlib.sha256(), 0
    try:
        with delivery_request.file.open("rb") as stream:
            for chunk in _read(stream):
                digest.update(chunk)
                read += len(chunk)
                # Stop here: h11 fails on a body longer than its Content-Length, with an error that does not name the
                # file.
                if read > delivery_request.size:
                    raise _damaged()
                yield chunk
    except FileNotFoundError:
        raise _lost(delivery_request.file) from None
    except OSError as error:
        raise NotSent(message("delivery.stored-file-unreadable", quote=error.strerror or str(error))) from error
    if digest.hexdigest() != delivery_request.sha256:
        raise _damaged()


def _read(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _damaged() -> Rejected:
    return Rejected(message("delivery.stored-file-damaged"))


def _lost(file: Path) -> Rejected:
    return Rejected(message("delivery.stored-file-gone", name=file.name))
