"""Messages on a stream between processes of the service: each with its length before it."""

from collections.abc import Iterator
from struct import pack, unpack_from

_LONGEST = 16 << 20


def frame(body: bytes) -> bytes:
    return pack(">I", len(body)) + body


class Frames:
    """Bytes as they come in, taken apart into messages."""

    def __init__(self) -> None:
        self._received = bytearray()

    def of(self, data: bytes) -> Iterator[bytes]:
        received = self._received
        received += data
        at = 0
        while len(received) - at >= 4:
            (length,) = unpack_from(">I", received, at)
            if length > _LONGEST:
                raise ValueError("a message is longer than any can be")
            if len(received) - at - 4 < length:
                break
            yield bytes(received[at + 4 : at + 4 + length])
            at += 4 + length
        del received[:at]
