"""Parts that all routes share: the services, the user, and the syntax of paths."""

import re
from typing import Any

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.services import Services
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.problems import ProblemType

ApiRequest = Request[Any, Any, State]
AnyRequest = Request[Any, Any, Any]
ApiResponse = Response[Any]
JSON = "application/json"


def route(path: str) -> str:
    """Returns the path with typed parameters as Litestar requires: `/files/{sha256}` becomes `/files/{sha256:str}`."""
    return re.sub(r"\{(\w+)\}", r"{\1:str}", path)


def services_of(request: ApiRequest) -> Services:
    services: Services = request.app.state.services
    return services


def user_of(request: ApiRequest) -> str:
    return str(request.scope["user"])


def in_this_space(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every route below a space: raises `RequestFailure` (404) for another space."""
    if connection.path_params.get("s") != connection.app.state.services.space_id:
        raise RequestFailure(ProblemType.NOT_FOUND, Message("request.no-such-space"))


def json_bytes(content: bytes) -> Response[bytes]:
    return Response(content, media_type=JSON)
