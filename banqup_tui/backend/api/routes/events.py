"""Route of the event stream, which hints when to pull. Hints are never replayed."""

from collections.abc import AsyncIterator

import msgspec
from litestar import get
from litestar.response import Stream

from banqup_tui.backend.api.event_hub import Hub, Listener
from banqup_tui.backend.api.routes._common import ApiRequest, in_this_space, route, user_of
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.messages import message
from banqup_tui.protocol import paths
from banqup_tui.protocol.problems import ProblemType

MOST_STREAMS = 5
SECONDS_BETWEEN_SIGNS = 1.0
"""Seconds. A terminal shows the service as hanging after three seconds without a sign."""


@get(route(paths.EVENTS), guards=[in_this_space])
async def events(request: ApiRequest) -> Stream:
    """Streams `changed` with the newest number, `bye` when the service stops, and a comment every second."""
    hub: Hub = request.app.state.hub
    if hub.streams_of(user_of(request)) >= MOST_STREAMS:
        raise RequestFailure(ProblemType.TOO_MANY_REQUESTS, message("request.too-many-streams", limit=MOST_STREAMS))
    listener = hub.listen(user_of(request))
    stream = hints(hub, listener, request.app.state.seconds_between_signs)
    return Stream(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def hints(hub: Hub, listener: Listener, seconds_between_signs: float) -> AsyncIterator[bytes]:
    try:
        yield _changed(hub)
        while not hub.closing:
            is_news = await listener.wait_for_hint(seconds_between_signs)
            if not hub.closing:
                yield _changed(hub) if is_news else b":\n\n"
        yield b"event: bye\ndata: {}\n\n"
    finally:
        hub.leave(listener)


def _changed(hub: Hub) -> bytes:
    data = msgspec.json.encode({"seq": hub.seq}).decode()
    return f"id: {hub.epoch}.{hub.seq}\nevent: changed\ndata: {data}\n\n".encode()


ROUTES = [events]
