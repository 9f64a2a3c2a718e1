"""An installation activated for one client."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.values import Value


class IntegrationState(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    BROKEN = "BROKEN"
    REMOVED = "REMOVED"


class Integration(Value, frozen=True, kw_only=True):
    """`settings` are this client's own: added to the firm's, or overriding them. Secrets are named, never shown.

    `activated_seq` is the change number of the activation: what was created after it is sent by itself.
    `cause` says why a BROKEN one stopped. `effective` are the settings as used, with the secrets left out.
    """

    id: str
    client_id: str
    installation_id: str
    extension_id: str
    label: str
    state: IntegrationState = IntegrationState.ACTIVE
    folders: tuple[Folder, ...] = ALL_FOLDERS
    settings: dict[str, Any] = {}
    effective: dict[str, Any] = {}
    secrets: tuple[str, ...] = ()
    activated_seq: int = 0
    activated_at: datetime | None = None
    last_sent_at: datetime | None = None
    cause: str | None = None
    remedy: str | None = None
