"""A way by which documents come into the backend."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.values import Value


class SourceKind(StrEnum):
    FOLDER = "FOLDER"


class Source(Value, frozen=True, kw_only=True):
    """`problem` says in one sentence why it cannot be read now, `None` while it works."""

    id: str
    kind: SourceKind
    path: str
    taken: int = 0
    refused: int = 0
    problem: str | None = None
    last_at: datetime | None = None


class ToPlace(Value, frozen=True, kw_only=True):
    """A file whose client or folder could not be told, or that could not be read, with its reason."""

    id: str
    source: str
    file_name: str
    reason: str
    remedy: str | None = None
    sha256: str | None = None
    at: datetime | None = None
