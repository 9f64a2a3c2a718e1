"""Why the server could not be asked, or did not do what was asked. Each has a message."""

import os
from datetime import datetime

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, message
from banqup_tui.protocol.problems import Problem, ProblemType


class SyncError(BanqupError):
    """Base of all: the copy and the outbox are as they were."""


class NoNetwork(SyncError):
    """This computer has no line to the server."""

    exit_code = 69

    def __init__(self) -> None:
        super().__init__(message("sync.no-network"))


class ServerDown(SyncError):
    """Nobody answers, or not the server. `retry_after` in seconds where it said so."""

    exit_code = 69

    def __init__(self, why: Message | None = None, retry_after: float | None = None) -> None:
        super().__init__(why or message("sync.server-down"))
        self.retry_after = retry_after


class ServerSilent(ServerDown):
    """A connection stands, and nothing is answered: the server hangs, is stopped, or has too much to do."""

    def __init__(self) -> None:
        super().__init__(message("sync.server-silent"))


class Busy(ServerDown):
    """It asks to come back later: too many requests, stopping, or behind its own history."""


class ServerFault(ServerDown):
    """500: this request, it could not do."""


class SignedOut(SyncError):
    exit_code = 77

    def __init__(self) -> None:
        super().__init__(message("sync.signed-out"))


class CopyTooOld(SyncError):
    """410: the copy has to begin anew."""

    def __init__(self) -> None:
        super().__init__(message("sync.copy-too-old"))


class Refused(SyncError):
    """The server understood and said no."""

    exit_code = 1

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.message)
        self.status = status
        self.problem = problem


class NotAnswered(SyncError):
    """The time that was given is over; what was asked goes on by itself."""

    exit_code = 75

    def __init__(self) -> None:
        super().__init__(message("sync.not-answered"))


class SystemFault(SyncError):
    """The operating system refused something; what it was is quoted."""

    exit_code = 73

    def __init__(self, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        if isinstance(error.filename, str | bytes):
            super().__init__(message("sync.system-refused-at", reason, path=os.fsdecode(error.filename)))
        else:
            super().__init__(message("sync.system-refused", reason))


class ClockSetBack(SyncError):
    """Nothing is held up by it, but dates would be wrong. `was_at`: what the clock had shown."""

    def __init__(self, was_at: datetime) -> None:
        super().__init__(message("sync.clock-set-back", at=f"{was_at.astimezone():%Y-%m-%d %H:%M}"))
        self.was_at = was_at


class ProgramFault(SyncError):
    """A mistake in the program itself, met while the copy was brought up to date."""

    exit_code = 70

    def __init__(self, error: BaseException) -> None:
        super().__init__(message("sync.program-fault", kind=type(error).__name__))


def is_too_old(problem: Problem) -> bool:
    return problem.type in (ProblemType.CURSOR_TOO_OLD, ProblemType.EPOCH_CHANGED, ProblemType.ACCESS_CHANGED)
