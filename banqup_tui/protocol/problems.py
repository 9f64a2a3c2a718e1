"""Problem details (RFC 9457) of refused requests, and the values of their `type`."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from banqup_tui.domain.messages import Message, Param, text_message
from banqup_tui.domain.values import Value

MEDIA_TYPE = "application/problem+json"


class ProblemType(StrEnum):
    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    TOO_LARGE = "too-large"
    HASH_DIFFERS = "hash-differs"
    KEY_REUSED = "key-reused"
    KEY_EXPIRED = "key-expired"
    COUNT_CHANGED = "count-changed"
    ALREADY_SENT = "already-sent"
    REFUSED = "refused"
    CURSOR_TOO_OLD = "cursor-too-old"
    EPOCH_CHANGED = "epoch-changed"
    ACCESS_CHANGED = "access-changed"
    BEHIND_CURSOR = "behind-cursor"
    NOT_NEWER = "not-newer"
    STOPPING = "stopping"
    BUSY = "busy"
    WITHDRAWN = "withdrawn"
    UNREADABLE = "unreadable"
    CANNOT_PLACE = "cannot-place"
    INVALID_SETTINGS = "invalid-settings"
    TOO_MANY_REQUESTS = "too-many-requests"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable"
    DISK_FULL = "no-room"
    WRONG_HOST = "wrong-host"
    TOO_SLOW = "too-slow"
    INTERNAL = "internal"


WAITS_UNFILED = frozenset({ProblemType.UNREADABLE, ProblemType.CANNOT_PLACE})
"""The types with which services before version 0.6 refused an `IMPORT_FILE` whose file they stored as unfiled."""


class Problem(Value, frozen=True, kw_only=True):
    """Problem details of a refused request (RFC 9457, section 3).

    `recorded` is True if the refusal is final and stored under the command's key. `field` names the wrong input.
    `code`, `params` and `quote` are a message (`domain.messages`); `title`, `detail` and `remedy` are the same in
    English. Servers of older versions send these texts alone.
    """

    type: str
    title: str
    detail: str = ""
    field: str | None = None
    remedy: str | None = None
    recorded: bool = False
    code: str = ""
    params: dict[str, Param] = {}
    quote: str = ""

    @property
    def message(self) -> Message:
        if self.code:
            return Message(self.code, self.params, self.quote)
        return text_message(self.detail or self.title, self.remedy or "")


def message_in(problem: Mapping[str, object] | None) -> Message | None:
    """Returns the message of a problem that is stored as plain data, of any version; `None` if it has none."""
    found = msgspec.convert({"type": "", "title": "", **(problem or {})}, Problem).message
    return None if found == text_message("") else found
