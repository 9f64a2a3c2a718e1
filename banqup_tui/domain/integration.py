"""An integration: an installation activated for one client."""

from datetime import datetime
from enum import StrEnum

import msgspec

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import JsonObject, Value


class IntegrationState(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    BROKEN = "BROKEN"
    REMOVED = "REMOVED"


class Trouble(StrEnum):
    """The kind of fault for which an integration is BROKEN."""

    SIGN_IN = "SIGN_IN"
    SETTINGS = "SETTINGS"
    EXTENSION = "EXTENSION"


class Integration(Value, frozen=True, kw_only=True):
    """An installation activated for one client.

    `settings` are this client's own, which override those of the firm; `effective` are the settings in use. Neither has
    secrets; `secrets` are the names of those that are stored. `activated_seq` is the change number of the activation:
    documents created after it are sent by themselves. `cause` is why a BROKEN integration stopped, `trouble` its kind.
    `failing_since` is the time since which the receiver has not answered or the integration is BROKEN; `failing_reason`
    is its last error, `postponed_until` the time of the next try. `sign_in_until` is the end of the sign-in, if the
    extension knows it. `destination` is the place to which documents go by the settings in use, as a text to compare;
    `None` if it is unknown.
    """

    id: str
    client_id: str
    installation_id: str
    extension_id: str
    label: str
    state: IntegrationState = IntegrationState.ACTIVE
    folders: tuple[Folder, ...] = ALL_FOLDERS
    settings: JsonObject = {}
    effective: JsonObject = {}
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
