"""Waiting times and limits of repetition. Wall clocks only decide when something is tried again, never whether."""

import random

import msgspec

_chance = random.SystemRandom()


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, and greatest numbers.

    Attributes:
        deadline: Longest time of one attempt.
        poll: Longest pause of the dispatch loop.
        sweep: Time between two runs of the sweeps.
        grace: Time that running attempts get when the service stops.
        channel_idle: Time after which an unused connection is closed.
        first_wait: Shortest back-off.
        longest_wait: Longest back-off.
        longest_retry_after: Longest wait that a receiver may ask for (Retry-After).
        roll_forward_after: Time until an interrupted delivery to a RENAME receiver is finished.
        most_tries: Tries after which a delivery fails.
        most_checks: Look-ups after which a delivery waits for the user.
        most_deaths: Times a delivery may kill the process before it fails.
    """

    deadline: float = 120.0
    poll: float = 1.0
    sweep: float = 60.0
    grace: float = 25.0
    channel_idle: float = 5.0
    first_wait: float = 10.0
    longest_wait: float = 6 * 3600.0
    longest_retry_after: float = 24 * 3600.0
    roll_forward_after: float = 1.0
    most_tries: int = 12
    most_checks: int = 12
    most_deaths: int = 3

    def wait(self, before: int) -> float:
        """Returns the back-off after `before` earlier waits.

        It doubles each time, is at most `longest_wait`, and is multiplied by a random factor from a half to one.
        """
        doubled = self.first_wait * 2.0 ** min(before, 40)
        return min(self.longest_wait, doubled) * _chance.uniform(0.5, 1.0)

    def wait_of_integration(self, before: int, retry_after: float | None) -> float:
        """Returns the back-off of a whole integration, at least `retry_after` (up to `longest_retry_after`)."""
        asked = min(self.longest_retry_after, max(0.0, retry_after or 0.0))
        return max(asked, self.wait(before))
