"""How long, how often, how many times. Clocks carry no safety here: they only say when something is tried again."""

import random

import msgspec

_chance = random.SystemRandom()


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, and counts."""

    deadline: float = 120.0
    poll: float = 1.0
    sweep: float = 60.0
    grace: float = 25.0
    channel_idle: float = 5.0
    first_wait: float = 10.0
    longest_wait: float = 6 * 3600.0
    longest_hold: float = 24 * 3600.0
    roll_forward_after: float = 1.0
    most_tries: int = 12
    most_checks: int = 12
    most_deaths: int = 3

    def wait(self, before: int) -> float:
        """Back-off after `before` earlier waits: doubling, with a jitter of a half, at most `longest_wait`."""
        doubled = self.first_wait * 2.0 ** min(before, 40)
        return min(self.longest_wait, doubled) * _chance.uniform(0.5, 1.0)

    def hold(self, before: int, retry_after: float | None) -> float:
        """The same for a whole integration. What the receiver asks for is honoured, up to `longest_hold`."""
        asked = min(self.longest_hold, max(0.0, retry_after or 0.0))
        return max(asked, self.wait(before))
