"""Why the server could not be asked, or did not do what was asked. Each has a sentence and a remedy."""

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


def is_too_old(problem: Problem) -> bool:
    return problem.type in (ProblemType.CURSOR_TOO_OLD, ProblemType.EPOCH_CHANGED, ProblemType.ACCESS_CHANGED)
