"""Errors of the synchronization: the server cannot be reached, or has refused a request. Each has a message."""

import os
from datetime import datetime

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, message
from banqup_tui.protocol.problems import Problem, ProblemType


class SyncError(BanqupError):
    """The base of all. The copy and the outbox are unchanged by the request that failed."""


class NoNetwork(SyncError):
    """This computer has no network route to the server."""

    exit_code = 69

    def __init__(self) -> None:
        super().__init__(message("sync.no-network"))


class ServerDown(SyncError):
    """The server does not answer, or another program does. `retry_after` is the server's Retry-After, in seconds."""

    exit_code = 69

    def __init__(self, why: Message | None = None, retry_after: float | None = None) -> None:
        super().__init__(why or message("sync.server-down"))
        self.retry_after = retry_after


class ServerSilent(ServerDown):
    """The connection is open but no answer comes: the server hangs, is suspended, or has too much to do."""

    def __init__(self) -> None:
        super().__init__(message("sync.server-silent"))


class Busy(ServerDown):
    """The server asks for a later try (408, 429, 503): too many requests, stopping, or behind the copy's cursor."""


class ServerFault(ServerDown):
    """The server failed at this request (500)."""


class SignedOut(SyncError):
    """The server does not know the user (401)."""

    exit_code = 77

    def __init__(self) -> None:
        super().__init__(message("sync.signed-out"))


class CopyTooOld(SyncError):
    """The copy must begin again (410): the cursor is older than the tombstones, or the epoch or access has changed."""

    def __init__(self) -> None:
        super().__init__(message("sync.copy-too-old"))


class RequestRefused(SyncError):
    """The server refused the request (any other 4xx); its problem has the reason."""

    exit_code = 1

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.message)
        self.status = status
        self.problem = problem


class NotAnswered(SyncError):
    """The time-out is over. Commands that were sent stay in the outbox and are sent by later rounds."""

    exit_code = 75

    def __init__(self) -> None:
        super().__init__(message("sync.not-answered"))


class SystemFault(SyncError):
    """The operating system reported an error; its text is the quote of the message."""

    exit_code = 73

    def __init__(self, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        if isinstance(error.filename, str | bytes):
            super().__init__(message("sync.system-refused-at", reason, path=os.fsdecode(error.filename)))
        else:
            super().__init__(message("sync.system-refused", reason))


class ClockSetBack(SyncError):
    """The clock was set back after it had shown `was_at`. The sync goes on, but dates would be wrong."""

    def __init__(self, was_at: datetime) -> None:
        super().__init__(message("sync.clock-set-back", at=f"{was_at.astimezone():%Y-%m-%d %H:%M}"))
        self.was_at = was_at


class ProgramFault(SyncError):
    """A fault of the program itself, during a synchronization."""

    exit_code = 70

    def __init__(self, error: BaseException) -> None:
        super().__init__(message("sync.program-fault", kind=type(error).__name__))


def is_too_old(problem: Problem) -> bool:
    """Returns True if a problem of a 410 means that the copy must begin again."""
    return problem.type in (ProblemType.CURSOR_TOO_OLD, ProblemType.EPOCH_CHANGED, ProblemType.ACCESS_CHANGED)
