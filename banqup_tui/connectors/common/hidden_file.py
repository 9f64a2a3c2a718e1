"""What RENAME receivers have in common: a hidden file, the name it is to get, and the names after that one."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from banqup_tui.connectors.common.path_template import Place, with_suffix
from banqup_tui.connectors.interface import DeliveryRequest, NotSent, Rejected
from banqup_tui.domain.messages import message

CHUNK = 1 << 20
"""Bytes read from the document at a time."""


class ResumeToken(msgspec.Struct, frozen=True):
    """Text enough to finish an attempt, or to find that it was done: whole paths at the receiver's."""

    hidden: str
    final: str

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


_resume_token = msgspec.json.Decoder(ResumeToken)


def resume_token_of(text: str) -> ResumeToken:
    return _resume_token.decode(text)


def hidden_name(delivery_request: DeliveryRequest, attempt: int | None = None, ending: str = ".part") -> str:
    """Each attempt has a hidden file of its own: one that was thought dead cannot touch its successor's."""
    number = delivery_request.attempt if attempt is None else attempt
    return f".banqup-{delivery_request.delivery_id}-{delivery_request.generation}-{number}{ending}"


def older_hidden_names(delivery_request: DeliveryRequest, ending: str = ".part") -> list[str]:
    """Of the last attempts before this one, which have ended or lost their right to go on. The first is number 1."""
    first = max(1, delivery_request.attempt - 8)
    return [hidden_name(delivery_request, number, ending) for number in range(first, delivery_request.attempt)]


def names(place: Place, delivery_request: DeliveryRequest) -> Iterator[Place]:
    """The wanted name, then others with the delivery's mark, for when a name is taken."""
    yield place
    mark = _mark(delivery_request)
    yield place.named(with_suffix(place.name, mark))
    for number in range(2, 100):
        yield place.named(with_suffix(place.name, f"{mark}-{number}"))


def is_name_of_this_copy(name: str, delivery_request: DeliveryRequest) -> bool:
    """Whether a file of this name and of these bytes is the copy that is wanted, sent by a ledger that was put back.

    Of a further copy only a name with its own mark says so: the wanted name may still be that of the copy before it.
    """
    return delivery_request.generation == 1 or _mark(delivery_request) in name


def _mark(delivery_request: DeliveryRequest) -> str:
    mark = delivery_request.delivery_id.replace("-", "")[:8]
    return f"{mark}-{delivery_request.generation}" if delivery_request.generation > 1 else mark


def chunks_of(delivery_request: DeliveryRequest) -> Iterator[bytes]:
    """The document's bytes; raises `Rejected` at the end if they are not those that its hash announces."""
    digest, read = hashlib.sha256(), 0
    try:
        with delivery_request.file.open("rb") as stream:
            for chunk in _read(stream):
                digest.update(chunk)
                read += len(chunk)
                if (
                    read > delivery_request.size
                ):  # h11 fails at a body longer than its Content-Length, and says nothing of the file
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
