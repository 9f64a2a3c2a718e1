"""What all routes share: the parts of the service, who asks, and the way Litestar writes a path."""

import re
from typing import Any

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from banqup_tui.backend.problems import Failure
from banqup_tui.backend.services import Services
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.problems import ProblemType

Asked = Request[Any, Any, State]
JSON = "application/json"


def route(path: str) -> str:
    """`/v1/spaces/{s}/files/{sha256}` -> the same with the parameters typed, as Litestar wants them."""
    return re.sub(r"\{(\w+)\}", r"{\1:str}", path)


def services_of(request: Asked) -> Services:
    services: Services = request.app.state.services
    return services


def user_of(request: Asked) -> str:
    return str(request.scope["user"])


def in_this_space(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every route below a space."""
    if connection.path_params.get("s") != connection.app.state.services.space_id:
        raise Failure(ProblemType.NOT_FOUND, Message("request.no-such-space"))


def json_bytes(content: bytes) -> Response[bytes]:
    return Response(content, media_type=JSON)
