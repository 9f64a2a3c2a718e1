"""Routes by which a terminal recognizes its backend, and a newer program takes over."""

import os

from litestar import Response, get, post
from litestar.params import JSONBody

import banqup_tui.protocol as protocol
from banqup_tui import __version__
from banqup_tui.backend.api.routes._common import ApiRequest, ApiResponse, services_of
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value
from banqup_tui.protocol import paths
from banqup_tui.protocol.messages import Instance
from banqup_tui.protocol.problems import ProblemType


@get(paths.INSTANCE)
async def instance(request: ApiRequest) -> Instance:
    """Returns the version and the supported protocols."""
    return Instance(
        instance_id=request.app.state.instance_id,
        version=__version__,
        protocol={"min": protocol.MIN_PROTOCOL, "max": protocol.PROTOCOL},
        space_id=services_of(request).space_id,
        pid=os.getpid(),
    )


class Retire(Value, frozen=True, kw_only=True):
    """Body of a retire request: the newest protocol of the terminal."""

    protocol: int


@post(paths.RETIRE, status_code=202, sync_to_thread=True)
def retire(request: ApiRequest, data: JSONBody[Retire]) -> ApiResponse:
    """Stops this service for a newer program, and keeps older programs from starting after it."""
    # Only a newer program may end this one; otherwise two versions could end each other in turns.
    if data.protocol <= protocol.PROTOCOL:
        raise RequestFailure(ProblemType.NOT_NEWER, Message("request.not-newer"))
    request.app.state.retire(data.protocol)
    return Response({}, media_type="application/json", status_code=202)


ROUTES = [instance, retire]
