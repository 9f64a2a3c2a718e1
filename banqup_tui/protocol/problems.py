"""RFC 9457 problem details, and the slugs used in `type`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

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
"""With one of these an `IMPORT_FILE` is refused whose file waits under *To place* now, with the same reason."""


class Problem(Value, frozen=True, kw_only=True):
    """`recorded`: final, stored under the command's key. `field` names the offending input.

    `code`, `params` and `quote` are a message (`domain.messages`); `title`, `detail` and `remedy` say the same in
    English. A server of an older version gives these texts alone.
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


def message_in(problem: Mapping[str, Any] | None) -> Message | None:
    """The message of a problem that is stored as plain data, also one of an older version; `None` where it has none."""
    found = msgspec.convert({"type": "", "title": "", **(problem or {})}, Problem).message
    return None if found == text_message("") else found
