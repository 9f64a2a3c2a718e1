"""A change that the user asked for and that was not made: refused by the server, or expired."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value


class Hindrance(StrEnum):
    """Why a change cannot be asked for again as it was; the terminal has a sentence for each."""

    SETTINGS_FORGOTTEN = "SETTINGS_FORGOTTEN"
    """It held settings, which are not kept here once they were answered."""
    CONTENT_LOST = "CONTENT_LOST"
    """It was saved out of a damaged outbox by its name alone."""
    FILE_GONE = "FILE_GONE"
    """The file of an import is not kept here any more."""


class RefusedChange(Value, frozen=True, kw_only=True):
    """`what` is what the user did, in words; `kind` names the command.

    `reason` is what the server gave, if anything. `expired`: it may have been done, so
    one has to look before it is asked for again. `clients` are names, `documents` numbers or file names, the first few
    of `document_count`.
    """

    key: str
    what: str
    kind: str
    at: datetime
    answered_at: datetime | None = None
    expired: bool = False
    reason: Message | None = None
    clients: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    document_count: int = 0
    hindrance: Hindrance | None = None
