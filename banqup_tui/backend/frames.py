"""Frames messages on a byte stream between processes: four bytes of length (big-endian), then the body."""

from collections.abc import Iterator
from struct import pack, unpack_from

_LONGEST = 16 << 20
"""Longest message in bytes. A greater length means that the stream is out of step."""


def frame(body: bytes) -> bytes:
    """Returns a message with its length before it."""
    return pack(">I", len(body)) + body


class Frames:
    """Splits a stream of bytes into messages; an incomplete one waits for the next bytes."""

    def __init__(self) -> None:
        self._received = bytearray()

    def of(self, data: bytes) -> Iterator[bytes]:
        """Adds received bytes and yields the bodies that are complete. The iterator must be used up.

        Raises:
            ValueError: If a length is greater than any message can have.
        """
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
