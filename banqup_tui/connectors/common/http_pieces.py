"""A body that is sent in pieces, so that a process can be killed at each stage of it in tests."""

from collections.abc import AsyncIterator

from banqup_tui.connectors.common.hidden_file import CHUNK
from banqup_tui.kill_points import kill_point


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """At least two, where there are two bytes."""
    kill_point("send.firstbyte")
    size = min(CHUNK, (len(body) + 1) // 2)
    for at in range(0, len(body), size):
        if 2 * at >= len(body):
            kill_point("send.halfway")
        yield body[at : at + size]
    kill_point("send.lastbyte")
