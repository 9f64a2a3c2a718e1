"""Why the server could not be asked, or did not do what was asked. Each has a sentence and a remedy."""

import os
from datetime import datetime

from banqup_tui.domain.errors import BanqupError
from banqup_tui.protocol.problems import Problem, ProblemType


class SyncError(BanqupError):
    """Base of all: the copy and the outbox are as they were."""


class NoNetwork(SyncError):
    """This computer has no line to the server."""

    exit_code = 69

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"There is no connection to the server. {detail}".strip(), "It is tried again by itself.")


class ServerDown(SyncError):
    """Nobody answers, or not the server. `retry_after` in seconds where it said so."""

    exit_code = 69

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"The server does not answer. {detail}".strip(), "It is tried again by itself.")
        self.retry_after = retry_after


class ServerSilent(ServerDown):
    """A connection stands, and nothing is answered: the server hangs, is stopped, or has too much to do."""

    def __init__(self) -> None:
        SyncError.__init__(
            self,
            "The server is there, but takes no requests: it is stopped, or busy with something else.",
            "It goes on by itself when it answers. If it does not, end its process: banqup doctor names it.",
        )
        self.retry_after = None


class Busy(ServerDown):
    """It asks to come back later: too many requests, stopping, or behind its own history."""


class ServerFault(ServerDown):
    """500: this request, it could not do."""


class SignedOut(SyncError):
    exit_code = 77

    def __init__(self) -> None:
        super().__init__("The server does not know this sign-in any more.", "Sign in again.")


class CopyTooOld(SyncError):
    """410: the copy has to begin anew."""

    def __init__(self) -> None:
        super().__init__("The copy is too old for the server's history.", "It is made again by itself.")


class Refused(SyncError):
    """The server understood and said no."""

    exit_code = 1

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title, problem.remedy or "")
        self.status = status
        self.problem = problem


class NotAnswered(SyncError):
    """The time that was given is over; what was asked goes on by itself."""

    exit_code = 75

    def __init__(self, sentence: str = "No answer in the time given.") -> None:
        super().__init__(sentence, "It goes on with the next connection.")


class SystemFault(SyncError):
    """The operating system refused something; what it was is in the sentence."""

    exit_code = 73

    def __init__(self, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        if isinstance(error.filename, str | bytes):
            reason = f"{os.fsdecode(error.filename)}, {reason}"
        super().__init__(f"The system refused it: {reason}.", "It is tried again by itself.")


class ClockSetBack(SyncError):
    """Nothing is held up by it, but dates would be wrong. `was_at`: what the clock had shown."""

    def __init__(self, was_at: datetime) -> None:
        shown = f"{was_at.astimezone():%Y-%m-%d %H:%M}"
        super().__init__(
            f"The clock of this computer was set back: it was {shown} before.",
            "Set the clock: dates of what you do would be wrong.",
        )
        self.was_at = was_at


class ProgramFault(SyncError):
    """A mistake in the program itself, met while the copy was brought up to date."""

    exit_code = 70

    def __init__(self, error: BaseException) -> None:
        kind = type(error).__name__
        super().__init__(
            f"The program made a mistake ({kind}).",
            "It is tried again by itself. The details are in its log; banqup doctor says where that is.",
        )


def is_too_old(problem: Problem) -> bool:
    return problem.type in (ProblemType.CURSOR_TOO_OLD, ProblemType.EPOCH_CHANGED, ProblemType.ACCESS_CHANGED)
