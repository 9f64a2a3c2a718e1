"""A command of the user that the server has refused, or that has expired."""

from datetime import datetime
from enum import StrEnum

from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value


class Hindrance(StrEnum):
    """Why a command cannot be repeated as it was; the terminal has a sentence for each."""

    SETTINGS_FORGOTTEN = "SETTINGS_FORGOTTEN"
    """It had settings, which are erased from the outbox once the command is answered."""
    CONTENT_LOST = "CONTENT_LOST"
    """Only its kind could be read from a damaged outbox."""
    FILE_GONE = "FILE_GONE"
    """The file of an import is not in the spool any more."""


class RefusedChange(Value, frozen=True, kw_only=True):
    """A refused or expired command.

    `what` is its label, `kind` its tag on the wire. `reason` is the server's, if it gave any. `expired` is True if it
    may have run, so that the user must look before repeating it. `clients` are names; `documents` are the numbers or
    file names of the first few of `document_count` documents.
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
