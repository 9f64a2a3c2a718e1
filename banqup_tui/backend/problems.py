"""Makes the problem documents (RFC 9457) with which the service answers every error."""

import msgspec

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, text_message
from banqup_tui.presentation.messages import in_english
from banqup_tui.protocol.problems import Problem, ProblemType

STATUS: dict[str, int] = {
    ProblemType.BAD_REQUEST: 400,
    ProblemType.UNAUTHORIZED: 401,
    ProblemType.FORBIDDEN: 403,
    ProblemType.NOT_FOUND: 404,
    ProblemType.TOO_LARGE: 413,
    ProblemType.HASH_DIFFERS: 422,
    ProblemType.KEY_REUSED: 422,
    ProblemType.KEY_EXPIRED: 409,
    ProblemType.COUNT_CHANGED: 409,
    ProblemType.ALREADY_SENT: 409,
    ProblemType.CURSOR_TOO_OLD: 410,
    ProblemType.EPOCH_CHANGED: 410,
    ProblemType.ACCESS_CHANGED: 410,
    ProblemType.BEHIND_CURSOR: 503,
    ProblemType.NOT_NEWER: 409,
    ProblemType.STOPPING: 503,
    ProblemType.BUSY: 503,
    ProblemType.TOO_MANY_REQUESTS: 429,
    ProblemType.METHOD_NOT_ALLOWED: 405,
    ProblemType.RANGE_NOT_SATISFIABLE: 416,
    ProblemType.DISK_FULL: 507,
    ProblemType.WRONG_HOST: 421,
    ProblemType.TOO_SLOW: 408,
    ProblemType.INTERNAL: 500,
}
"""HTTP status of each type. Types without an entry are refusals of commands, with status 422."""

RETRY_AFTER: dict[str, int] = {
    ProblemType.BEHIND_CURSOR: 1,
    ProblemType.STOPPING: 1,
    ProblemType.BUSY: 2,
    ProblemType.TOO_MANY_REQUESTS: 5,
}
"""Seconds of the header `Retry-After`."""


class RequestFailure(BanqupError):
    """A request is answered with a problem. Nothing is recorded, so the client may repeat the request."""

    def __init__(
        self, type_: ProblemType, message: Message | str, remedy: str = "", *, field: str | None = None
    ) -> None:
        super().__init__(message, remedy)
        self.problem = problem(type_, self.message, field=field)


def problem(
    type_: ProblemType,
    message: Message | str,
    remedy: str = "",
    *,
    field: str | None = None,
    recorded: bool = False,
) -> Problem:
    """Returns the problem for a message.

    Its title, detail and remedy are English, for clients that have no sentences for the codes.

    Args:
        recorded: Whether the refusal is stored under the command's key and final.
    """
    reason = text_message(message, remedy) if isinstance(message, str) else message
    sentence, advice = in_english(reason)
    return Problem(
        type=type_,
        title=sentence,
        detail=sentence,
        remedy=advice or None,
        field=field,
        recorded=recorded,
        code=reason.code,
        params=reason.params,
        quote=reason.quote,
    )


def status_of(found: Problem) -> int:
    """Returns the HTTP status of a problem."""
    return STATUS.get(found.type, 422)


def headers_of(found: Problem) -> dict[str, str]:
    """Returns the HTTP headers that go with a problem."""
    seconds = RETRY_AFTER.get(found.type)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def encoded(found: Problem) -> bytes:
    """Returns the problem as JSON."""
    return msgspec.json.encode(found)
