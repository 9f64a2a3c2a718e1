"""An installation activated for one client."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value


class IntegrationState(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    BROKEN = "BROKEN"
    REMOVED = "REMOVED"


class Trouble(StrEnum):
    """What a BROKEN integration lacks."""

    SIGN_IN = "SIGN_IN"
    SETTINGS = "SETTINGS"
    EXTENSION = "EXTENSION"


class Integration(Value, frozen=True, kw_only=True):
    """`settings` are this client's own: added to the firm's, or overriding them. Secrets are named, never shown.

    `activated_seq` is the change number of the activation: what was created after it is sent by itself.
    `cause` says why a BROKEN one stopped, `trouble` of what kind that is. `effective` are the settings as used, with
    the secrets left out. `failing_since`: the receiver has not answered, or the integration is BROKEN, since then;
    `failing_reason` is what was said last, `postponed_until` when it is tried again. `sign_in_until`: when the sign-in
    ends, where the extension can tell. `destination`: where documents go by the settings in use, as text to compare;
    `None` where it is not known yet.
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
    cause: Message | None = None
    trouble: Trouble | None = None
    failing_since: datetime | None = None
    failing_reason: Message | None = None
    postponed_until: datetime | None = msgspec.field(default=None, name="heldUntil")
    sign_in_until: datetime | None = None
    destination: str | None = None
