"""The ASGI application of the service. Every error becomes a problem document (RFC 9457)."""

import asyncio
import errno
import logging
import re
import sqlite3
from collections.abc import Callable
from typing import cast

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from banqup_tui.backend.api.auth import REQUESTS_A_MINUTE, Application
from banqup_tui.backend.api.commands import Handlers
from banqup_tui.backend.api.event_hub import Hub
from banqup_tui.backend.api.routes import events, files, openapi
from banqup_tui.backend.api.routes._common import AnyRequest, ApiResponse
from banqup_tui.backend.api.routes.commands import problem_response
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import sqlite_code
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.backend.problems import STATUS, RequestFailure, problem
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.formats.refusals import ReaderNotAvailable
from banqup_tui.protocol.problems import Problem, ProblemType

_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")
_log = logging.getLogger(__name__)


class ServiceLimits(Value, frozen=True, kw_only=True):
    """Limits of a service, which its owner or a test may change."""

    largest_file: int = files.LARGEST
    requests_a_minute: int = REQUESTS_A_MINUTE
    seconds_between_signs: float = events.SECONDS_BETWEEN_SIGNS


class _Routes(Litestar):
    """Litestar without its default plugins, which import attrs and pydantic at each start."""

    # A private method: Litestar has no public setting for this.
    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def routes_of(state: State) -> Litestar:
    return _Routes(
        openapi.ROUTES,
        exception_handlers={Exception: run_test},
        before_request=_refuse_deep_nesting,
        openapi_config=None,
        logging_config=None,
        state=state,
    )


def service(
    services: Services,
    handlers: Handlers,
    hub: Hub,
    *,
    returns: ReturnListener,
    instance_id: str,
    retire: Callable[[int], None],
    settings: ServiceLimits | None = None,
) -> Application:
    """Returns the routes as an ASGI application, to be wrapped by `auth.Access`.

    Args:
        retire: called in a thread with the protocol of a newer program that asks this service to stop.
    """
    used = settings or ServiceLimits()
    with services.database.read() as connection:
        # Read before requests come in, so that the first hint of a stream has the right number and epoch.
        space = connection.execute(select(tables.space).where(tables.space.c.id == services.space_id)).one()
    hub.seq, hub.epoch = space.seq, space.epoch
    services.database.on_commit(hub.notify)
    state = State(
        {
            "services": services,
            "handlers": handlers,
            "hub": hub,
            "returns": returns,
            "instance_id": instance_id,
            "retire": retire,
            "largest_file": used.largest_file,
            "file_batches": asyncio.Semaphore(files.BATCHES_AT_ONCE),
            "seconds_between_signs": used.seconds_between_signs,
        }
    )
    return cast(Application, routes_of(state))


_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]+|[\]}]+', re.DOTALL)
_AT_ONCE = 32 << 10
"""Bytes of a body that are checked on the event loop; a larger body is checked in a thread."""
MOST_LEVELS = 64


async def _refuse_deep_nesting(request: AnyRequest) -> None:
    """Refuses deeply nested bodies: they could be stored, and then msgspec could not encode an answer with them."""
    if request.method in ("POST", "PUT") and "/files" not in request.scope["path"]:
        content = await request.body()
        if await asyncio.to_thread(is_nested_deeply, content) if len(content) > _AT_ONCE else is_nested_deeply(content):
            raise RequestFailure(ProblemType.BAD_REQUEST, message("request.too-deep", limit=MOST_LEVELS))


def is_nested_deeply(content: bytes) -> bool:
    """Tells whether JSON is nested too deeply. Other content is refused when it is decoded."""
    if content.count(b"[") + content.count(b"{") <= MOST_LEVELS:
        return False
    level = 0
    for found in _NESTING.finditer(content):
        if found[0][:1] in b"[{":
            level += len(found[0])
            if level > MOST_LEVELS:
                return True
        elif found[0][:1] in b"]}":
            level -= len(found[0])
    return False


_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def run_test(request: AnyRequest, error: Exception) -> ApiResponse:
    return problem_response(problem_of(request, error))


def problem_of(request: AnyRequest, error: Exception) -> Problem:
    if isinstance(error, RequestFailure | CommandRefused):
        return error.problem
    if isinstance(error, ValidationException):
        return _invalid(error)
    if isinstance(error, NotFoundException):
        return problem(ProblemType.NOT_FOUND, Message("request.nothing-there"))
    if isinstance(error, HTTPException):
        return _of_status(error)
    if isinstance(error, PoolTimeout) or (isinstance(error, OperationalError) and sqlite_code(error) in _LOCKED):
        return problem(ProblemType.BUSY, Message("request.service-busy"))
    if isinstance(error, ReaderNotAvailable):
        return problem(ProblemType.BUSY, error.message)
    if _is_disk_full(error):
        return problem(ProblemType.DISK_FULL, Message("request.disk-full"))
    _log.error("%s %s failed", request.method, request.scope.get("path"), exc_info=error)
    return problem(ProblemType.INTERNAL, Message("request.service-failed"))


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OperationalError) and sqlite_code(error) == sqlite3.SQLITE_FULL


def _invalid(error: ValidationException) -> Problem:
    missing = _MISSING.search(error.detail)
    if missing:
        return problem(ProblemType.BAD_REQUEST, message("request.field-missing", field=missing[1]), field=missing[1])
    details = error.extra if isinstance(error.extra, list) else []
    first = details[0] if details and isinstance(details[0], dict) else {}
    field = first.get("key")
    reason = message("request.unreadable", quote=str(first.get("message") or ""))
    return problem(ProblemType.BAD_REQUEST, reason, field=str(field) if field else None)


_OF_STATUS: dict[int, str] = {
    400: "request.unreadable",
    405: "request.not-used-so",
    413: "request.too-large",
}


def _of_status(error: HTTPException) -> Problem:
    type_ = next((type_ for type_, status in STATUS.items() if status == error.status_code), ProblemType.INTERNAL)
    return problem(ProblemType(type_), Message(_OF_STATUS.get(error.status_code, "request.not-answered")))
