"""The lease by which one of several programs with the same copy pulls and sends; a row in the outbox's file.

It saves requests and is not needed for safety: two leaders at once are harmless, by the `step` of the copy and the
keys of commands.
"""

import time

from banqup_tui.kill_points import kill_point
from banqup_tui.store.outbox import Outbox

LEASE_SECONDS = 20.0


def lead(outbox: Outbox, holder: str, wall: float | None = None) -> bool:
    """Takes or renews the lease for `holder`. Returns False if another program has it."""
    now = time.time() if wall is None else wall
    with outbox.transaction() as connection:
        # A lease that ends further ahead than any lease can was written before the clock was set back: it is void.
        done = connection.execute(
            "UPDATE lease SET fence = fence + (holder <> ?), holder = ?, until = ?"
            " WHERE holder = ? OR until < ? OR until > ?",
            (holder, holder, now + LEASE_SECONDS, holder, now, now + LEASE_SECONDS + 0.001),
        )
    if done.rowcount:
        # Killed here, no program pulls or sends by itself until the lease runs out.
        kill_point("lease.taken")
    return done.rowcount == 1


def step_down(outbox: Outbox, holder: str) -> None:
    """Ends the lease of `holder`, so that another program need not wait until it runs out."""
    with outbox.transaction() as connection:
        connection.execute("UPDATE lease SET until = 0 WHERE holder = ?", (holder,))
