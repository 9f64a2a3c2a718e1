"""A request body sent in pieces, so that tests can kill the process before, within and after it."""

from collections.abc import AsyncIterator

from banqup_tui.connectors.common.hidden_file import CHUNK
from banqup_tui.kill_points import kill_point


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """Yields the body in pieces of at most `CHUNK` bytes, and at least two pieces where it has two bytes."""
    # Kill points: a crash at each must leave the delivery uncertain, as bytes may have reached the receiver.
    kill_point("send.firstbyte")
    size = min(CHUNK, (len(body) + 1) // 2)
    for at in range(0, len(body), size):
        if 2 * at >= len(body):
            kill_point("send.halfway")
        yield body[at : at + size]
    kill_point("send.lastbyte")
