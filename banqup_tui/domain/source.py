"""A way by which documents come into the backend, and what waits to be placed."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.values import Value


class SourceKind(StrEnum):
    FOLDER = "FOLDER"
    SFTP_DROP = "SFTP_DROP"


class DropAccount(Value, frozen=True, kw_only=True):
    """Who may put files into an SFTP drop. `client_id` and `folder` say whose they are, where the account is bound.

    `by_key`: signs in with a public key; else with a password, of which only a slow hash is kept.
    """

    id: str
    name: str
    client_id: str | None = None
    folder: Folder | None = None
    by_key: bool = False


class Source(Value, frozen=True, kw_only=True):
    """`problem` says in one sentence why it cannot be read now, `None` while it works.

    `path` is the folder that is watched, or the address of an SFTP drop (`HOST:PORT`); `fingerprint` is that of the
    drop's host key, as `SHA256:…`.
    """

    id: str
    kind: SourceKind
    path: str
    taken: int = 0
    refused: int = 0
    problem: str | None = None
    last_at: datetime | None = None
    fingerprint: str | None = None
    accounts: tuple[DropAccount, ...] = ()


class ToPlace(Value, frozen=True, kw_only=True):
    """A file whose client or folder could not be told, or that could not be read, with its reason."""

    id: str
    source: str
    file_name: str
    reason: str
    remedy: str | None = None
    sha256: str | None = None
    at: datetime | None = None
